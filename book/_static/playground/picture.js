// The drawing of the network: each unit is a small picture of what it says to all inputs, each weight a line
// that can be dragged.

import { signOf } from "./data.js";
import { h, set, short, subscript, svg } from "./dom.js";
import { flow, nodeName, quantity } from "./moments.js";
import { abs, assign, clip, exp, max, min, range, round } from "./builtins.js";

// So many weights have their numbers written on their lines, if the lines are long enough.
const FEW = 16;
const [LEFT, RIGHT] = [44, 40];
const SIGNS = { a: "a", z: "z", delta: "δ", sum: "Σ" };
let pictures = 0;

/** `app` is told what the reader does: view({ unit }), setParameter(index, value). */
export class Picture {
  constructor(app) {
    this.app = app;
    this.arrow = `pg-arrow-${pictures++}`;
    this.canvas = h("canvas");
    this.context = this.canvas.getContext("2d");
    this.drawing = svg("svg.pg-network", { role: "group", "aria-label": "Network diagram", onkeydown: (event) => this.key(event) });
    this.element = h("div.pg-picture", this.canvas, this.drawing);
  }

  /** The height that a network needs where the page gives it none. */
  static height(net) {
    const tallest = max(...net.sizes);
    return clip(max(320, 8 + 56 * tallest), 150, 110 * tallest);
  }

  /** Draw the lines and units of a network into so many pixels. */
  build(net, features, width, height) {
    assign(this, { net, features, width, height });
    const tallest = max(...net.sizes);
    const across = (width - LEFT - RIGHT) / net.L;
    const down = min(110, (height - 6) / tallest);
    this.narrow = across < 84; // room for a number, and not for its name
    this.few = net.weights <= FEW && across > 90 && down > 66;
    this.side = round(clip(min(across - 16, down - (this.few ? 37 : 19)), 14, 72));
    this.ratio = min(2, window.devicePixelRatio || 1);
    const style = `width: ${width}px; height: ${height}px`;
    set(this.canvas, { width: width * this.ratio, height: height * this.ratio, style });
    this.place = (l, j) => [LEFT + l * across, height / 2 + (j - (net.sizes[l] - 1) / 2) * down - (this.few ? 0 : 6)];
    this.edges = [];
    this.biases = [];
    this.units = net.sizes.map((M, l) => range(M).map((j) => this.unit(l, j)));
    for (let l = 1; l <= net.L; l++) {
      for (let j = 0; j < net.sizes[l]; j++) {
        for (let i = 0; i < net.sizes[l - 1]; i++) this.edges.push(this.edge(l, i, j));
        const [x, y] = this.place(l, j);
        const text = svg("text.pg-bias", { x, y: y - this.side / 2 - 7, ...this.drag(net.b[l] + j, [l, j + 1]) });
        if (this.few) this.biases.push({ text, index: net.b[l] + j });
      }
    }
    const [x, y] = this.place(net.L, 0);
    this.target = svg("text.pg-target", { x, y: y + this.side / 2 + 28 });
    const tip = svg("path", { d: "M0 0L8 4L0 8z", class: "pg-tip" });
    const marker = svg("marker", { id: this.arrow, viewBox: "0 0 8 8", refX: "7", refY: "4", markerWidth: "9", markerHeight: "9", markerUnits: "userSpaceOnUse", orient: "auto" }, tip);
    set(this.drawing, { viewBox: `0 0 ${width} ${height}`, width, height });
    this.pulses = svg("g", { "aria-hidden": "true" });
    this.drawing.replaceChildren(
      svg("defs", marker),
      ...this.edges.map((edge) => edge.group),
      this.pulses,
      ...this.units.flat().map((unit) => unit.group),
      ...this.biases.map((bias) => bias.text),
      ...this.edges.map((edge) => edge.text),
      this.target,
    );
  }

