// The state of a playground: all that is chosen. It is written into the address, and read from there.
//
// The network is not a part of it but follows from it: from the seed, or from the weights `w` if they were set
// by hand, by so many `steps` of training, of which the first were taken with the settings in `past`.

import { chosenRows, DATA, dataset, FEATURES, inputsOf } from "./data.js";
import { ACTIVATIONS, COSTS, INITIALISERS, Network, OPTIMIZERS, Training } from "./network.js";
import { clip, entries, fail, fromEntries, keys, min, range } from "./builtins.js";
import { numberIn } from "./rows.js";

export const FORMAT = "fysstk_nn weights, version 1";
export const MOST = { layers: 4, units: 8, points: 500, steps: 200000, changes: 100 };
const must = (rule, text) => fail(`must be ${rule}, not "${text}"`);

function oneOf(choices) {
  return (text) => {
    if (!choices.includes(text)) must(`one of ${choices.join(", ")}`, text);
    return text;
  };
}

function number(least, most, whole = false) {
  return (text) => {
    const value = numberIn(text);
    const good = value >= least && value <= most && (!whole || Number.isInteger(value));
    if (!good) must(`a ${whole ? "whole " : ""}number from ${least} to ${most}`, text);
    return value;
  };
}

const whole = (least, most) => number(least, most, true);
const listOf = (of, most) => (text) => {
  const parts = text === "" ? [] : text.split(",");
  if (parts.length > most) fail(`must be at most ${most} numbers`);
  return parts.map(of);
};

/** Read rows such as "0,0,0;0,1,1": one or two inputs, then the target. */
function addressRows(text) {
  const found = text.split(";").map(listOf(number(-1e6, 1e6), 3));
  const width = found[0].length;
  if (width < 2 || found.some((row) => row.length !== width)) {
    fail("must have one or two inputs and a target, in all rows alike");
  }
  if (found.length > MOST.points) fail(`must be at most ${MOST.points}, not ${found.length}`);
  return found;
}

/** Read rows of settings such as "gd,0.5,0,0,0,100". */
function settings(readers, most) {
  return (text) => text.split(";").map((row, k) => {
    const parts = row.split(",");
    if (parts.length !== readers.length || k >= most) must(`rows of ${readers.length} entries, at most ${most}`, row);
    return parts.map((part, i) => readers[i](part));
  });
}

function unit(text) {
  const found = listOf(whole(0, MOST.units), 2)(text);
  if (found.length !== 2) must("a layer and a number in it", text);
  return found;
}

function inputs(text) {
  const chosen = text.split(",").map(oneOf(keys(FEATURES)));
  return keys(FEATURES).filter((name) => chosen.includes(name));
}

const optimizer = oneOf(keys(OPTIMIZERS));
const rate = number(1e-9, 1000);
const strength = number(0, 1000);
const batch = whole(0, MOST.points);

/** Each key of the address: its label in the form, its usual value, and how it is read. */
export const KEYS = {
  data: ["Data set", "xor", oneOf(keys(DATA))],
  points: ["Rows", [[2, 1]], addressRows],
  noise: ["Noise", null, number(0, 1)],
  share: ["Training %", 100, whole(10, 100)],
  features: ["Inputs", ["x1", "x2"], inputs],
  layers: ["Units in each layer", [2], listOf(whole(1, MOST.units), MOST.layers)],
  hidden: ["Activation", "tanh", oneOf(keys(ACTIVATIONS))],
  output: ["Output", "sigmoid", oneOf(["identity", "sigmoid", "tanh"])],
  cost: ["Cost", "half_squared_error", oneOf(keys(COSTS))],
  init: ["Initial weights", "glorot", oneOf(keys(INITIALISERS))],
  seed: ["Seed", 1, whole(0, 2 ** 32 - 1)],
  optimizer: ["Optimizer", "gd", optimizer],
  eta: ["Learning rate η", 0.5, rate],
  batch: ["Batch (0: all)", 0, batch],
  l1: ["L1 penalty λ₁", 0, strength],
  l2: ["L2 penalty λ₂", 0, strength],
  steps: ["Steps", 0, whole(0, MOST.steps)],
  past: ["Earlier settings", [], settings([optimizer, rate, batch, strength, strength, whole(1, MOST.steps)], MOST.changes)],
  w: ["Weights and biases", null, listOf(number(-1e12, 1e12), 1000)],
  race: ["Race", [], settings([optimizer, rate], 2)],
  point: ["Data point", 2, whole(1, MOST.points)],
  unit: ["Unit", [1, 1], unit],
  of: ["Shown", "point", oneOf(["point", "mean"])],
  pass: ["Pass", "forward", oneOf(["forward", "backward"])],
  at: ["Moment", 0, whole(0, 100)],
  lecture: ["Lecture", 0, whole(0, 1)],
};

