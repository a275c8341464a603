-- Classes with single inheritance and mixins, as the library "middleclass" offers them:
--
--   local Animal = class('Animal')
--   function Animal:initialize(name) self.name = name end
--   local Dog = class('Dog', Animal)       -- or Animal:subclass('Dog')
--   Dog('Rex').name                        -- Animal.initialize was called
--
-- What is set in a class is for its instances; what is set in Class.static is for the class itself. Both are inherited,
-- and so are metamethods such as __add and __tostring.

local class_metatable = {}

-- Puts a member into the dictionary of a class, and of all subclasses that have none of that name themselves.
local function inherit(class, name, member)
  local own = rawget(class, '__declared')[name]
  local dictionary = rawget(class, '__instanceDict')
  if own == nil then own = member end
  if name == '__index' and own ~= nil then
    local fallback = own
    dictionary.__index = function(instance, key)
      local found = dictionary[key]
      if found ~= nil then return found end
      if type(fallback) == 'function' then return fallback(instance, key) end
      return fallback[key]
    end
  elseif name == '__index' then
    dictionary.__index = dictionary
  else
    dictionary[name] = own
  end
  for subclass in pairs(rawget(class, 'subclasses')) do
    inherit(subclass, name, own)
  end
end

local function declare(class, name, member)
  rawget(class, '__declared')[name] = member
  if member == nil and class.super then member = class.super.__instanceDict[name] end
  inherit(class, name, member)
end

-- What a class can do; reached through `static`, so that instances do not see it.
local methods = {}

function methods:allocate()
  return setmetatable({ class = self }, self.__instanceDict)
end

function methods:new(...)
  local instance = self:allocate()
  instance:initialize(...)
  return instance
end

function methods:isSubclassOf(other)
  local class = self.super
  while class do
    if class == other then return true end
    class = class.super
  end
  return false
end

function methods:include(...)
  for _, mixin in ipairs({ ... }) do
    for name, member in pairs(mixin) do
      if name ~= 'included' and name ~= 'static' then self[name] = member end
    end
    for name, member in pairs(mixin.static or {}) do self.static[name] = member end
    if mixin.included then mixin:included(self) end
  end
  return self
end

local function create(name, super)
  local dictionary = {}
  dictionary.__index = dictionary
  local class = { name = name, super = super, subclasses = {}, __instanceDict = dictionary, __declared = {} }
  class.static = setmetatable({}, {
    __index = function(_, key)
      local member = dictionary[key]
      if member ~= nil then return member end
      return (super and super.static or methods)[key]
    end,
  })
  return setmetatable(class, class_metatable)
end

function methods:subclass(name)
  if type(name) ~= 'string' then error('a class needs a name, such as class(\'Point\')', 2) end
  local subclass = create(name, self)
  for member_name, member in pairs(self.__instanceDict) do
    if member_name ~= '__index' then inherit(subclass, member_name, member) end
  end
  if rawget(self, '__declared').__index ~= nil then inherit(subclass, '__index', self.__declared.__index) end
  self.subclasses[subclass] = true
  self:subclassed(subclass)
  return subclass
end

function methods:subclassed(_) end

class_metatable.__index = function(class, key) return rawget(class, 'static')[key] end
class_metatable.__newindex = declare
class_metatable.__tostring = function(class) return 'class ' .. class.name end
class_metatable.__call = function(class, ...) return class:new(...) end

local function root(name)
  local class = create(name)
  function class:initialize() end
  function class:isInstanceOf(other)
    local own = self.class
    return own == other or own:isSubclassOf(other)
  end
  function class:__tostring() return 'instance of class ' .. self.class.name end
  return class
end

local middleclass = {}

function middleclass.class(name, super)
  if type(name) ~= 'string' then error('a class needs a name, such as class(\'Point\')', 2) end
  if super then return super:subclass(name) end
  return root(name)
end

return setmetatable(middleclass, { __call = function(_, ...) return middleclass.class(...) end })
