// The state of a playground: all that is chosen. It is written into the address, and read from there.
//
// The network is not a part of it but follows from it: from the seed, or from the weights `w` if they were
// set by hand, by so many `steps` of training.

import { DATA, dataset } from "./data.js";
import { ACTIVATIONS, COSTS, INITIALISERS, Network, OPTIMIZERS, Training } from "./network.js";

export const FORMAT = "fysstk_nn weights, version 1";
export const MOST = { layers: 4, units: 8, points: 500, steps: 200000 };

function oneOf(choices) {
  return (text, key) => {
    if (!choices.includes(text)) throw new Error(`${key} must be one of ${choices.join(", ")}, not "${text}"`);
    return text;
  };
}

function number(least, most, whole = false) {
  return (text, key) => {
    const value = Number(text);
    const good = text.trim() !== "" && value >= least && value <= most && (!whole || Number.isInteger(value));
    if (!good) throw new Error(`${key} must be a ${whole ? "whole " : ""}number from ${least} to ${most}, not "${text}"`);
    return value;
  };
}

const numbers = (of) => (text, key) => (text === "" ? [] : text.split(",").map((part) => of(part, key)));

/** Read rows such as "0,0,0;0,1,1": one or two inputs, then the target. */
function rows(text, key) {
  const found = text.split(";").map((row) => numbers(number(-1e6, 1e6))(row, key));
  const width = found[0].length;
  if (width < 2 || width > 3 || found.some((row) => row.length !== width)) {
    throw new Error(`${key} must have one or two inputs and a target in each row, in all rows alike`);
  }
  if (found.length > MOST.points) throw new Error(`${key} must be at most ${MOST.points}, not ${found.length}`);
  return found;
}

const whole = (least, most) => number(least, most, true);

/** Each key of the address: its usual value, and how it is read. */
const KEYS = {
  data: ["xor", oneOf(Object.keys(DATA))],
  points: [[[2, 1]], rows],
  layers: [[2], numbers(whole(1, MOST.units))],
  hidden: ["tanh", oneOf(Object.keys(ACTIVATIONS))],
  output: ["sigmoid", oneOf(["identity", "sigmoid", "tanh"])],
  cost: ["half_squared_error", oneOf(Object.keys(COSTS))],
  init: ["glorot", oneOf(Object.keys(INITIALISERS))],
  seed: [1, whole(0, 2 ** 32 - 1)],
  optimizer: ["gd", oneOf(Object.keys(OPTIMIZERS))],
  eta: [0.5, number(1e-9, 1000)],
  batch: [0, whole(0, MOST.points)],
  l2: [0, number(0, 1000)],
  steps: [0, whole(0, MOST.steps)],
  w: [null, numbers(number(-1e12, 1e12))],
  point: [1, whole(1, MOST.points)],
  unit: [[1, 1], numbers(whole(0, MOST.units))],
  pass: ["forward", oneOf(["forward", "backward"])],
};

