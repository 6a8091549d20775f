local function fannkuch(n)
  local perm, work, count = {}, {}, {}
  for i = 1, n do
    perm[i] = i - 1
    work[i] = 0
    count[i] = i
  end
  local checksum, most, even = 0, 0, true
  while true do
    local first = perm[1]
    if first ~= 0 then
      for i = 1, n do work[i] = perm[i] end
      local flips = 0
      while first ~= 0 do
        local lo, hi = 2, first
        while lo < hi do
          local t = work[lo]
          work[lo] = work[hi]
          work[hi] = t
          lo = lo + 1
          hi = hi - 1
        end
        local next = work[first + 1]
        work[first + 1] = first
        first = next
        flips = flips + 1
      end
      if flips > most then most = flips end
      if even then checksum = checksum + flips else checksum = checksum - flips end
    end
    even = not even
    local r = 1
    while true do
      if r == n then return checksum, most end
      local head = perm[1]
      for i = 1, r do perm[i] = perm[i + 1] end
      perm[r + 1] = head
      count[r + 1] = count[r + 1] - 1
      if count[r + 1] > 0 then break end
      count[r + 1] = r + 1
      r = r + 1
    end
  end
end
print(fannkuch(9))
