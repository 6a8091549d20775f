local function make(n, seed)
  local rows, x = {}, seed
  for i = 1, n do
    local row = {}
    for j = 1, n do
      x = (x * 1103 + 12345) % 65536
      row[#row + 1] = x / 65536
    end
    rows[#rows + 1] = row
  end
  return rows
end
local function multiply(a, b, n)
  local c = {}
  for i = 1, n do
    local row, ai = {}, a[i]
    for j = 1, n do
      local s = 0.0
      for k = 1, n do s = s + ai[k] * b[k][j] end
      row[#row + 1] = s
    end
    c[#c + 1] = row
  end
  return c
end
local n = 220
local a, b = make(n, 1), make(n, 2)
local c = multiply(a, b, n)
c = multiply(c, b, n)
print(string.format("%.6f %.6f", c[4][6], c[n][n]))
