// The data sets, each with the lines of Python that make the same numbers.

import { generator } from "./random.js";

const gate = (y) => [[0, 0], [0, 1], [1, 0], [1, 1]].map((x, s) => [...x, y[s]]);
const range = (n) => Array.from({ length: n }, (_, s) => s);
const draw = (n, number) => range(n).map(number);

/** The rows of each data set: inputs first, then the target. Classes are 0 and 1. */
export const DATA = {
  and: { name: "AND", classes: true, rows: () => gate([0, 0, 0, 1]), python: ['X, y = gate("AND")'] },
  or: { name: "OR", classes: true, rows: () => gate([0, 1, 1, 1]), python: ['X, y = gate("OR")'] },
  xor: { name: "XOR", classes: true, rows: () => gate([0, 1, 1, 0]), python: ['X, y = gate("XOR")'] },
  polynomial: {
    name: "The lecture's polynomial",
    rows() {
      const rng = generator(0);
      const points = draw(100, () => [rng.uniform(), rng.uniform()]);
      return points.map(([u, v]) => [u, v, u ** 2 + 3 * u * v + v ** 2 + 5]);
    },
    python: ["X, y = polynomial(100, rng=0)"],
  },
  circles: {
    name: "Circles",
    classes: true,
    rows() {
      const rng = generator(0);
      const radius = draw(200, (_, s) => 0.4 + 0.5 * (s % 2) + rng.normal(0, 0.08));
      const angle = draw(200, () => rng.uniform(0, 2 * Math.PI));
      return range(200).map((s) => [radius[s] * Math.cos(angle[s]), radius[s] * Math.sin(angle[s]), s % 2]);
    },
    python: [
      "rng, y = np.random.default_rng(0), np.arange(200) % 2",
      "radius = 0.4 + 0.5 * y + rng.normal(0, 0.08, 200)",
      "angle = rng.uniform(0, 2 * np.pi, 200)",
      "X = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])",
    ],
  },
  spirals: {
    name: "Spirals",
    classes: true,
    rows() {
      const rng = generator(0);
      const radius = draw(200, () => rng.uniform(0.1, 1));
      const noise = draw(200, () => rng.normal(0, 0.15));
      return range(200).map((s) => {
        const angle = 5 * radius[s] + Math.PI * (s % 2) + noise[s];
        return [radius[s] * Math.cos(angle), radius[s] * Math.sin(angle), s % 2];
      });
    },
    python: [
      "rng, y = np.random.default_rng(0), np.arange(200) % 2",
      "radius = rng.uniform(0.1, 1, 200)",
      "angle = 5 * radius + np.pi * y + rng.normal(0, 0.15, 200)",
      "X = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])",
    ],
  },
  curve: {
    name: "A curve (one input)",
    rows() {
      const rng = generator(0);
      const x = draw(50, () => rng.uniform(-1, 1)).sort((p, q) => p - q);
      return x.map((u) => [u, Math.sin(3 * u) + 0.3 * u ** 2 + rng.normal(0, 0.1)]);
    },
    python: ["x, y = scalar_curve(50, rng=0, noise=0.1)", "X = x[:, np.newaxis]"],
  },
  points: { name: "Your own points" },
};

/** Return { X, y, n, inputs, classes, python } of a data set; `points` are the rows of your own. */
export function dataset(name, points) {
  const found = DATA[name];
  const rows = found.rows ? found.rows() : points;
  const inputs = rows[0].length - 1;
  const python = found.python ?? [
    `X = np.array(${list(rows.map((row) => list(row.slice(0, -1).map(float))))})`,
    `y = np.array(${list(rows.map((row) => float(row.at(-1))))})`,
  ];
  return {
    X: Float64Array.from(rows.flatMap((row) => row.slice(0, -1))),
    y: Float64Array.from(rows.map((row) => row.at(-1))),
    n: rows.length,
    inputs,
    classes: found.classes ?? rows.every((row) => row.at(-1) === 0 || row.at(-1) === 1),
    python,
  };
}

/** Write a number as Python does: with a point or an exponent, and every digit that it takes to read it back. */
export const float = (x) => (Number.isInteger(x) && Math.abs(x) < 1e21 ? `${Object.is(x, -0) ? "-0" : x}.0` : String(x));

/** Write a list as Python does. */
export const list = (items) => `[${items.join(", ")}]`;