/** The settings of training that can change while it goes on. */
export const RUNNING = ["optimizer", "eta", "batch", "l1", "l2"];

/** Return what the text of one key says; an error begins with its label. */
function read(key, text) {
  if (!KEYS[key]) fail(`The address has no "${key.slice(0, 30)}"; it has ${keys(KEYS).join(", ")}`);
  try {
    return KEYS[key][2](text);
  } catch (error) {
    fail(`${KEYS[key][0]} ${error.message.length > 200 ? `${error.message.slice(0, 200)}…` : error.message}`);
  }
}

/** Return the state that an address describes, and sentences on what in it cannot be; that is as usual instead. */
export function parse(text) {
  const said = [];
  const state = fromEntries(entries(KEYS).map(([key, [, usual]]) => [key, usual]));
  for (const [key, value] of new URLSearchParams(text.replace(/^#/, ""))) {
    try {
      state[key] = read(key, value);
    } catch (error) {
      said.push(error.message);
    }
  }
  return { state: repair(state, said), said };
}

/** Return the address of a state: only what is not as usual. */
export function format(state) {
  const say = (value) => (Array.isArray(value?.[0]) ? value.map(say).join(";") : String(value));
  return entries(KEYS)
    .filter(([key, [, usual]]) => JSON.stringify(state[key]) !== JSON.stringify(usual))
    .filter(([key]) => key !== "points" || state.data === "points")
    .filter(([key]) => key !== "point" || state.point !== 1 || chosenRows(state).length > 1)
    .map(([key]) => `${key}=${say(state[key])}`)
    .join("&");
}

/** Return the state with its parts made to fit each other; `said` gets a sentence where one does not. */
function repair(state, said) {
  const fixed = { ...state };
  const giveUp = (key, sentence) => {
    said.push(sentence);
    [, fixed[key]] = KEYS[key];
  };
  const rows = chosenRows(fixed);
  if (fixed.cost === "binary_cross_entropy") {
    const needs = (what, choice) => giveUp("cost", `Cost: binary cross-entropy needs ${what} between 0 and 1, so choose ${choice}`);
    if (fixed.output !== "sigmoid") needs("outputs", "Output sigmoid");
    else if (rows.some((row) => row.at(-1) < 0 || row.at(-1) > 1)) needs("targets", "another Cost or another Data set");
  }
  const sizes = sizesOf(fixed);
  const net = new Network(sizes, fixed);
  if (fixed.w && fixed.w.length !== net.size) {
    giveUp("w", `Weights and biases: there are ${fixed.w.length} of them, but the network ${sizes.join("-")} has ${net.size}`);
  }
  if (fixed.past.reduce((sum, row) => sum + row.at(-1), 0) > fixed.steps) {
    giveUp("past", "Earlier settings have more steps than all Steps together");
  }
  fixed.point = min(fixed.point, rows.length);
  const l = min(fixed.unit[0], net.L);
  fixed.unit = [l, clip(fixed.unit[1], 1, sizes[l])];
  return fixed;
}

/** The numbers of nodes: inputs, hidden layers, one output. */
function sizesOf(state) {
  const dimensions = chosenRows(state)[0].length - 1;
  return [inputsOf(state.features, dimensions).length, ...state.layers, 1];
}

/** Return the data, the network and the training, at its start, that a state describes. */
export function build(state) {
  const data = dataset(state);
  const net = new Network(sizesOf(state), state);
  const theta = state.w ?? net.init(state.init, state.seed);
  return { data, net, training: new Training(net, theta, data.train, state.seed, stretches(state)[0]) };
}

export const settingsOf = (state) => fromEntries(RUNNING.map((key) => [key, state[key]]));

/** The stretches of a training: settings, and the step at which each begins. */
export function stretches(state) {
  let from = 0;
  const past = state.past.map((row) => {
    const stretch = { ...fromEntries(RUNNING.map((key, i) => [key, row[i]])), from };
    from += row.at(-1);
    return stretch;
  });
  return [...past, { ...settingsOf(state), from }];
}

/** Return the state after a change of settings at step `steps`: what was taken before stays as it was. */
export function changed(state, steps, settingsNow) {
  const { from } = stretches(state).at(-1);
  const row = [...RUNNING.map((key) => state[key]), steps - from];
  return { ...state, ...settingsNow, steps, past: steps > from ? [...state.past, row] : state.past };
}

/** Return the state as it was at an earlier step. */
export function earlier(state, steps) {
  const all = stretches(state);
  const k = all.findLastIndex(({ from }) => from <= steps);
  return { ...state, ...settingsOf(all[k]), steps, past: state.past.slice(0, k) };
}

/** Write a network as JSON that from_json of the package reads. */
export function toJSON(state, net, theta) {
  return JSON.stringify({
    format: FORMAT,
    sizes: net.sizes,
    hidden: state.layers.map(() => state.hidden),
    output: state.output,
    cost: state.cost,
    layers: net.layers(theta),
  });
}

/** Return the state with the network that to_json of the package wrote, at the start of a training. */
export function fromJSON(text, state) {
  let file;
  try {
    file = JSON.parse(text);
  } catch (error) {
    fail(`this is no JSON: ${error.message}`);
  }
  if (file?.format !== FORMAT) fail(`the format must be "${FORMAT}", not "${file?.format}"`);
  const { sizes, hidden, output, cost, layers } = file;
  if (![sizes, hidden, layers].every(Array.isArray)) fail("sizes, hidden and layers must be lists");
  const [expected] = sizesOf(state);
  if (sizes[0] !== expected || sizes.at(-1) !== 1) {
    fail(`a network for these data has ${expected} inputs and 1 output, but this one is ${sizes}`);
  }
  if (new Set(hidden).size > 1) fail("here all hidden layers have the same activation function");
  const shape = (rows, m, M) => rows?.length === m && rows.every((row) => row?.length === M);
  layers.forEach(({ W, b }, k) => {
    const [m, M] = [sizes[k], sizes[k + 1]];
    if (!shape(W, m, M) || !shape([b], 1, M)) fail(`layer ${k + 1} must have ${m} x ${M} weights and ${M} biases`);
  });
  const theta = [...layers.flatMap(({ W }) => W.flat()), ...layers.flatMap(({ b }) => b)];
  if (!theta.every(Number.isFinite)) fail("all weights and biases must be numbers");
  const chosen = { layers: String(sizes.slice(1, -1)), hidden: hidden[0] ?? state.hidden, output: String(output), cost: String(cost), w: String(theta) };
  const found = fromEntries(entries(chosen).map(([key, value]) => [key, read(key, value)]));
  const said = [];
  const fixed = repair({ ...state, ...found, steps: 0, past: [], at: 0 }, said);
  if (said.length > 0) fail(said[0]);
  return fixed;
}
