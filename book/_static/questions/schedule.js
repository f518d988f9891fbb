// When a question comes back: Leitner's boxes.

/** The days after which a question of box 1, 2, ... is due again. */
export const DAYS = [1, 3, 7, 14, 30];

/**
 * Return what is known about a question after an answer on the day `today`, a count of days.
 * A right answer to a new or due question moves it up one box, a wrong one always moves it to box 1.
 * A right answer before its time changes neither its box nor its day.
 */
export function answered(known, right, today) {
  const { box = 0, due = today, right: before = false, tries = 0 } = known ?? {};
  const after = { right: before || right, tries: tries + 1 };
  if (right && due > today) return { box, due, ...after };
  const next = right ? Math.min(box + 1, DAYS.length) : 1;
  return { box: next, due: today + DAYS[next - 1], ...after };
}

/** Return the ids of the questions that are due, the longest overdue first. */
export function dueOn(questions, today) {
  const waiting = Object.entries(questions).filter(([, { due }]) => due <= today);
  return waiting.sort(([, a], [, b]) => a.due - b.due || a.box - b.box).map(([id]) => id);
}

/** Return the number of a day where the reader is: it changes at midnight. */
export function dayOf(date) {
  return Math.floor((date.getTime() / 60000 - date.getTimezoneOffset()) / 1440);
}
