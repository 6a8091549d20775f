local floor = math.floor
local function text_of(n)
  local syllables = {"ba", "ko", "li", "mer", "no", "pu", "ra", "si", "tor", "ve"}
  local words, x = {}, 99
  for i = 1, n do
    x = (x * 1366 + 150889) % 714025
    local w = syllables[x % 10 + 1]
    local parts = floor(x / 10) % 4
    local y = floor(x / 40)
    for k = 1, parts do
      w = w .. syllables[y % 10 + 1]
      y = floor(y / 10)
    end
    words[#words + 1] = w
  end
  return table.concat(words, " ")
end
local function main()
  local text = text_of(200000)
  local total, best = 0, ""
  for round = 1, 4 do
    local counts = {}
    local words = {}
    for w in text:gmatch("[^ ]+") do words[#words + 1] = w end
    for i = 1, #words do
      local w = words[i]
      counts[w] = (counts[w] or 0) + 1
    end
    local list = {}
    for k, v in pairs(counts) do list[#list + 1] = {k, v} end
    table.sort(list, function(a, b)
      if a[2] ~= b[2] then return a[2] > b[2] end
      return a[1] < b[1]
    end)
    total = total + #list
    best = list[1][1]
  end
  print(#text, total, best)
end
main()
