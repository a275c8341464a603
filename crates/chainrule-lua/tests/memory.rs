//! Memory stays in proportion to what Lua holds, however long a script runs.

mod support;

use chainrule::tape;
use support::lua;

/// Runs a script once, then ten times as long: the tape and Lua must not have grown.
fn stays_flat(script: &str, most_nodes: usize) {
    let (lua, printed) = lua();
    let run = |steps: usize| {
        lua.run("script.lua", &format!("local steps = {steps}\n{script}\nprint(collectgarbage('count'))"))
            .unwrap_or_else(|error| panic!("{error}"));
        printed.take().trim().parse::<f64>().expect("kilobytes")
    };
    run(100_000);
    let (early, early_kilobytes) = (tape::size(), run(100_000));
    let (late_kilobytes, late) = (run(1_000_000), tape::size());
    assert!(late.nodes < most_nodes, "{late:?}");
    assert!(late.bytes <= 2 * early.bytes, "{early:?}, then {late:?}");
    assert!(late_kilobytes < 2.0 * early_kilobytes + 5000.0, "{early_kilobytes} KB, then {late_kilobytes}");
}

#[test]
fn a_million_dropped_results_are_freed() {
    stays_flat("local a, b = Value(2.0), Value(3.0); for _ = 1, steps do local c = a * b + 1 end", 200_000);
}

#[test]
fn a_million_values_are_freed() {
    stays_flat("for step = 1, steps do local v = Value(step) end", 200_000);
}

#[test]
fn chains_that_are_dropped_are_freed() {
    let script = "
        for _ = 1, steps / 1000 do
            local v = Value(1.0)
            for _ = 1, 1000 do v = v * 1.0001 end
            v:backward()
        end";
    stays_flat(script, 200_000);
}

#[test]
fn sums_that_are_dropped_are_freed() {
    let script = "
        local v = Value(0.5)
        for _ = 1, steps / 1000 do
            local loss = 0
            for _ = 1, 1000 do loss = loss + v end
            loss:backward()
        end";
    stays_flat(script, 200_000);
}

#[test]
fn a_training_loop_stays_flat() {
    let script = "
        local n = nn.MLP(2, { 8, 1 })
        local optimizer = cr.optim.SGD(n:parameters(), { lr = 0.001 })
        for _ = 1, steps / 500 do
            local loss = 0
            for row = 1, 10 do loss = loss + (n{ row / 10, 1 } - 1) ^ 2 end
            optimizer:zero_grad()
            loss:backward()
            optimizer:step()
        end";
    stays_flat(script, 200_000);
}

#[test]
fn generators_and_coroutines_stay_flat() {
    let script = "
        for _ = 1, steps / 100 do
            local next_value = coroutine.wrap(function() local v = Value(1); for _ = 1, 100 do v = v * 2; coroutine.yield(v) end end)
            for _ = 1, 100 do next_value() end
        end";
    stays_flat(script, 200_000);
}

#[test]
fn what_is_held_stays_good_while_the_rest_is_freed() {
    let (lua, _) = lua();
    let script = "
        local a, b = Value(2.0, 'a'), Value(3.0)
        local held = a * b + 1
        held:backward()
        for _ = 1, 300000 do local dropped = a * 2 end
        assert(held.data == 7 and a.grad == 3 and a.label == 'a' and held._prev[2].data == 1)
        held:backward()
        assert(a.grad == 6 and b.grad == 4, a.grad)
        local chain = a
        for _ = 1, 300000 do chain = chain + b end
        chain:backward()
        assert(b.grad == 4 + 300000)";
    lua.run("script.lua", script).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn groups_and_no_grad_may_hold_more_than_the_tape_is_tidied_at() {
    let (lua, _) = lua();
    let script = "
        local a = Value(2.0)
        local b = cr.group('long', function() local b = a; for _ = 1, 200000 do b = b + 1 end return b end)
        assert(b.data == 200002)
        local c = cr.no_grad(function() for _ = 1, 200000 do local d = Value(1.0) * a end return a * 2 end)
        for _ = 1, 200000 do local d = a * a end
        b:backward()
        assert(a.grad == 1 and c.data == 4)";
    lua.run("script.lua", script).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn finalizers_may_compute_while_results_are_made() {
    let (lua, _) = lua();
    let script = "
        collectgarbage('incremental')
        local terms = {}
        for i = 1, 2000 do terms[i] = Value(i) end
        local total = cr.sum(terms)
        local function compute_when_collected()
            setmetatable({}, { __gc = function()
                local v = Value(1)
                for _ = 1, 70000 do v = v + 1 end
                compute_when_collected()
            end })
        end
        compute_when_collected()
        for _ = 1, 20 do
            local operands = total._prev
            assert(#operands == 2000 and operands[2000].data == 2000)
        end
        local layer = nn.Layer(20, 500)
        for _ = 1, 20 do assert(#layer{ table.unpack(terms, 1, 20) } == 500) end";
    lua.run("script.lua", script).unwrap_or_else(|error| panic!("{error}"));
}
