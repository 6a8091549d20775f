local function copy(xs)
  local out = {}
  for i = 1, #xs do out[i] = xs[i] end
  return out
end
local function main()
  local x, xs = 42, {}
  for i = 1, 300000 do
    x = (x * 1366 + 150889) % 714025
    xs[#xs + 1] = x
  end
  local down = copy(xs)
  table.sort(down, function(a, b) return b < a end)
  local mod = copy(xs)
  table.sort(mod, function(a, b) return a % 1000 < b % 1000 end)
  local plain = copy(xs)
  table.sort(plain)
  print(down[1], mod[1] % 1000, plain[1])
end
main()
