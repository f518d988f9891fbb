// The playground: a network that you can hold in your hands. It turns each element of the class `playground`
// into one. All arithmetic is in network.js, and the state that the address describes in state.js.

import { Controls } from "./controls.js";
import { h, menu, numberField, set, short } from "./dom.js";
import { Equations, Values, Weights } from "./numbers.js";
import { Picture } from "./picture.js";
import { CostCurve, Norms, Surface } from "./plots.js";
import { python } from "./python.js";
import { build, format, fromJSON, MOST, parse, toJSON } from "./state.js";

// Milliseconds between two updates of the numbers while a training runs.
const NUMBERS_EVERY = 120;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

class Playground {
  constructor(place) {
    this.place = place;
    this.full = place.dataset.playground === "page";
    this.home = place.dataset.state;
    this.speed = 1;
    this.picture = new Picture(this);
    this.surface = new Surface(this);
    this.curve = new CostCurve();
    this.norms = new Norms();
    this.weights = new Weights(this);
    this.values = new Values();
    this.equations = new Equations(place.querySelectorAll("[data-equation]"));
    this.status = h("p.pg-status", { role: "status" });
    this.layOut();
    const address = this.full && location.hash.includes("=") ? decodeURIComponent(location.hash) : this.home;
    this.load(address) || this.load(this.home);
    new ResizeObserver(() => this.resized()).observe(this.stage);
    if (this.full) addEventListener("hashchange", () => this.arrived());
  }

  layOut() {
    const button = (words, act, attributes = {}) => h("button", { type: "button", class: "pg-button", onclick: act, ...attributes }, words);
    this.passes = ["forward", "backward"].map((pass) =>
      button(`${pass === "forward" ? "Forward" : "Backward"} pass`, () => this.view({ pass }), { "data-pass": pass }),
    );
    this.play = button("Run", () => (this.running ? this.pause() : this.run()), { "data-act": "run" });
    this.point = numberField("Data point", { min: "1", step: "1", onchange: (event) => this.view({ point: Number(event.target.value) }) });
    this.rate = numberField("Learning rate η", { min: "0", onchange: (event) => this.change({ eta: event.target.value }) });
    const speeds = [["1", "1 step"], ["10", "10 steps"], ["100", "100 steps"]];
    const speed = menu("Each frame", speeds, (event) => (this.speed = Number(event.target.value)));
    const bar = h("div.pg-bar", { role: "group", "aria-label": "Training" },
      ...this.passes,
      button("Step", () => this.step(), { "data-act": "step" }),
      this.play,
      button("Reset", () => this.reset(), { "data-act": "reset" }),
      this.point,
      speed,
      ...(this.full ? [] : [this.rate]),
    );
    this.stage = h("div.pg-stage", this.picture.element);
    const plots = h("div.pg-plots", this.surface.element, h("div", this.curve.element, this.norms.element));
    const tables = h("div.pg-tables", this.weights.element, this.values.element);
    const parts = [bar, this.status, this.stage, plots];
    if (this.full) {
      this.controls = new Controls(this);
      parts.unshift(this.controls.element);
      parts.push(tables, this.equations.element, this.exchange(button));
    } else {
      this.link = h("a", "Open it in the playground");
      const more = h("details", h("summary", "Equations with numbers"), this.equations.element);
      parts.push(tables, more, h("p.pg-more", this.link));
    }
    const help = "Drag a line to the right for a larger weight (dashed: negative), or type into the table. Arrow keys go from unit to unit.";
    this.stage.append(h("p.pg-help", help));
    this.place.append(h("div.pg-app", ...parts));
    this.place.classList.add("pg-live");
  }

  /** Weights as JSON, in and out; and the Python. */
  exchange(button) {
    this.text = h("textarea", { rows: "5", spellcheck: "false", "aria-label": "Weights as JSON" });
    this.code = h("code");
    const block = h("pre", { tabindex: "0", role: "group", "aria-label": "Python" }, this.code);
    const copy = button("Copy", () => navigator.clipboard?.writeText(this.code.textContent));
    this.python = h("details.pg-python", { ontoggle: () => this.draw() }, h("summary", "Show me the Python"), block, copy);
    const exporting = button("Export", () => (this.text.value = toJSON(this.state, this.net, this.training.theta)));
    const importing = button("Import", () => this.import());
    const summary = h("summary", "Weights as JSON");
    const json = h("details.pg-json", summary, this.text, h("div.pg-bar", exporting, importing));
    return h("div", this.python, json);
  }

