// Rows of numbers as people have them: commas, semicolons, tabs or blanks between them, decimal commas, a header.

import { abs, fail } from "./builtins.js";

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Return the number that a text says, or NaN; with a typographic minus, or a comma for the point. */
export function numberIn(text) {
  const plain = text.trim().replace(/^["']|["']$/g, "").replace(/[\u2212\u2013]/g, "-").replace(/^([^,]*),([^,]*)$/, "$1.$2");
  return NUMBER.test(plain) ? Number(plain) : NaN;
}

/** Tell what stands between the numbers of a text; a comma that does not is a decimal comma. */
function separatorOf(text) {
  if (text.includes(";")) return /\s*;\s*/;
  if (text.includes("\t")) return /\s*\t\s*/;
  // Blanks between numbers that carry commas: the commas are decimal. After a comma, a blank means nothing.
  return text.includes(",") && !/\d,\d+[ ]+[+-]?\.?\d/.test(text) ? /\s*,\s*/ : /\s+/;
}

/** Read rows of one or two coordinates and a target; throw an error that names the line. */
export function readRows(text, most) {
  // A no-break space is a blank. Rows on one line, such as 0,0,1;1,1,0, have several commas between semicolons.
  let plain = text.replace(/[\ufeff\r]/g, "").replace(/\u00a0/g, " ").replace(/[\u2212\u2013]/g, "-");
  if (!plain.trim().includes("\n") && /,[^;]*,/.test(plain)) plain = plain.replaceAll(";", "\n");
  const separator = separatorOf(plain);
  const rows = [];
  let first = null;
  plain.split("\n").forEach((line, k) => {
    const refuse = (why) => fail(`line ${k + 1}${why}`);
    if (line.trim() === "") return;
    const cells = line.trim().replace(/[\s,;]+$/, "").split(separator);
    const numbers = cells.map(numberIn);
    const words = numbers.every(Number.isNaN) && cells.some((cell) => /\p{L}/u.test(cell));
    if (words && rows.length === 0 && first === null) return void (first = -1); // the header
    const bad = numbers.findIndex(Number.isNaN);
    if (bad >= 0) refuse(`: ${cells[bad] === "" ? `number ${bad + 1} is missing` : `"${cells[bad].slice(0, 30)}" is no number`}`);
    if (numbers.some((value) => abs(value) > 1e6)) refuse(` has a number beyond a million`);
    if (numbers.length < 2 || numbers.length > 3) {
      const count = numbers.length === 1 ? "one number" : `${numbers.length} numbers`;
      refuse(` has ${count}; a row has one or two inputs and the target (with decimal commas, put semicolons or blanks between them)`);
    }
    if (rows.length > 0 && rows[0].length !== numbers.length) {
      refuse(` has ${numbers.length} numbers, but the first row has ${rows[0].length}`);
    }
    rows.push(numbers);
  });
  if (rows.length === 0) fail("there is no row of numbers yet: each line has one or two inputs and the target");
  if (rows.length > most) fail(`there are ${rows.length} rows, and at most ${most} fit`);
  return rows;
}
