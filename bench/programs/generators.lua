local wrap, yield = coroutine.wrap, coroutine.yield
local function numbers(n) return wrap(function() for i = 0, n - 1 do yield(i) end end) end
local function evens(it) return wrap(function() for x in it do if x % 2 == 0 then yield(x) end end end) end
local function squares(it) return wrap(function() for x in it do yield(x * x) end end) end
local function walk(node)
  return wrap(function()
    if node.left then for v in walk(node.left) do yield(v) end end
    yield(node.value)
    if node.right then for v in walk(node.right) do yield(v) end end
  end)
end
local function build(lo, hi)
  if lo >= hi then return nil end
  local mid = math.floor((lo + hi) / 2)
  return {value = mid, left = build(lo, mid), right = build(mid + 1, hi)}
end
local function main()
  local sum = 0
  for x in squares(evens(numbers(3000000))) do sum = (sum + x) % 1000007 end
  local tree = build(0, 4000)
  for round = 1, 25 do
    for v in walk(tree) do sum = sum + v end
  end
  local g = numbers(1500000)
  while true do
    local v = g()
    if v == nil then break end
    sum = sum + v % 2
  end
  print(sum)
end
main()
