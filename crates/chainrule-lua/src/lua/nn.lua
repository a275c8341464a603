-- The classes of neurons, layers and multi-layer perceptrons: plain tables of values, so that all of it can be looked at
-- and replaced. How they are made and called is added from Rust.

local function class(visit_parameters, describe)
  local class = { __tostring = describe }
  class.__index = class

  function class:parameters()
    local parameters = {}
    visit_parameters(self, function(parameter) parameters[#parameters + 1] = parameter end)
    return parameters
  end

  -- A parameter that was replaced by a plain number has no gradient.
  function class:zero_grad()
    visit_parameters(self, function(parameter)
      if type(parameter) == 'userdata' then parameter:zero_grad() end
    end)
  end

  return class
end

-- Much as micrograd prints modules: Layer of [relu Neuron(2), relu Neuron(2)].
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

return {
  Neuron = class(
    function(neuron, visit)
      for _, weight in ipairs(neuron.w) do visit(weight) end
      visit(neuron.b)
    end,
    function(neuron) return neuron.activation .. ' Neuron(' .. #neuron.w .. ')' end
  ),
  Layer = class(
    function(layer, visit) visit_all(layer.neurons, visit) end,
    function(layer) return listed('Layer', layer.neurons) end
  ),
  MLP = class(
    function(mlp, visit) visit_all(mlp.layers, visit) end,
    function(mlp) return listed('MLP', mlp.layers) end
  ),
}
