// A fully connected network: forward pass, backpropagation and optimizers, as in the package fysstk_nn.
//
// Layers are l = 0, 1, ..., L with M_l = sizes[l] nodes. All parameters stand in one vector theta: first the
// weights, layer by layer, then the biases. W[i, j] leads from node i to node j. A batch of n samples is a
// vector too, row after row: a[l][s * M_l + j] is what node j of layer l says to sample s.

import { abs, assign, exp, expm1, hypot, log1p, max, min, range, sqrt, zeros } from "./builtins.js";
import { generator } from "./random.js";

const softplus = (z) => max(z, 0) + log1p(exp(-abs(z)));

/** Each activation function a = f(z), and its derivative f'(z) written through the output a. */
export const ACTIVATIONS = {
  identity: { f: (z) => z, slope: () => 1 },
  step: { f: (z) => (z > 0 ? 1 : 0), slope: () => 0 },
  sigmoid: { f: (z) => 1 / (1 + exp(-z)), slope: (a) => a * (1 - a) },
  tanh: { f: Math.tanh, slope: (a) => 1 - a * a },
  relu: { f: (z) => (z > 0 ? z : 0), slope: (a) => (a > 0 ? 1 : 0) },
  leaky_relu: { f: (z) => (z > 0 ? z : 0.01 * z), slope: (a) => (a > 0 ? 1 : 0.01) },
  elu: { f: (z) => (z > 0 ? z : expm1(z)), slope: (a) => (a > 0 ? 1 : a + 1) },
  softplus: { f: softplus, slope: (a) => -expm1(-a) },
};

/** The cost of one output node of one sample, and its derivative by a; M is the number of output nodes. */
export const COSTS = {
  half_squared_error: { of: (z, a, y) => 0.5 * (a - y) ** 2, slope: (a, y) => a - y },
  mean_squared_error: { of: (z, a, y, M) => (a - y) ** 2 / M, slope: (a, y, M) => (2 * (a - y)) / M },
  // For a sigmoid: -log a = softplus(-z); and delta is a - y, because the factor a (1 - a) cancels.
  binary_cross_entropy: { of: (z, a, y) => y * softplus(-z) + (1 - y) * softplus(z), delta: (a, y) => a - y },
};

/** How weights are drawn: the standard deviation, from the numbers of nodes below and above. */
export const INITIALISERS = {
  glorot: (below, above) => sqrt(2 / (below + above)),
  he: (below) => sqrt(2 / below),
  lecun: (below) => sqrt(1 / below),
  normal: () => 1,
  zeros: () => 0,
};

export class Network {
  constructor(sizes, { hidden, output, cost }) {
    this.sizes = sizes;
    this.L = sizes.length - 1;
    this.f = sizes.map((_, l) => ACTIVATIONS[l < this.L ? hidden : output]);
    this.C = COSTS[cost];
    let end = 0;
    const place = (count) => (end += count) - count;
    this.W = sizes.map((M, l) => (l === 0 ? null : place(sizes[l - 1] * M))); // where W[l] starts in theta
    this.weights = end;
    this.b = sizes.map((M, l) => (l === 0 ? null : place(M)));
    this.size = end;
  }

  /** Return parameters to start from: the same as net.init(scheme, rng=seed) in Python. */
  init(scheme, seed) {
    const rng = generator(seed);
    const theta = zeros(this.size);
    for (let l = 1; l <= this.L; l++) {
      const [below, above] = [this.sizes[l - 1], this.sizes[l]];
      const deviation = INITIALISERS[scheme](below, above);
      for (let k = 0; k < below * above && deviation > 0; k++) {
        theta[this.W[l] + k] = rng.normal(0, deviation);
      }
    }
    return theta;
  }

  /** Return each layer's weights as rows, and its biases: [{ W, b }, ...]. */
  layers(theta) {
    const part = (start, count) => [...theta.slice(start, start + count)];
    return this.sizes.slice(1).map((M, k) => ({
      W: range(this.sizes[k]).map((i) => part(this.W[k + 1] + i * M, M)),
      b: part(this.b[k + 1], M),
    }));
  }

  /** Return room for the passes of n samples with the inputs X. */
  trace(X, n) {
    const rows = () => this.sizes.map((M, l) => (l === 0 ? null : zeros(n * M)));
    const trace = { n, z: rows(), a: rows(), delta: rows() };
    trace.a[0] = X;
    return trace;
  }

  /** The forward pass: z^l = a^(l-1) W^l + b^l and a^l = f^l(z^l). */
  forward(theta, { n, z, a }) {
    for (let l = 1; l <= this.L; l++) {
      const [m, M, W, b, f] = [this.sizes[l - 1], this.sizes[l], this.W[l], this.b[l], this.f[l].f];
      const [below, zl, al] = [a[l - 1], z[l], a[l]];
      for (let s = 0; s < n; s++) {
        for (let j = 0; j < M; j++) {
          let sum = theta[b + j];
          for (let i = 0; i < m; i++) sum += below[s * m + i] * theta[W + i * M + j];
          zl[s * M + j] = sum;
          al[s * M + j] = f(sum);
        }
      }
    }
  }

