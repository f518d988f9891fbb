// Keys of values, as src/fysstk_book/questions/keys.py makes them: a page holds keys in place of answers.

const SMALLEST = 1e-9;

export const LENGTH = 4; // letters of a key

/** Return a text's key in base 36: FNV-1a, with the last mixing of MurmurHash3. */
export function digest(text) {
  let bits = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) bits = Math.imul(bits ^ byte, 0x01000193);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  bits = (bits ^ (bits >>> 16)) >>> 0;
  return (bits % 36 ** LENGTH).toString(36).padStart(LENGTH, "0");
}

/** Return the key of one entry. A hash knows no "nearly": the page holds the keys of all roundings that count. */
export function keyOf(number, digits, salt, entry) {
  const text = Math.abs(number) < SMALLEST ? "0" : number.toExponential(digits - 1).replace("+", "");
  return digest(`${salt}|${entry}|${text}`);
}
