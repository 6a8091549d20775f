local sub, format, concat = string.sub, string.format, table.concat
local Parser = {}
Parser.__index = Parser
local null = {}
function Parser:space()
  local s = self.s
  while self.i <= #s do
    local c = sub(s, self.i, self.i)
    if c ~= " " and c ~= "\n" and c ~= "\t" and c ~= "\r" then return end
    self.i = self.i + 1
  end
end
function Parser:value()
  self:space()
  local c = sub(self.s, self.i, self.i)
  if c == "{" then return self:object() end
  if c == "[" then return self:array() end
  if c == '"' then return self:text() end
  if c == "t" then return self:word("true", true) end
  if c == "f" then return self:word("false", false) end
  if c == "n" then return self:word("null", null) end
  return self:number()
end
function Parser:word(w, v)
  if sub(self.s, self.i, self.i + #w - 1) ~= w then error("bad JSON") end
  self.i = self.i + #w
  return v
end
function Parser:number()
  local s, from = self.s, self.i
  while self.i <= #s do
    local c = sub(s, self.i, self.i)
    if not (c >= "0" and c <= "9") and c ~= "-" and c ~= "+" and c ~= "." and c ~= "e" and c ~= "E" then break end
    self.i = self.i + 1
  end
  if from == self.i then error("bad JSON") end
  return tonumber(sub(s, from, self.i - 1))
end
function Parser:text()
  local s = self.s
  self.i = self.i + 1
  local from = self.i
  while true do
    local c = sub(s, self.i, self.i)
    if c == '"' then break end
    if c == "\\" then return self:escaped(from) end
    self.i = self.i + 1
  end
  self.i = self.i + 1
  return sub(s, from, self.i - 2)
end
function Parser:escaped(from)
  local s = self.s
  local out = sub(s, from, self.i - 1)
  while true do
    local c = sub(s, self.i, self.i)
    self.i = self.i + 1
    if c == '"' then return out end
    if c == "\\" then
      local e = sub(s, self.i, self.i)
      self.i = self.i + 1
      if e == "n" then out = out .. "\n" elseif e == "t" then out = out .. "\t" else out = out .. e end
    else
      out = out .. c
    end
  end
end
function Parser:array()
  local out = {}
  self.i = self.i + 1
  self:space()
  if sub(self.s, self.i, self.i) == "]" then self.i = self.i + 1; return out end
  while true do
    out[#out + 1] = self:value()
    self:space()
    local c = sub(self.s, self.i, self.i)
    self.i = self.i + 1
    if c == "]" then return out end
    if c ~= "," then error("bad JSON") end
  end
end
function Parser:object()
  local out = {}
  self.i = self.i + 1
  self:space()
  if sub(self.s, self.i, self.i) == "}" then self.i = self.i + 1; return out end
  while true do
    self:space()
    local k = self:text()
    self:space()
    if sub(self.s, self.i, self.i) ~= ":" then error("bad JSON") end
    self.i = self.i + 1
    out[k] = self:value()
    self:space()
    local c = sub(self.s, self.i, self.i)
    self.i = self.i + 1
    if c == "}" then return out end
    if c ~= "," then error("bad JSON") end
  end
end
local function quote(s, out)
  out[#out + 1] = '"'
  out[#out + 1] = s:gsub("\\", "\\\\"):gsub('"', '\\"'):gsub("\n", "\\n")
  out[#out + 1] = '"'
end
local function encode(v, out)
  if v == null then out[#out + 1] = "null"
  elseif type(v) == "string" then quote(v, out)
  elseif type(v) == "table" then
    if v[1] then
      out[#out + 1] = "["
      for i = 1, #v do
        if i > 1 then out[#out + 1] = "," end
        encode(v[i], out)
      end
      out[#out + 1] = "]"
    else
      out[#out + 1] = "{"
      local first = true
      for k, x in pairs(v) do
        if not first then out[#out + 1] = "," end
        first = false
        quote(k, out)
        out[#out + 1] = ":"
        encode(x, out)
      end
      out[#out + 1] = "}"
    end
  else out[#out + 1] = tostring(v) end
end
local function main()
  local rows = {}
  for i = 0, 399 do
    rows[#rows + 1] = {id = i, name = "user " .. i, tags = {"a", "b\n", "c" .. i % 7}, score = i * 0.5 + 0.25,
                       ok = i % 2 == 0, none = null}
  end
  local text = ""
  for round = 1, 90 do
    local out = {}
    encode(rows, out)
    text = concat(out)
    local back = setmetatable({s = text, i = 1}, Parser):value()
    if #back ~= #rows or back[400].name ~= "user 399" then error("round trip") end
  end
  print(#text)
end
main()