  // The state

  /** Go to the state that an address describes; return whether it describes one. */
  load(address) {
    try {
      this.start(parse(address));
      return true;
    } catch (error) {
      this.say(`This address describes no network: ${error.message}.`);
      return false;
    }
  }

  /** Start from a state; so many steps as it says are taken again. */
  start(state) {
    this.pause();
    const { data, net, training } = build(state);
    Object.assign(this, { state, data, net, training });
    this.all = net.trace(data.X, data.n);
    this.one = net.trace(new Float64Array(data.inputs), 1);
    this.gradient = new Float64Array(net.size);
    this.scratch = new Float64Array(net.size);
    this.target = state.steps;
    this.curve.clear();
    this.picture.build(net, this.width());
    this.surface.build(net, data);
    this.norms.build(net);
    this.values.build(net);
    this.layer = null;
    this.point.control.max = data.n;
    this.rate.control.value = state.eta;
    this.controls?.update(state);
    this.measure();
    this.advance(60);
    this.draw();
    if (this.target > this.training.steps) this.tick();
  }

  /** Choose other settings, given as the address writes them. Those of training keep the weights. */
  change(texts) {
    try {
      const keep = !["layers", "init", "seed", "data", "points"].some((key) => key in texts);
      const kept = keep && (this.state.w || this.training.steps > 0) ? { w: [...this.training.theta] } : { w: null };
      const query = new URLSearchParams(format({ ...this.state, ...kept, steps: 0 }));
      for (const [key, value] of Object.entries(texts)) query.set(key, value);
      this.start(parse(query.toString()));
      this.say(keep ? "Training goes on from these weights." : "A new network.");
    } catch (error) {
      this.say(`Not possible: ${error.message}.`);
      this.controls?.update(this.state);
    }
  }

  /** Set one weight or bias: a new training starts from there. */
  setParameter(index, value) {
    this.pause();
    const w = [...this.training.theta];
    w[index] = value;
    this.state = { ...this.state, w, steps: 0 };
    this.training = build(this.state).training;
    this.target = 0;
    this.curve.clear();
    this.measure();
    this.draw();
    this.say(`Cost ${short(this.cost, 4)}.`);
  }

  /** Look at another unit, point or pass; the network stays as it is. */
  view(change) {
    const point = Math.min(Math.max(Math.round(change.point ?? this.state.point) || 1, 1), this.data.n);
    this.state = { ...this.state, ...change, point };
    this.draw();
  }

  choose(unit) {
    this.view({ unit });
  }

  choosePoint(point) {
    this.view({ point });
  }

  /** Back to the start: the same seed; in a chapter, the chapter's network. */
  reset() {
    if (this.full) this.start({ ...this.state, w: null, steps: 0 });
    else this.load(this.home);
    this.say("Reset.");
  }

  import() {
    try {
      this.start(fromJSON(this.text.value, this.state));
      this.say("Imported.");
    } catch (error) {
      this.say(`Not imported: ${error.message}.`);
    }
  }

  // Training

  step() {
    this.pause();
    this.training.step();
    this.target = this.training.steps;
    this.measure();
    this.draw();
    this.say(`Step ${this.training.steps}: cost ${short(this.cost, 4)}.`);
  }

  run() {
    this.running = true;
    this.target = MOST.steps;
    set(this.play, { text: "Pause" });
    this.tick();
  }

  pause() {
    cancelAnimationFrame(this.frame);
    set(this.play, { text: "Run" });
    if (!this.running) return;
    this.running = false;
    this.target = this.training.steps;
    this.draw();
    this.say(`Paused after step ${this.training.steps}: cost ${short(this.cost, 4)}.`);
  }

