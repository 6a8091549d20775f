local sqrt = math.sqrt
local Vec = {}
Vec.__index = Vec
local function vec(x, y, z) return setmetatable({x = x, y = y, z = z}, Vec) end
function Vec:plus(o) return vec(self.x + o.x, self.y + o.y, self.z + o.z) end
function Vec:minus(o) return vec(self.x - o.x, self.y - o.y, self.z - o.z) end
function Vec:times(k) return vec(self.x * k, self.y * k, self.z * k) end
function Vec:dot(o) return self.x * o.x + self.y * o.y + self.z * o.z end
function Vec:unit() return self:times(1.0 / sqrt(self:dot(self))) end
local Sphere = {}
Sphere.__index = Sphere
local function sphere(centre, radius, shine)
  return setmetatable({centre = centre, radius = radius, shine = shine}, Sphere)
end
function Sphere:hit(from, way)
  local v = from:minus(self.centre)
  local b = v:dot(way)
  local d = b * b - v:dot(v) + self.radius * self.radius
  if d < 0.0 then return -1.0 end
  return -b - sqrt(d)
end
local Scene = {}
Scene.__index = Scene
function Scene:trace(from, way, depth)
  local nearest, best = nil, 1e9
  local spheres = self.spheres
  for i = 1, #spheres do
    local s = spheres[i]
    local t = s:hit(from, way)
    if t > 0.001 and t < best then
      best = t
      nearest = s
    end
  end
  if nearest == nil then return 0.2 end
  local at = from:plus(way:times(best))
  local normal = at:minus(nearest.centre):unit()
  local shade = normal:dot(self.light)
  if shade < 0.1 then shade = 0.1 end
  if depth == 0 then return shade end
  local back = way:minus(normal:times(2.0 * way:dot(normal)))
  return shade * (1.0 - nearest.shine) + nearest.shine * self:trace(at, back, depth - 1)
end
local function main()
  local spheres = {}
  for i = 0, 4 do
    spheres[#spheres + 1] = sphere(vec(i * 1.5 - 3.0, (i % 2) * 1.0 - 0.5, 6.0 + i), 1.0 + i * 0.1, 0.1 * i)
  end
  local scene = setmetatable({spheres = spheres, light = vec(0.5, 0.7, -0.5):unit()}, Scene)
  local eye = vec(0.0, 0.0, -4.0)
  local size, sum = 450, 0.0
  for py = 0, size - 1 do
    for px = 0, size - 1 do
      local way = vec(px / size - 0.5, py / size - 0.5, 1.0):unit()
      sum = sum + scene:trace(eye, way, 3)
    end
  end
  print(string.format("%.6f", sum))
end
main()
