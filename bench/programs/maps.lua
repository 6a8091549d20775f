local function main()
  local counts, x = {}, 12345
  for i = 1, 1000000 do
    x = (x * 1366 + 150889) % 714025
    local k = "k" .. x % 5000
    counts[k] = (counts[k] or 0) + 1
  end
  local squares = {}
  for i = 0, 199999 do squares[i * 7] = i end
  local hits = 0
  for i = 0, 1399999 do if squares[i] ~= nil then hits = hits + 1 end end
  local sum = 0
  for k, v in pairs(squares) do sum = sum + k - v end
  for i = 0, 99999 do squares[i * 7] = nil end
  local n, left, top = 0, 0, 0
  for k, v in pairs(counts) do n = n + 1; if v > top then top = v end end
  for k in pairs(squares) do left = left + 1 end
  print(n, hits, sum, left, top)
end
main()
