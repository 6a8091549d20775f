local function make(i)
  local xs = {i, i + 1, i + 2}
  local m = {id = i, items = xs}
  local get = function() return m.items end
  local name = "n" .. i
  return {m, get, name}
end
local function main()
  local window = {}
  for i = 0, 999 do window[i] = false end
  local sum = 0
  for i = 0, 499999 do
    local t = make(i)
    local m, get, name = t[1], t[2], t[3]
    sum = sum + get()[2] + m.id + #name
    window[i % 1000] = {m, get, name}
  end
  for i = 0, 999 do
    local t = window[i]
    local fields = 0
    for _ in pairs(t[1]) do fields = fields + 1 end
    sum = sum + #t[2]() + fields
  end
  print(sum)
end
main()
