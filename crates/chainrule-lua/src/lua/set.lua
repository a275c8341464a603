-- Sets that remember the order in which their elements came, as the library "set" offers them:
--
--   local Set = require 'set'
--   local s = Set({ 1, 2 }) + Set({ 2, 3 })
--   print(s, #s, s:contains(3))            -- {1, 2, 3}  3  true

local Set = {}
Set.__index = Set

-- `items` are the elements in order, with holes where one was removed; `places` tells where each stands.
local function empty()
  return setmetatable({ items = {}, places = {}, last = 0, count = 0 }, Set)
end

function Set.empty() return empty() end

function Set.new(elements)
  local set = empty()
  for _, element in ipairs(elements or {}) do set:add(element) end
  return set
end

function Set:add(element)
  if self.places[element] == nil then
    self.last = self.last + 1
    self.items[self.last] = element
    self.places[element] = self.last
    self.count = self.count + 1
  end
  return self
end

function Set:remove(element)
  local place = self.places[element]
  if place then
    self.items[place], self.places[element] = nil, nil
    self.count = self.count - 1
  end
  return self
end

function Set:contains(element) return self.places[element] ~= nil end

function Set:size() return self.count end

-- Goes over the elements: `for element in set:elements() do ... end`.
function Set:elements()
  local place = 0
  return function()
    while place < self.last do
      place = place + 1
      if self.items[place] ~= nil then return self.items[place] end
    end
  end
end

-- The elements as a list.
function Set:list()
  local list = {}
  for element in self:elements() do list[#list + 1] = element end
  return list
end

function Set:copy() return Set.new(self:list()) end

function Set:union(other)
  local union = self:copy()
  for element in other:elements() do union:add(element) end
  return union
end

function Set:intersection(other)
  local both = empty()
  for element in self:elements() do
    if other:contains(element) then both:add(element) end
  end
  return both
end

function Set:difference(other)
  local rest = empty()
  for element in self:elements() do
    if not other:contains(element) then rest:add(element) end
  end
  return rest
end

function Set:is_subset_of(other)
  for element in self:elements() do
    if not other:contains(element) then return false end
  end
  return true
end

Set.__len = Set.size
Set.__add = Set.union
Set.__mul = Set.intersection
Set.__sub = Set.difference
Set.__le = Set.is_subset_of
Set.__lt = function(a, b) return a.count < b.count and a:is_subset_of(b) end
Set.__eq = function(a, b) return a.count == b.count and a:is_subset_of(b) end
Set.__pairs = function(set)
  local next_element = set:elements()
  return function()
    local element = next_element()
    if element ~= nil then return element, true end
  end
end
Set.__tostring = function(set)
  local texts = {}
  for element in set:elements() do texts[#texts + 1] = tostring(element) end
  return '{' .. table.concat(texts, ', ') .. '}'
end

return setmetatable(Set, { __call = function(_, elements) return Set.new(elements) end })