  /** One frame of a running training, or of one that an address tells to repeat. */
  tick() {
    this.frame = requestAnimationFrame((time) => {
      // Few changes for who asked for rest.
      const due = !calm.matches || time - (this.drawn ?? 0) > 500;
      if (this.running) this.advance(12, this.training.steps + this.speed);
      else this.advance(12);
      const done = this.training.steps >= this.target;
      if (!Number.isFinite(this.cost)) {
        this.pause();
        this.target = this.training.steps;
        this.draw();
        this.say(`The cost is no longer a number after step ${this.training.steps}: the learning rate is too large.`);
      } else if (done) {
        this.pause();
        this.draw();
      } else {
        if (due) this.draw(time);
        this.tick();
      }
    });
  }

  /** Take steps, for at most so many milliseconds; the cost is measured two hundred times on a long way. */
  advance(milliseconds, end = this.target) {
    const until = performance.now() + milliseconds;
    const last = Math.min(end, this.target);
    if (this.training.steps >= last) return;
    const stride = Math.ceil(this.target / 200);
    do {
      this.training.step();
      if (this.training.steps % stride === 0) this.measure();
    } while (this.training.steps < last && performance.now() < until);
    this.measure();
  }

  /** Evaluate the cost of all points. */
  measure() {
    const { net, training, data, all } = this;
    net.forward(training.theta, all);
    this.cost = net.cost(all, data.y) + net.penalty(training.theta, this.state.l2);
    this.curve.add(training.steps, this.cost);
  }

  // The picture

  /** Draw everything; while a training runs (at `time`), what is slow to draw or to read less often. */
  draw(time = null) {
    const { net, training, data, state } = this;
    const { theta } = training;
    const settled = time === null;
    const s = state.point - 1;
    const y = data.y[s];
    this.drawn = time ?? this.drawn;
    this.one.a[0].set(data.X.subarray(s * data.inputs, (s + 1) * data.inputs));
    net.forward(theta, this.one);
    net.backprop(theta, this.one, data.y.subarray(s, s + 1), this.scratch);
    net.backprop(theta, this.all, data.y, this.gradient);
    const seen = { net, theta, gradient: this.gradient, one: this.one, state, y, n: data.n, settled };
    this.picture.update(seen);
    this.surface.update(net, theta, state.point);
    if (!settled && time - (this.numbered ?? 0) < NUMBERS_EVERY) return;
    this.numbered = time ?? 0;
    this.curve.update();
    this.norms.update(net.norms(this.gradient));
    const layer = Math.max(state.unit[0], 1);
    if (layer !== this.layer) this.weights.build(net, layer);
    this.layer = layer;
    for (const part of [this.weights, this.values, this.equations]) part.update(seen);
    if (settled) this.settle();
  }

  /** What need not be right while a training runs: address, Python, buttons. */
  settle() {
    const now = { ...this.state, steps: this.training.steps };
    const address = format(now) || "data=xor";
    if (document.activeElement !== this.point.control) this.point.control.value = now.point;
    for (const button of this.passes) set(button, { "aria-pressed": String(button.dataset.pass === now.pass) });
    if (this.link) set(this.link, { href: `${this.place.dataset.page}#${address}` });
    if (this.python?.open) this.code.textContent = python(now);
    const arrived = this.training.steps >= this.target;
    if (!this.full || !arrived) return;
    // Browsers allow few changes of the address in a second, and a drag makes many.
    clearTimeout(this.saving);
    this.saving = setTimeout(() => history.replaceState(null, "", `#${address}`), 150);
  }

  arrived() {
    if (location.hash.includes("=")) this.load(decodeURIComponent(location.hash));
  }

  width() {
    return Math.max(280, Math.min(760, this.stage.clientWidth || 640));
  }

  resized() {
    if (this.net && this.drawnWidth !== this.width()) {
      this.drawnWidth = this.width();
      this.picture.build(this.net, this.drawnWidth);
      this.draw();
    }
  }

  say(text) {
    this.status.textContent = text;
  }
}

for (const place of document.querySelectorAll(".playground")) new Playground(place);
