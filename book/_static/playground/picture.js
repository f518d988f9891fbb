// The drawing of the network: units as circles, weights as lines that can be dragged.

import { set, short, svg } from "./dom.js";

const RADIUS = 19;
// So many weights have their numbers written on their lines, if the lines are long enough.
const FEW = 16;

/** `app` is told what the reader does: choose(unit), setParameter(index, value). */
export class Picture {
  constructor(app) {
    this.app = app;
    this.element = svg("svg.pg-network", { role: "group", "aria-label": "Network diagram" });
    this.element.addEventListener("keydown", (event) => this.key(event));
  }

  /** Draw the lines and circles of a network, `width` pixels wide. */
  build(net, width) {
    this.net = net;
    const tallest = Math.max(...net.sizes);
    const across = (width - 115) / net.L;
    const few = (this.few = net.weights <= FEW && across > 90);
    const down = few ? Math.max(58, Math.min(78, 320 / tallest)) : 44;
    const height = tallest * down + (few ? 20 : 12);
    const at = (l, j) => [40 + l * across, height / 2 + (j - (net.sizes[l] - 1) / 2) * down - (few ? 7 : 0)];
    this.edges = [];
    this.biases = [];
    this.units = net.sizes.map((M, l) => Array.from({ length: M }, (_, j) => this.unit(l, j, ...at(l, j))));
    for (let l = 1; l <= net.L; l++) {
      for (let j = 0; j < net.sizes[l]; j++) {
        for (let i = 0; i < net.sizes[l - 1]; i++) {
          this.edges.push(this.edge(l, i, j, at(l - 1, i), at(l, j)));
        }
        const [x, y] = at(l, j);
        const text = svg("text.pg-bias", { x, y: y + RADIUS + 13 });
        if (few) this.biases.push({ text, index: net.b[l] + j });
        this.drag(text, net.b[l] + j, [l, j + 1]);
      }
    }
    const [x, y] = at(net.L, 0);
    this.target = svg("text.pg-target", { x: x + RADIUS + 6, y: y + 4 });
    set(this.element, { viewBox: `0 0 ${width} ${height}`, height: String(height) });
    this.element.replaceChildren(
      ...this.edges.map((edge) => edge.group),
      ...this.units.flat().map((unit) => unit.group),
      ...this.biases.map((bias) => bias.text),
      ...this.edges.map((edge) => edge.text),
      this.target,
    );
  }

  unit(l, j, x, y) {
    const text = svg("text", { x, y: y + 4 });
    const choose = () => this.app.choose([l, j + 1]);
    const circle = svg("circle", { cx: x, cy: y, r: RADIUS });
    const group = svg("g.pg-unit", { role: "button", tabindex: "-1", onclick: choose }, circle, text);
    return { group, text };
  }

  edge(l, i, j, [x1, y1], [x2, y2]) {
    const index = this.net.W[l] + i * this.net.sizes[l] + j;
    const m = this.net.sizes[l - 1];
    // Labels that cover neither each other nor the circles, where there is room.
    const near = Math.max(0.3, Math.min(0.45, 40 / (x2 - x1)));
    const share = !this.few ? near : m > 1 ? near + ((1 - 2 * near) * i) / (m - 1) : 0.5;
    const line = svg("line", { x1, y1, x2, y2 });
    const hit = svg("line.pg-hit", { x1, y1, x2, y2 });
    const text = svg("text.pg-weight", { x: x1 + share * (x2 - x1), y: y1 + share * (y2 - y1) + 4 });
    const group = svg("g", line, hit);
    this.drag(hit, index, [l, j + 1]);
    this.drag(text, index, [l, j + 1]);
    return { l, j, index, line, text, group };
  }

  /** Let a parameter be dragged to the right (larger) and to the left. */
  drag(element, index, unit) {
    let last = null;
    element.addEventListener("pointerdown", (event) => {
      last = event.clientX;
      element.setPointerCapture(event.pointerId);
      this.app.choose(unit);
      event.preventDefault();
    });
    element.addEventListener("pointermove", (event) => {
      if (last === null || event.clientX === last) return;
      const value = this.app.training.theta[index] + 0.02 * (event.clientX - last);
      last = event.clientX;
      this.app.setParameter(index, Math.round(value * 1e4) / 1e4);
    });
    for (const end of ["pointerup", "pointercancel"]) element.addEventListener(end, () => (last = null));
  }

  /** Arrow keys move from unit to unit. */
  key(event) {
    const [l, j] = this.app.state.unit;
    const ways = { ArrowLeft: [l - 1, j], ArrowRight: [l + 1, j], ArrowUp: [l, j - 1], ArrowDown: [l, j + 1] };
    const [toL, toJ] = ways[event.key] ?? [];
    const layer = this.units[toL];
    if (!layer) return;
    event.preventDefault();
    const to = Math.max(1, Math.min(toJ, layer.length));
    this.app.choose([toL, to]);
    layer[to - 1].group.focus();
  }

  /** Show the parameters; the numbers in the units are a, or delta in the backward pass. */
  update({ theta, gradient, one, state, y, settled }) {
    const backward = state.pass === "backward";
    const [chosenL, chosenJ] = state.unit;
    for (const { l, j, index, line, text } of this.edges) {
      const w = theta[index];
      const into = l === chosenL && j === chosenJ - 1;
      set(line, {
        class: w < 0 ? "pg-negative" : "pg-positive",
        "stroke-width": (0.5 + 6 * (1 - Math.exp(-Math.abs(w) / 3))).toFixed(1),
      });
      set(text, { text: this.few || into ? short(backward ? gradient[index] : w) : "" });
    }
    for (const { text, index } of this.biases) set(text, { text: `b ${short(backward ? gradient[index] : theta[index])}` });
    for (let l = 0; l <= this.net.L; l++) {
      for (let j = 0; j < this.net.sizes[l]; j++) {
        const { group, text } = this.units[l][j];
        const chosen = l === chosenL && j === chosenJ - 1;
        const [a, delta] = [one.a[l][j], l > 0 ? one.delta[l][j] : null];
        set(text, { text: short(backward && l > 0 ? delta : a) });
        set(group, { "aria-pressed": String(chosen), tabindex: chosen ? "0" : "-1" });
        // While a training runs, nobody can listen to all that.
        if (!settled) continue;
        const where = l === 0 ? `Input ${j + 1}` : l < this.net.L ? `Unit ${j + 1} of hidden layer ${l}` : "Output";
        const values = l === 0 ? short(a) : `z ${short(one.z[l][j])}, a ${short(a)}${backward ? `, delta ${short(delta)}` : ""}`;
        set(group, { "aria-label": `${where}: ${values}` });
      }
    }
    set(this.target, { text: `y = ${short(y)}` });
  }
}
