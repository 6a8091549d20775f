local function by_age(a, b)
  if a.age ~= b.age then return a.age < b.age end
  if a.score ~= b.score then return a.score > b.score end
  return a.name < b.name
end
local function slice(xs, from, to)
  local out = {}
  for i = from, to do out[#out + 1] = xs[i] end
  return out
end
local function merge_sort(xs, before)
  local n = #xs
  if n < 2 then return xs end
  local half = (n - n % 2) / 2
  local left = merge_sort(slice(xs, 1, half), before)
  local right = merge_sort(slice(xs, half + 1, n), before)
  local out, i, j = {}, 1, 1
  while i <= #left and j <= #right do
    if before(right[j], left[i]) then
      out[#out + 1] = right[j]
      j = j + 1
    else
      out[#out + 1] = left[i]
      i = i + 1
    end
  end
  while i <= #left do
    out[#out + 1] = left[i]
    i = i + 1
  end
  while j <= #right do
    out[#out + 1] = right[j]
    j = j + 1
  end
  return out
end
local function main()
  local people, x = {}, 31
  for i = 1, 60000 do
    x = (x * 1366 + 150889) % 714025
    people[#people + 1] = {name = "p" .. x % 10007, age = x % 90, score = x % 13 / 4}
  end
  local a = slice(people, 1, #people)
  table.sort(a, by_age)
  local b = slice(a, 1, #a)
  table.sort(b, by_age)
  local c = merge_sort(people, function(p, q) return q.age < p.age or (q.age == p.age and q.name < p.name) end)
  print(a[1].name, b[60000].name, a[30001].age, c[1].name, c[60000].name)
end
main()
