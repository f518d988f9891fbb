// What people type for a number, a vector or a small matrix, read without running any of it.

const FUNCTIONS = {
  sqrt: Math.sqrt, exp: Math.exp, ln: Math.log, log: Math.log, log10: Math.log10, log2: Math.log2, abs: Math.abs,
  sin: Math.sin, cos: Math.cos, tan: Math.tan, sinh: Math.sinh, cosh: Math.cosh, tanh: Math.tanh,
};
const CONSTANTS = { e: Math.E, pi: Math.PI };
// The many signs of keyboards, and what only wraps an answer, in Python or on paper.
const PLAIN = [
  [/[\u2010-\u2015\u2212\ufe63\uff0d]/gu, "-"],
  [/\*\*/gu, "^"],
  [/[·⋅×∗•]|(?<=\d)\s*[xX]\s*(?=\d)/gu, "*"],
  [/[÷∕⁄]/gu, "/"],
  [/√/gu, "sqrt "],
  [/π/gu, "pi"],
  [/²/gu, "^2"],
  [/³/gu, "^3"],
  [/½/gu, "(1/2)"],
  [/¼/gu, "(1/4)"],
  [/¾/gu, "(3/4)"],
  [/，/gu, ","],
  [/；/gu, ";"],
  [/\b(?:np|numpy|math)\./gu, ""],
  [/\b(?:array|float\d*|int\d*)\s*\(/gu, "("],
  [/,\s*dtype\s*=\s*[\w.]+/gu, ""],
  [/^.*[=≈]|^\s*~/su, ""],
  [/(?<=\d\.\d+)\.\s*$/u, ""],
];
const BLANK = /[\s\u200b\ufeff]*/uy;
const TOKEN = /((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(\p{L}[\p{L}\d_]*)|[-+*/^()[\],;]/uy;
const MOST = 64; // entries of an answer

/** Something that was not understood; its message is one sentence for the reader. */
export class NotUnderstood extends Error {}

/**
 * Return { values, shape, tree } of what was typed, row by row. Of the shapes that an answer may have, the one that
 * is asked for comes first: it says what a comma is.
 */
export function read(typed, shapes) {
  const text = PLAIN.reduce((sofar, [sign, plain]) => sofar.replace(sign, plain), typed).trim();
  if (!text) throw new NotUnderstood("Type your answer first.");
  const readings = [];
  let problem;
  for (const way of waysToRead(text)) {
    try {
      readings.push(whole(new Reader(way)));
    } catch (error) {
      if (!(error instanceof NotUnderstood)) throw error;
      problem ??= error;
    }
  }
  for (const shape of shapes) {
    const fits = readings.find((reading) => squeezed(reading.shape) === squeezed(shape));
    if (fits) return { ...fits, shape };
  }
  if (!readings.length) throw problem;
  throw new NotUnderstood(`I read ${named(readings[0].shape)}; ${asked(shapes[0])}.`);
}

/** Yield ways to read a text, the likelier first: a comma keeps entries apart, or is a decimal comma. */
function* waysToRead(text) {
  const tokens = tokensOf(text);
  yield { tokens, loose: false };
  yield { tokens, loose: true };
  if (!/\d,\d/u.test(text) || /\d\.\d/u.test(text)) return;
  const points = tokensOf(text.replace(/(?<=\d),(?=\d)/gu, "."));
  yield { tokens: points, loose: false };
  yield { tokens: points, loose: true };
}

function tokensOf(text) {
  const tokens = [];
  const skip = (at) => {
    BLANK.lastIndex = at;
    BLANK.exec(text);
    return BLANK.lastIndex;
  };
  for (let at = skip(0); at < text.length; at = skip(TOKEN.lastIndex)) {
    const blank = tokens.length > 0 && at > TOKEN.lastIndex;
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    const sign = String.fromCodePoint(text.codePointAt(at));
    if (sign === "%") throw new NotUnderstood("Write a plain number, without %.");
    if (!match) throw new NotUnderstood(`I do not understand “${sign}”.`);
    const tight = skip(TOKEN.lastIndex) === TOKEN.lastIndex;
    tokens.push({ text: match[0], number: match[1], name: match[2], blank, tight });
    TOKEN.lastIndex = at + match[0].length;
  }
  return tokens;
}

/** Read all there is; return its shape, its values and its tree. */
function whole(reader) {
  let tree = reader.list("");
  while (tree.items?.length === 1 && tree.items[0].items) [tree] = tree.items; // brackets around brackets
  const rows = (tree.items ?? [tree]).map((row) => row.items ?? [row]);
  const matrix = Boolean(tree.items?.some((row) => row.items));
  if (rows.some((row) => row.length !== rows[0].length || row.some((entry) => entry.items)))
    throw new NotUnderstood("The rows must be equally long.");
  const values = rows.flat().map((entry) => entry.value);
  if (values.length > MOST) throw new NotUnderstood("These are more numbers than any answer has.");
  if (!values.every(Number.isFinite)) throw new NotUnderstood("This is not a finite number.");
  const shape = matrix ? [rows.length, rows[0].length] : tree.items ? [rows.length] : [];
  return { shape, values, tree };
}

const squeezed = (shape) => shape.filter((side) => side > 1).join();

const count = (many, one, more) => `${many} ${many === 1 ? one : more}`;

function named(shape) {
  if (shape.length === 0) return "one number";
  if (shape.length === 1) return `a vector with ${count(shape[0], "entry", "entries")}`;
  return `a matrix with ${count(shape[0], "row", "rows")} and ${count(shape[1], "column", "columns")}`;
}

/** Say what is asked for. */
export function asked(shape) {
  const example = ["", ", such as 1, 2", ", its rows with ; between them, such as 1, 2; 3, 4"][shape.length];
  return `the answer is ${named(shape)}${example}`;
}

/**
 * Reads tokens from left to right, the loosest sign first: rows, entries, sums, products, powers.
 * A node of its tree has a value, or items if it is a list. Where it is loose, or inside brackets, a minus with a
 * blank before it and none behind it begins an entry, as NumPy prints [0.1 -0.2].
 */
class Reader {
  constructor({ tokens, loose }) {
    Object.assign(this, { tokens, at: 0, depth: loose ? 1 : 0 });
  }

  get now() {
    return this.tokens[this.at];
  }

  is(...signs) {
    return this.now !== undefined && signs.includes(this.now.text);
  }

  take(...signs) {
    return this.is(...signs) ? this.tokens[this.at++].text : "";
  }

  /** Read rows up to a closing bracket, or to the end. */
  list(close) {
    const rows = [this.row(close)];
    while (this.take(";")) if (this.now && !this.is(close)) rows.push(this.row(close));
    if (close ? !this.take(close) : this.now)
      throw new NotUnderstood(this.now ? `I do not understand “${this.now.text}” there.` : `A closing ${close} is missing.`);
    const items = rows.length > 1 ? rows.map((row) => (row.length > 1 ? { items: row } : row[0])) : rows[0];
    return items.length > 1 || close === "]" ? { items, column: rows.length > 1 } : { ...items[0], inBrackets: close !== "" };
  }

  row(close) {
    const entries = [this.sum()];
    while (this.now && !this.is(";", close)) {
      const comma = this.take(",");
      if (comma && (!this.now || this.is(";", close))) break; // one too many, at the end
      if (!comma && !this.begins()) break;
      entries.push(this.sum());
    }
    return entries;
  }

  /** Tell whether an entry begins here without a comma before it. */
  begins() {
    return this.is("(", "[") || (this.now.blank && Boolean(this.now.number || this.now.name || this.signed()));
  }

  signed() {
    return this.depth > 0 && this.now?.blank && this.now.tight && this.is("+", "-");
  }

  sum() {
    let left = this.product();
    while (this.is("+", "-") && !this.signed()) {
      const sign = this.take("+", "-");
      const right = this.product();
      left = both(sign, left, right, (a, b) => (sign === "+" ? a + b : a - b));
    }
    return left;
  }

  product() {
    let factor = this.signs();
    let left = factor;
    for (;;) {
      const sign = this.take("*", "/");
      if (!sign && !this.follows(factor)) return left;
      factor = this.signs();
      left = sign === "/" ? both("/", left, factor, (a, b) => a / b) : both("*", left, factor, (a, b) => a * b);
    }
  }

  /** Tell whether a factor follows without a sign: 2 sqrt(2), 2(1 + e). */
  follows(factor) {
    if (!this.now || factor.items) return false;
    return this.now.name ? factor.kind === "number" : this.is("(") && !this.now.blank;
  }

  signs() {
    if (this.take("+")) return this.signs();
    return this.take("-") ? one("minus", this.signs(), (a) => -a) : this.power();
  }

  power() {
    const base = this.atom();
    return this.take("^") ? both("^", base, this.signs(), (a, b) => a ** b) : base;
  }

  atom() {
    const token = this.tokens[this.at++];
    if (!token) throw new NotUnderstood("Something is missing at the end.");
    if (token.number) return { kind: "number", text: token.text, value: Number(token.text) };
    if (token.name) return this.name(token.text);
    const close = { "(": ")", "[": "]" }[token.text];
    if (!close) throw new NotUnderstood(`I do not understand “${token.text}” there.`);
    if (++this.depth > 20) throw new NotUnderstood("These are too many brackets.");
    const inside = this.list(close);
    this.depth--;
    return inside;
  }

  name(text) {
    const name = text.toLowerCase();
    if (Object.hasOwn(CONSTANTS, name)) return { kind: "constant", text: name, value: CONSTANTS[name] };
    if (!Object.hasOwn(FUNCTIONS, name))
      throw new NotUnderstood(`I do not know “${text}”: the answer is made of numbers.`);
    if (!this.is("(") && !(name === "sqrt" && this.now?.number))
      throw new NotUnderstood(`Write brackets after ${name}, as in ${name}(2).`);
    return { ...one("call", this.atom(), FUNCTIONS[name]), text: name };
  }
}

function one(kind, a, compute) {
  if (a.items) throw new NotUnderstood("I calculate with numbers, not with lists.");
  return { kind, a, value: compute(a.value) };
}

function both(kind, a, b, compute) {
  if (a.items || b.items) throw new NotUnderstood("I calculate with numbers, not with lists.");
  return { kind, a, b, value: compute(a.value, b.value) };
}
