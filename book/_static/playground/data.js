// The data sets: points of a line or a plane with targets, made into inputs, and split into training and test.
// Each comes with the lines of Python that make the same numbers.

import { abs, cos, max, PI, range, round, sin } from "./builtins.js";
import { generator } from "./random.js";

const gate = (y) => [[0, 0], [0, 1], [1, 0], [1, 1]].map((x, s) => [...x, y[s]]);
const draw = (n, number) => range(n).map(number);

/** The four points of a gate, moved a little where there is noise. */
function moved(rows, noise) {
  if (noise === 0) return rows;
  const rng = generator(0);
  return rows.map(([u, v, y]) => [u + rng.normal(0, noise), v + rng.normal(0, noise), y]);
}

function gateSet(name, y) {
  return {
    name,
    classes: true,
    noise: 0,
    rows: (noise) => moved(gate(y), noise),
    python: (noise) => [`X, y = gate("${name}")`, `X = X + np.random.default_rng(0).normal(0, ${float(noise)}, X.shape)`].slice(0, noise > 0 ? 2 : 1),
  };
}

/** Two classes of points at a radius and an angle around the origin. */
const roundSet = (name, noise, polar, code) => ({
  name,
  classes: true,
  noise,
  rows(level) {
    const [radius, angle] = polar(generator(0), level);
    return range(200).map((s) => [radius[s] * cos(angle[s]), radius[s] * sin(angle[s]), s % 2]);
  },
  python: (level) => [
    "rng, y = np.random.default_rng(0), np.arange(200) % 2",
    ...code(float(level)),
    "X = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])",
  ],
});

/** The rows of each data set at a level of noise: coordinates first, then the target. Classes are 0 and 1. */
export const DATA = {
  and: gateSet("AND", [0, 0, 0, 1]),
  or: gateSet("OR", [0, 1, 1, 1]),
  xor: gateSet("XOR", [0, 1, 1, 0]),
  polynomial: {
    name: "The lecture's polynomial",
    noise: 0,
    rows(noise) {
      const rng = generator(0);
      const points = draw(100, () => [rng.uniform(), rng.uniform()]);
      return points.map(([u, v]) => [u, v, u ** 2 + 3 * u * v + v ** 2 + 5 + rng.normal(0, noise)]);
    },
    python: (noise) => [`X, y = polynomial(100, rng=0${noise > 0 ? `, noise=${float(noise)}` : ""})`],
  },
  circles: roundSet(
    "Circles",
    0.08,
    (rng, noise) => [
      draw(200, (_, s) => 0.4 + 0.5 * (s % 2) + rng.normal(0, noise)),
      draw(200, () => rng.uniform(0, 2 * PI)),
    ],
    (noise) => [`radius = 0.4 + 0.5 * y + rng.normal(0, ${noise}, 200)`, "angle = rng.uniform(0, 2 * np.pi, 200)"],
  ),
  spirals: roundSet(
    "Spirals",
    0.15,
    (rng, noise) => {
      const radius = draw(200, () => rng.uniform(0.1, 1));
      return [radius, radius.map((r, s) => 5 * r + PI * (s % 2) + rng.normal(0, noise))];
    },
    (noise) => ["radius = rng.uniform(0.1, 1, 200)", `angle = 5 * radius + np.pi * y + rng.normal(0, ${noise}, 200)`],
  ),
  curve: {
    name: "A curve (one input)",
    noise: 0.1,
    rows(noise) {
      const rng = generator(0);
      const x = draw(50, () => rng.uniform(-1, 1)).sort((p, q) => p - q);
      return x.map((u) => [u, sin(3 * u) + 0.3 * u ** 2 + rng.normal(0, noise)]);
    },
    python: (noise) => [`x, y = scalar_curve(50, rng=0, noise=${float(noise)})`, "X = x[:, np.newaxis]"],
  },
  points: { name: "Your own rows" },
};

const feature = (sign, needs, python, of) => ({ sign, needs, python, of });

