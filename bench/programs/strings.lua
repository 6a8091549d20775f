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
  local words = {}
  for i = 0, 199 do words[#words + 1] = "word" .. i end
  local total = 0
  for round = 1, 2500 do
    local line = table.concat(words, " ")
    local parts = split(line, " ")
    total = total + #parts
    local out = ""
    for i = 1, #parts do
      local p = parts[i]
      if p:sub(-1) == "7" then out = out .. p:upper() else out = out .. p end
      out = out .. ","
    end
    total = total + #out
    total = total + #(line:gsub("word", "w"))
    if line:find("word199", 1, true) then total = total + 1 end
    total = total + (line:find("word150", 1, true) or 1) - 1
  end
  local parts = {}
  for i = 1, 1000000 do parts[i] = "x" end
  local s = table.concat(parts)
  local count = 0
  for i = 1, #s do if s:sub(i, i) == "x" then count = count + 1 end end
  for i = 0, 499999 do
    local t = i .. ":" .. i * 2
    count = count + #t
  end
  print(total, #s, count)
end
main()
