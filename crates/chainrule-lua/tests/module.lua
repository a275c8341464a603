-- The loadable module in a system Lua: `lua5.4 module.lua DIRECTORY`, where DIRECTORY has chainrule.so.

package.cpath = arg[1] .. '/?.so'

local before = {}
for name in pairs(_G) do before[name] = true end
local cr = require 'chainrule'
for name in pairs(_G) do assert(before[name], 'a global was set: ' .. name) end

local Value, nn = cr.Value, cr.nn

local a, b = Value(2.0), Value(-3.0, 'b')
local d = a * b + 10
d:backward()
assert(tostring(d) == 'Value(data = 4.0)' and a.grad == -3 and b.grad == 2 and b.label == 'b')
assert(tostring(d._prev) == '{Value(data = -6.0), Value(data = 10.0)}')

-- Errors are strings with the line.
local ok, message = pcall(function() local wrong = a + {} end)
assert(not ok and message:find('module.lua:%d+: +', 1, false) and message:find('expected a number or a Value'), message)

-- A network learns.
local n = nn.MLP(3, { 4, 4, 1 }, { activation = 'tanh' })
local optimizer = cr.optim.SGD(n:parameters(), { lr = 0.05 })
local xs, ys = { { 2, 3, -1 }, { 3, -1, 0.5 }, { 0.5, 1, 1 }, { 1, 1, -1 } }, { 1, -1, -1, 1 }
local first, loss
for _ = 1, 100 do
  loss = 0
  for row, x in ipairs(xs) do loss = loss + (n(x) - ys[row]) ^ 2 end
  first = first or loss.data
  optimizer:zero_grad()
  loss:backward()
  optimizer:step()
end
assert(loss.data < first / 10)

-- A million steps stay flat with the collector as Lua starts it. Most of what there is then waits to be collected.
local kilobytes
for step = 1, 1000000 do
  local dropped = a * b + 1
  if step == 500000 then kilobytes = collectgarbage('count') end
end
collectgarbage()
assert(collectgarbage('count') < 2 * kilobytes and kilobytes < 500 * 1024)
assert(a.data == 2 and #n:parameters() == 41)

print('the module works')
