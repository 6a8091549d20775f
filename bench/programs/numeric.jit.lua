local floor = math.floor
local function gcd(x, y)
  local a, b = x, y
  while b ~= 0 do
    local t = a % b
    a = b
    b = t
  end
  return a
end
local function root(n)
  local x = n
  local y = floor((x + 1) / 2)
  while y < x do
    x = y
    y = floor((x + floor(n / x)) / 2)
  end
  return x
end
local function digits(n)
  local rest, sum = n, 0
  while rest > 0 do
    sum = sum + rest % 10
    rest = floor(rest / 10)
  end
  return sum
end
local function main()
  local coprime = 0
  for a = 1, 500 do
    for b = 1, 500 do
      if gcd(a, b) == 1 then coprime = coprime + 1 end
    end
  end
  local roots, sums = 0, 0
  for n = 1, 599999 do
    roots = roots + root(n)
    sums = sums + digits(n * 7)
  end
  local area, steps = 0.0, 4000000
  local h = 1.0 / steps
  for i = 0, steps - 1 do
    local x = (i + 0.5) * h
    area = area + 4.0 / (1.0 + x * x)
  end
  print(coprime, roots, sums, string.format("%.9f", area * h))
end
main()