  /** The backward pass: fills delta[l] = dC/dz^l and the gradient dC/dtheta, for targets y. */
  backprop(theta, { n, a, delta }, y, gradient) {
    const outputs = this.sizes[this.L];
    for (let k = 0; k < n * outputs; k++) {
      const out = a[this.L][k];
      const d = this.C.delta ? this.C.delta(out, y[k]) : this.C.slope(out, y[k], outputs) * this.f[this.L].slope(out);
      delta[this.L][k] = d / n;
    }
    gradient.fill(0);
    for (let l = this.L; l > 0; l--) {
      const [m, M, W, b] = [this.sizes[l - 1], this.sizes[l], this.W[l], this.b[l]];
      const [below, d, back] = [a[l - 1], delta[l], delta[l - 1]];
      const slope = this.f[l - 1].slope;
      for (let s = 0; s < n; s++) {
        for (let j = 0; j < M; j++) gradient[b + j] += d[s * M + j];
        for (let i = 0; i < m; i++) {
          const input = below[s * m + i];
          let sum = 0;
          for (let j = 0; j < M; j++) {
            gradient[W + i * M + j] += input * d[s * M + j];
            sum += d[s * M + j] * theta[W + i * M + j];
          }
          if (l > 1) back[s * m + i] = sum * slope(input);
        }
      }
    }
  }

  /** The mean cost of the samples of a trace, without penalty. */
  cost({ n, z, a }, y) {
    const outputs = this.sizes[this.L];
    let total = 0;
    for (let k = 0; k < n * outputs; k++) total += this.C.of(z[this.L][k], a[this.L][k], y[k], outputs);
    return total / n;
  }

  /** The penalty: l1 times the sum of |w|, and l2/2 times the sum of w^2, over all weights and no biases. */
  penalty(theta, { l1, l2 }) {
    let [sizes, squares] = [0, 0];
    for (let k = 0; k < this.weights; k++) {
      sizes += abs(theta[k]);
      squares += theta[k] ** 2;
    }
    return l1 * sizes + 0.5 * l2 * squares;
  }

  /** The share of samples that are on the right side of 1/2. */
  accuracy({ n, a }, y) {
    let right = 0;
    for (let s = 0; s < n; s++) right += (a[this.L][s] > 0.5) === (y[s] > 0.5);
    return right / n;
  }

  /** The size of delta^l for each layer l = 1, ..., L: the root of its mean square over nodes and samples. */
  errors({ n, delta }) {
    return this.sizes.slice(1).map((M, k) => (n * hypot(...delta[k + 1])) / sqrt(n * M));
  }

  /** The length of dC/dW^l for each layer l = 1, ..., L. */
  norms(gradient) {
    return this.layers(gradient).map(({ W }) => hypot(...W.flat()));
  }
}

/** Each optimizer changes theta in place, against the gradient g, in step t = 1, 2, ... */
export const OPTIMIZERS = {
  gd(theta, g, eta) {
    for (let k = 0; k < theta.length; k++) theta[k] -= eta * g[k];
  },
  momentum(theta, g, eta, t, [v]) {
    for (let k = 0; k < theta.length; k++) {
      v[k] = 0.9 * v[k] + g[k];
      theta[k] -= eta * v[k];
    }
  },
  adam(theta, g, eta, t, [m, v]) {
    for (let k = 0; k < theta.length; k++) {
      m[k] = 0.9 * m[k] + (1 - 0.9) * g[k];
      v[k] = 0.999 * v[k] + (1 - 0.999) * g[k] ** 2;
      const [mean, square] = [m[k] / (1 - 0.9 ** t), v[k] / (1 - 0.999 ** t)];
      theta[k] -= (eta * mean) / (sqrt(square) + 1e-8);
    }
  },
};

/** A run of training, step by step: the steps that fit(net, params, X, y, ..., rng=seed) takes in Python. */
export class Training {
  constructor(net, theta, { X, y, n }, seed, settings) {
    assign(this, { net, X, y, n });
    this.theta = Float64Array.from(theta);
    this.gradient = zeros(net.size);
    this.rng = generator(seed);
    this.steps = 0;
    this.set(settings);
  }

  /** Go on with other settings: another optimizer remembers nothing, and another batch size deals afresh. */
  set({ optimizer, eta, batch, l1, l2 }) {
    const size = batch > 0 ? min(batch, this.n) : this.n;
    if (size !== this.batch) this.order = [];
    if (optimizer !== this.optimizer) {
      this.memory = [zeros(this.net.size), zeros(this.net.size)];
      this.t = 0;
    }
    assign(this, { optimizer, eta, l1, l2, batch: size });
  }

  /** The inputs and targets of the next batch; all samples, or the next few of a shuffled deck. */
  next() {
    if (this.batch === this.n) return [this.X, this.y, this.n];
    if (this.order.length === 0) this.order = this.rng.permutation(this.n);
    const rows = this.order.splice(0, this.batch);
    const pick = (values) => {
      const width = values.length / this.n;
      return Float64Array.from(rows.flatMap((row) => Array.from(values.subarray(row * width, (row + 1) * width))));
    };
    return [pick(this.X), pick(this.y), rows.length];
  }

  /** Take one step along the gradient of one batch. */
  step() {
    const { net, theta, gradient } = this;
    const [X, y, n] = this.next();
    if (this.trace?.n !== n) this.trace = net.trace(X, n);
    this.trace.a[0] = X;
    net.forward(theta, this.trace);
    net.backprop(theta, this.trace, y, gradient);
    for (let k = 0; k < net.weights; k++) gradient[k] += this.l2 * theta[k] + this.l1 * Math.sign(theta[k]);
    this.steps += 1;
    this.t += 1;
    OPTIMIZERS[this.optimizer](theta, gradient, this.eta, this.t, this.memory);
  }
}
