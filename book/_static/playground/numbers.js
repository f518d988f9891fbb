// The numbers: the weights of a layer as a matrix that can be typed into, all z, a and delta of the chosen
// data point, and each equation with the numbers that it produces for the chosen unit.

import { h, set, short } from "./dom.js";

const digits = (value) => String(Number(value.toPrecision(4)));
const add = (terms) => terms.join(" + ") || "0";
const signed = (value) => (value < 0 ? `(${short(value, 3)})` : short(value, 3));

/** W and b of the layer in which the chosen unit stands, with the gradient below each number. */
export class Weights {
  constructor(app) {
    this.app = app;
    this.element = h("div.pg-scroll", { tabindex: "0", role: "group", "aria-label": "Weights and biases" });
  }

  build(net, l) {
    const [m, M] = [net.sizes[l - 1], net.sizes[l]];
    this.cells = [];
    const cell = (index, name) => {
      const input = h("input", { type: "number", step: "0.1", "aria-label": name });
      input.addEventListener("change", () => this.typed(input, index));
      const gradient = h("span.pg-gradient");
      this.cells.push({ input, gradient, index });
      return h("td", input, gradient);
    };
    const columns = Array.from({ length: M }, (_, j) => j);
    const row = (head, name, start) => h("tr", h("th", { scope: "row" }, head), ...columns.map((j) => cell(start + j, name(j + 1))));
    const weight = (i) => row(`from ${i + 1}`, (j) => `Weight of layer ${l} from ${i + 1} to ${j}`, net.W[l] + i * M);
    this.element.replaceChildren(
      h("table.pg-weights",
        h("caption", `Weights and biases of layer ${l}${l === net.L ? ", the output" : ""}`),
        h("thead", h("tr", h("td"), ...columns.map((j) => h("th", { scope: "col" }, `to ${j + 1}`)))),
        h("tbody", ...Array.from({ length: m }, (_, i) => weight(i)), row("bias", (j) => `Bias of unit ${j} in layer ${l}`, net.b[l])),
      ),
    );
  }

  typed(input, index) {
    const value = Number(input.value);
    if (input.value.trim() === "" || Math.abs(value) > 1e12) this.app.say("A weight must be a number.");
    else this.app.setParameter(index, value);
    fill(input, digits(this.app.training.theta[index]));
  }

  update({ theta, gradient, state }) {
    for (const cell of this.cells) {
      if (document.activeElement !== cell.input) fill(cell.input, digits(theta[cell.index]));
      set(cell.gradient, { text: state.pass === "backward" ? `∂C ${short(gradient[cell.index], 3)}` : "" });
    }
  }
}

/** Show a value in a field, where it is another one. */
function fill(input, text) {
  if (input.value !== text) input.value = text;
}

/** z, a and delta of every unit, for the chosen data point. */
export class Values {
  constructor() {
    this.element = h("div.pg-scroll", { tabindex: "0", role: "group", "aria-label": "Values of all units" });
  }

  build(net) {
    const widest = Math.max(...net.sizes);
    const columns = Array.from({ length: widest }, (_, j) => j);
    this.cells = [];
    const row = (what, l) => {
      const cells = columns.map(() => h("td"));
      cells.slice(0, net.sizes[l]).forEach((cell, j) => this.cells.push({ cell, what, l, j }));
      return h("tr", h("th", { scope: "row" }, `${{ delta: "δ" }[what] ?? what} of layer ${l}`), ...cells);
    };
    const bodies = net.sizes.map((_, l) => h("tbody", ...(l === 0 ? ["a"] : ["z", "a", "delta"]).map((what) => row(what, l))));
    const head = h("tr", h("th", { scope: "col" }, "unit"), ...columns.map((j) => h("th", { scope: "col" }, j + 1)));
    const caption = h("caption", "Values of all units for the chosen point");
    this.element.replaceChildren(h("table.pg-values", caption, h("thead", head), ...bodies));
  }

  update({ one, state }) {
    for (const { cell, what, l, j } of this.cells) {
      const hidden = what === "delta" && state.pass === "forward";
      set(cell, { text: hidden ? "…" : short(one[what][l][j], 4), class: state.unit[0] === l && state.unit[1] === j + 1 ? "pg-chosen" : "" });
    }
  }
}

/** The equations, which the page brings along, and beside each of them the numbers of the chosen unit. */
export class Equations {
  constructor(elements) {
    this.title = h("p.pg-title");
    this.lines = [];
    for (const element of elements) {
      const output = h("div.pg-result");
      element.append(output);
      this.lines.push({ element, output, parts: element.dataset.equation.split(" ") });
    }
    this.element = h("section.pg-equations", { tabindex: "0", "aria-label": "Equations with numbers" }, this.title, ...elements);
  }

  update({ net, theta, gradient, one, state, y, n }) {
    const [l, k] = state.unit;
    const j = k - 1;
    const said = {};
    const write = (part, text) => (said[part] ??= []).push(text);
    if (l > 0) {
      const [m, M] = [net.sizes[l - 1], net.sizes[l]];
      const w = (i) => theta[net.W[l] + i * M + j];
      const b = theta[net.b[l] + j];
      const [z, a, d] = [one.z[l][j], one.a[l][j], one.delta[l][j]];
      const inputs = Array.from(one.a[l - 1]);
      const name = l < net.L ? state.hidden : state.output;
      write("z", `z = ${add(inputs.map((x, i) => `${signed(w(i))}·${signed(x)}`))} + ${signed(b)} = ${short(z, 4)}`);
      write("a", `a = ${name}(${short(z, 4)}) = ${short(a, 4)}`);
      if (state.pass === "backward") {
        const slope = short(net.f[l].slope(a), 4);
        if (l === net.L) {
          const cancels = state.cost === "binary_cross_entropy";
          const wrong = short(net.C.delta ? net.C.delta(a, y) : net.C.slope(a, y, M), 4);
          write("output", cancels ? `δ = a − y = ${short(d, 4)}: f′ cancels with this cost` : `δ = ${wrong} · ${slope} = ${short(d, 4)}`);
        } else {
          const next = net.sizes[l + 1];
          const terms = Array.from(one.delta[l + 1], (other, q) => `${signed(other)}·${signed(theta[net.W[l + 1] + j * next + q])}`);
          write("hidden", `δ = (${add(terms)}) · ${slope} = ${short(d, 4)}`);
        }
        const mean = (index) => (n > 1 ? `; mean of all ${n} points: ${short(gradient[index], 4)}` : "");
        for (let i = 0; i < m; i++) {
          const product = `${signed(d)}·${signed(inputs[i])} = ${short(d * inputs[i], 4)}`;
          write("dw", `from ${i + 1}: ${product}${mean(net.W[l] + i * M + j)}`);
        }
        write("db", `bias: ${short(d, 4)}${mean(net.b[l] + j)}`);
      }
    }
    const unit = l === 0 ? `Input ${k}: nothing is computed here.` : l < net.L ? `Unit ${k} of hidden layer ${l}` : "The output";
    set(this.title, { text: `${unit}${l > 0 && state.pass === "forward" ? ". The backward pass fills in the rest." : ""}` });
    for (const { element, output, parts } of this.lines) {
      const text = parts.flatMap((part) => said[part] ?? []).join("\n");
      set(output, { text });
      set(element, { class: text ? "pg-equation pg-now" : "pg-equation" });
    }
  }
}
