local function link(value, next) return {value = value, next = next} end
local function build(n, seed)
  local head, x = nil, seed
  for i = 1, n do
    x = (x * 1366 + 150889) % 714025
    head = link(x, head)
  end
  return head
end
local function reverse(list)
  local out, at = nil, list
  while at ~= nil do
    local next = at.next
    at.next = out
    out = at
    at = next
  end
  return out
end
local function merge(a, b)
  local start = link(0, nil)
  local last, x, y = start, a, b
  while x ~= nil and y ~= nil do
    if x.value <= y.value then
      last.next = x
      x = x.next
    else
      last.next = y
      y = y.next
    end
    last = last.next
  end
  if x ~= nil then last.next = x else last.next = y end
  return start.next
end
local function sort(list)
  if list == nil or list.next == nil then return list end
  local slow, fast = list, list.next
  while fast ~= nil and fast.next ~= nil do
    slow = slow.next
    fast = fast.next.next
  end
  local half = slow.next
  slow.next = nil
  return merge(sort(list), sort(half))
end
local function sum(list)
  local s, at = 0, list
  while at ~= nil do
    s = s + at.value
    at = at.next
  end
  return s
end
local function main()
  local keep = build(200000, 1)
  local total = 0
  for round = 0, 399 do
    local l = sort(reverse(build(1000, round)))
    total = total + l.value + sum(l) % 1000
  end
  for round = 0, 1999 do total = total + sum(build(1000, round)) % 10 end
  print(total, sum(keep))
end
main()
