// The numbers: the weights of a layer as a matrix that can be typed into, all z, a and delta, and the equations
// of the moment with the numbers of the chosen unit.

import { free, h, head, numeric, scroller, set, short } from "./dom.js";
import { lines, nodeName, partsAt, title } from "./moments.js";
import { abs, max, range } from "./builtins.js";
import { numberIn } from "./rows.js";

const digits = (value) => String(Number(value.toPrecision(4)));

/** W and b of the layer in which the chosen unit stands, with the gradient below each number. */
export class Weights {
  constructor(app) {
    this.app = app;
    this.element = scroller("div.pg-scroll", "Weights and biases");
  }

  build(net, l, first) {
    const [m, M] = [net.sizes[l - 1], net.sizes[l]];
    this.cells = [];
    const cell = (index, name) => {
      const input = numeric({ "aria-label": name, onchange: () => this.typed(input, index) }, (value, way) => value + 0.1 * way);
      const gradient = h("span.pg-gradient");
      this.cells.push({ input, gradient, index });
      return h("td", input, gradient);
    };
    const row = (title, name, start) => h("tr", head("row", title), ...range(M).map((j) => cell(start + j, name(j + first))));
    const weight = (i) => row(`from ${i + first}`, (j) => `Weight of layer ${l} from ${i + first} to ${j}`, net.W[l] + i * M);
    this.element.replaceChildren(
      h("table.pg-weights",
        h("caption", `Weights and biases of layer ${l}${l === net.L ? ", the output" : ""}`),
        h("thead", h("tr", h("td"), ...range(M).map((j) => head("col", `to ${j + first}`)))),
        h("tbody", ...range(m).map(weight), row("bias", (j) => `Bias of unit ${j} in layer ${l}`, net.b[l])),
      ),
    );
  }

  typed(input, index) {
    const value = numberIn(input.value);
    if (!(abs(value) <= 1e12)) return this.app.say(`A weight must be a number, not "${input.value}".`, input);
    this.app.setParameter(index, value);
    input.value = digits(value);
  }

  update({ theta, shown, state }) {
    for (const { input, gradient, index } of this.cells) {
      const text = digits(theta[index]);
      if (input.value !== text && free(input)) input.value = text;
      set(gradient, { text: state.pass === "backward" ? `∂C ${short(shown.gradient[index], 3)}` : "" });
    }
  }
}

/** z, a and delta of every unit, for the chosen point or as means. */
export class Values {
  constructor() {
    this.element = scroller("div.pg-scroll", "Values of all units");
  }

  build(net, first) {
    const columns = range(max(...net.sizes));
    this.cells = [];
    const row = (what, l) => {
      const cells = columns.map(() => h("td"));
      cells.slice(0, net.sizes[l]).forEach((cell, j) => this.cells.push({ cell, what, l, j }));
      return h("tr", head("row", `${{ delta: "δ" }[what] ?? what} of layer ${l}`), ...cells);
    };
    const bodies = net.sizes.map((_, l) => h("tbody", ...(l === 0 ? ["a"] : ["z", "a", "delta"]).map((what) => row(what, l))));
    const heads = h("tr", head("col", "unit"), ...columns.map((j) => head("col", j + first)));
    this.caption = h("caption");
    this.element.replaceChildren(h("table.pg-values", this.caption, h("thead", heads), ...bodies));
  }

  update({ shown, state, n }) {
    set(this.caption, { text: state.of === "mean" ? `Values of all units, mean over ${n} training points` : "Values of all units for the chosen point" });
    for (const { cell, what, l, j } of this.cells) {
      const hidden = what === "delta" && state.pass === "forward";
      set(cell, { text: hidden ? "…" : short(shown[what][l][j], 4), class: state.unit[0] === l && state.unit[1] === j + 1 ? "pg-chosen" : "" });
    }
  }
}

/** The equations, which the page brings along: those of the moment, with the numbers of the chosen unit. */
export class Equations {
  constructor(elements) {
    this.title = h("p.pg-title");
    this.lines = Array.from(elements, (element) => {
      const output = h("div.pg-result");
      element.append(output);
      return { element, output, parts: element.dataset.equation.split(" ") };
    });
    this.loose = h("div.pg-result"); // numbers of a moment for which the page has no equation
    this.element = scroller("div.pg-equations", "Equations with numbers", this.title, ...elements, this.loose);
  }

  update(seen) {
    const { net, state, moment, row, first } = seen;
    const [l, k] = state.unit;
    const now = moment === null ? null : row[moment];
    const said = lines(seen);
    if (["carry", "sum"].includes(now?.kind)) said.hidden = []; // delta is not there yet
    const wanted = partsAt(now, state.pass === "backward", l, net.L);
    const unit = nodeName(l, k - 1 + first, net.L) + (l > 0 ? "" : ": nothing is computed here");
    set(this.title, { text: now ? `${title(moment, row)}${now.kind === "input" ? "" : ` (numbers: ${l < net.L ? `unit ${k - 1 + first}` : "output"})`}` : `${unit}.` });
    const rest = new Set(wanted);
    for (const { element, output, parts } of this.lines) {
      // An equation may be that of one layer alone: its part is then called z1 and not z.
      const mine = wanted.filter((part) => parts.includes(part) || parts.includes(part + l));
      mine.forEach((part) => rest.delete(part));
      const text = mine.flatMap((part) => said[part] ?? []).join("\n");
      set(output, { text });
      set(element, { hidden: mine.length > 0 && l > 0 ? null : "" });
    }
    // What is carried and summed stands under the equation of delta, of which it is a piece.
    set(this.loose, { text: [...rest].flatMap((part) => said[part] ?? []).join("\n") });
  }
}