/** What can be an input: its sign, how many coordinates it takes, its Python, and its value at a point. */
export const FEATURES = {
  x1: feature("x₁", 1, "X[:, 0]", ([u]) => u),
  x2: feature("x₂", 2, "X[:, 1]", ([, v]) => v),
  x1x1: feature("x₁²", 1, "X[:, 0] ** 2", ([u]) => u * u),
  x2x2: feature("x₂²", 2, "X[:, 1] ** 2", ([, v]) => v * v),
  x1x2: feature("x₁x₂", 2, "X[:, 0] * X[:, 1]", ([u, v]) => u * v),
  sinx1: feature("sin πx₁", 1, "np.sin(np.pi * X[:, 0])", ([u]) => sin(PI * u)),
  sinx2: feature("sin πx₂", 2, "np.sin(np.pi * X[:, 1])", ([, v]) => sin(PI * v)),
};

/** The sign of an input where the first coordinate is x₀ or x₁. */
export const signOf = (name, first) => (first === 1 ? FEATURES[name].sign : FEATURES[name].sign.replace("x₁", "x₀").replace("x₂", "x₁"));

/** The rows that a state chooses: those of a data set, or your own. */
export const chosenRows = ({ data, noise, points }) => (data === "points" ? points : DATA[data].rows(noise ?? DATA[data].noise));

/** The inputs of a network for points with so many coordinates; the first one if nothing else fits. */
export function inputsOf(features, dimensions) {
  const fitting = features.filter((name) => FEATURES[name].needs <= dimensions);
  return fitting.length > 0 ? fitting : ["x1"];
}

/** The inputs X at points of the plane, or of the line, row after row. */
export const atPoints = (features, points) => Float64Array.from(points.flatMap((x) => features.map((name) => FEATURES[name].of(x))));

/** Everything about the data that a state chooses: all samples, and those for training and for tests. */
export function dataset(state) {
  const rows = chosenRows(state);
  const points = rows.map((row) => row.slice(0, -1));
  const n = rows.length;
  const dimensions = points[0].length;
  const features = inputsOf(state.features, dimensions);
  const y = Float64Array.from(rows, (row) => row.at(-1));
  const X = atPoints(features, points);
  const kept = max(1, round((n * state.share) / 100));
  const order = kept < n ? generator(1).permutation(n) : range(n);
  const part = (chosen) => ({ X: atPoints(features, chosen.map((s) => points[s])), y: Float64Array.from(chosen, (s) => y[s]), n: chosen.length });
  const python = state.data === "points" ? ownPython(rows) : DATA[state.data].python(state.noise ?? DATA[state.data].noise);
  if (String(features) !== String(["x1", "x2"].slice(0, dimensions))) {
    python.push(`X = np.column_stack(${list(features.map((name) => FEATURES[name].python))})`);
  }
  if (kept < n) {
    python.push(`order = np.random.default_rng(1).permutation(${n})`, `train, test = order[:${kept}], order[${kept}:]`);
  }
  return {
    X, y, n, points, dimensions, features, python,
    train: part(order.slice(0, kept)),
    test: kept < n ? part(order.slice(kept)) : null,
    tested: new Set(order.slice(kept)),
    classes: DATA[state.data].classes ?? rows.every((row) => row.at(-1) === 0 || row.at(-1) === 1),
  };
}

const ownPython = (rows) => [
  `X = np.array(${list(rows.map((row) => floats(row.slice(0, -1))))})`,
  `y = np.array(${floats(rows.map((row) => row.at(-1)))})`,
];

/** Write a number as Python does: with a point or an exponent, and every digit that it takes to read it back. */
export function float(x) {
  return Number.isInteger(x) && abs(x) < 1e21 ? `${Object.is(x, -0) ? "-0" : x}.0` : String(x);
}

/** Write a list as Python does. */
export const list = (items) => `[${items.join(", ")}]`;

/** Write a list of numbers. */
export const floats = (numbers) => list(numbers.map(float));
