local function count(t)
  if not t.left then return 1 end
  return 1 + count(t.left) + count(t.right)
end
local function make(depth)
  if depth == 0 then return {} end
  return {left = make(depth - 1), right = make(depth - 1)}
end
local keep = make(17)
local total = 0
for _, depth in ipairs({4, 8, 12}) do
  for i = 1, 2 ^ (19 - depth) do total = total + count(make(depth)) end
end
print(total, count(keep))
