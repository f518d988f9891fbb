// What the reader has answered: in the browser's storage, in a file, and where neither can be, in memory.

const NAME = "fysstk-questions";
const VERSION = 1;
const KINDS = {
  questions: { box: "number", due: "number", right: "boolean", tries: "number" },
  exercises: { right: "boolean", verdict: "string", tries: "number", hints: "number" }, // as notebooks write them
};

/** A file that is no progress; its message is one sentence for the reader. */
export class Damaged extends Error {}

const empty = () => ({ version: VERSION, questions: {}, exercises: {} });

/** Keeps the record. Other tabs write as well, so it reads before each change. */
export class Store {
  constructor(storage) {
    this.storage = storage;
    this.memory = empty();
    this.trouble = ""; // why nothing is kept, in one sentence
  }

  load() {
    let text = null;
    try {
      text = this.storage().getItem(NAME);
    } catch {
      this.trouble = "This browser keeps nothing for this page: your progress lasts until you leave it.";
    }
    if (this.trouble) return this.memory;
    try {
      return text === null ? empty() : checked(text);
    } catch {
      return empty(); // damaged in the storage: nobody can mend it there
    }
  }

  save(record) {
    this.memory = record;
    try {
      this.storage().setItem(NAME, JSON.stringify(record));
      this.trouble = "";
    } catch {
      this.trouble ||= "The browser’s storage is full or closed: your progress lasts until you leave this page.";
    }
  }

  change(change) {
    const record = structuredClone(this.load());
    change(record);
    this.save(record);
    return record;
  }

  clear() {
    this.memory = empty();
    try {
      this.storage().removeItem(NAME);
    } catch {
      // then nothing is there
    }
  }
}

/** Return the record in a file's text, of this page or of the notebooks; what is strange in it is left out. */
export function checked(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Damaged("This file is damaged, or no progress file: nothing was changed.");
  }
  const isObject = (one) => typeof one === "object" && one !== null && !Array.isArray(one);
  if (!isObject(value) || !Object.keys(KINDS).some((part) => isObject(value[part])))
    throw new Damaged("This is not a progress file of the book: nothing was changed.");
  if (value.version !== VERSION)
    throw new Damaged("This file is from another edition of the book: nothing was changed.");
  const record = empty();
  for (const [part, kinds] of Object.entries(KINDS))
    for (const [id, entry] of Object.entries(isObject(value[part]) ? value[part] : {}))
      if (isObject(entry) && Object.entries(kinds).every(([name, kind]) => isOf(kind, entry[name])))
        record[part][id] = Object.fromEntries(Object.keys(kinds).map((name) => [name, entry[name]]));
  return record;
}

function isOf(kind, value) {
  return typeof value === kind && (kind !== "number" || (Number.isInteger(value) && value >= 0));
}

/** Put what a file knows into a record; of each question and exercise the one with more tries stays. */
export function merge(record, other) {
  for (const part of Object.keys(KINDS))
    for (const [id, entry] of Object.entries(other[part])) {
      const known = record[part][id];
      const more = !known || entry.tries > known.tries ? entry : known;
      record[part][id] = { ...more, right: more.right || Boolean(known?.right) || entry.right };
    }
}

/** Return the text of the file to save. */
export function exported(record) {
  return `${JSON.stringify(record, null, 1)}\n`;
}