  unit(l, j) {
    const [x, y] = this.place(l, j);
    const half = this.side / 2;
    const text = svg("text", { x, y: y + half + 14 });
    const box = svg("rect", { x: x - half, y: y - half, width: this.side, height: this.side, rx: 4 });
    const choose = () => this.app.view({ unit: [l, j + 1] });
    const group = svg("g.pg-unit", { role: "button", tabindex: "-1", onclick: choose }, box, text);
    return { group, text, box };
  }

  edge(l, i, j) {
    const index = this.net.W[l] + i * this.net.sizes[l] + j;
    const m = this.net.sizes[l - 1];
    const [[left, y1], [right, y2]] = [this.place(l - 1, i), this.place(l, j)];
    const [x1, x2] = [left + this.side / 2, right - this.side / 2];
    // Labels that cover neither each other nor the units, where there is room.
    const near = clip(26 / (x2 - x1), 0.2, 0.45);
    const gap = (1 - 2 * near) / (m - 1);
    // On short lines they stand below each other: the last share gives their heights equal distances.
    const share = !this.few ? near : m < 2 ? 0.5 : gap * (x2 - x1) > 32 ? near + gap * i : 1 / (this.net.sizes[l] + 1);
    const drag = this.drag(index, [l, j + 1]);
    const line = svg("line", { x1, y1, x2, y2 });
    const back = svg("line", { x1: x2, y1: y2, x2: x1 + 1, y2: y1, "marker-end": `url(#${this.arrow})` });
    const hit = svg("line.pg-hit", { x1, y1, x2, y2, ...drag });
    const text = svg("text.pg-weight", { x: x1 + share * (x2 - x1), y: y1 + share * (y2 - y1) + 4, ...drag });
    const group = svg("g", line, back, hit);
    return { l, i, j, index, line, back, text, group, ends: [[x1, y1], [x2, y2]] };
  }

  /** What lets a parameter be dragged to the right (larger) and to the left. */
  drag(index, unit) {
    let last = null;
    const end = () => (last = null);
    return {
      onpointerdown: (event) => {
        last = event.clientX;
        event.target.setPointerCapture(event.pointerId);
        this.app.view({ unit });
        event.preventDefault();
      },
      onpointermove: (event) => {
        if (last === null || event.clientX === last) return;
        const value = this.app.theta[index] + 0.02 * (event.clientX - last);
        last = event.clientX;
        this.app.setParameter(index, round(value * 1e4) / 1e4);
      },
      onpointerup: end,
      onpointercancel: end,
    };
  }

  /** Arrow keys move from unit to unit; Enter and the space bar choose one. */
  key(event) {
    const [l, j] = this.app.state.unit;
    const ways = { ArrowLeft: [l - 1, j], ArrowRight: [l + 1, j], ArrowUp: [l, j - 1], ArrowDown: [l, j + 1], " ": [l, j], Enter: [l, j] };
    const [toL, toJ] = ways[event.key] ?? [];
    const layer = this.units[toL];
    if (!layer) return;
    event.preventDefault();
    event.stopPropagation();
    const to = clip(toJ, 1, layer.length);
    this.app.view({ unit: [toL, to] });
    layer[to - 1].group.focus();
  }

  /** Paint what each unit says to all inputs. */
  paint(plane) {
    const { context, side, ratio } = this;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    this.units.forEach((layer, l) => layer.forEach((_, j) => {
      const [x, y] = this.place(l, j);
      plane.paint(context, l, j, [x - side / 2, y - side / 2, side, side]);
    }));
  }

