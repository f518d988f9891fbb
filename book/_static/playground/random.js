// NumPy's random numbers: generator(seed) draws what np.random.default_rng(seed) draws in Python.
// So a seed means the same network and the same batches on this page and in a notebook.

import { exp, imul, log1p, range, sqrt, zeros } from "./builtins.js";

const LOW32 = 0xffffffffn;
const LOW64 = (1n << 64n) - 1n;
const LOW128 = (1n << 128n) - 1n;

/** Turn a seed into eight well mixed 32-bit words: NumPy's SeedSequence. */
function seedWords(seed) {
  const shift = (value) => (value ^ (value >>> 16)) >>> 0;
  let constant = 0x43b0d7e5;
  const hash = (value) => {
    value ^= constant;
    constant = imul(constant, 0x931e8875);
    return shift(imul(value, constant));
  };
  const mix = (x, y) => shift((imul(0xca01f9dd, x) - imul(0x4973f715, y)) | 0);
  const pool = [seed, 0, 0, 0].map(hash);
  for (let from = 0; from < 4; from++) {
    for (let to = 0; to < 4; to++) {
      if (from !== to) pool[to] = mix(pool[to], hash(pool[from]));
    }
  }
  constant = 0x8b51f9dd;
  return range(8).map((i) => {
    const value = pool[i % 4] ^ constant;
    constant = imul(constant, 0x58f38ded);
    return shift(imul(value, constant));
  });
}

// The ziggurat (Marsaglia and Tsang 2000): 255 strips of equal area under the bell curve, and its tail.
const R = 3.6541528853610088;
const bell = (x) => exp(-0.5 * x * x);
const EDGE = zeros(256); // the right ends of the strips; EDGE[0] is the top, at x = 0
const WIDTH = zeros(256); // what a 52-bit integer is multiplied by
const INSIDE = zeros(256); // integers below this need no further look
{
  const area = 0.004928673233974655;
  EDGE[255] = R;
  for (let i = 254; i > 0; i--) {
    EDGE[i] = sqrt(-2 * Math.log(area / EDGE[i + 1] + bell(EDGE[i + 1])));
  }
  for (let i = 1; i < 256; i++) {
    WIDTH[i] = EDGE[i] / 2 ** 52;
    INSIDE[i] = (EDGE[i - 1] / EDGE[i]) * 2 ** 52;
  }
  WIDTH[0] = area / bell(R) / 2 ** 52;
  INSIDE[0] = ((R * bell(R)) / area) * 2 ** 52;
}

/** Return a random generator: NumPy's PCG64. The seed is a whole number from 0 to 2^32 - 1. */
export function generator(seed) {
  const words = seedWords(seed).map(BigInt);
  const pair = (i) => (words[i + 1] << 32n) | words[i];
  const increment = ((((pair(4) << 64n) | pair(6)) << 1n) | 1n) & LOW128;
  let state = increment;
  const advance = () => (state = (state * 0x2360ed051fc65da44385df649fccf645n + increment) & LOW128);
  state = (state + ((pair(0) << 64n) | pair(2))) & LOW128;
  advance();

  let half = null; // a 64-bit number is used twice where 32 bits are asked for

  function next64() {
    advance();
    const x = (state >> 64n) ^ (state & LOW64);
    const turn = state >> 122n;
    return ((x >> turn) | (x << (64n - turn))) & LOW64;
  }

  function next32() {
    if (half !== null) {
      const kept = half;
      half = null;
      return kept;
    }
    const both = next64();
    half = both >> 32n;
    return both & LOW32;
  }

  /** Return a number between 0 and 1. */
  const random = () => Number(next64() >> 11n) / 2 ** 53;

  /** Return a number from the standard normal distribution. */
  function standardNormal() {
    for (;;) {
      const bits = next64();
      const i = Number(bits & 0xffn);
      const size = Number((bits >> 9n) & ((1n << 52n) - 1n));
      const x = (bits & 0x100n ? -1 : 1) * size * WIDTH[i];
      if (size < INSIDE[i]) return x;
      if (i > 0) {
        const [top, bottom] = [bell(EDGE[i - 1]), bell(EDGE[i])];
        if (bottom + (top - bottom) * random() < bell(x)) return x;
        continue;
      }
      for (;;) {
        const beyond = -log1p(-random()) / R;
        const y = -log1p(-random());
        if (2 * y > beyond * beyond) return (bits >> 17n) & 1n ? -(R + beyond) : R + beyond;
      }
    }
  }

  /** Return a whole number from 0 to last, all equally likely: draw as many bits as it takes, until one fits. */
  function below(last) {
    const mask = BigInt(2 ** (32 - Math.clz32(last)) - 1);
    for (;;) {
      const number = Number(next32() & mask);
      if (number <= last) return number;
    }
  }

  return {
    uniform: (low = 0, high = 1) => low + (high - low) * random(),
    normal: (mean, deviation) => mean + deviation * standardNormal(),
    permutation(n) {
      const order = range(n);
      for (let i = n - 1; i > 0; i--) {
        const j = below(i);
        [order[i], order[j]] = [order[j], order[i]];
      }
      return order;
    },
  };
}
