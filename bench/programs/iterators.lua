local function each(xs, f) for i = 1, #xs do f(xs[i]) end end
local function map(xs, f)
  local out = {}
  for i = 1, #xs do out[i] = f(xs[i]) end
  return out
end
local function filter(xs, p)
  local out = {}
  for i = 1, #xs do
    local x = xs[i]
    if p(x) then out[#out + 1] = x end
  end
  return out
end
local function fold(xs, acc, f)
  for i = 1, #xs do acc = f(acc, xs[i]) end
  return acc
end
local function any(xs, p)
  for i = 1, #xs do if p(xs[i]) then return true end end
  return false
end
local function count(xs, p)
  local n = 0
  for i = 1, #xs do if p(xs[i]) then n = n + 1 end end
  return n
end
local function pipeline(xs, steps)
  local out = xs
  for i = 1, #steps do out = steps[i](out) end
  return out
end
local function mapper(f) return function(xs) return map(xs, f) end end
local function keeper(p) return function(xs) return filter(xs, p) end end
local function curry(f) return function(a) return function(b) return f(a, b) end end end
local function main()
  local xs, sum = {}, 0
  for i = 0, 1999 do xs[#xs + 1] = i end
  for round = 0, 599 do
    local k = round % 5 + 1
    each(xs, function(x) sum = sum + x % k end)
    local a = map(xs, function(x) return x + k end)
    local b = filter(a, function(x) return x % 2 == 0 end)
    local c = map(b, function(x) return x * 3 end)
    sum = sum + fold(c, 0, function(acc, x) return acc + x % 100 end)
    if any(xs, function(x) return x == 1500 + round end) then sum = sum + 1 end
    sum = sum + count(xs, function(x) return x % 3 == k end)
  end
  local steps = {mapper(function(x) return x * 2 end), keeper(function(x) return x % 3 ~= 0 end),
                 mapper(function(x) return x - 1 end)}
  for round = 1, 300 do sum = sum + #pipeline(xs, steps) end
  local add = curry(function(a, b) return a + b end)
  for i = 0, 799999 do sum = sum + add(i)(1) % 3 end
  print(sum)
end
main()
