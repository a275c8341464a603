// Shows one step of the recording at a time. All numbers were made when the page was; nothing is computed here.
"use strict";

const { known, steps } = JSON.parse(document.getElementById("recording").textContent);
const element = (id) => document.getElementById(id);
const graph = element("graph");
const slider = element("slider");
const play = element("play");
const last = steps.length - 1;
const PAUSE = 1400;

// The picture shrinks until it fits, but not until nobody can read it; then it scrolls.
const picture = graph.querySelector("svg");
picture.style.minWidth = `${picture.width.baseVal.value * 0.7}px`;

const nodes = new Map();
for (const node of graph.querySelectorAll("[data-node]")) nodes.set(Number(node.dataset.node), node);
const edges = new Map();
for (const edge of graph.querySelectorAll("[data-edge]")) edges.set(edge.dataset.edge, edge);
const cell = (node, what) => nodes.get(node)?.querySelector(`[data-number=${what}]`);

let current = 0;
let timer = null;

function write({ node, what, short, exact }, isNew) {
  const text = cell(node, what);
  if (!text) return;
  text.textContent = short;
  text.dataset.exact = exact;
  text.classList.toggle("new", isNew);
}

function show(step) {
  current = Math.min(Math.max(step, 0), last);
  const { phase, heading, lines, node, operand } = steps[current];
  document.body.dataset.phase = phase;

  for (const text of graph.querySelectorAll("[data-number]")) {
    text.textContent = text.dataset.number === "data" ? "?" : "";
    text.classList.remove("new");
    delete text.dataset.exact;
  }
  known.forEach((change) => write(change, false));
  for (let i = 0; i <= current; i++) steps[i].changes.forEach((change) => write(change, i === current));

  for (const part of graph.querySelectorAll(".here, .receives")) part.classList.remove("here", "receives");
  for (const [number, part] of nodes) part.classList.toggle("later", cell(number, "data")?.textContent === "?");
  nodes.get(node)?.classList.add("here");
  if (operand) {
    const [receiver, place] = operand;
    nodes.get(receiver)?.classList.add("receives");
    edges.get(`${node}.${place}`)?.classList.add("here");
  } else if (phase === "forward") {
    for (const [name, edge] of edges) edge.classList.toggle("here", name.startsWith(`${node}.`));
  }
  reveal([nodes.get(operand ? operand[0] : node), nodes.get(node)].filter(Boolean));

  element("phase").textContent = phase;
  element("count").textContent = `step ${current} of ${last}`;
  element("heading").textContent = heading;
  element("lines").replaceChildren(...lines.map(row));
  slider.value = current;
  slider.setAttribute("aria-valuetext", `step ${current} of ${last}, ${phase}`);
  try {
    history.replaceState(null, "", `#step=${current}`);
  } catch {
    // Some places that embed pages allow no change of address; the steps work without.
  }
}

function row([what, how, number]) {
  const row = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = what;
  row.append(head);
  for (const text of [how, number]) {
    const data = document.createElement("td");
    data.textContent = text;
    row.append(data);
  }
  return row;
}

// Scrolls the graph, and only the graph, until the nodes of the step are in sight.
function reveal(parts) {
  if (parts.length === 0) return;
  const frame = graph.getBoundingClientRect();
  const boxes = parts.map((part) => part.getBoundingClientRect());
  const [left, right] = [Math.min(...boxes.map((box) => box.left)), Math.max(...boxes.map((box) => box.right))];
  const [top, bottom] = [Math.min(...boxes.map((box) => box.top)), Math.max(...boxes.map((box) => box.bottom))];
  const move = (from, to, start, end) => (from >= start && to <= end ? 0 : (from + to - start - end) / 2);
  graph.scrollBy({ left: move(left, right, frame.left, frame.right), top: move(top, bottom, frame.top, frame.bottom) });
}

function pause() {
  clearInterval(timer);
  timer = null;
  play.textContent = "▶\ufe0e Play";
  play.setAttribute("aria-label", "Play");
}

function toggle() {
  if (timer !== null) return pause();
  if (current === last) show(0);
  timer = setInterval(() => (current < last ? show(current + 1) : pause()), PAUSE);
  play.textContent = "❚❚ Pause";
  play.setAttribute("aria-label", "Pause");
}

function go(step) {
  pause();
  show(step);
}

const keys = {
  ArrowLeft: () => go(current - 1),
  ArrowRight: () => go(current + 1),
  Home: () => go(0),
  End: () => go(last),
  " ": toggle,
};

document.addEventListener("keydown", (event) => {
  const isOwnKey = (event.target === slider && event.key !== " ") || (event.target.tagName === "BUTTON" && event.key === " ");
  if (isOwnKey || event.ctrlKey || event.altKey || event.metaKey || !Object.hasOwn(keys, event.key)) return;
  event.preventDefault();
  keys[event.key]();
});
slider.max = last;
slider.addEventListener("input", () => go(Number(slider.value)));
element("first").addEventListener("click", () => go(0));
element("back").addEventListener("click", () => go(current - 1));
element("next").addEventListener("click", () => go(current + 1));
element("last").addEventListener("click", () => go(last));
play.addEventListener("click", toggle);

function open() {
  const step = /^#step=(\d+)$/.exec(location.hash);
  show(location.hash === "#end" ? last : Number(step?.[1] ?? 0));
}
window.addEventListener("hashchange", open);
open();
