local format = string.format
local function make(n)
  local names = {"apple", "pear", "quince", "fig", "cherry"}
  local lines, x = {}, 17
  for i = 0, n - 1 do
    x = (x * 1366 + 150889) % 714025
    lines[#lines + 1] = format("%d;  %s ;%d;%.1f", i, names[x % 5 + 1], x % 97, x % 1000 / 10)
  end
  return table.concat(lines, "\n")
end
local function split(s, sep)
  local out, from = {}, 1
  while true do
    local a, b = s:find(sep, from, true)
    if not a then out[#out + 1] = s:sub(from); return out end
    out[#out + 1] = s:sub(from, a - 1)
    from = b + 1
  end
end
local function main()
  local text = make(60000)
  local total, out = 0, {}
  for round = 1, 8 do
    out = {}
    local lines = split(text, "\n")
    for i = 1, #lines do
      local line = lines[i]
      local fields = split(line, ";")
      local name = fields[2]:match("^%s*(.-)%s*$"):upper()
      local quantity = math.floor(tonumber(fields[3]))
      total = total + quantity
      if name:sub(1, 1) == "P" and quantity > 50 then
        out[#out + 1] = format("%8s %-10s|%4d|%s", fields[1], name, quantity, fields[4])
      elseif fields[4]:sub(-2) == ".5" then
        out[#out + 1] = line:gsub(";", ",") .. name:sub(1, 2)
      end
    end
  end
  local result = table.concat(out, "\n")
  local vowels = 0
  for i = 1, 200000 do
    local c = text:sub(i, i)
    if ("aeiou"):find(c, 1, true) then vowels = vowels + 1 end
  end
  print(total, #out, #result, vowels)
end
main()
