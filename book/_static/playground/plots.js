// The plots: what the network answers for all inputs, the costs against the steps, and the errors layer by layer.

import { signOf } from "./data.js";
import { h, head, label, set, short, svg } from "./dom.js";
import { assign, ceil, clip, hypot, log10, max, min, range, round } from "./builtins.js";

// The side of the square of the output, and the room for its axes, in its own units.
const SIZE = 240;
const [AXIS, BELOW] = [32, 18];
// Width and height of the plot of the costs, and the room for its axes.
const [WIDE, HIGH, SIDE, FOOT] = [262, 112, 40, 26];

/** The answers of the network: a coloured plane for two coordinates, a curve for one. */
export class Surface {
  constructor(app) {
    this.canvas = h("canvas", { width: SIZE, height: SIZE });
    this.context = this.canvas.getContext("2d");
    this.points = svg("svg", { viewBox: `0 0 ${SIZE + AXIS} ${SIZE + BELOW}`, onclick: (event) => app.choosePoint(this.nearest(event)) });
    this.box = h("div.pg-surface", { role: "img" }, this.canvas, this.points);
    this.caption = h("figcaption");
    this.element = h("figure.pg-plot", this.box, this.caption);
  }

  build(plane, data, first) {
    assign(this, { plane, data });
    this.ring = svg("circle.pg-ring", { r: 8 });
    this.marks = range(data.n).map((s) => this.mark(s));
    const [x, y] = plane.line ? ["x", "y"] : [signOf("x1", first), signOf("x2", first)];
    const foot = SIZE + 14;
    this.points.replaceChildren(
      svg("path.pg-axis", { d: `M${AXIS} 0V${SIZE}H${SIZE + AXIS}` }),
      ...this.marks,
      this.ring,
      label(AXIS, foot, short(plane.x[0])), label(AXIS + SIZE / 2, foot, x, "middle"), label(AXIS + SIZE, foot, short(plane.x[1]), "end"),
      label(AXIS - 3, SIZE, short(plane.y[0]), "end"), label(AXIS - 6, SIZE / 2, y, "end"), label(AXIS - 3, 10, short(plane.y[1]), "end"),
    );
    const colour = data.classes ? "blue round: 1, orange square: 0" : "blue: high, orange: low";
    const tests = data.test ? ", hollow: test" : "";
    this.box.setAttribute("aria-label", `The output for all inputs, and the data points; ${colour}${tests}`);
    this.caption.textContent = `${plane.line ? "Output against input" : colour}${tests}`;
  }

  place(s) {
    const { points, y } = this.data;
    const scale = (value, [low, high]) => (SIZE * (value - low)) / (high - low);
    const above = this.plane.line ? y[s] : points[s][1];
    return [AXIS + scale(points[s][0], this.plane.x), SIZE - scale(above, this.plane.y)];
  }

  mark(s) {
    const [x, y] = this.place(s);
    const value = this.data.y[s];
    const [low, top] = this.plane.target;
    const high = value > (low + top) / 2;
    const kind = `pg-point ${high ? "pg-high" : "pg-low"}${this.data.tested.has(s) ? " pg-test" : ""}`;
    if (this.data.classes && !high) return svg("rect", { class: kind, x: x - 3.8, y: y - 3.8, width: 7.6, height: 7.6 });
    return svg("circle", { class: kind, cx: x, cy: y, r: 4.2 });
  }

  nearest(event) {
    const box = this.points.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top].map((d) => (d * (SIZE + AXIS)) / box.width);
    const distances = this.marks.map((_, s) => hypot(this.place(s)[0] - x, this.place(s)[1] - y));
    return distances.indexOf(min(...distances)) + 1;
  }

  update(net, state) {
    const [cx, cy] = this.place(state.point - 1);
    set(this.ring, { cx, cy, visibility: state.of === "mean" ? "hidden" : "visible" });
    this.context.clearRect(0, 0, SIZE, SIZE);
    this.context.lineWidth = 2;
    const { line, y, target } = this.plane;
    this.plane.paint(this.context, net.L, 0, [0, 0, SIZE, SIZE], line ? y : target);
  }
}

const DASHES = ["", "1.5 3", "7 3"];

