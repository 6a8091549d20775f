local wrap, yield = coroutine.wrap, coroutine.yield
local function permutations(xs, n)
  return wrap(function()
    if n <= 1 then
      yield(xs)
    else
      for i = 1, n do
        for p in permutations(xs, n - 1) do yield(p) end
        local j = n % 2 == 0 and i or 1
        xs[j], xs[n] = xs[n], xs[j]
      end
    end
  end)
end
local function partitions(n, most)
  return wrap(function()
    if n == 0 then
      yield(0)
    else
      for k = 1, math.min(n, most) do
        for rest in partitions(n - k, k) do yield(rest + 1) end
      end
    end
  end)
end
local function worker(id, steps)
  return wrap(function()
    local work = 0
    for i = 0, steps - 1 do
      work = work + i % (id + 1)
      yield(work)
    end
  end)
end
local function main()
  local sum = 0
  for p in permutations({1, 2, 3, 4, 5, 6, 7, 8, 9}, 9) do sum = sum + p[1] * p[9] end
  for parts in partitions(38, 38) do sum = sum + parts end
  local alive = {}
  for id = 0, 49 do alive[#alive + 1] = worker(id, 12000 + id) end
  while #alive > 0 do
    local next = {}
    for i = 1, #alive do
      local v = alive[i]()
      if v ~= nil then
        sum = sum + v % 5
        next[#next + 1] = alive[i]
      end
    end
    alive = next
  end
  print(sum)
end
main()
