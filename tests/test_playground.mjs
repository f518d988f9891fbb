// Runs the playground's modules on the cases that test_playground.py sends, as JSON, and answers as JSON.

import { readFileSync } from "node:fs";
import { ACTIVATIONS, COSTS, Network, Training } from "../book/_static/playground/network.js";
import { dataset } from "../book/_static/playground/data.js";
import { generator } from "../book/_static/playground/random.js";
import { backwardFrom, flow, moments, quantity } from "../book/_static/playground/moments.js";
import { readRows } from "../book/_static/playground/rows.js";
import { build, format, fromJSON, parse, stretches, toJSON } from "../book/_static/playground/state.js";
import { python } from "../book/_static/playground/python.js";

const plain = (layers) => layers.map((values) => values && Array.from(values));
const answer = {
  names: () => ({ activations: Object.keys(ACTIVATIONS), costs: Object.keys(COSTS) }),
  random({ seed }) {
    const rng = generator(seed);
    const normal = Array.from({ length: 2000 }, () => rng.normal(1, 2));
    return { normal, uniform: rng.uniform(-1, 3), orders: [57, 200, 1, 2].map((n) => rng.permutation(n)) };
  },
  network({ sizes, functions, theta, X, y, n }) {
    const net = new Network(sizes, functions);
    const trace = net.trace(Float64Array.from(X), n);
    const gradient = new Float64Array(net.size);
    net.forward(Float64Array.from(theta), trace);
    net.backprop(Float64Array.from(theta), trace, Float64Array.from(y), gradient);
    return {
      z: plain(trace.z),
      a: plain(trace.a),
      delta: plain(trace.delta),
      gradient: Array.from(gradient),
      cost: net.cost(trace, y),
      norms: net.norms(gradient),
      errors: net.errors(trace),
    };
  },
  init: ({ sizes, scheme, seed }) =>
    Array.from(new Network(sizes, { hidden: "tanh", output: "tanh", cost: "mean_squared_error" }).init(scheme, seed)),
  training({ sizes, functions, theta, X, y, n, settings, steps }) {
    const data = { X: Float64Array.from(X), y: Float64Array.from(y), n };
    const training = new Training(new Network(sizes, functions), theta, data, settings.seed, settings);
    while (training.steps < steps) training.step();
    return Array.from(training.theta);
  },
  data({ address }) {
    const { X, y, train, test, features, python } = dataset(parse(address).state);
    const part = (samples) => samples && { X: Array.from(samples.X), y: Array.from(samples.y) };
    return { X: Array.from(X), y: Array.from(y), train: part(train), test: part(test), inputs: features.length, python };
  },
  situation({ address }) {
    const { state, said } = parse(address);
    const { data, net, training } = build(state);
    const parts = stretches(state);
    while (training.steps < state.steps) {
      for (const part of parts) if (part.from === training.steps) training.set(part);
      training.step();
    }
    const all = net.trace(data.train.X, data.train.n);
    net.forward(training.theta, all);
    const at = state.point - 1;
    const one = net.trace(data.X.slice(at * net.sizes[0], (at + 1) * net.sizes[0]), 1);
    net.forward(training.theta, one);
    net.backprop(training.theta, one, data.y.slice(at, at + 1), new Float64Array(net.size));
    const again = parse(format(state));
    return {
      said,
      same: JSON.stringify(again.state) === JSON.stringify(state),
      address: format(state),
      code: python(state),
      theta: Array.from(training.theta),
      cost: net.cost(all, data.train.y) + net.penalty(training.theta, state), // as the page shows it
      z: plain(one.z),
      a: plain(one.a),
      delta: plain(one.delta),
    };
  },
  parse({ address }) {
    const { state, said } = parse(address);
    const { net } = build(state); // whatever the address says, there is a network
    return { address: format(state), said, sizes: net.sizes };
  },
  rows({ text }) {
    try {
      return { rows: readRows(text, 500) };
    } catch (error) {
      return { error: error.message };
    }
  },
  moments({ L }) {
    const row = moments(L);
    const layers = Array.from({ length: L + 1 }, (_, l) => l);
    return {
      row,
      back: backwardFrom(L),
      shown: row.map((_, m) => layers.map((l) => quantity(l, L, m, m >= backwardFrom(L)))),
      flows: row.map((_, m) => layers.slice(1).map((l) => flow(l, L, m, m >= backwardFrom(L)))),
    };
  },
  json({ text, address }) {
    try {
      const state = fromJSON(text, parse(address).state);
      const { net, training } = build(state);
      return { address: format(state), text: toJSON(state, net, training.theta) };
    } catch (error) {
      return { error: error.message };
    }
  },
};
const cases = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(cases.map(({ what, ...given }) => answer[what](given))));
