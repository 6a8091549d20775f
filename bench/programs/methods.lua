local Counter = {}
Counter.__index = Counter
function Counter.new() return setmetatable({n = 0}, Counter) end
function Counter:bump(by)
  self.n = self.n + by
  return self
end
local Stack = {}
Stack.__index = Stack
function Stack.new() return setmetatable({items = {}, depth = 0}, Stack) end
function Stack:push(x)
  self.items[#self.items + 1] = x
  self.depth = self.depth + 1
end
function Stack:pop()
  self.depth = self.depth - 1
  return table.remove(self.items)
end
function Stack:size() return self.depth end
local function main()
  local c = Counter.new()
  for i = 0, 9999999 do c:bump(i % 4) end
  local s, sum = Stack.new(), 0
  for round = 1, 1200 do
    for i = 0, 1999 do s:push(i) end
    while s:size() > 0 do sum = sum + s:pop() end
  end
  print(c.n, sum)
end
main()
