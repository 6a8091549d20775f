local sub = string.sub
local function source(n)
  local parts = {}
  for i = 0, n - 1 do
    parts[#parts + 1] = "let value_" .. i .. " = (alpha * " .. i .. " + 42) / beta_" .. i % 10 .. " # note " .. i ..
      "\nif value_" .. i .. " >= 10 { print(\"v\", value_" .. i .. ") }\n"
  end
  return table.concat(parts)
end
local function is_letter(c) return (c >= "a" and c <= "z") or (c >= "A" and c <= "Z") or c == "_" end
local function is_digit(c) return c >= "0" and c <= "9" end
local function scan(s)
  local kinds = {name = 0, number = 0, text = 0, mark = 0}
  local sum, i, n = 0, 1, #s
  while i <= n do
    local c = sub(s, i, i)
    if c == " " or c == "\n" then
      i = i + 1
    elseif c == "#" then
      while i <= n and sub(s, i, i) ~= "\n" do i = i + 1 end
    elseif is_letter(c) then
      i = i + 1
      while i <= n and (is_letter(sub(s, i, i)) or is_digit(sub(s, i, i))) do i = i + 1 end
      kinds.name = kinds.name + 1
    elseif is_digit(c) then
      local from = i
      while i <= n and is_digit(sub(s, i, i)) do i = i + 1 end
      sum = sum + tonumber(sub(s, from, i - 1))
      kinds.number = kinds.number + 1
    elseif c == "\"" then
      i = i + 1
      while sub(s, i, i) ~= "\"" do i = i + 1 end
      i = i + 1
      kinds.text = kinds.text + 1
    else
      i = i + (sub(s, i, i + 1) == ">=" and 2 or 1)
      kinds.mark = kinds.mark + 1
    end
  end
  return sum, kinds
end
local function main()
  local s = source(24000)
  local sum, kinds = scan(s)
  print(#s, sum, kinds.name, kinds.number, kinds.text, kinds.mark)
end
main()
