local Odd = {}
Odd.__index = Odd
local function check(n)
  if n % 2 == 1 then error(setmetatable({n = n, message = "odd number"}, Odd)) end
  return n
end
local function deep(level, n)
  if level == 0 then return (check(n)) end
  return 1 + deep(level - 1, n)
end
local function main()
  local caught, sum, finals = 0, 0, 0
  for i = 0, 1499999 do
    local ok, e = pcall(check, i)
    if ok then sum = sum + e elseif getmetatable(e) == Odd then caught = caught + e.n % 2 else error(e) end
    finals = finals + 1
  end
  for i = 0, 399999 do
    local ok, e = pcall(deep, 10, i)
    if ok then sum = sum + e else caught = caught + 1 end
  end
  print(caught, sum, finals)
end
main()
