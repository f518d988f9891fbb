// What an answer is: right, right up to rounding, a mistake that is known, nearly right, or none of these.

import { digest, keyOf, LENGTH } from "./keys.js";

const KEYS = new RegExp(`.{${LENGTH}}`, "gu");

/** Return the shapes that an answer to a set of numbers may have, that of the right one first. */
export function shapes({ shape, wrong }) {
  return [shape, ...wrong.map(([, , other]) => other ?? shape)];
}

/**
 * Judge what was read, for the question with that id and its set of numbers i.
 * Return { verdict, entries, word }: the entries, counted from 0, that are right, or that show the mistake.
 */
export function judge(id, question, i, { values, shape }) {
  const { right, near, wrong, shape: asked } = question.numbers[i];
  const own = values.map((value, entry) => keyOf(value, question.digits, `${id}|${i}`, entry));
  // Which of the roundings of each entry it is, the nearest first; -1 if none.
  const ranksIn = (keys) => keys.split(" ").map((some, entry) => some.match(KEYS)?.indexOf(own[entry]) ?? -1);
  const hits = (keys) => ranksIn(keys).map((rank) => rank >= 0);
  if (shape.join() !== asked.join()) {
    const same = wrong.filter(([, , other]) => other?.join() === shape.join());
    const word = same.find(([, keys]) => hits(keys).every(Boolean))?.[0];
    return word === undefined ? { verdict: "misshapen", entries: [] } : { verdict: "mistake", word, entries: [] };
  }
  const ranks = ranksIn(right);
  const isRight = ranks.map((rank) => rank >= 0);
  if (isRight.every(Boolean)) return { verdict: ranks.some((rank) => rank > 0) ? "rounded" : "right", entries: [] };
  const found = wrong
    .filter(([, , other]) => !other)
    .map(([word, keys]) => ({ word, shown: hits(keys) }))
    .filter(({ shown }) => shown.every((hit, entry) => hit || isRight[entry]));
  // All entries of one mistake; else some of them beside right ones, if no other mistake fits.
  const whole = found.find(({ shown }) => shown.every(Boolean));
  const mistake = whole ?? (found.length === 1 ? found[0] : undefined);
  if (mistake) {
    const strange = ranks.flatMap((rank, entry) => (rank < 0 ? [entry] : []));
    return { verdict: "mistake", word: mistake.word, entries: whole ? [] : strange };
  }
  const coarse = (entry) => keyOf(values[entry], question.digits - 1, `${id}|${i}`, entry);
  const isNear = near.split(" ").map((key, entry) => coarse(entry) === key);
  if (isNear.every((one, entry) => one || isRight[entry])) return { verdict: "near", entries: [] };
  return { verdict: "wrong", entries: ranks.flatMap((rank, entry) => (rank >= 0 ? [entry] : [])) };
}

/** Judge a choice of a question of understanding. */
export function judgeChoice(id, question, chosen) {
  return { verdict: digest(`${id}|${chosen}`) === question.right ? "right" : "wrong" };
}

/** Return words of a page's data as they were written: their letters are turned by 13, tags and entities are not. */
export function unveiled(text) {
  const turn = (letter) => {
    const base = letter <= "Z" ? 65 : 97;
    return String.fromCharCode(((letter.charCodeAt() - base + 13) % 26) + base);
  };
  return text.replace(/<[^>]*>|&#?\w+;|[A-Za-z]/gu, (part) => (part.length > 1 ? part : turn(part)));
}

/** Return what is given in a set of numbers, as HTML: its form, with the numbers where the marks are. */
export function given(question, i) {
  const [form, ...values] = question.numbers[i].given;
  const put = () => values.shift().replace(/^(−?)(.*)$/u, (_, minus, rest) => `${minus && '<mo form="prefix">−</mo>'}<mn>${rest}</mn>`);
  return question.forms[form].replaceAll("∙", put);
}
