//! Values in Lua: arithmetic, fields, methods, gradients, and what is said when they are used wrongly.

mod support;

use support::{failure, run};

#[test]
fn a_value_prints_its_number_as_lua_writes_it() {
    assert_eq!(
        run("print(Value(2.0), Value(2), Value(1e-5), Value(2/3), Value(1/0))"),
        "Value(data = 2.0)\tValue(data = 2.0)\tValue(data = 1e-05)\tValue(data = 0.66666666666667)\tValue(data = inf)\n"
    );
    assert_eq!(run("print('a = ' .. Value(2.0))"), "a = Value(data = 2.0)\n");
}

#[test]
fn operators_take_numbers_on_either_side() {
    let script = "
        local a = Value(4.0)
        for _, b in ipairs({ a + 2, 2 + a, a - 1, 1 - a, a * 3, 3 * a, a / 2, 2 / a, a % 3, 9 % a, -a }) do
            io.write(b.data, ' ')
        end";
    assert_eq!(run(script), "6.0 6.0 3.0 -3.0 12.0 12.0 2.0 0.5 1.0 1.0 -4.0 ");
}

#[test]
fn a_whole_exponent_is_a_power_with_a_fixed_one() {
    let script = "
        local a = Value(3.0)
        local square, root, any = a^2, a^0.5, 2^a
        print(square, square._op, root._op, any)
        square:backward()
        print(a.grad)";
    assert_eq!(run(script), "Value(data = 9.0)\t^2\t^\tValue(data = 8.0)\n6.0\n");
}

#[test]
fn backward_gives_the_gradients_of_the_notes() {
    let script = "
        local a, b, c = Value(2.0), Value(-3.0), Value(10.0)
        local d = a * b + c
        d:backward()
        print(d.data, d.grad, a.grad, b.grad, c.grad)
        a:zero_grad()
        print(a.grad, table.unpack(cr.gradient(d, { a, b, c })))";
    // d = a b + c: by a it is b, by b it is a, by c it is 1.
    assert_eq!(run(script), "4.0\t1.0\t-3.0\t2.0\t1.0\n0.0\t-3.0\t2.0\t1.0\n");
}

