// The playground: a network that you can hold in your hands. It turns each element of the class `playground`
// into one. All arithmetic is in network.js, and the state that the address describes in state.js.

import { Controls } from "./controls.js";
import { button, folded, free, group, h, menu, numberField, scroller, set, short } from "./dom.js";
import { backwardFrom, moments, title } from "./moments.js";
import { Training } from "./network.js";
import { Equations, Values, Weights } from "./numbers.js";
import { assign, ceil, clip, entries, floor, keys, max, min, range, round, zeros } from "./builtins.js";
import { Picture } from "./picture.js";
import { Plane } from "./plane.js";
import { CostCurve, Norms, Scores, Surface } from "./plots.js";
import { python } from "./python.js";
import { numberIn } from "./rows.js";
import { build, changed, earlier, format, fromJSON, MOST, parse, RUNNING, settingsOf, stretches, toJSON } from "./state.js";

// Milliseconds between two updates of the numbers while a training runs, and from moment to moment.
const NUMBERS_EVERY = 120;
const MOMENT = 1100;
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const wide = matchMedia("(min-width: 60rem)");
// A state in which no step is taken yet.
const UNTRAINED = { steps: 0, past: [], at: 0 };
const SPEEDS = [["0.1", "slow"], ["1", "normal"], ["10", "× 10"], ["100", "× 100"]];
const racer = ({ optimizer, eta }) => `${optimizer === "gd" ? "gradient descent" : optimizer} ${eta}`;

class Playground {
  constructor(place) {
    const { playground, state, first, names, controls } = place.dataset;
    assign(this, {
      place,
      home: state,
      full: playground === "page",
      first: Number(first ?? 1),
      names,
      speed: 1,
      ahead: 0,
      picture: new Picture(this),
      surface: new Surface(this),
      curve: new CostCurve(),
      scores: new Scores(),
      norms: new Norms(),
      weights: new Weights(this),
      values: new Values(),
      equations: new Equations(place.querySelectorAll("[data-equation]")),
      status: h("p.pg-status", { role: "status" }),
    });
    this.note = h("p.pg-note", { "aria-hidden": "true", hidden: "", onclick: () => this.hush() });
    this.layOut(controls?.split(" "));
    this.arrive(this.full ? location.hash : "");
    const fit = () => this.fit();
    new ResizeObserver(fit).observe(this.stage);
    new MutationObserver(fit).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    if (this.full) addEventListener("hashchange", () => this.arrive(location.hash, true));
    (this.full ? document : place).addEventListener("keydown", (event) => this.key(event));
  }

  layOut(wanted) {
    const act = (words, name, method = name, more = {}) => button(words, () => this[method](), { "data-act": name, ...more });
    this.play = act("Run", "run", "toggle");
    this.back = act("", "back", "goBack", { hidden: "" });
    this.passes = ["forward", "backward"].map((pass) =>
      button(pass === "forward" ? "Forward" : "Backward", () => this.view({ pass, at: 0 }), { "data-pass": pass }),
    );
    this.shownOf = [["point", "This point"], ["mean", "Mean"]].map(([of, words]) => button(words, () => this.view({ of }), { "data-of": of }));
    this.point = numberField("Point", { onchange: (event) => this.typedPoint(event.target) });
    const speed = menu("Speed", SPEEDS, (event) => (this.speed = Number(event.target.value)));
    speed.control.value = "1";
    const buttons = (label, ...parts) => group("div.pg-group", label, ...parts);
    const bar = h("div.pg-bar",
      buttons("Training", this.play, act("Step", "step"), act("Reset", "reset"),
        ...(this.full ? [act("New weights", "seed", "redraw")] : []), this.back, speed),
      buttons("Passes", ...this.passes, act("◀", "previous", "previous", { "aria-label": "Previous moment" }),
        act("Next ▶", "next"), act("All", "all")),
      buttons("What circles and lines show", ...this.shownOf, this.point),
    );
    this.stage = h("div.pg-stage", this.picture.element);
    const strip = h("div.pg-strip", this.status, this.equations.element);
    const side = h("div.pg-side", this.surface.element, this.scores.element, this.curve.element);
    const tables = h("div.pg-tables", this.weights.element, this.values.element);
    const parts = [bar, this.stage, side, strip];
    const help = "Blue and solid: positive; orange and dashed: negative. Drag a line to the right for a larger weight, or type into the table. Arrow keys go from unit to unit.";
    if (this.full) {
      this.controls = new Controls(this);
      this.settings = folded("pg-settings", "Settings", this.controls.element);
      this.settings.open = wide.matches;
      this.lecture = button("Lecture", () => this.view({ lecture: 1 - this.state.lecture }), { "data-act": "lecture" });
      bar.append(this.lecture);
      strip.append(this.norms.element);
      this.place.append(h("div.pg-app.pg-page", ...parts, this.settings, this.note), h("div.pg-more", h("p.pg-help", help), tables, this.exchange()));
    } else {
      this.link = h("a", "Open it in the playground");
      if (wanted) {
        this.controls = new Controls(this, wanted);
        parts.unshift(this.controls.element);
      }
      const numbers = [h("p.pg-help", help), this.values.element, this.norms.element];
      const more = folded("pg-numbers", "All numbers", ...(wanted ? [this.weights.element] : []), ...numbers);
      this.place.append(h("div.pg-app.pg-embed", ...parts, this.note), h("div.pg-more", ...(wanted ? [] : [this.weights.element]), more, h("p", this.link)));
      if (this.place.dataset.show === "norms") strip.before(this.norms.element);
    }
    this.place.classList.add("pg-live");
  }

