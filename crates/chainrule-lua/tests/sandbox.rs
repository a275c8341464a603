//! What scripts may not do, unless they are trusted; and how they are stopped.

mod support;

use chainrule_lua::{Error, Interpreter, Trust};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use support::{failure, lua, run};

#[test]
fn scripts_cannot_reach_beyond_lua() {
    let gone = "
        for _, gone in ipairs({
            'os.execute', 'os.remove', 'os.rename', 'os.tmpname', 'os.getenv', 'os.setlocale', 'io.popen', 'io.tmpfile',
            'package.loadlib', 'package.cpath', 'package.path', 'package.searchers', 'loadfile', 'dofile', 'string.dump',
            'debug.getregistry', 'debug.sethook', 'debug.setmetatable', 'debug.getupvalue',
        }) do
            local library, name = gone:match('(%w+)%.(%w+)')
            local found = library and _G[library][name] or not library and rawget(_G, gone)
            assert(not found, gone)
        end
        for name, library in pairs(package.loaded) do
            if type(library) == 'table' then
                assert(not (library.execute or library.popen or library.loadlib or library.dump or library.dofile), name)
            end
        end
        print(type(debug.traceback()), type(os.time()), type(os.clock()), os.date('%Y') ~= nil)";
    assert_eq!(run(gone), "string\tnumber\tnumber\ttrue\n");
}

#[test]
fn files_can_be_read_and_not_written() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let path = directory.path().join("data.txt");
    std::fs::write(&path, "1\n2\n").expect("a file");
    let path = path.to_str().expect("UTF-8");
    let read =
        format!("for line in io.lines('{path}') do io.write(line, ';') end io.write(io.open('{path}'):read('a'))");
    assert_eq!(run(&read), "1;2;1\n2\n");
    for write in [
        format!("io.open('{path}', 'w')"),
        format!("io.open('{path}', 'r+')"),
        format!("io.output('{path}')"),
        "io.output(5)".to_string(),
    ] {
        assert_eq!(failure(&write), "script.lua:1: writing to files is not allowed here; --unsafe allows it");
    }
    assert_eq!(std::fs::read_to_string(path).expect("a file"), "1\n2\n");
}

#[test]
fn only_built_in_modules_can_be_required() {
    assert_eq!(
        run("print(require 'chainrule' == cr, require('set') == require('set'), require 'string' == string)"),
        "true\ttrue\ttrue\n"
    );
    assert_eq!(
        failure("require 'socket'"),
        "script.lua:1: module \"socket\" is not built in (known: chainrule, middleclass, set); --unsafe allows modules from files"
    );
}

#[test]
fn only_text_can_be_loaded() {
    let script = "
        print(load('return 1 + 1')(), load('return x', 'chunk', 't', { x = 5 })(), load('x ='))
        print(load('\\27Lua'))";
    assert_eq!(
        run(script),
        "2\t5\tnil\t[string \"x =\"]:1: unexpected symbol near <eof>\nnil\tattempt to load a binary chunk (mode is 't')\n"
    );
}

#[test]
fn trusted_scripts_may_do_all_that() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let path = directory.path().join("written.txt");
    let lua = Interpreter::new(Trust::Trusted, std::io::sink()).expect("memory");
    let script = format!(
        "local file = io.open('{path}', 'w'); file:write('other'); file:close()
         io.output('{path}'); io.write('te', 'xt'):close(); io.output(io.stdout)
         assert(os.execute('true') and io.popen('echo 1'):read('a') == '1\\n' and load(string.dump(function() end)))",
        path = path.display()
    );
    lua.run("script.lua", &script).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(std::fs::read_to_string(path).expect("a file"), "text");
}

/// Interrupts a script after a moment, and tells how it ended.
fn interrupted(script: &str) -> (Interpreter, Error) {
    let (lua, _) = lua();
    let flag = lua.interrupter();
    let stop = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        flag.store(true, Ordering::Relaxed);
    });
    let start = Instant::now();
    let error = lua.run("script.lua", script).expect_err("it is endless");
    assert!(start.elapsed() < Duration::from_secs(10));
    stop.join().expect("no panic");
    (lua, error)
}

#[test]
fn an_endless_script_can_be_interrupted() {
    for script in [
        "while true do end",
        "while true do local v = Value(1) * 2 end",
        "while true do pcall(function() while true do end end) end",
        "local function f() pcall(f) return f() end f()",
        "while true do xpcall(function() while true do end end, function(caught) return caught end) end",
        "coroutine.wrap(function() while true do end end)()",
        "while true do local co = coroutine.create(function() while true do end end) coroutine.resume(co) end",
        "cr.group('g', function() while true do pcall(error) end end)",
        "while true do pcall(cr.no_grad, function() while true do end end) end",
    ] {
        let (lua, error) = interrupted(script);
        assert!(matches!(error, Error::Interrupted), "{script}: {error}");
        // It is good for more.
        lua.run("script.lua", "local a = Value(1); assert((a + 1).data == 2 and #(a + 1)._prev == 2)").expect(script);
    }
}