#[test]
fn a_value_tells_what_it_was_made_of() {
    let script = "
        local a, b, c = Value(2.0), Value(-3.0), Value(10.0)
        local d = a * b + c
        print(d._prev, #d._prev, d._op, d._prev[1]._op, a._op == '', a._prev)
        print(d._prev[2] == c, d._prev[1] == d, a == Value(2.0))";
    assert_eq!(run(script), "{Value(data = -6.0), Value(data = 10.0)}\t2\t+\t*\ttrue\t{}\ntrue\tfalse\tfalse\n");
}

#[test]
fn data_of_leaves_gradients_and_labels_can_be_set() {
    let script = "
        local a = Value(2.0, 'a')
        a.data, a.grad = 5, 7
        local b = a * 2
        b.label = 'b'
        print(a.data, a.grad, a.label, b.data, b.label, Value(1).label)";
    assert_eq!(run(script), "5.0\t7.0\ta\t10.0\tb\tnil\n");
}

#[test]
fn comparisons_compare_numbers() {
    assert_eq!(run("local a = Value(2.0); print(a < 3, a <= Value(2), a > 2, 1 >= a)"), "true\ttrue\tfalse\tfalse\n");
}

#[test]
fn every_row_of_the_table_is_a_function_and_a_method() {
    let (lua, _) = support::lua();
    for op in chainrule::Op::ALL {
        let name = op.row().name;
        lua.run("rows", &format!("assert(type(cr.{name}) == 'function' and Value(1).{name} == Value(2).{name})"))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn an_index_chooses_from_a_list() {
    assert_eq!(
        run("local x = Value(3); print(cr.lookup(1, {2, x}), cr.lookup(Value(0), {2, x}).data)"),
        "Value(data = 3.0)\t2.0\n"
    );
    let message = failure("cr.lookup(2, {4, 5})");
    assert!(
        message.contains("lookup: expected an index from 0 to less than the number of choices, 2, found 2"),
        "{message}"
    );
}

#[test]
fn functions_of_numbers_make_numbers_and_of_values_values() {
    let script = "
        local x = Value(0.5)
        print(cr.tanh(0.5) == math.tanh and 0 or cr.tanh(0.5), cr.tanh(x), x:tanh())
        print(cr.sum{1, x, 2}, cr.sum(1, 2, 3), cr.dot({1, 2}, {3, x}), cr.powi(x, 2), cr.clamp(5, 0, 1))
        print(math.sin(x).data == math.sin(0.5), math.max(0, x, 0.2), math.log(Value(8), 2), math.atan(x, 1).data == math.atan(0.5))";
    assert_eq!(
        run(script),
        "0.46211715726001\tValue(data = 0.46211715726001)\tValue(data = 0.46211715726001)\n\
         Value(data = 3.5)\t6.0\tValue(data = 4.0)\tValue(data = 0.25)\t1.0\n\
         true\tValue(data = 0.5)\tValue(data = 3.0)\ttrue\n"
    );
}

#[test]
fn nothing_is_recorded_within_no_grad() {
    let script = "
        local a = Value(2.0)
        local b, c = cr.no_grad(function(factor) return a * factor, 'and more' end, 3)
        print(b, c, #b._prev, #(a * 3)._prev, a:detach()._op)";
    assert_eq!(run(script), "Value(data = 6.0)\tand more\t0\t2\t\n");
}

#[test]
fn errors_have_the_line_of_the_script_and_one_message() {
    for (line, message) in [
        ("y = a + {}", "+: expected a number or a Value, found a table"),
        ("y = nil * a", "*: expected a number or a Value, found nil"),
        ("y = a < 'x'", "<: expected a number or a Value, found \"x\""),
        ("a.data = 'x'", "data: expected a number, found \"x\""),
        (
            "local b = a * 2; b.data = 1",
            "data: only that of a leaf, made by Value(...), can be set; this Value was computed from others",
        ),
        (
            "a.dat = 1",
            "unknown field \"dat\"; did you mean \"data\"? (known: data, grad, label); others of a Value cannot be set",
        ),
        ("y = Value('2')", "Value: expected a number, found \"2\""),
        ("y = cr.tanh(1, 2)", "tanh: expected one number, found 2 arguments"),
        ("y = cr.maximum{}", "maximum: expected at least one number, found none"),
        ("y = cr.dot({1}, {1, 2})", "dot: expected two lists of one length, found one of 1 and one of 2"),
        ("y = cr.powi(a, 0.5)", "powi: expected an integer exponent; x ^ y takes any number, found 0.5"),
        ("y = a.tanh()", "tanh: expected one number, found 0 arguments"),
        ("y = cr.sum(1, {})", "sum, number 2: expected a number or a Value, found a table"),
        ("y = nn.MLP(3, {4, 0})", "nn.MLP, sizes[2]: expected an integer of at least 1, found 0"),
        (
            "y = nn.MLP(3, {4}, {activation = 'tahn'})",
            "unknown activation \"tahn\"; did you mean \"tanh\"? (known: linear, relu, leaky_relu, elu, gelu, silu, softplus, sigmoid, tanh)",
        ),
        (
            "y = nn.MLP(3, {4}, {active = 'tanh'})",
            "nn.MLP: unknown option \"active\" (known: activation, initializer, seed)",
        ),
        ("y = nn.MLP(1e6, {1e6})", "nn.MLP: expected at most 10000000 parameters, found 1000001000000"),
        ("y = nn.Neuron(2){1}", "inputs: expected a table of 2 numbers or Values, found 1"),
        (
            "y = cr.optim.SGD({a * 2})",
            "SGD, parameters[1]: expected a Value made by Value(...), found one that was computed",
        ),
        ("y = nn.max_margin({a}, {})", "max_margin: expected a target for each row, found 1 rows and 0 targets"),
        (
            "y = nn.cross_entropy({{a, a}}, {2})",
            "cross_entropy: expected a label below 2, the number of logits, in row 1, found 2",
        ),
        ("y = cr.data.moons(10^12)", "moons, points: expected at most 10000000, found 1000000000000"),
        ("y = cr.data.moons(1)", "points: expected at least 2, one for each class, found 1"),
    ] {
        assert_eq!(failure(&format!("local a = Value(2.0)\n\n{line}")), format!("script.lua:3: {message}"), "{line}");
    }
    let message = failure("local a = Value(2.0):detach()\na:backward()");
    assert!(message.starts_with("script.lua:2: backward: expected a Value that was computed"), "{message}");
}

#[test]
fn an_error_that_is_caught_is_a_string() {
    assert_eq!(
        run("print(select(2, pcall(function() local y = Value(1) + {} end)))"),
        "script.lua:1: +: expected a number or a Value, found a table\n"
    );
}

#[test]
fn errors_that_are_no_strings_pass_through_groups() {
    let script = "
        local mine = {}
        for _, within in ipairs({ function(f) cr.group('g', f) end, function(f) cr.no_grad(f) end }) do
            local ok, caught = pcall(within, function() error(mine) end)
            print(ok, caught == mine)
        end";
    assert_eq!(run(script), "false\ttrue\nfalse\ttrue\n");
}
