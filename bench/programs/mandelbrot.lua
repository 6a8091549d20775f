local function main()
  local size, inside = 700, 0
  for py = 0, size - 1 do
    local ci = 2.0 * py / size - 1.0
    for px = 0, size - 1 do
      local cr = 2.0 * px / size - 1.5
      local zr, zi, n = 0.0, 0.0, 0
      while n < 60 do
        local r2, i2 = zr * zr, zi * zi
        if r2 + i2 > 4.0 then break end
        zi = 2.0 * zr * zi + ci
        zr = r2 - i2 + cr
        n = n + 1
      end
      if n == 60 then inside = inside + 1 end
    end
  end
  print(inside)
end
main()
