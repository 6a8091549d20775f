-- Coroutines where Ambit has tasks: the least that a program must do itself to have several.
local create, resume, yield, status = coroutine.create, coroutine.resume, coroutine.yield, coroutine.status

local function turns(n)
  local sum, ready, first, last = 0, {}, 1, 0
  for k = 0, 9 do
    last = last + 1
    ready[last] = create(function()
      for i = 0, n - 1 do
        sum = sum + (i + k) % 7
        yield()
      end
    end)
  end
  while first <= last do
    local task = ready[first]
    ready[first] = nil
    first = first + 1
    resume(task)
    if status(task) ~= "dead" then
      last = last + 1
      ready[last] = task
    end
  end
  return sum
end

local function stage(from)
  return create(function()
    while true do
      local _, x = resume(from)
      if not x then return nil end
      yield(x + 1)
    end
  end)
end

local function pipeline(n)
  local source = create(function()
    for i = 0, n - 1 do yield(i) end
  end)
  local b, sum = stage(stage(source)), 0
  while true do
    local _, x = resume(b)
    if not x then return sum end
    sum = sum + x
  end
end

local function short(n)
  local sum = 0
  for i = 0, n - 1 do
    local t = create(function() return i % 7 end)
    local _, x = resume(t)
    sum = sum + x
  end
  return sum
end

print(turns(150000))
print(pipeline(300000))
print(short(300000))
