//! `nn`, `optim` and `data` in Lua.

mod support;

use support::run;

#[test]
fn networks_are_tables_down_to_their_weights() {
    let script = "
        local n = nn.MLP(3, { 4, 4, 1 })
        print(#n.layers, #n.layers[1].neurons, #n.layers[1].neurons[1].w, #n:parameters())
        local y = n{ 2.0, 3.0, -1.0 }
        y:backward()
        local w = n.layers[1].neurons[1].w[1]
        print(type(y.data), type(w.grad), w.label, n.layers[3].neurons[1].b.grad)
        n:zero_grad()
        print(n.layers[3].neurons[1].b.grad)
        print(nn.Layer(2, 2), nn.Neuron(3, { activation = 'tanh' }))";
    assert_eq!(
        run(script),
        "3\t4\t3\t41\nnumber\tnumber\tw1\t1.0\n0.0\n\
         Layer of [relu Neuron(2), relu Neuron(2)]\ttanh Neuron(3)\n"
    );
}

#[test]
fn a_neuron_is_the_activation_of_its_weighted_sum() {
    let script = "
        local n = nn.Neuron(2, { activation = 'tanh' })
        local x = { 0.5, Value(-1.5) }
        local y = (n.w[1] * x[1] + n.w[2] * x[2] + n.b):tanh()
        print(math.abs((n(x) - y).data) < 1e-15)";
    assert_eq!(run(script), "true\n");
}

#[test]
fn several_outputs_are_a_table_and_one_is_a_value() {
    assert_eq!(run("print(#nn.Layer(2, 3){ 1, 2 }, type(nn.Layer(2, 1){ 1, 2 }))"), "3\tuserdata\n");
}

#[test]
fn weights_can_be_replaced() {
    let script = "
        local n = nn.Neuron(2, { activation = 'linear' })
        local shared = Value(3.0)
        n.w[1], n.w[2], n.b = shared, shared, 1
        local y = n{ 10, 20 }
        y:backward()
        n:zero_grad()
        print(y, shared.grad, #n:parameters())";
    assert_eq!(run(script), "Value(data = 91.0)\t0.0\t3\n");
}

#[test]
fn what_is_random_is_the_same_in_every_run() {
    let script = "print(nn.Neuron(1).w[1], cr.data.moons(4).rows[1][1])";
    assert_eq!(run(script), run(script));
    let seeded = "
        cr.seed(7)
        local a = nn.Neuron(1).w[1].data
        cr.seed(7)
        local b = nn.Neuron(1).w[1].data
        local c, d = nn.Neuron(1, { seed = 7 }).w[1].data, nn.Neuron(1).w[1].data
        print(a == b, a == c, a == d)";
    assert_eq!(run(seeded), "true\ttrue\tfalse\n");
}

#[test]
fn the_four_rows_are_learned_by_hand_and_by_every_optimiser() {
    let rows = "
        local xs = { { 2, 3, -1 }, { 3, -1, 0.5 }, { 0.5, 1, 1 }, { 1, 1, -1 } }
        local ys = { 1, -1, -1, 1 }
        local function loss_of(n)
            local loss = 0
            for row, x in ipairs(xs) do loss = loss + (n(x) - ys[row]) ^ 2 end
            return loss
        end";
    let by_hand = "
        local n = nn.MLP(3, { 4, 4, 1 }, { activation = 'tanh', seed = 1 })
        for _ = 1, 200 do
            local loss = loss_of(n)
            n:zero_grad()
            loss:backward()
            for _, p in ipairs(n:parameters()) do p.data = p.data - 0.05 * p.grad end
        end
        print(loss_of(n) < 0.01)";
    assert_eq!(run(&format!("{rows}{by_hand}")), "true\n");
    let by_optimisers = "
        for name, options in pairs({
            SGD = { lr = 0.02, momentum = 0.9, nesterov = true, weight_decay = 1e-6 },
            Adam = { lr = 0.05, betas = { 0.9, 0.99 }, eps = 1e-8 },
            AdamW = { lr = 0.05, weight_decay = 1e-4 },
            RMSprop = { lr = 0.005, alpha = 0.9 },
        }) do
            local n = nn.MLP(3, { 4, 4, 1 }, { activation = 'tanh', seed = 1 })
            local optimizer = cr.optim[name](n:parameters(), options)
            for step = 1, 200 do
                local loss = loss_of(n)
                optimizer:zero_grad()
                loss:backward()
                optimizer:step()
                if step == 100 then optimizer.lr = optimizer.lr / 2 end
            end
            assert(loss_of(n) < 0.01, name .. ' came to ' .. loss_of(n))
        end";
    run(&format!("{rows}{by_optimisers}"));
}

#[test]
fn losses_are_those_of_the_library() {
    let script = "
        local a, b = Value(0.5), Value(-2.0)
        print(nn.squared_error({ a, b }, { 1, -1 }), nn.max_margin({ a, b }, { 1, -1 }), nn.l2{ a, b })
        print(nn.cross_entropy({ { a, a } }, { 1 }), nn.binary_cross_entropy({ Value(0) }, { 1 }))";
    assert_eq!(
        run(script),
        "Value(data = 0.625)\tValue(data = 0.25)\tValue(data = 4.25)\n\
         Value(data = 0.69314718055995)\tValue(data = 0.69314718055995)\n"
    );
}
