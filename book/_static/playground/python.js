// "Show me the Python": a cell that reproduces the present state with the package fysstk_nn.

import { float, list } from "./data.js";
import { build } from "./state.js";

const OPTIMIZER = { gd: "GradientDescent", momentum: "Momentum", adam: "Adam" };

/** Return the code of a cell. After it, `params` holds the weights that the page shows. */
export function python(state) {
  const { data, net, training } = build(state);
  const { steps } = state;
  const perEpoch = training.stepsPerEpoch;
  const wholeEpochs = steps % perEpoch === 0;
  const byHand = steps > 0 && !wholeEpochs;
  const optimizer = `${OPTIMIZER[state.optimizer]}(${float(state.eta)})`;
  const penalty = state.l2 > 0 ? `, penalty=Penalty(l2=${float(state.l2)})` : "";

  const imports = ["import numpy as np", ""];
  if (penalty) imports.push("from fysstk_nn.costs import Penalty");
  const maker = data.python.join("\n").match(/\b(gate|polynomial|scalar_curve)\(/);
  if (maker) imports.push(`from fysstk_nn.datasets import ${maker[1]}`);
  imports.push("from fysstk_nn.mlp import MLP");
  if (steps > 0) imports.push(`from fysstk_nn.optimizers import ${OPTIMIZER[state.optimizer]}`);
  if (state.w) imports.push("from fysstk_nn.params import Params");
  if (steps > 0 && wholeEpochs) imports.push("from fysstk_nn.train import fit");

  const start = state.w
    ? [
        "params = Params.from_layers([",
        ...net.sizes.slice(1).map((_, k) => `    (${matrix(net, training.theta, k + 1)}, ${bias(net, training.theta, k + 1)}),`),
        "])",
      ]
    : [`params = net.init("${state.init}", rng=${state.seed})`];

  return [
    ...imports,
    "",
    ...data.python,
    `net = MLP((${net.sizes.join(", ")}), hidden="${state.hidden}", output="${state.output}", cost="${state.cost}")`,
    ...start,
    ...(steps === 0 ? [] : byHand ? stepByStep(state, optimizer, training, data.n, penalty) : epochs(state, optimizer, perEpoch, data.n)),
    "",
    `print("cost:", net.cost_of(params, X, y${penalty}))`,
    `point = slice(${state.point - 1}, ${state.point})  # point number ${state.point}`,
    "trace = net.forward(params, X[point])",
    "delta = net.deltas(params, trace, y[point])",
    "for l in range(1, net.L + 1):",
    '    print(f"layer {l}: z = {trace.z[l][0]}, a = {trace.a[l][0]}, delta = {delta[l][0]}")',
    "",
  ].join("\n");
}

/** Whole epochs: fit does it. */
function epochs(state, optimizer, perEpoch, n) {
  const extra = [
    ...(state.batch > 0 && state.batch < n ? [`batch_size=${state.batch}`, `rng=${state.seed}`] : []),
    ...(state.l2 > 0 ? [`l2=${float(state.l2)}`] : []),
  ];
  const options = [`optimizer=${optimizer}`, `epochs=${state.steps / perEpoch}`, ...extra].join(", ");
  return [`params = fit(net, params, X, y, ${options}).params`];
}

/** An epoch that is not finished: the same steps, one by one. */
function stepByStep(state, optimizer, training, n, penalty) {
  return [
    `optimizer, rng = ${optimizer}, np.random.default_rng(${state.seed})`,
    "memory = optimizer.init(params.theta)",
    `for step in range(${state.steps}):`,
    `    batch = step % ${training.stepsPerEpoch}`,
    `    order = rng.permutation(${n}) if batch == 0 else order`,
    `    rows = order[batch * ${training.batch} : (batch + 1) * ${training.batch}]`,
    `    gradient = net.gradient(params, X[rows], y[rows]${penalty})`,
    "    optimizer.step(params.theta, gradient.theta, memory)",
  ];
}

function matrix(net, theta, l) {
  const M = net.sizes[l];
  const row = (i) => list(Array.from(theta.subarray(net.W[l] + i * M, net.W[l] + (i + 1) * M), float));
  return list(Array.from({ length: net.sizes[l - 1] }, (_, i) => row(i)));
}

function bias(net, theta, l) {
  return list(Array.from(theta.subarray(net.b[l], net.b[l] + net.sizes[l]), float));
}
