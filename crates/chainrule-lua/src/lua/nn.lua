-- Neurons, layers and multi-layer perceptrons: plain tables of values, so that all of it can be looked at and replaced.
-- The numbers at the start and the way forward are the library's, which `native` brings.
local native = ...

-- A kind of module: `new` makes one, calling it goes `forward`.
local function kind(name, new, forward, own_parameters, describe)
  local class = {}
  class.__index = class
  class.__name = name
  class.__call = forward
  class.__tostring = describe

  function class:parameters()
    local parameters = {}
    own_parameters(self, function(parameter) parameters[#parameters + 1] = parameter end)
    return parameters
  end

  function class:zero_grad()
    own_parameters(self, function(parameter) parameter:zero_grad() end)
  end

  return setmetatable(class, { __call = function(_, ...) return new(...) end })
end

-- Calls of a native function on behalf of the user's line: its message is told there.
local function on_behalf(f, ...)
  local outcome = table.pack(pcall(f, ...))
  if outcome[1] then return outcome[2] end
  error((tostring(outcome[2]):gsub('^nn:%d+: ', '')), 3)
end

-- What a list of modules shows of itself, as micrograd does.
local function listed(name, modules)
  local texts = {}
  for index, module in ipairs(modules) do texts[index] = tostring(module) end
  return name .. ' of [' .. table.concat(texts, ', ') .. ']'
end

local function visit_all(modules, visit)
  for _, module in ipairs(modules) do
    for _, parameter in ipairs(module:parameters()) do visit(parameter) end
  end
end
