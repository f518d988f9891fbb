// "Show me the Python": a cell that reproduces the present state with the package fysstk_nn.

import { float, floats, list } from "./data.js";
import { ceil, min, range } from "./builtins.js";
import { build, stretches } from "./state.js";

const CLASSES = { gd: "GradientDescent", momentum: "Momentum", adam: "Adam" };
const penaltyOf = ({ l1, l2 }) => [l1 > 0 && `l1=${float(l1)}`, l2 > 0 && `l2=${float(l2)}`].filter(Boolean).join(", ");

/** Return the code of a cell. After it, `params` holds the weights that the page shows. */
export function python(state) {
  const { data, net, training } = build(state);
  const { steps } = state;
  const parts = stretches(state).map((stretch, k, all) => ({ ...stretch, steps: (all[k + 1]?.from ?? steps) - stretch.from })).filter((part) => part.steps > 0);
  const perEpoch = training.batch > 0 ? ceil(data.train.n / training.batch) : 1;
  const fitted = parts.length === 1 && steps % perEpoch === 0;
  const byHand = steps > 0 && !fitted;
  const penalty = penaltyOf(state);
  const penalised = penalty || (byHand && parts.some(penaltyOf));
  const [X, y] = data.test ? ["X[train]", "y[train]"] : ["X", "y"];

  const imports = ["import numpy as np", ""];
  const take = (module, names) => imports.push(`from fysstk_nn.${module} import ${names}`);
  if (penalised) take("costs", "Penalty");
  const maker = data.python.join("\n").match(/\b(gate|polynomial|scalar_curve)\(/);
  if (maker) take("datasets", maker[1]);
  take("mlp", "MLP");
  const classes = [...new Set(parts.map((part) => CLASSES[part.optimizer]))].sort();
  if (classes.length > 0) take("optimizers", classes.join(", "));
  if (state.w) take("params", "Params");
  if (fitted) take("train", "fit");

  const start = state.w
    ? [
        "params = Params.from_layers([",
        ...net.layers(training.theta).map(({ W, b }) => `    (${list(W.map(floats))}, ${floats(b)}),`),
        "])",
      ]
    : [`params = net.init("${state.init}", rng=${state.seed})`];

  return [
    ...imports,
    "",
    ...data.python,
    `net = MLP((${net.sizes.join(", ")}), hidden="${state.hidden}", output="${state.output}", cost="${state.cost}")`,
    ...start,
    ...(byHand ? stepByStep(state, parts, data.train.n, X, y) : fitted ? epochs(state, parts[0], steps / perEpoch, data.train.n, X, y) : []),
    "",
    `print("cost:", net.cost_of(params, ${X}, ${y}${penalty && `, penalty=Penalty(${penalty})`}))`,
    ...(data.test ? ['print("test cost:", net.cost_of(params, X[test], y[test]))'] : []),
    `point = slice(${state.point - 1}, ${state.point})  # point number ${state.point}`,
    "trace = net.forward(params, X[point])",
    "delta = net.deltas(params, trace, y[point])",
    "for l in range(1, net.L + 1):",
    '    print(f"layer {l}: z = {trace.z[l][0]}, a = {trace.a[l][0]}, delta = {delta[l][0]}")',
    "",
  ].join("\n");
}

const construct = ({ optimizer, eta }) => `${CLASSES[optimizer]}(${float(eta)})`;

/** Whole epochs with the same settings: fit does it. */
function epochs(state, part, count, n, X, y) {
  const extra = [
    ...(part.batch > 0 && part.batch < n ? [`batch_size=${part.batch}`, `rng=${state.seed}`] : []),
    ...[penaltyOf(part)].filter(Boolean),
  ];
  return [`params = fit(net, params, ${X}, ${y}, ${[`optimizer=${construct(part)}`, `epochs=${count}`, ...extra].join(", ")}).params`];
}

/** An epoch that is not finished, or settings that changed on the way: the same steps, one by one. */
function stepByStep(state, parts, n, X, y) {
  const shuffles = parts.some(({ batch }) => batch > 0 && batch < n);
  const code = [`X_train, y_train = ${X}, ${y}`, ...(shuffles ? [`rng = np.random.default_rng(${state.seed})`] : [])];
  let [last, size] = [null, null];
  for (const part of parts) {
    const batch = part.batch > 0 ? min(part.batch, n) : n;
    code.push(`optimizer = ${construct(part)}`);
    if (part.optimizer !== last) code.push("memory = optimizer.init(params.theta)");
    if (batch < n && batch !== size) code.push("order = []");
    [last, size] = [part.optimizer, batch];
    const penalty = penaltyOf(part);
    code.push(`for step in range(${part.steps}):`);
    if (batch < n) {
      code.push(
        `    order = order if len(order) else rng.permutation(${n})`,
        `    rows, order = order[:${batch}], order[${batch}:]`,
      );
    }
    const rows = batch < n ? "[rows]" : "";
    code.push(
      `    gradient = net.gradient(params, X_train${rows}, y_train${rows}${penalty && `, penalty=Penalty(${penalty})`})`,
      "    optimizer.step(params.theta, gradient.theta, memory)",
    );
  }
  return code;
}
