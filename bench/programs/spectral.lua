local function a(i, j) return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1) end
local function times(v, out, n)
  for i = 0, n - 1 do
    local s = 0.0
    for j = 0, n - 1 do s = s + a(i, j) * v[j] end
    out[i] = s
  end
end
local function transposed(v, out, n)
  for i = 0, n - 1 do
    local s = 0.0
    for j = 0, n - 1 do s = s + a(j, i) * v[j] end
    out[i] = s
  end
end
local function fill(n, x)
  local t = {}
  for i = 0, n - 1 do t[i] = x end
  return t
end
local n = 400
local u, v, t = fill(n, 1.0), fill(n, 0.0), fill(n, 0.0)
for i = 1, 8 do
  times(u, t, n)
  transposed(t, v, n)
  times(v, t, n)
  transposed(t, u, n)
end
local uv, vv = 0.0, 0.0
for i = 0, n - 1 do
  uv = uv + u[i] * v[i]
  vv = vv + v[i] * v[i]
end
print(string.format("%.9f", math.sqrt(uv / vv)))