  /** Show parameters and numbers: those of the moment, or of the pass where there is none. */
  update({ theta, shown, state, moment, y, settled, first, names }) {
    const { net } = this;
    const backward = state.pass === "backward";
    const [chosenL, chosenJ] = state.unit;
    const kinds = net.sizes.map((_, l) => quantity(l, net.L, moment, backward));
    const flows = net.sizes.map((_, l) => (l === 0 ? null : flow(l, net.L, moment, backward)));
    const value = ({ l, i, j, index }) => ({ w: theta[index], gradient: shown.gradient[index], carry: shown.delta[l][j] * theta[index] })[flows[l]];
    const most = flows.map((kind, l) => (kind === null || kind === "w" ? 0 : max(1e-300, ...this.edges.filter((edge) => edge.l === l).map((edge) => abs(value(edge))))));
    set(this.drawing, { class: `pg-network${most.some(Boolean) ? " pg-backwards" : ""}` });
    for (const edge of this.edges) {
      const { l, j, line, back, text, index } = edge;
      const w = theta[index];
      const into = l === chosenL && j === chosenJ - 1;
      set(line, { class: w < 0 ? "pg-negative" : "pg-positive", "stroke-width": (0.5 + 6 * (1 - exp(-abs(w) / 3))).toFixed(1) });
      const share = most[l] > 0 ? abs(value(edge)) / most[l] : 0;
      set(back, { class: `pg-back${most[l] > 0 && value(edge) < 0 ? " pg-minus" : ""}`, "stroke-width": share > 1e-9 ? (0.4 + 3.6 * share).toFixed(1) : "0" });
      set(text, { text: this.few || into ? short(value(edge)) : "", class: `pg-weight${flows[l] === "w" ? "" : " pg-error"}` });
    }
    for (const { text, index } of this.biases) {
      const isError = flows[1] === "gradient";
      set(text, { text: `${isError ? "∂b" : "b"} ${short(isError ? shown.gradient[index] : theta[index])}`, class: `pg-bias${isError ? " pg-error" : ""}` });
    }
    for (let l = 0; l <= net.L; l++) {
      for (let j = 0; j < net.sizes[l]; j++) {
        const { group, text } = this.units[l][j];
        const chosen = l === chosenL && j === chosenJ - 1;
        const kind = kinds[l];
        const mark = names === "layer" ? subscript(l) : net.sizes[l] > 1 ? subscript(j + first) : "";
        const sign = l > 0 ? SIGNS[kind] + mark : names === "layer" ? "x" : signOf(this.features[j], first);
        const error = kind === "delta" || kind === "sum";
        set(text, { text: kind ? `${this.narrow ? "" : `${sign} `}${short(shown[kind][l][j])}` : "", class: error ? "pg-error" : "" });
        set(group, { "aria-pressed": chosen, tabindex: chosen ? "0" : "-1", class: `pg-unit${kind ? "" : " pg-waits"}${error ? " pg-wrong" : ""}` });
        // While a training runs, nobody can listen to all that.
        if (!settled) continue;
        const where = nodeName(l, j + first, net.L);
        const [z, a, delta] = ["z", "a", "delta"].map((name) => shown[name][l] && short(shown[name][l][j]));
        set(group, { "aria-label": `${where}: ${l === 0 ? a : `z ${z}, a ${a}${backward || error ? `, delta ${delta}` : ""}`}` });
      }
    }
    set(this.target, { text: state.of === "mean" ? "" : `y = ${short(y)}` });
  }

  /** Let dots run along the edges that a moment uses, in its direction; and let its nodes light up. */
  move({ kind, l }, milliseconds) {
    this.pulses.replaceChildren();
    const backward = kind === "carry";
    for (const edge of this.edges) {
      if (!((kind === "z" && edge.l === l) || (backward && edge.l === l + 1))) continue;
      const [from, to] = backward ? [...edge.ends].reverse() : edge.ends;
      const dot = svg("circle", { r: "5", class: backward ? "pg-dot pg-dot-back" : "pg-dot" });
      this.pulses.append(dot);
      const at = ([x, y]) => ({ transform: `translate(${x}px, ${y}px)` });
      dot.animate([at(from), at(to)], { duration: milliseconds, easing: "ease-in-out" }).onfinish = () => dot.remove();
    }
    const layers = { input: [0], z: [], carry: [], gradient: [], step: [] }[kind] ?? [l];
    for (const { box } of layers.flatMap((layer) => this.units[layer])) {
      box.animate([{ strokeWidth: "1px" }, { strokeWidth: "9px" }, { strokeWidth: "1px" }], { duration: milliseconds });
    }
  }
}
