local function mix(n)
  local z = n
  z = (z ~ (z >> 30)) * -4658895280553007687
  z = (z ~ (z >> 27)) * -7723592293110705685
  return z ~ (z >> 31)
end
local function bits(n)
  local x = n - ((n >> 1) & 0x5555555555555555)
  x = (x & 0x3333333333333333) + ((x >> 2) & 0x3333333333333333)
  x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0f
  return (x * 0x0101010101010101) >> 56
end
local function main()
  local counter, sum = 0, 0
  for i = 1, 1500000 do
    counter = counter + -7046029254386353131
    sum = sum + mix(counter)
  end
  local s, count = 88172645463325252, 0
  for i = 1, 2000000 do
    s = s ~ (s << 13)
    s = s ~ (s >> 7)
    s = s ~ (s << 17)
    count = count + bits(s & 0x7fffffffffffffff)
  end
  print(sum, s, count)
end
main()
