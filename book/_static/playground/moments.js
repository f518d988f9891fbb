// The two passes as a row of moments: what is computed at each of them, and the numbers that it takes.
//
// Forward, each layer sums, then applies f. Backward, the error of the output is carried along the edges, summed
// at the nodes, and multiplied by f'. Then come the derivatives of all weights, and the step of the training.

import { short } from "./dom.js";

/** The moments of a network whose output is layer L, each with the layer that it is about. */
export function moments(L) {
  const row = [{ kind: "input", l: 0 }];
  for (let l = 1; l <= L; l++) row.push({ kind: "z", l }, { kind: "a", l });
  row.push({ kind: "cost", l: L }, { kind: "output", l: L });
  for (let l = L - 1; l > 0; l--) row.push({ kind: "carry", l }, { kind: "sum", l }, { kind: "delta", l });
  return [...row, { kind: "gradient", l: L }, { kind: "step", l: L }];
}

/** The number of the moment at which the backward pass begins. */
export const backwardFrom = (L) => 2 * L + 2;

/** What a node of layer l shows at moment m: which quantity, or nothing yet. Without a moment: a, or delta. */
export function quantity(l, L, m, backward) {
  const back = backwardFrom(L);
  if (m === null) return backward && l > 0 ? "delta" : "a";
  const delta = back + 3 * (L - l);
  if (l === 0 || m === back + 3 * L - 1) return "a"; // inputs; and after the step
  if (m >= delta) return "delta";
  if (m === delta - 1 && l < L) return "sum";
  if (m >= 2 * l) return "a";
  return m === 2 * l - 1 ? "z" : null;
}

/** What the edges into layer l show at moment m: w, the error that comes back, or the derivative. */
export function flow(l, L, m, backward) {
  const back = backwardFrom(L);
  if (m === null) return backward ? "gradient" : "w";
  if (m === back + 3 * L - 2) return "gradient";
  const carry = back + 1 + 3 * (L - l);
  return l > 1 && m >= carry && m < back + 3 * L - 2 ? "carry" : "w";
}

const WORDS = {
  input: "the inputs",
  z: "the sum",
  a: "the activation",
  cost: "the cost",
  output: "the error of the output",
  carry: "each error ahead, times its weight",
  sum: "their sum at the node",
  delta: "the sum, times the slope",
  gradient: "the derivative of each weight",
  step: "the step of the training",
};

/** Say which moment it is, out of how many. */
export function title(m, row) {
  const { kind, l } = row[m];
  const back = backwardFrom((row.length - 2) / 5);
  const where = ["z", "a", "carry", "sum", "delta"].includes(kind) ? `, ${l < row.at(-1).l ? `hidden layer ${l}` : "output"}` : "";
  return `${m < back ? `Forward ${m + 1} of ${back}` : `Backward ${m - back + 1} of ${row.length - back}`}${where}: ${WORDS[kind]}`;
}

const signed = (value) => (value < 0 ? `(${short(value, 3)})` : short(value, 3));
const add = (terms) => terms.join(" + ") || "0";

/** The numbers of the chosen unit, for each part of the equations: { z: [line, ...], ... }. */
export function lines({ net, theta, shown, state, y, n, first, stepped }) {
  const [l, k] = state.unit;
  const j = k - 1;
  const said = {};
  const write = (part, text) => (said[part] ??= []).push(text);
  if (l === 0) return said;
  const four = (value) => short(value, 4);
  const mean = state.of === "mean" && n > 1;
  const over = `mean over ${n} points: `;
  const [m, M, next] = [net.sizes[l - 1], net.sizes[l], net.sizes[l + 1]];
  const w = (i) => net.W[l] + i * M + j;
  const [z, a, d, inputs] = [shown.z[l][j], shown.a[l][j], shown.delta[l][j], Array.from(shown.a[l - 1])];
  const f = l < net.L ? state.hidden : state.output;
  const slope = four(net.f[l].slope(a));
  // A sum is linear: with means in place of the numbers of one point, it is the mean of the sums.
  write("z", `${mean ? over : ""}z = ${add(inputs.map((x, i) => `${signed(theta[w(i)])}·${signed(x)}`))} + ${signed(theta[net.b[l] + j])} = ${four(z)}`);
  write("a", mean ? `${over}a = ${four(a)}` : `a = ${f}(${four(z)}) = ${four(a)}`);
  write("cost", mean ? `${over}C = ${four(shown.cost)}` : `C = ${four(shown.cost)}, with a = ${four(shown.a[net.L][0])} and y = ${four(y)}`);
  if (l === net.L) {
    const wrong = four(net.C.delta ? net.C.delta(a, y) : net.C.slope(a, y, M));
    const one = net.C.delta ? `δ = a − y = ${four(d)}: f′ cancels with this cost` : `δ = ${signed(Number(wrong.replace("−", "-")))}·${slope} = ${four(d)}`;
    write("output", mean ? `${over}δ = ${four(d)}` : one);
  } else {
    const terms = Array.from(shown.delta[l + 1], (other, q) => `${signed(other)}·${signed(theta[net.W[l + 1] + j * next + q])}`);
    write("carry", `along its edges: ${terms.map((term, q) => `${term} = ${four(shown.delta[l + 1][q] * theta[net.W[l + 1] + j * next + q])}`).join(", ")}`);
    write("sum", `sum = ${add(terms)} = ${four(shown.sum[l][j])}`);
    write("hidden", mean ? `${over}δ = ${four(d)}` : `δ = (${add(terms)})·${slope} = ${four(d)}`);
  }
  for (let i = 0; i < m; i++) {
    const value = four(shown.gradient[w(i)]);
    write("dw", mean ? `from ${i + first}, ${over}${value}` : `from ${i + first}: ${signed(d)}·${signed(inputs[i])} = ${value}`);
  }
  write("db", `bias: ${four(shown.gradient[net.b[l] + j])}`);
  if (stepped) {
    const move = (name, index) => {
      const [before, g, after] = [stepped.before[index], stepped.gradient[index], theta[index]].map((value) => signed(value));
      const way = state.optimizer === "gd" ? `${before} − ${four(state.eta)}·${g} = ${after}` : `${before} → ${after}, with the gradient ${g}`;
      write("step", `${name}: ${way}`);
    };
    for (let i = 0; i < m; i++) move(`from ${i + first}`, w(i));
    move("bias", net.b[l] + j);
  }
  return said;
}

/** The parts of the equations that belong to a moment, or to a unit of layer l where there is none. */
export function partsAt(moment, backward, l, L) {
  if (moment) {
    const others = { carry: ["carry", "hidden"], sum: ["sum", "hidden"], delta: ["hidden"], gradient: ["dw", "db"], input: [] };
    return others[moment.kind] ?? [moment.kind];
  }
  return backward ? [l === L ? "output" : "hidden", "dw", "db"] : ["z", "a"];
}

/** What a reader calls node j of layer l. */
export const nodeName = (l, j, L) => (l === 0 ? `Input ${j}` : l < L ? `Unit ${j} of hidden layer ${l}` : "Output");
