// The settings: every choice is a labelled field. A wrong entry stays as it was typed, with a sentence beside it.

import { DATA, FEATURES } from "./data.js";
import { group, h, menu, numberField, refused } from "./dom.js";
import { ACTIVATIONS, COSTS, INITIALISERS } from "./network.js";
import { assign, entries, keys, range } from "./builtins.js";
import { RANGES } from "./plane.js";
import { numberIn, readRows } from "./rows.js";
import { KEYS, MOST } from "./state.js";

const words = (name) => name.replaceAll("_", " ");
const pairs = (names) => names.map((name) => [name, words(name)]);
const OPTIMIZER_NAMES = [["gd", "gradient descent"], ["momentum", "momentum 0.9"], ["adam", "Adam"]];
const MENUS = {
  data: entries(DATA).map(([key, { name }]) => [key, name]),
  hidden: pairs(keys(ACTIVATIONS)),
  output: pairs(["sigmoid", "identity", "tanh"]),
  cost: pairs(keys(COSTS)),
  init: pairs(keys(INITIALISERS)),
  optimizer: OPTIMIZER_NAMES,
};
// How an arrow key changes a number: rates and penalties by a factor, the others by an amount.
const double = (value, way) => (value === 0 && way > 0 ? 0.001 : value * 2 ** way);
const by = (amount) => (value, way) => value + amount * way;
const MOVES = { eta: double, l1: double, l2: double, noise: by(0.02), share: by(10), batch: by(1), seed: by(1) };
const GROUPS = { Data: ["data", "share", "noise"], Network: ["hidden", "output", "cost", "init", "seed"], Training: ["optimizer", "eta", "batch", "l1", "l2"] };

export class Controls {
  /** All fields, or those of the keys in `only`. */
  constructor(app, only = null) {
    this.app = app;
    this.fields = {};
    const make = (key) => {
      const choose = ({ target }) => this.choose({ [key]: target.value }, target);
      const [label] = KEYS[key];
      this.fields[key] = MENUS[key] ? menu(label, MENUS[key], choose) : numberField(label, { onchange: choose }, MOVES[key]);
      this.fields[key].control.dataset.key = key;
      return this.fields[key];
    };
    this.element = h("form.pg-controls", { onsubmit: (event) => event.preventDefault() });
    if (only) return this.element.append(...only.map(make));
    const fieldset = (title, ...fields) => h("fieldset", h("legend", title), ...fields);
    const [data, network, training] = Object.values(GROUPS).map((keys) => keys.map(make));
    this.element.append(
      fieldset("Data", data[0], this.ownRows(), ...data.slice(1), this.inputs()),
      fieldset("Network", ...this.layers(), ...network),
      fieldset("Training", ...training),
    );
  }

  /** Your own rows: what is typed or pasted stays, whether it can be read or not. */
  ownRows() {
    this.rows = h("textarea", { rows: "3", spellcheck: "false", onchange: () => this.readOwn(), onpaste: () => setTimeout(() => this.readOwn()) });
    this.points = h("label.pg-field.pg-wide", h("span", "Rows: inputs and target in each line"), this.rows);
    return this.points;
  }

  readOwn() {
    try {
      const rows = readRows(this.rows.value, MOST.points);
      this.unread = false;
      this.choose({ points: rows.map((row) => row.join(",")).join(";") }, this.rows);
    } catch (error) {
      this.unread = true;
      this.app.say(`Your rows are kept, but not used yet: ${error.message}.`, this.rows);
    }
  }

  inputs() {
    this.features = entries(FEATURES).map(([name, { sign }]) => {
      const box = h("input", { type: "checkbox", value: name, onchange: (event) => this.chooseInputs(event.target) });
      return h("label.pg-check", box, sign);
    });
    return group("div.pg-checks", "Inputs", ...this.features);
  }

  chooseInputs(box) {
    const chosen = this.features.map((label) => label.control).filter((one) => one.checked);
    if (chosen.length === 0) {
      box.checked = true;
      return this.app.say("Inputs: the network needs at least one.", box);
    }
    return this.choose({ features: chosen.map((one) => one.value).join(",") }, box);
  }

  layers() {
    const counts = range(MOST.layers + 1).map((k) => [String(k), String(k)]);
    const resize = (event) => {
      const layers = range(Number(event.target.value)).map((k) => this.app.state.layers[k] ?? 4);
      this.choose({ layers: String(layers) }, event.target);
    };
    this.depth = menu("Hidden layers", counts, resize);
    this.units = group("div.pg-units", "Units in each layer");
    return [this.depth, this.units];
  }

  unitField(k) {
    const change = ({ target }) => {
      const value = numberIn(target.value);
      if (!(Number.isInteger(value) && value >= 1 && value <= MOST.units)) {
        return this.app.say(`Units in layer ${k + 1} must be a whole number from 1 to ${MOST.units}, not "${target.value}".`, target);
      }
      const layers = this.app.state.layers.map((count, i) => (i === k ? value : count));
      return this.choose({ layers: String(layers) }, target);
    };
    return numberField(`Units in layer ${k + 1}`, { onchange: change });
  }

  /** Data of another kind need another output: a curve has no classes. */
  choose(change, control) {
    const { output, cost } = this.app.state;
    if (change.data && change.data !== "points") {
      const classes = Boolean(DATA[change.data].classes);
      change.noise = null;
      change.point = "2";
      if (!classes && output !== "identity") assign(change, { output: "identity", cost: "half_squared_error" });
      if (classes && output === "identity") assign(change, { output: "sigmoid", cost });
    }
    if (change.output && change.output !== "sigmoid" && cost === "binary_cross_entropy") change.cost = "half_squared_error";
    if (this.app.change(change, control)) this.warn(change);
  }

  /** Say it if the output can never say what the targets ask for. */
  warn(change) {
    const { state, data } = this.app;
    const [low, high] = RANGES[state.output] ?? [-Infinity, Infinity];
    const beyond = Array.from(data.y).find((y) => y < low || y > high);
    if (beyond === undefined || !["data", "points", "output"].some((key) => key in change)) return;
    const text = `A target is ${beyond}, and a ${state.output} output lies between ${low} and ${high}. Choose Output identity.`;
    this.app.say(text, this.fields.output.control);
    this.fields.output.control.removeAttribute("aria-invalid");
  }

  /** Show the state in all fields, but for what was typed and refused. */
  update(state) {
    const show = (control, value) => {
      if (!refused(control)) control.value = String(value);
    };
    for (const [key, field] of entries(this.fields)) show(field.control, state[key] ?? DATA[state.data].noise ?? "");
    if (!this.rows) return;
    const own = state.data === "points";
    this.fields.noise.control.disabled = own;
    this.points.hidden = !own;
    if (own && !this.unread && !this.says(state.points)) {
      this.rows.value = state.points.map((row) => row.join(" ")).join("\n");
    }
    for (const label of this.features) {
      label.control.checked = this.app.data.features.includes(label.control.value);
      label.control.disabled = FEATURES[label.control.value].needs > this.app.data.dimensions;
    }
    show(this.depth.control, state.layers.length);
    if (this.units.childElementCount !== state.layers.length) this.units.replaceChildren(...state.layers.map((_, k) => this.unitField(k)));
    state.layers.forEach((count, k) => show(this.units.children[k].control, count));
  }

  /** Whether the text of your own rows says these numbers. */
  says(points) {
    try {
      return JSON.stringify(readRows(this.rows.value, MOST.points)) === JSON.stringify(points);
    } catch {
      return false;
    }
  }
}
