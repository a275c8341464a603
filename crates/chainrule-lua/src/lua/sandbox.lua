-- Takes away what could change the machine that a script runs on, or reach beyond Lua. Files can be read, not written.
local type, error, select, tostring = type, error, select, tostring

-- Programs in text only: what is compiled could break the interpreter.
local load_anything = load
function load(chunk, name, _, ...)
  if select('#', ...) > 0 then return load_anything(chunk, name, 't', (...)) end
  return load_anything(chunk, name, 't')
end
loadfile, dofile, string.dump = nil, nil, nil

os = { clock = os.clock, date = os.date, difftime = os.difftime, exit = os.exit, time = os.time }

local open, output, file_type = io.open, io.output, io.type
local function not_allowed(what) error(what .. ' is not allowed here; --unsafe allows it', 3) end
io.popen, io.tmpfile = nil, nil
function io.open(path, mode)
  if mode ~= nil and mode ~= 'r' and mode ~= 'rb' then not_allowed('writing to files') end
  return open(path, mode)
end
function io.output(file)
  if file == nil then return output() end
  -- Lua takes a number for a name, too.
  if not file_type(file) then not_allowed('writing to files') end
  return output(file)
end

-- Only what is built in can be required.
local loaded, preload = package.loaded, package.preload
package = { loaded = loaded, preload = preload }
loaded.package, loaded.os = package, os
function require(name)
  if loaded[name] == nil then
    local loader = preload[name]
    if not loader then
      local known = {}
      for module in pairs(preload) do known[#known + 1] = module end
      table.sort(known)
      error('module "' .. tostring(name) .. '" is not built in (known: ' .. table.concat(known, ', ')
        .. '); --unsafe allows modules from files', 2)
    end
    local module = loader(name)
    loaded[name] = module == nil or module
  end
  return loaded[name]
end
