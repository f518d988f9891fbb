// Runs the playground's modules on the cases that test_playground.py sends, as JSON, and answers as JSON.

import { readFileSync } from "node:fs";
import { ACTIVATIONS, COSTS, Network, Training } from "../book/_static/playground/network.js";
import { dataset } from "../book/_static/playground/data.js";
import { generator } from "../book/_static/playground/random.js";
import { build, format, fromJSON, parse, toJSON } from "../book/_static/playground/state.js";
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
    };
  },
  init: ({ sizes, scheme, seed }) =>
    Array.from(new Network(sizes, { hidden: "tanh", output: "tanh", cost: "mean_squared_error" }).init(scheme, seed)),
  training({ sizes, functions, theta, X, y, n, settings, steps }) {
    const data = { X: Float64Array.from(X), y: Float64Array.from(y), n };
    const training = new Training(new Network(sizes, functions), theta, data, settings);
    while (training.steps < steps) training.step();
    return Array.from(training.theta);
  },
  data({ name }) {
    const { X, y, inputs, python } = dataset(name);
    return { X: Array.from(X), y: Array.from(y), inputs, python };
  },
  situation({ address }) {
    const state = parse(address);
    const { data, net, training } = build(state);
    while (training.steps < state.steps) training.step();
    const all = net.trace(data.X, data.n);
    net.forward(training.theta, all);
    const at = state.point - 1;
    const one = net.trace(data.X.slice(at * data.inputs, (at + 1) * data.inputs), 1);
    net.forward(training.theta, one);
    net.backprop(training.theta, one, data.y.slice(at, at + 1), new Float64Array(net.size));
    const again = parse(format(state));
    return {
      same: JSON.stringify(again) === JSON.stringify(state),
      address: format(state),
      code: python(state),
      theta: Array.from(training.theta),
      cost: net.cost(all, data.y) + net.penalty(training.theta, state.l2), // as the page shows it
      z: plain(one.z),
      a: plain(one.a),
      delta: plain(one.delta),
    };
  },
  parse({ address }) {
    try {
      return { address: format(parse(address)) };
    } catch (error) {
      return { error: error.message };
    }
  },
  json({ text, address }) {
    try {
      const state = fromJSON(text, parse(address));
      const { net, training } = build(state);
      return { address: format(state), text: toJSON(state, net, training.theta) };
    } catch (error) {
      return { error: error.message };
    }
  },
};
const cases = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(cases.map(({ what, ...given }) => answer[what](given))));
