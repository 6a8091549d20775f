local function main()
  local total, x = 0, 0.0
  for i = 1, 3000 do
    for j = 1, 3000 do
      total = total + (i * j) % 7
      if (i + j) % 3 == 0 then x = x + 0.5 else x = x * 0.999 + 1.0 end
    end
  end
  local n, steps = 27, 0
  for start = 1, 199999 do
    n = start
    while n > 1 do
      if n % 2 == 0 then n = n // 2 else n = 3 * n + 1 end
      steps = steps + 1
      if steps % 50 == 0 then break end
    end
  end
  print(total, string.format("%.6f", x), steps)
end
main()