  /** Weights as JSON, in and out; and the Python. */
  exchange() {
    this.text = h("textarea", { rows: "5", spellcheck: "false", "aria-label": "Weights as JSON" });
    this.code = h("code");
    const block = scroller("pre", "Python", this.code);
    const copy = button("Copy", () => navigator.clipboard?.writeText(this.code.textContent));
    this.python = folded("pg-python", "Show me the Python", { ontoggle: () => this.draw() }, block, copy);
    const exporting = button("Export", () => (this.text.value = toJSON(this.state, this.net, this.theta)));
    const importing = button("Import", (event) => this.import(event.target));
    return h("div", this.python, folded("pg-json", "Weights as JSON", this.text, h("div.pg-group", exporting, importing)));
  }

  // The state

  alter(change) {
    this.state = { ...this.state, ...change };
  }

  /** How many steps the training has taken. */
  get steps() {
    return this.training.steps;
  }

  get theta() {
    return this.training.theta;
  }

  /** Go to what an address describes, or home if it is none; whatever stands there, there is a network. */
  arrive(hash, follow = false) {
    clearTimeout(this.saving);
    const address = hash.replace(/^#/, "");
    const anchor = document.getElementById(address); // a place on the page
    if (this.state && anchor) return;
    const found = parse(address);
    const understood = format(found.state) !== "";
    const nothing = address === "" || anchor || (found.said.length > 0 && !understood);
    this.start(nothing ? parse(this.home).state : found.state);
    if (found.said.length > 0 && !anchor) {
      this.say(`Something in this address cannot be, and is left out. ${found.said.slice(0, 3).join(". ")}.`);
    }
    if (follow) this.place.scrollIntoView({ block: "start", behavior: "instant" });
  }

  /** Start from a state; so many steps as it says are taken again. */
  start(state) {
    this.pause();
    this.hush();
    const { data, net, training } = build(state);
    const old = this.net;
    assign(this, { state, data, net, training, stepped: null, target: state.steps, applied: -1, diverged: false });
    this.stretches = stretches(state);
    this.row = moments(net.L);
    if (state.at > this.row.length || this.row[state.at - 1]?.kind === "step") this.state = { ...state, at: 0 };
    this.enter();
    this.whole = net.trace(data.train.X, data.train.n);
    this.test = data.test && net.trace(data.test.X, data.test.n);
    this.one = net.trace(zeros(net.sizes[0]), 1);
    this.gradient = zeros(net.size);
    this.scratch = zeros(net.size);
    this.curve.clear();
    this.plane = new Plane(net, data, state);
    this.fitted = null;
    this.fit(false);
    this.surface.build(this.plane, data, this.first);
    if (String(old?.sizes) !== String(net.sizes)) this.norms.build(net);
    this.values.build(net, this.first);
    this.layer = null;
    this.controls?.update(state);
    this.measure();
    this.advance(60);
    this.draw();
    this.seeLecture();
    if (this.diverged) this.tell();
    else if (this.target > this.steps) this.tick();
  }

  /** Let those that race the training start where it starts. */
  enter() {
    const { net, training, data, state } = this;
    this.rivals = state.race.map(([optimizer, eta]) => ({
      rival: new Training(net, training.theta, data.train, state.seed, { ...state, optimizer, eta }),
      name: racer({ optimizer, eta }),
    }));
  }

  /** Choose other settings, given as texts; those of a training that goes on keep its weights, steps and curve. */
  change(texts, control) {
    const query = new URLSearchParams(format({ ...this.state, ...UNTRAINED }));
    for (const [key, value] of entries(texts)) value === null ? query.delete(key) : query.set(key, value);
    const { state: wanted, said } = parse(query.toString());
    if (said.length > 0) {
      this.say(`${said[0]}.`, control);
      return false;
    }
    this.hush();
    const running = this.running;
    const { training } = this;
    if (keys(texts).every((key) => RUNNING.includes(key))) {
      const from = this.diverged ? this.curve.best() : training.steps;
      if (this.state.past.length >= MOST.changes) {
        return this.say("That is the hundredth change in one training: press Reset first.", control);
      }
      const next = changed(this.diverged ? earlier(this.state, from) : this.state, from, settingsOf(wanted));
      if (this.diverged || from === 0) this.start(next);
      else {
        this.state = next;
        this.stretches = stretches(next);
        this.rivals.forEach(({ rival }) => rival.set({ ...next, optimizer: rival.optimizer, eta: rival.eta }));
        this.measure();
        this.controls?.update(next);
        this.draw();
      }
      this.say(from > 0 ? `The training goes on from step ${from} with these settings.` : "");
    } else {
      const fresh = ["layers", "init", "seed", "data", "points", "features"].some((key) => key in texts);
      const w = fresh ? null : training.steps > 0 && !this.diverged ? [...training.theta] : this.state.w;
      this.start({ ...wanted, w, steps: 0, past: [] });
      this.say(w ? "A new training, from these weights." : "A new network.");
    }
    if (running) this.run();
    return true;
  }

  /** Set one weight or bias: a new training starts from there. */
  setParameter(index, value) {
    this.pause();
    const w = [...this.theta];
    w[index] = value;
    this.alter({ w, steps: 0, past: [] });
    this.training = build(this.state).training;
    assign(this, { stretches: stretches(this.state), applied: -1, target: 0, diverged: false, stepped: null });
    this.enter();
    this.curve.clear();
    this.measure();
    this.draw();
    this.say(`Cost ${short(this.cost, 4)}.`);
  }

  /** Look at another unit, point, pass or moment; the network stays as it is. */
  view(change) {
    this.stop();
    const point = clip(round(change.point ?? this.state.point) || 1, 1, this.data.n);
    this.alter({ ...change, point });
    this.draw();
    if ("lecture" in change) this.seeLecture();
  }

  choosePoint(point) {
    this.view({ point, of: "point" });
  }

  typedPoint(input) {
    const value = numberIn(input.value);
    if (!(value >= 1 && value <= this.data.n)) return this.say(`Point must be a whole number from 1 to ${this.data.n}, not "${input.value}".`, input);
    this.hush();
    return this.choosePoint(value);
  }

  /** Sidebars away and larger type, for a projector. */
  seeLecture() {
    if (!this.full) return;
    const on = this.state.lecture === 1;
    if (document.body.classList.toggle("pg-lecture", on) !== this.lecturing) {
      this.lecturing = on;
      this.settings.open = !on && wide.matches;
      set(this.lecture, { "aria-pressed": on });
      this.fit();
    }
  }

  /** Back to the start of the training; in a chapter, to the chapter's network. */
  reset() {
    if (this.full) this.start({ ...this.state, ...UNTRAINED });
    else this.start(parse(this.home).state);
    this.say("Back at the start.");
  }

  /** Other initial weights: those of the next seed. */
  redraw() {
    this.start({ ...this.state, w: null, seed: (this.state.seed + 1) % 2 ** 32, ...UNTRAINED });
    this.say(`New weights, from seed ${this.state.seed}.`);
  }

  import(control) {
    try {
      this.start(fromJSON(this.text.value, this.state));
      this.say("Imported.");
    } catch (error) {
      this.say(`Not imported: ${error.message}.`, control);
    }
  }

  // The passes, moment by moment

  next() {
    const { at, pass } = this.state;
    this.pause();
    this.goTo(at > 0 ? at % this.row.length : pass === "backward" ? backwardFrom(this.net.L) : 0);
  }

  previous() {
    this.stop();
    const { at } = this.state;
    if (at === 0) return;
    if (this.row[at - 1].kind === "step") this.start({ ...earlier(this.state, this.steps - 1), at: at - 1 });
    else if (at === 1) this.view({ at: 0 });
    else this.goTo(at - 2);
  }

  /** All moments to the end, one after the other; pressed again, it stops. */
  all() {
    if (this.walking) return this.stop();
    const walk = () => {
      this.next();
      if (this.row[this.state.at - 1].kind !== "step") this.walking = setTimeout(walk, MOMENT);
    };
    return walk();
  }

  stop() {
    clearTimeout(this.walking);
    this.walking = null;
  }

  goTo(m) {
    const { kind, l } = this.row[m];
    if (kind === "step") {
      const before = this.theta.slice();
      this.takeOne();
      this.stepped = { before, gradient: this.training.gradient.slice() };
    }
    const [unitL, unitJ] = this.state.unit;
    const layer = kind === "input" ? 0 : ["gradient", "step"].includes(kind) ? max(unitL, 1) : l;
    const pass = m >= backwardFrom(this.net.L) ? "backward" : "forward";
    this.alter({ at: m + 1, pass, unit: [layer, min(unitJ, this.net.sizes[layer])], steps: this.steps });
    this.draw();
    if (!calm.matches) this.picture.move(this.row[m], 0.7 * MOMENT);
    this.say(`${title(m, this.row)}.`, null, true);
    if (this.diverged) this.tell();
  }

  /** One key for each: next, previous, all, step, run, lecture. */
  key(event) {
    const field = event.target.closest?.("input, select, textarea, [contenteditable], dialog");
    if (field || event.ctrlKey || event.metaKey || event.altKey || !(this.full || this.place.contains(event.target))) return;
    const onButton = event.target.closest?.("button, summary, a");
    const remote = this.state.lecture ? { PageDown: "next", PageUp: "previous", Escape: "lecture", ...(onButton ? {} : { " ": "next" }) } : {};
    const act = { n: "next", p: "previous", a: "all", s: "step", r: "run", l: "lecture", ...remote }[event.key];
    const target = act && this.place.querySelector(`[data-act=${act}]`);
    if (!target) return;
    event.preventDefault();
    target.click();
  }

  // Training

  step() {
    this.pause();
    if (this.diverged) return this.tell();
    this.takeOne();
    this.alter({ at: 0 });
    this.draw();
    this.say(`Step ${this.steps}: cost ${short(this.cost, 4)}.`);
    if (this.diverged) this.tell();
  }

  /** One step, and no more. */
  takeOne() {
    this.take();
    this.target = this.steps;
    this.measure();
  }

  /** One step of the training, and of those that race it, with the settings that belong to it. */
  take() {
    while (this.stretches[this.applied + 1]?.from === this.steps) this.training.set(this.stretches[++this.applied]);
    this.training.step();
    for (const { rival } of this.rivals) rival.step();
  }

  toggle() {
    if (this.running) this.pause();
    else this.run();
  }

  run() {
    if (this.diverged) return this.tell();
    this.stop();
    this.hush();
    this.running = true;
    this.target = MOST.steps;
    this.alter({ at: 0 });
    set(this.play, { text: "Pause" });
    this.tick();
  }

  pause() {
    this.stop();
    cancelAnimationFrame(this.frame);
    set(this.play, { text: "Run" });
    if (!this.running) return;
    this.running = false;
    this.target = this.steps;
    this.draw();
    this.say(`Paused after step ${this.steps}: cost ${short(this.cost, 4)}.`);
  }

  /** One frame of a running training, or of one that an address tells to repeat. */
  tick() {
    this.frame = requestAnimationFrame((time) => {
      // Few changes for who asked for rest.
      const due = !calm.matches || time - (this.drawn ?? 0) > 500;
      this.ahead += this.speed;
      const steps = floor(this.ahead + 1e-9);
      this.ahead -= steps;
      if (this.running) this.advance(12, this.steps + steps);
      else this.advance(12);
      if (this.diverged || this.steps >= this.target) {
        this.pause();
        this.target = this.steps;
        this.draw();
        if (this.diverged) this.tell();
      } else {
        if (due) this.draw(time);
        this.tick();
      }
    });
  }

  /** Take steps, for at most so many milliseconds; the cost is measured two hundred times on a long way. */
  advance(milliseconds, end = this.target) {
    const until = performance.now() + milliseconds;
    const last = min(end, this.target);
    if (this.steps >= last) return;
    const stride = this.running ? 1 : ceil(this.target / 200);
    do {
      this.take();
      if (this.steps % stride === 0) this.measure();
    } while (this.steps < last && !this.diverged && performance.now() < until);
    this.measure();
  }

  /** Evaluate the costs of all points. */
  measure() {
    const { net, training, data, whole, test } = this;
    net.forward(training.theta, whole);
    this.bare = net.cost(whole, data.train.y);
    this.cost = this.bare + net.penalty(training.theta, this.state);
    const costs = [this.cost];
    if (this.rivals.length > 0) {
      for (const { rival } of this.rivals) {
        net.forward(rival.theta, whole);
        costs.push(net.cost(whole, data.train.y) + net.penalty(rival.theta, this.state));
      }
      net.forward(training.theta, whole);
    } else if (test) {
      net.forward(training.theta, test);
      costs.push((this.testCost = net.cost(test, data.test.y)));
    }
    if (this.curve.measured.length === 0) this.limit = 1e6 * max(1, this.cost);
    this.diverged = !(this.cost < this.limit);
    this.curve.add(training.steps, costs);
  }

  /** Say that the training has diverged, and how to go on. */
  tell() {
    const best = this.curve.best();
    const text = `The steps are too long: after step ${this.steps} the cost is ${short(this.cost, 3)}. To go on from where it was lowest, lower the learning rate η or press "Back to step ${best}".`;
    set(this.back, { text: `Back to step ${best}`, hidden: null });
    this.say(text, this.back);
    this.back.removeAttribute("aria-invalid");
  }

  goBack() {
    const best = this.curve.best();
    this.start(earlier(this.state, best));
    this.say(`Back at step ${best}.`);
  }

  // The picture

  /** The numbers of the chosen point, or their means over all training points. */
  see() {
    const { net, data, state, whole, one, training } = this;
    const s = state.point - 1;
    const y = data.y.subarray(s, s + 1);
    net.backprop(training.theta, whole, data.train.y, this.gradient);
    one.a[0].set(data.X.subarray(s * net.sizes[0], (s + 1) * net.sizes[0]));
    net.forward(training.theta, one);
    net.backprop(training.theta, one, y, this.scratch);
    let shown = { ...one, gradient: this.scratch, cost: net.cost(one, y) };
    if (state.of === "mean") {
      const layers = (rows, weight) => net.sizes.map((M, l) => rows[l] && range(M).map((j) => {
        let sum = 0;
        for (let k = j; k < rows[l].length; k += M) sum += rows[l][k];
        return sum * weight;
      }));
      // delta carries 1/n already: its sum is the mean.
      shown = { z: layers(whole.z, 1 / whole.n), a: layers(whole.a, 1 / whole.n), delta: layers(whole.delta, 1), gradient: this.gradient, cost: this.bare };
    }
    shown.sum = net.sizes.map((M, l) => (l === 0 || l === net.L ? null : range(M).map((j) => {
      const start = net.W[l + 1] + j * net.sizes[l + 1];
      return shown.delta[l + 1].reduce((sum, delta, q) => sum + delta * training.theta[start + q], 0);
    })));
    return { shown, y: y[0] };
  }

  /** Draw everything; while a training runs (at `time`), what is slow to draw or to read less often. */
  draw(time = null) {
    const { net, training, data, state, plane, first, names, row, stepped } = this;
    const { theta } = training;
    const settled = time === null;
    this.drawn = time ?? this.drawn;
    plane.update(theta);
    this.picture.paint(plane);
    this.surface.update(net, state);
    if (!settled && time - (this.numbered ?? 0) < NUMBERS_EVERY) return;
    this.numbered = time ?? 0;
    const moment = state.at > 0 ? state.at - 1 : null;
    const seen = { net, theta, ...this.see(), state, n: data.train.n, settled, first, names, row, moment, stepped };
    this.picture.update(seen);
    this.plot();
    const layer = max(state.unit[0], 1);
    if (layer !== this.layer) this.weights.build(net, layer, first);
    this.layer = layer;
    for (const part of [this.weights, this.values, this.equations]) part.update(seen);
    if (settled) this.settle();
  }

  /** Costs, accuracies, and the sizes of errors and derivatives. */
  plot() {
    const { net, data, whole, test, state, training } = this;
    const accuracy = (trace, y) => (data.classes ? net.accuracy(trace, y) : null);
    const penalised = state.l1 > 0 || state.l2 > 0;
    const scores = [[`Step ${training.steps} · Training cost`, this.cost, accuracy(whole, data.train.y)]];
    if (penalised) scores.push(["without penalty", this.bare, null]);
    if (test) {
      net.forward(training.theta, test);
      scores.push(["Test cost", net.cost(test, data.test.y), accuracy(test, data.test.y)]);
    }
    this.scores.update(scores);
    const racing = this.rivals.length > 0;
    const names = racing ? [racer(state), ...this.rivals.map(({ name }) => name)] : test ? ["training", "test"] : ["training"];
    this.curve.update(names);
    this.norms.update(net.errors(whole), net.norms(this.gradient));
  }

  /** What need not be right while a training runs: address, Python, buttons. */
  settle() {
    const now = { ...this.state, steps: this.steps };
    const address = format(now) || "data=xor";
    this.state = now;
    if (free(this.point.control)) this.point.control.value = now.point;
    for (const one of [...this.passes, ...this.shownOf]) set(one, { "aria-pressed": [now.pass, now.of].includes(one.dataset.pass ?? one.dataset.of) });
    if (this.full) set(this.norms.element, { hidden: now.pass === "backward" && now.of === "mean" && now.at === 0 ? null : "" });
    if (!this.diverged) set(this.back, { hidden: "" });
    if (this.link) set(this.link, { href: `${this.place.dataset.page}#${address}` });
    if (this.python?.open) this.code.textContent = python(now);
    if (!this.full || this.steps < this.target) return;
    // Browsers allow few changes of the address in a second, and a drag makes many.
    clearTimeout(this.saving);
    this.saving = setTimeout(() => history.replaceState(null, "", `#${address}`), 150);
  }

  /** The picture is as wide as its place, as high as the page says or the network needs, and in the theme's ink. */
  fit(draw = true) {
    if (!this.net) return;
    const width = max(250, floor(this.stage.clientWidth || 640));
    const given = this.full && (wide.matches || this.state.lecture) ? floor(this.stage.clientHeight) : 0;
    const ink = (this.plane.ink = getComputedStyle(this.place).color);
    const drawn = `${width} ${given} ${ink}`;
    if (drawn === this.fitted) return;
    this.fitted = drawn;
    this.picture.build(this.net, this.data.features, width, given || Picture.height(this.net));
    if (draw) this.draw();
  }

  /** Say something; beside what caused it, if it was refused. */
  say(text, near = null, quiet = false) {
    this.status.textContent = text;
    set(this.status, { class: quiet ? "pg-status pg-heard" : "pg-status" });
    if (!near) return;
    this.hush();
    near.setAttribute("aria-invalid", "true");
    this.blamed = near;
    const [box, app] = [near.getBoundingClientRect(), this.note.parentElement.getBoundingClientRect()];
    this.note.textContent = text;
    this.note.hidden = false;
    const left = clip(box.left - app.left, 0, app.width - this.note.offsetWidth - 4);
    set(this.note, { style: `left: ${left}px; top: ${box.bottom - app.top + 4}px` });
  }

  /** Take the note away, and what it blamed is fine again. */
  hush() {
    this.note.hidden = true;
    this.blamed?.removeAttribute("aria-invalid");
    this.blamed = null;
  }
}

for (const place of document.querySelectorAll(".playground")) new Playground(place);
