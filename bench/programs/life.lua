local function seeded(n)
  local rows, x = {}, 12
  for i = 1, n do
    local row = {}
    for j = 1, n do
      x = (x * 1366 + 150889) % 714025
      row[#row + 1] = x % 3 == 0 and 1 or 0
    end
    rows[#rows + 1] = row
  end
  return rows
end
local function step(rows, n)
  local next = {}
  for i = 1, n do
    local above, here, below = rows[(i + n - 2) % n + 1], rows[i], rows[i % n + 1]
    local row = {}
    for j = 1, n do
      local l = j == 1 and n or j - 1
      local r = j == n and 1 or j + 1
      local around = above[l] + above[j] + above[r] + here[l] + here[r] + below[l] + below[j] + below[r]
      row[#row + 1] = (around == 3 or (around == 2 and here[j] == 1)) and 1 or 0
    end
    next[#next + 1] = row
  end
  return next
end
local function main()
  local n = 128
  local rows = seeded(n)
  for round = 1, 250 do rows = step(rows, n) end
  local alive = 0
  for i = 1, n do
    local row = rows[i]
    for j = 1, n do alive = alive + row[j] end
  end
  print(alive)
end
main()
