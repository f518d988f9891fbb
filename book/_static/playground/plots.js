// The plots: what the network answers for all inputs, the cost, and the gradient's length in each layer.

import { h, set, short, svg } from "./dom.js";

// The plot's height and width, in its own units; on how many points along each axis the surface is computed,
// and on how many the curve of a network with one input; the colours of class 0 and 1, or of low and high.
const SIZE = 240;
const GRID = 36;
const LINE = 120;
const COLOURS = [[200, 125, 0], [0, 114, 178]];

function limits(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const margin = high > low ? 0.12 * (high - low) : 1;
  return [low - margin, high + margin];
}

/** The answers of the network: a coloured plane for two inputs, a curve for one. */
export class Surface {
  constructor(app) {
    this.canvas = h("canvas", { width: GRID, height: GRID });
    this.context = this.canvas.getContext("2d");
    this.image = this.context.createImageData(GRID, GRID);
    this.points = svg("svg", { viewBox: `0 0 ${SIZE} ${SIZE}` });
    this.box = h("div.pg-surface", { role: "img" }, this.canvas, this.points);
    this.caption = h("figcaption");
    this.element = h("figure.pg-plot", this.box, this.caption);
    this.points.addEventListener("click", (event) => app.choosePoint(this.nearest(event)));
  }

  build(net, data) {
    this.data = data;
    const one = data.inputs === 1;
    const column = (i) => Array.from({ length: data.n }, (_, s) => data.X[s * data.inputs + i]);
    this.x = limits(column(0));
    this.y = one ? limits(data.y) : limits(column(1));
    this.range = data.classes ? [0, 1] : [Math.min(...data.y), Math.max(...data.y)];
    const at = (k, [low, high], n) => low + ((high - low) * (k + 0.5)) / n;
    const rows = one ? 1 : GRID;
    const columns = one ? LINE : GRID;
    const X = Float64Array.from({ length: rows * columns * data.inputs }, (_, k) => {
      const s = Math.floor(k / data.inputs);
      return k % data.inputs ? at(rows - 1 - Math.floor(s / columns), this.y, rows) : at(s % columns, this.x, columns);
    });
    this.trace = net.trace(X, rows * columns);
    this.line = svg("polyline.pg-curve");
    this.ring = svg("circle.pg-ring", { r: 8 });
    this.marks = Array.from({ length: data.n }, (_, s) => this.mark(s));
    const ticks = [[this.x[0], 3, SIZE - 4], [this.x[1], SIZE - 28, SIZE - 4], [this.y[1], 3, 12]];
    const labels = ticks.map(([value, x, y]) => svg("text", { x, y }, short(value)));
    this.points.replaceChildren(this.line, ...this.marks, this.ring, ...labels);
    this.context.clearRect(0, 0, GRID, GRID);
    const colour = data.classes ? "blue and round: 1, orange and square: 0" : "blue: high, orange: low";
    this.box.setAttribute("aria-label", `The output for all inputs, and the data points; ${colour}`);
    this.caption.textContent = `${one ? "Output against input" : "Output"}; ${colour}. Click a point to choose it.`;
  }

  place(s) {
    const { X, y, inputs } = this.data;
    const scale = (value, [low, high]) => (SIZE * (value - low)) / (high - low);
    const above = inputs === 1 ? y[s] : X[s * inputs + 1];
    return [scale(X[s * inputs], this.x), SIZE - scale(above, this.y)];
  }

  mark(s) {
    const [x, y] = this.place(s);
    const value = this.data.y[s];
    const high = value > (this.range[0] + this.range[1]) / 2;
    if (this.data.classes && !high) return svg("rect.pg-point.pg-low", { x: x - 4, y: y - 4, width: 8, height: 8 });
    return svg(high ? "circle.pg-point.pg-high" : "circle.pg-point.pg-low", { cx: x, cy: y, r: 4.2 });
  }

