local function class(area)
  local c = {area = area}
  c.__index = c
  return c
end
local Square = class(function(s) return s.side * s.side end)
local Circle = class(function(s) return 3.14159 * s.r * s.r end)
local Rect = class(function(s) return s.w * s.h end)
local Triangle = class(function(s) return s.a * s.b / 2.0 end)
local function step(acc, op)
  local tag = op.tag
  if tag == "add" then return acc + op.n end
  if tag == "mul" then return acc * op.n % 1000003 end
  if tag == "neg" then return -acc end
  return 0
end
local function main()
  local shapes = {}
  for i = 0, 999 do
    local k = i % 4
    if k == 0 then shapes[#shapes + 1] = setmetatable({side = i + 1.0}, Square)
    elseif k == 1 then shapes[#shapes + 1] = setmetatable({r = i + 1.0}, Circle)
    elseif k == 2 then shapes[#shapes + 1] = setmetatable({w = i + 1.0, h = 2.0}, Rect)
    else shapes[#shapes + 1] = setmetatable({a = i + 1.0, b = 3.0}, Triangle) end
  end
  local total = 0.0
  for round = 1, 5000 do
    for i = 1, #shapes do total = total + shapes[i]:area() end
  end
  local ops = {{tag = "add", n = 5}, {tag = "mul", n = 7}, {tag = "neg"}, {tag = "add", n = 11},
               {tag = "mul", n = 3}, {tag = "add", n = 2}}
  local acc = 1
  for round = 1, 700000 do
    for i = 1, #ops do acc = step(acc, ops[i]) end
  end
  print(string.format("%.0f %d", total, acc))
end
main()
