local floor = math.floor
local function class(parent)
  local c = setmetatable({}, {__index = parent})
  c.__index = c
  return c
end
local Random = class()
function Random:next(n)
  self.state = (self.state * 1366 + 150889) % 714025
  return floor(self.state * n / 714025)
end
local Event = class()
function Event:before(o)
  if self.time ~= o.time then return self.time < o.time end
  return self.order < o.order
end
local Arrival, Departure = class(Event), class(Event)
function Arrival:happen(bank) bank:arrive(self.time) end
function Departure:happen(bank) bank:leave(self.time, self.teller) end
local Heap = class()
function Heap:push(e)
  local h = self.items
  h[#h + 1] = e
  local i = #h
  while i > 1 do
    local up = floor(i / 2)
    if not h[i]:before(h[up]) then break end
    h[i], h[up] = h[up], h[i]
    i = up
  end
end
function Heap:pop()
  local h = self.items
  local top, n = h[1], #h
  local last = h[n]
  h[n] = nil
  n = n - 1
  if n > 0 then
    h[1] = last
    local i = 1
    while true do
      local least, l, r = i, 2 * i, 2 * i + 1
      if l <= n and h[l]:before(h[least]) then least = l end
      if r <= n and h[r]:before(h[least]) then least = r end
      if least == i then break end
      h[i], h[least] = h[least], h[i]
      i = least
    end
  end
  return top
end
local Account = class()
function Account:deposit(n) self.cents = self.cents + n end
function Account:withdraw(n)
  if n > self.cents then return false end
  self.cents = self.cents - n
  return true
end
local Bank = class()
function Bank.new(rng, tellers, accounts)
  local b = setmetatable({rng = rng, events = setmetatable({items = {}}, Heap), queue = {}, head = 1,
                          tellers = {}, accounts = {}, order = 0, waited = 0, refused = 0}, Bank)
  for i = 1, tellers do b.tellers[i] = {id = i, busy = false, served = 0} end
  for i = 1, accounts do b.accounts[i] = setmetatable({id = i, cents = 1000}, Account) end
  return b
end
function Bank:schedule(make, time)
  self.order = self.order + 1
  self.events:push(make(time, self.order))
end
function Bank:arrive(now)
  local a = self.accounts[self.rng:next(#self.accounts) + 1]
  self.queue[#self.queue + 1] = {account = a, arrived = now}
  self:serve(now)
end
function Bank:serve(now)
  for i = 1, #self.tellers do
    local t = self.tellers[i]
    if self.head > #self.queue then return end
    if not t.busy then
      local c = self.queue[self.head]
      self.head = self.head + 1
      t.busy = true
      t.served = t.served + 1
      self.waited = self.waited + now - c.arrived
      local amount = 1 + self.rng:next(500)
      if self.rng:next(2) == 0 then c.account:deposit(amount)
      elseif not c.account:withdraw(amount) then self.refused = self.refused + 1 end
      self:schedule(function(time, order)
        return setmetatable({time = time, order = order, teller = t}, Departure)
      end, now + 1 + self.rng:next(9))
    end
  end
end
function Bank:leave(now, teller)
  teller.busy = false
  self:serve(now)
end
function Bank:run()
  local n, events = 0, self.events
  while #events.items > 0 do
    events:pop():happen(self)
    n = n + 1
  end
  return n
end
function Bank:total()
  local sum = 0
  for i = 1, #self.accounts do sum = sum + self.accounts[i].cents end
  return sum
end
local bank = Bank.new(setmetatable({state = 7}, Random), 5, 100)
local time = 0
for i = 1, 60000 do
  time = time + bank.rng:next(3)
  bank:schedule(function(t, o) return setmetatable({time = t, order = o}, Arrival) end, time)
end
print(bank:run(), bank.waited, bank.refused, bank:total())
