// Names that all modules share: those of Math and Object, and what NumPy has and JavaScript lacks.

export const { abs, ceil, cos, exp, expm1, floor, hypot, imul, log10, log1p, max, min, PI, round, sin, sqrt } = Math;
export const { assign, entries, fromEntries, keys } = Object;

/** Refuse, with a sentence that says why. */
export const fail = (why) => {
  throw new Error(why);
};

/** Return 0, 1, ..., n - 1. */
export const range = (n) => Array.from({ length: n }, (_, k) => k);

/** Return a vector of n zeros. */
export const zeros = (n) => new Float64Array(n);

/** Return x, or the end of low to high that it lies beyond; low where there is nothing between them. */
export const clip = (x, low, high) => max(low, min(high, x));