  nearest(event) {
    const box = this.points.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top].map((d) => (d * SIZE) / box.width);
    const distances = this.marks.map((_, s) => Math.hypot(this.place(s)[0] - x, this.place(s)[1] - y));
    return distances.indexOf(Math.min(...distances)) + 1;
  }

  update(net, theta, point) {
    net.forward(theta, this.trace);
    const out = this.trace.a[net.L];
    const [cx, cy] = this.place(point - 1).map(String);
    set(this.ring, { cx, cy });
    if (this.data.inputs === 1) {
      const scale = (value) => SIZE - (SIZE * (value - this.y[0])) / (this.y[1] - this.y[0]);
      const bounded = (value) => Math.max(-SIZE, Math.min(2 * SIZE, scale(value))).toFixed(1);
      set(this.line, { points: Array.from(out, (value, k) => `${(((k + 0.5) * SIZE) / LINE).toFixed(1)},${bounded(value)}`).join(" ") });
      return;
    }
    const pixels = this.image.data;
    const [low, high] = this.range;
    for (let k = 0; k < out.length; k++) {
      const side = Math.max(-1, Math.min(1, (2 * (out[k] - low)) / (high - low || 1) - 1));
      const [red, green, blue] = COLOURS[side > 0 ? 1 : 0];
      pixels[4 * k] = red;
      pixels[4 * k + 1] = green;
      pixels[4 * k + 2] = blue;
      pixels[4 * k + 3] = 175 * Math.abs(side);
    }
    this.context.putImageData(this.image, 0, 0);
  }
}

/** The cost against the number of steps, on a logarithmic axis. */
export class CostCurve {
  constructor() {
    this.line = svg("polyline.pg-curve");
    this.top = svg("text", { x: 3, y: 12 });
    this.bottom = svg("text", { x: 3, y: 96 });
    this.right = svg("text", { x: SIZE - 3, y: 112, "text-anchor": "end" });
    const frame = svg("path.pg-axis", { d: `M0 0V100H${SIZE}` });
    const parts = [frame, this.line, this.top, this.bottom, this.right];
    this.drawing = svg("svg", { viewBox: `0 0 ${SIZE} 116`, role: "img", "aria-label": "Cost against steps" }, ...parts);
    this.caption = h("figcaption");
    this.element = h("figure.pg-plot", this.drawing, this.caption);
    this.clear();
  }

  clear() {
    this.measured = [];
  }

  add(step, cost) {
    const last = this.measured.at(-1);
    if (last && last[0] === step) this.measured.pop();
    this.measured.push([step, cost]);
    if (this.measured.length > 400) this.measured = this.measured.filter((_, k) => k % 2 === 0 || k === 400);
  }

  update() {
    const good = this.measured.filter(([, cost]) => Number.isFinite(cost));
    if (good.length === 0) return;
    const logs = good.map(([, cost]) => Math.log10(Math.max(cost, 1e-12)));
    const [low, high] = [Math.min(...logs) - 0.05, Math.max(...logs) + 0.05];
    const end = Math.max(good.at(-1)[0], 1);
    const points = good.map(([step], k) => `${((SIZE * step) / end).toFixed(1)},${((100 * (high - logs[k])) / (high - low)).toFixed(1)}`);
    set(this.line, { points: points.join(" ") });
    set(this.top, { text: good.length > 1 ? short(10 ** high) : "" });
    set(this.bottom, { text: good.length > 1 ? short(10 ** low) : "" });
    set(this.right, { text: `step ${good.at(-1)[0]}` });
    set(this.caption, { text: `Cost of all points: ${short(this.measured.at(-1)[1], 4)}` });
  }
}

/** The length of the gradient in each layer: a bar on a logarithmic scale from 10^-6 to 10. */
export class Norms {
  constructor() {
    this.body = h("tbody");
    const caption = h("caption", "Length of ∂C/∂W in each layer (logarithmic)");
    this.element = h("table.pg-norms", caption, this.body);
  }

  build(net) {
    this.body.replaceChildren();
    this.rows = net.sizes.slice(1).map((_, k) => {
      const [bar, value] = [h("span.pg-bar-length"), h("td")];
      this.body.append(h("tr", h("th", { scope: "row" }, `Layer ${k + 1}`), h("td", bar), value));
      return { bar, value };
    });
  }

  update(norms) {
    norms.forEach((norm, k) => {
      const share = Math.max(0, Math.min(1, (Math.log10(norm + 1e-300) + 6) / 7));
      set(this.rows[k].bar, { style: `width: ${Math.round(100 * share)}%` });
      set(this.rows[k].value, { text: short(norm, 3) });
    });
  }
}
