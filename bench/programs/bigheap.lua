local Point = {}
Point.__index = Point
local function point(x, y) return setmetatable({x = x, y = y}, Point) end
function Point:plus(o) return point(self.x + o.x, self.y + o.y) end
local Record = {}
Record.__index = Record
local function main()
  local n, records = 200000, {}
  for i = 0, n - 1 do
    records[#records + 1] = setmetatable({id = i, at = point(i, -i), tags = {i, i + 1}}, Record)
  end
  local x, sum = 1, 0
  for i = 0, 1999999 do
    x = (x * 1366 + 150889) % 714025
    local p = point(i, x):plus(point(x, 1))
    sum = sum + p.x - p.y
    if i % 8 == 0 then
      local r = records[x % n + 1]
      r.at = p
      r.tags = {x, i}
    end
  end
  local check = 0
  for i = 1, n do
    local r = records[i]
    check = check + r.at.x % 7 + #r.tags + r.id % 2
  end
  print(sum, check)
end
main()
