local function adder(n) return function(x) return x + n end end
local function compose(f, g) return function(x) return f(g(x)) end end
local function counter()
  local n = 0
  return function()
    n = n + 1
    return n
  end
end
local function map(xs, f)
  local out = {}
  for i = 1, #xs do out[i] = f(xs[i]) end
  return out
end
local function filter(xs, f)
  local out = {}
  for i = 1, #xs do
    local x = xs[i]
    if f(x) then out[#out + 1] = x end
  end
  return out
end
local function fold(xs, acc, f)
  for i = 1, #xs do acc = f(acc, xs[i]) end
  return acc
end
local function main()
  local sum = 0
  for i = 0, 999999 do
    local f = adder(i)
    sum = sum + f(1)
  end
  local chain = compose(compose(adder(1), adder(2)), compose(adder(3), adder(4)))
  for i = 0, 999999 do sum = sum + chain(i) end
  local c = counter()
  for i = 1, 4000000 do c() end
  local xs = {}
  for i = 0, 999 do xs[#xs + 1] = i end
  for round = 1, 800 do
    sum = sum + fold(filter(map(xs, function(x) return x * 2 end),
                            function(x) return x % 3 == 0 end),
                     0, function(a, b) return a + b end)
  end
  print(sum, c())
end
main()
