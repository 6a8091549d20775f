local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end
local function ack(m, n)
  if m == 0 then return n + 1 end
  if n == 0 then return (ack(m - 1, 1)) end
  return (ack(m - 1, ack(m, n - 1)))
end
local function tak(x, y, z)
  if y >= x then return z end
  return (tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y)))
end
print(fib(34), ack(2, 1500), tak(20, 13, 6))
