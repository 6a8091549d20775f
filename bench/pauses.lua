-- See pauses.amb. Plain Lua has no monotonic clock: os.clock is the processor's time, to a microsecond;
-- LuaJIT reaches clock_gettime through its ffi.
local clock = os.clock
local has_ffi, ffi = pcall(require, "ffi")
if has_ffi then
  ffi.cdef [[ typedef struct { long sec, nsec; } bench_time; int clock_gettime(int, bench_time *); ]]
  local t, C = ffi.new("bench_time"), ffi.C
  clock = function()
    C.clock_gettime(1, t)
    return tonumber(t.sec) + tonumber(t.nsec) / 1e9
  end
end
local floor, format = math.floor, string.format
local Point = {}
Point.__index = Point
local function point(x, y) return setmetatable({x = x, y = y}, Point) end
function Point:plus(o) return point(self.x + o.x, self.y + o.y) end
local Record = {}
Record.__index = Record
local function make(i)
  return setmetatable({id = i, name = "record number " .. i, points = {i, i + 1, i + 2, i + 3, i + 4, i + 5},
                       marks = {a = i, b = i + 1, c = false}, link = false}, Record)
end
local function main()
  local n, units = 450000, 100000
  local records = {}
  for i = 0, n - 1 do
    local r = make(i)
    if i > 0 then r.link = records[floor(i / 2) + 1] end
    records[i + 1] = r
  end
  local times = {}
  for i = 1, units do times[i] = 0.0 end
  local x, sum = 1, 0
  local start = clock()
  local before = start
  for u = 0, units - 1 do
    local p = point(u, 1)
    for k = 0, 11 do p = p:plus(point(k, x % 10)) end
    local fresh = {}
    for k = 0, 7 do fresh[#fresh + 1] = "t" .. u % 100 .. "-" .. k end
    sum = sum + p.x + p.y + #table.concat(fresh, ",")
    for k = 0, 3 do
      x = (x * 1366 + 150889) % 714025
      local r = records[x % n + 1]
      if k == 0 then r.points = {u, k, x, 0, 0, 0}
      elseif k == 1 then r.marks = {a = u, b = r.marks.a, c = p}
      elseif k == 2 then r.name = "renamed " .. u
      else r.link = make(u) end
      sum = sum + #r.points
    end
    local now = clock()
    times[u + 1] = now - before
    before = now
  end
  local total = before - start
  table.sort(times)
  local function at(q) return format("%.2f", times[floor(q * units) + 1] * 1e6) end
  print(at(0.5), at(0.99), at(0.999), format("%.2f", times[units] * 1e6), format("%.0f", units / total),
        format("%d", sum))
end
main()
