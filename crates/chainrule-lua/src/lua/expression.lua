-- Runs a formula: a chunk whose globals are variables on one side and functions on the other.
--
-- `chunk` is compiled with `environment`, which stays empty: what is read and set in it goes through here. What is set is
-- named so, and the last of it is the result where the chunk returns none.
local environment, chunk, parameters, functions, unknown, label = ...
local setmetatable, rawget, type, select, error = setmetatable, rawget, type, select, error
local unpack = table.unpack

local variables, assigned, last

setmetatable(environment, {
  __index = function(_, name)
    local value = assigned[name]
    if value == nil then value = variables[name] end
    if value == nil then value = functions[name] end
    if value == nil then error(unknown(name, variables), 0) end
    return value
  end,
  __newindex = function(_, name, value)
    assigned[name], last = value, name
    label(value, name)
  end,
})

return function(given)
  variables, assigned, last = given, {}, nil
  local result = chunk()
  if result == nil and last ~= nil then result = assigned[last] end
  if type(result) ~= 'function' then return result end
  local arguments = {}
  for index, name in ipairs(parameters) do
    local argument = given[name]
    if argument == nil then error(unknown(name, given), 0) end
    arguments[index] = argument
  end
  return (result(unpack(arguments)))
end
