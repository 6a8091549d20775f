local sqrt = math.sqrt
local Body = {}
Body.__index = Body
local function new(x, y, z, vx, vy, vz, mass)
  return setmetatable({x = x, y = y, z = z, vx = vx, vy = vy, vz = vz, mass = mass}, Body)
end
function Body:move(dt)
  self.x = self.x + dt * self.vx
  self.y = self.y + dt * self.vy
  self.z = self.z + dt * self.vz
end
local function advance(bodies, dt)
  local n = #bodies
  for i = 1, n do
    local a = bodies[i]
    for j = i + 1, n do
      local b = bodies[j]
      local dx, dy, dz = a.x - b.x, a.y - b.y, a.z - b.z
      local d2 = dx * dx + dy * dy + dz * dz
      local mag = dt / (d2 * sqrt(d2))
      local am, bm = a.mass * mag, b.mass * mag
      a.vx = a.vx - dx * bm
      a.vy = a.vy - dy * bm
      a.vz = a.vz - dz * bm
      b.vx = b.vx + dx * am
      b.vy = b.vy + dy * am
      b.vz = b.vz + dz * am
    end
  end
  for i = 1, n do bodies[i]:move(dt) end
end
local function energy(bodies)
  local e = 0.0
  for i = 1, #bodies do
    local a = bodies[i]
    e = e + 0.5 * a.mass * (a.vx * a.vx + a.vy * a.vy + a.vz * a.vz)
    for j = i + 1, #bodies do
      local b = bodies[j]
      local dx, dy, dz = a.x - b.x, a.y - b.y, a.z - b.z
      e = e - a.mass * b.mass / sqrt(dx * dx + dy * dy + dz * dz)
    end
  end
  return e
end
local bodies = {
  new(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 39.47),
  new(4.84, -1.16, -0.10, 0.60, 2.81, -0.02, 0.037),
  new(8.34, 4.12, -0.40, -1.01, 1.82, 0.008, 0.011),
  new(12.89, -15.11, -0.22, 1.08, 0.86, -0.01, 0.0017),
  new(15.37, -25.91, 0.17, 0.97, 0.59, -0.03, 0.0020),
}
for i = 1, 200000 do advance(bodies, 0.01) end
print(string.format("%.9f", energy(bodies)))