/** Return the state that an address describes; what it does not mention has its usual value. */
export function parse(text) {
  const state = Object.fromEntries(Object.entries(KEYS).map(([key, [usual]]) => [key, usual]));
  for (const [key, value] of new URLSearchParams(text.replace(/^#/, ""))) {
    if (!KEYS[key]) throw new Error(`the address has no key "${key}"; it has ${Object.keys(KEYS).join(", ")}`);
    state[key] = KEYS[key][1](value, key);
  }
  return check(state);
}

/** Return the address of a state: only what is not as usual. */
export function format(state) {
  const say = (value) => (Array.isArray(value?.[0]) ? value.map(say).join(";") : String(value));
  return Object.entries(KEYS)
    .filter(([key, [usual]]) => JSON.stringify(state[key]) !== JSON.stringify(usual))
    .filter(([key]) => key !== "points" || state.data === "points")
    .map(([key]) => `${key}=${say(state[key])}`)
    .join("&");
}

/** Return the state if its parts fit each other; point and unit are moved to the nearest that exist. */
export function check(state) {
  if (state.layers.length > MOST.layers) throw new Error(`layers must be at most ${MOST.layers} numbers`);
  const data = dataset(state.data, state.points);
  const { net } = build(state);
  if (state.cost === "binary_cross_entropy" && Array.from(data.y).some((y) => y < 0 || y > 1)) {
    throw new Error("binary cross-entropy needs targets between 0 and 1; choose another cost or other data");
  }
  if (state.w && state.w.length !== net.size) {
    throw new Error(`w has ${state.w.length} numbers, but the network ${net.sizes} has ${net.size} parameters`);
  }
  const point = Math.min(state.point, data.n);
  const l = Math.min(state.unit[0], net.L);
  const unit = [l, Math.min(Math.max(state.unit[1] ?? 1, 1), net.sizes[l])];
  return { ...state, point, unit };
}

/** Return the data, the network and the training, at its start, that a state describes. */
export function build(state) {
  const data = dataset(state.data, state.points);
  const net = new Network([data.inputs, ...state.layers, 1], state);
  const theta = state.w ?? net.init(state.init, state.seed);
  return { data, net, training: new Training(net, theta, data, state) };
}

/** Write a network as JSON that fysstk_nn.files.from_json reads. */
export function toJSON(state, net, theta) {
  const matrix = (l) => {
    const M = net.sizes[l];
    const row = (i) => Array.from(theta.subarray(net.W[l] + i * M, net.W[l] + (i + 1) * M));
    return Array.from({ length: net.sizes[l - 1] }, (_, i) => row(i));
  };
  const bias = (l) => Array.from(theta.subarray(net.b[l], net.b[l] + net.sizes[l]));
  const layers = state.layers.concat(1).map((_, k) => ({ W: matrix(k + 1), b: bias(k + 1) }));
  return JSON.stringify({
    format: FORMAT,
    sizes: net.sizes,
    hidden: state.layers.map(() => state.hidden),
    output: state.output,
    cost: state.cost,
    layers,
  });
}

/** Return the state with the network that fysstk_nn.files.to_json wrote, at the start of a training. */
export function fromJSON(text, state) {
  let file;
  try {
    file = JSON.parse(text);
  } catch (error) {
    throw new Error(`this is no JSON: ${error.message}`);
  }
  if (file?.format !== FORMAT) throw new Error(`the format must be "${FORMAT}", not "${file?.format}"`);
  const { sizes, hidden, output, cost, layers } = file;
  if (![sizes, hidden, layers].every(Array.isArray)) throw new Error("sizes, hidden and layers must be lists");
  const inputs = dataset(state.data, state.points).inputs;
  if (sizes[0] !== inputs || sizes.at(-1) !== 1) {
    throw new Error(`a network for these data has ${inputs} inputs and 1 output, but this one is ${sizes}`);
  }
  if (new Set(hidden).size > 1) throw new Error("here all hidden layers have the same activation function");
  const shape = (rows, m, M) => rows?.length === m && rows.every((row) => row?.length === M);
  layers.forEach(({ W, b }, k) => {
    const [m, M] = [sizes[k], sizes[k + 1]];
    if (!shape(W, m, M) || !shape([b], 1, M)) throw new Error(`layer ${k + 1} must have ${m} x ${M} weights and ${M} biases`);
  });
  const theta = [...layers.flatMap(({ W }) => W.flat()), ...layers.flatMap(({ b }) => b)];
  if (!theta.every(Number.isFinite)) throw new Error("all weights and biases must be numbers");
  const chosen = { layers: String(sizes.slice(1, -1)), hidden: hidden[0] ?? state.hidden, output, cost, w: String(theta) };
  const read = Object.fromEntries(Object.entries(chosen).map(([key, value]) => [key, KEYS[key][1](value, key)]));
  return check({ ...state, ...read, steps: 0 });
}