/** The costs against the number of steps, on a logarithmic axis: training, test, and those of a race. */
export class CostCurve {
  constructor() {
    this.lines = svg("g");
    this.ticks = svg("g");
    const frame = svg("path.pg-axis", { d: `M${SIDE} 4V${HIGH}H${WIDE}` });
    this.drawing = svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH + FOOT}`, role: "img" }, frame, this.lines, this.ticks);
    this.caption = h("figcaption");
    this.element = h("figure.pg-plot.pg-costs", this.drawing, this.caption);
    this.clear();
  }

  clear() {
    this.measured = [];
  }

  /** Remember the costs at a step: an array with one number for each line. */
  add(step, costs) {
    if (this.measured.at(-1)?.[0] === step) this.measured.pop();
    this.measured.push([step, costs]);
    if (this.measured.length > 400) this.measured = this.measured.filter((_, k) => k % 2 === 0 || k === 400);
  }

  /** The step with the lowest cost of the training so far. */
  best() {
    const good = this.measured.filter(([, [cost]]) => Number.isFinite(cost));
    return good.reduce((best, one) => (one[1][0] < best[1][0] ? one : best), good[0] ?? [0, [0]])[0];
  }

  update(names) {
    const numbers = this.measured.flatMap(([, costs]) => costs).filter((cost) => Number.isFinite(cost) && cost < 1e15);
    if (numbers.length === 0) return;
    const log = (cost) => log10(max(cost, 1e-12));
    const [low, high] = [log(min(...numbers)) - 0.03, log(max(...numbers)) + 0.03];
    const end = max(this.measured.at(-1)[0], 1);
    const x = (step) => SIDE + ((WIDE - SIDE - 4) * step) / end;
    const y = (cost) => 6 + ((HIGH - 6) * (high - log(cost))) / (high - low);
    while (this.lines.childElementCount < names.length) this.lines.append(svg("polyline"));
    while (this.lines.childElementCount > names.length) this.lines.lastChild.remove();
    names.forEach((_, k) => {
      const points = this.measured.filter(([, costs]) => costs[k] > 0 && costs[k] < 1e15).map(([step, costs]) => `${x(step).toFixed(1)},${y(costs[k]).toFixed(1)}`);
      set(this.lines.children[k], { points: points.join(" "), class: `pg-curve pg-curve-${k}`, "stroke-dasharray": DASHES[k] || null });
    });
    const powers = range(28).map((k) => k - 12).filter((power) => power > low && power < high);
    const levels = powers.length > 1 ? powers.filter((_, k) => k % ceil(powers.length / 4) === 0).map((power) => 10 ** power) : [10 ** high, 10 ** low];
    const tick = (level) => label(SIDE - 4, min(HIGH, y(level) + 4), short(level), "end");
    const foot = HIGH + 13;
    const text = [
      ...levels.map(tick),
      label(SIDE, foot, "0"),
      label(SIDE + (WIDE - SIDE) / 2, foot, "step", "middle"),
      label(WIDE - 2, foot, end, "end"),
      svg("text", { x: 9, y: HIGH / 2, "text-anchor": "middle", transform: `rotate(-90 9 ${HIGH / 2})` }, "cost (log)"),
    ];
    this.ticks.replaceChildren(...text);
    const lines = ["solid", "dotted", "dashed"];
    set(this.caption, { text: names.length > 1 ? names.map((name, k) => `${name}: ${lines[k]}`).join(", ") : "Cost of the training" });
    set(this.drawing, { "aria-label": `Cost against steps, logarithmic: ${names.map((name, k) => `${name} ${short(this.measured.at(-1)[1][k], 3)}`).join(", ")}` });
  }
}

/** Costs and accuracies, in words and numbers. */
export class Scores {
  constructor() {
    this.element = h("p.pg-scores");
  }

  update(scores) {
    const say = ([name, cost, accuracy]) => `${name} ${short(cost, 3)}${accuracy === null ? "" : `, ${short(100 * accuracy, 3)} % right`}`;
    set(this.element, { text: scores.map(say).join(" · ") });
  }
}

/** How large the errors and the derivatives are in each layer, as bars on a logarithmic scale from 10^-6 to 10. */
export class Norms {
  constructor() {
    this.body = h("tbody");
    const heads = ["layer", "size of δ", "", "length of ∂C/∂W", ""].map((text) => (text ? head("col", text) : h("td")));
    this.element = h("table.pg-norms", h("caption", "Errors and derivatives of all training points; the bars are logarithmic, from 10⁻⁶ to 10"), h("thead", h("tr", ...heads)), this.body);
  }

  build(net) {
    this.body.replaceChildren();
    this.rows = net.sizes.slice(1).map((_, k) => {
      const cells = [0, 1].map(() => ({ bar: h("span.pg-bar-length"), value: h("td") }));
      this.body.append(h("tr", head("row", String(k + 1)), ...cells.flatMap(({ bar, value }) => [value, h("td", bar)])));
      return cells;
    });
  }

  update(errors, norms) {
    this.rows.forEach((cells, k) => [errors[k], norms[k]].forEach((value, column) => {
      const share = clip((log10(value + 1e-300) + 6) / 7, 0, 1);
      set(cells[column].bar, { style: `width: ${round(100 * share)}%` });
      set(cells[column].value, { text: short(value, 3) });
    }));
  }
}
