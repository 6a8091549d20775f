local function queens(n)
  local cols, up, down = {}, {}, {}
  for i = 0, n - 1 do cols[i] = false end
  for i = 0, 2 * n do up[i] = false; down[i] = false end
  local function place(row)
    if row == n then return 1 end
    local found = 0
    for c = 0, n - 1 do
      if not cols[c] and not up[row + c] and not down[row - c + n] then
        cols[c] = true
        up[row + c] = true
        down[row - c + n] = true
        found = found + place(row + 1)
        cols[c] = false
        up[row + c] = false
        down[row - c + n] = false
      end
    end
    return found
  end
  return place(0)
end
local function permute(xs, k, seen)
  if k == #xs + 1 then return seen + xs[1] * xs[k - 1] end
  local s = seen
  for i = k, #xs do
    xs[k], xs[i] = xs[i], xs[k]
    s = permute(xs, k + 1, s)
    xs[k], xs[i] = xs[i], xs[k]
  end
  return s
end
print(queens(10), permute({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 1, 0))
