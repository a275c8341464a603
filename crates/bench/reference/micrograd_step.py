"""One step of micrograd's demo in micrograd itself: the time that `moons-step` is to be held against.

    pip install micrograd
    python3 crates/bench/reference/micrograd_step.py
"""

import json
import pathlib
import statistics
import time

from micrograd.engine import Value
from micrograd.nn import MLP

demo = json.loads((pathlib.Path(__file__).parents[2] / "chainrule/tests/data/moons.json").read_text())
model = MLP(2, [16, 16, 1])
for parameter, number in zip(model.parameters(), demo["w0"]):
    parameter.data = number


def step():
    inputs = [list(map(Value, row)) for row in demo["x"]]
    scores = list(map(model, inputs))
    losses = [(1 + -label * score).relu() for label, score in zip(demo["y"], scores)]
    loss = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in model.parameters())
    model.zero_grad()
    loss.backward()
    for parameter in model.parameters():
        parameter.data -= 0.0 * parameter.grad
    return loss.data


times = []
for _ in range(5):
    start = time.perf_counter()
    loss = step()
    times.append(time.perf_counter() - start)
print(f"loss {loss}, {statistics.median(times):.3f} s a step")
