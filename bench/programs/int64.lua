local function power(base, exp, mod)
  local r, b, e = 1, base % mod, exp
  while e > 0 do
    if e & 1 == 1 then r = r * b % mod end
    b = b * b % mod
    e = e >> 1
  end
  return r
end
local function main()
  local p = 1000000007
  local sum = 0
  for i = 1, 99999 do sum = (sum + power(i, p - 2, p)) % p end
  local x, acc = 88172645463325252, 0
  for i = 1, 8000000 do
    x = x * 6364136223846793005 + 1442695040888963407
    acc = acc ~ (x >> 33)
  end
  local h = -3750763034362895579
  for i = 0, 7999999 do
    h = (h ~ (i & 255)) * 1099511628211
  end
  print(sum, acc, h)
end
main()
