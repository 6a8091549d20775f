local is_odd
local function is_even(n)
  if n == 0 then return true end
  return (is_odd(n - 1))
end
function is_odd(n)
  if n == 0 then return false end
  return (is_even(n - 1))
end
local function hanoi(n, from, to, via)
  if n == 0 then return 0 end
  return hanoi(n - 1, from, via, to) + 1 + hanoi(n - 1, via, to, from)
end
local function area(w, h, scale) return w * (h or 2) * (scale or 1) end
local function total(first, ...)
  local sum, more = first, {...}
  for i = 1, #more do sum = sum + more[i] end
  return sum
end
local function ways(n, coins, k)
  if n == 0 then return 1 end
  if n < 0 or k < 1 then return 0 end
  return ways(n, coins, k - 1) + ways(n - coins[k], coins, k)
end
local function main()
  local sum = 0
  for i = 0, 4999 do if is_even(i % 400) then sum = sum + 1 end end
  sum = sum + hanoi(19, 1, 2, 3)
  for i = 0, 1499999 do sum = sum + area(i % 7) + area(2, i % 3) + area(1, 2, 3) end
  for i = 0, 299999 do sum = sum + total(i, 1, 2, 3) % 5 end
  sum = sum + ways(250, {1, 5, 10, 25, 50}, 5)
  print(sum)
end
main()
