local function main()
  local queue, head, tail, sum = {}, 0, 0, 0
  for i = 0, 599999 do
    queue[tail] = i * 3
    tail = tail + 1
    if i % 3 ~= 0 then
      sum = sum + queue[head]
      queue[head] = nil
      head = head + 1
    end
  end
  while head < tail do
    sum = sum + queue[head]
    queue[head] = nil
    head = head + 1
  end
  local seen = {}
  for i = 0, 299999 do
    seen["k" .. i] = i
    if i >= 1000 then seen["k" .. i - 1000] = nil end
    if seen["k" .. i - 500] ~= nil then sum = sum + 1 end
  end
  -- Lua's tables do not count their entries.
  local cache, size, x, hits = {}, 0, 5, 0
  for i = 1, 600000 do
    x = (x * 1366 + 150889) % 714025
    local k = x % 4096
    local v = cache[k]
    if v ~= nil then
      hits = hits + 1
      cache[k] = v + 1
    else
      if size >= 2048 then
        local old = (x // 7) % 4096
        if cache[old] ~= nil then
          cache[old] = nil
          size = size - 1
        end
      end
      cache[k] = 0
      size = size + 1
    end
  end
  local left, kept = 0, 0
  for _ in pairs(queue) do left = left + 1 end
  for _ in pairs(seen) do kept = kept + 1 end
  print(sum, left, kept, hits)
end
main()
