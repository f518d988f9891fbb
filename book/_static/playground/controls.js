// The controls of the full page: every choice is a labelled field; a wrong one is refused with a sentence.

import { DATA } from "./data.js";
import { h, menu, numberField } from "./dom.js";
import { ACTIVATIONS, COSTS, INITIALISERS } from "./network.js";
import { MOST } from "./state.js";

const words = (name) => name.replaceAll("_", " ");
const pairs = (names) => names.map((name) => [name, words(name)]);
const OPTIMIZER_NAMES = [["gd", "gradient descent"], ["momentum", "momentum 0.9"], ["adam", "Adam"]];

export class Controls {
  constructor(app) {
    this.app = app;
    const choice = (key) => (event) => this.choose({ [key]: event.target.value });
    const of = (label, key, choices) => (this.fields[key] = menu(label, choices, choice(key)));
    const number = (label, key, attributes) => (this.fields[key] = numberField(label, { onchange: choice(key), ...attributes }));
    this.fields = {};
    this.rows = h("textarea", { rows: "4", spellcheck: "false", onchange: () => this.choose({ points: this.readPoints() }) });
    this.points = h("label.pg-field.pg-wide", h("span", "Points: inputs and target in each line"), this.rows);
    const counts = Array.from({ length: MOST.layers + 1 }, (_, k) => [String(k), String(k)]);
    this.depth = menu("Hidden layers", counts, (event) => this.resize(Number(event.target.value)));
    this.units = h("div.pg-fields");
    const group = (title, ...fields) => h("fieldset", h("legend", title), h("div.pg-fields", ...fields));
    this.element = h("form.pg-controls", { onsubmit: (event) => event.preventDefault() },
      group("Data", of("Data set", "data", Object.entries(DATA).map(([key, { name }]) => [key, name])), this.points),
      group(
        "Network",
        this.depth,
        this.units,
        of("Activation", "hidden", pairs(Object.keys(ACTIVATIONS))),
        of("Output", "output", pairs(["sigmoid", "identity", "tanh"])),
        of("Cost", "cost", pairs(Object.keys(COSTS))),
        of("Initial weights", "init", pairs(Object.keys(INITIALISERS))),
        number("Seed", "seed", { min: "0" }),
      ),
      group(
        "Training",
        of("Optimizer", "optimizer", OPTIMIZER_NAMES),
        number("Learning rate η", "eta", { min: "0" }),
        number("Batch size (0: all)", "batch", { min: "0" }),
        number("L2 penalty λ", "l2", { min: "0" }),
      ),
    );
  }

  readPoints() {
    return this.rows.value.trim().split(/\n+/).map((row) => row.trim().split(/[\s,;]+/).join(",")).join(";");
  }

  /** Data of another kind need another output: a curve has no classes. */
  choose(change) {
    if (change.data && change.data !== "points") {
      const classes = Boolean(DATA[change.data].classes);
      const { output, cost } = this.app.state;
      if (!classes && output !== "identity") Object.assign(change, { output: "identity", cost: "half_squared_error" });
      if (classes && output === "identity") Object.assign(change, { output: "sigmoid", cost });
    }
    if (change.output && change.output !== "sigmoid" && this.app.state.cost === "binary_cross_entropy") {
      change.cost = "half_squared_error";
    }
    this.app.change(change);
  }

  resize(depth) {
    const layers = Array.from({ length: depth }, (_, k) => this.app.state.layers[k] ?? 4);
    this.choose({ layers: String(layers) });
  }

  /** Show the state in all fields. */
  update(state) {
    for (const [key, field] of Object.entries(this.fields)) field.control.value = String(state[key]);
    this.depth.control.value = String(state.layers.length);
    this.points.hidden = state.data !== "points";
    this.rows.value = state.points.map((row) => row.join(" ")).join("\n");
    if (this.units.childElementCount !== state.layers.length) {
      const change = () => this.choose({ layers: String(Array.from(this.units.children, (field) => field.control.value)) });
      const field = (_, k) => numberField(`Units in layer ${k + 1}`, { min: "1", max: String(MOST.units), step: "1", onchange: change });
      this.units.replaceChildren(...state.layers.map(field));
    }
    state.layers.forEach((count, k) => (this.units.children[k].control.value = String(count)));
  }
}
