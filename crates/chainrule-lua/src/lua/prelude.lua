-- What scripts and the console find at once: the library, output, and functions of `math` that take values, too.
local library, formula_functions, write, modules = ...

cr, Value, nn = library, library.Value, library.nn

for name, load in pairs(modules) do package.preload[name] = load end

function print(...)
  local texts = table.pack(...)
  for index = 1, texts.n do texts[index] = tostring(texts[index]) end
  write(table.concat(texts, '\t') .. '\n')
end

local stdout, output = io.stdout, io.output
function io.write(...)
  local file = output()
  if file ~= stdout then return file:write(...) end
  for index, text in ipairs({ ... }) do
    if type(text) ~= 'string' and type(text) ~= 'number' then
      error("bad argument #" .. index .. " to 'write' (string expected, got " .. type(text) .. ')', 2)
    end
    write(text)
  end
  return stdout
end

-- What is written past `write` comes in order.
stdout:setvbuf('no')

local has_value
function has_value(first, ...)
  return type(first) == 'userdata' or select('#', ...) > 0 and has_value(...)
end

-- Lets a function of `math` take values, which `of_values` knows what to do with.
local function extend(name, of_values)
  local of_numbers = math[name] or of_values
  math[name] = function(...)
    if has_value(...) then return of_values(...) end
    return of_numbers(...)
  end
end

for _, name in ipairs({
  'abs', 'acos', 'asin', 'ceil', 'cos', 'cosh', 'exp', 'floor', 'log10', 'sin', 'sinh', 'sqrt', 'tan', 'tanh',
}) do
  extend(name, library[name])
end

extend('atan', function(y, x) return x and library.atan2(y, x) or library.atan(y) end)
extend('log', function(x, base) return base and library.ln(x) / library.ln(base) or library.ln(x) end)
extend('atan2', library.atan2)
extend('fmod', library.rem)
extend('pow', function(x, exponent) return x ^ exponent end)
extend('max', library.maximum)
extend('min', library.minimum)

-- Functions of one number are there under their own names, unless a script uses the name for something else.
setmetatable(_G, { __index = formula_functions })
