// The page "Your progress": what was answered, chapter by chapter; to save, to load, to delete. And what is due.

import { checked, Damaged, exported, merge } from "./record.js";
import { dayOf, dueOn } from "./schedule.js";

const FILE = "neural-networks-checked-progress.json";
const LARGEST = 2e6; // bytes of a file that is worth reading
const counted = (many, what) => `${many} ${what}${many === 1 ? "" : "s"}`;

/** Say in the front page's line which chapters have questions that are due. */
export function showDue(line, index, store) {
  const due = new Set(dueOn(store.load().questions, dayOf(new Date())));
  const found = [];
  for (const { title, page, numbers, choices } of index) {
    const own = Object.entries({ ...numbers, ...choices }).filter(([id]) => due.has(id));
    if (own.length) found.push({ many: own.length, title, address: `${page}.html#${own[0][1]}` });
  }
  if (!found.length) return;
  const links = found.slice(0, 3).map(({ many, title, address }) => `<a href="${address}">${many} in ${title}</a>`);
  if (found.length > 3) links.push(`<a href="progress.html">${counted(found.length - 3, "more chapter")}</a>`);
  const many = found.reduce((sum, one) => sum + one.many, 0);
  line.innerHTML = `${counted(many, "question")}: ${links.join(", ")}.`;
}

/** Fill the table, and let the buttons work. */
export function showProgress(page, index, store) {
  const status = page.querySelector("[role=status]");
  const say = (text) => {
    status.textContent = text;
  };
  fill(page, index, store);
  if (store.trouble) say(store.trouble);
  const on = (act, event, act2) => page.querySelector(`[data-act=${act}]`).addEventListener(event, act2);
  on("export", "click", () => {
    save(exported(store.load()));
    say(`Your progress is saved as ${FILE}, where your browser puts downloads.`);
  });
  on("import", "change", async ({ target }) => {
    const [file] = target.files;
    if (!file) return;
    try {
      if (file.size > LARGEST) throw new Damaged("This file is too large for a progress file: nothing was changed.");
      const other = checked(await file.text());
      store.change((record) => merge(record, other));
      fill(page, index, store);
      const [questions, exercises] = [other.questions, other.exercises].map((part) => Object.keys(part).length);
      say(`Read ${counted(questions, "question")} and ${counted(exercises, "exercise")} from ${file.name}. ${store.trouble}`);
    } catch (error) {
      say(error instanceof Damaged ? error.message : "This file could not be read: nothing was changed.");
    }
    target.value = ""; // the same file may be chosen again
  });
  on("delete", "click", ({ target }) => {
    if (target.dataset.sure !== "yes") {
      target.dataset.sure = "yes";
      target.textContent = "Delete all of it";
      say("This cannot be undone. Press the button again to delete all of your progress in this browser.");
      return;
    }
    store.clear();
    forget(target);
    fill(page, index, store);
    say("Your progress is deleted.");
  });
  on("delete", "blur", ({ target }) => forget(target));
}

function forget(button) {
  delete button.dataset.sure;
  button.textContent = "Delete";
}

function fill(page, index, store) {
  const { questions, exercises } = store.load();
  const due = new Set(dueOn(questions, dayOf(new Date())));
  for (const chapter of index) {
    const row = page.querySelector(`tr[data-chapter="${chapter.page}"]`);
    const put = (part, ids, known) => {
      row.querySelector(`[data-part=${part}]`).textContent = `${ids.filter((id) => known[id]?.right).length} of ${ids.length}`;
    };
    const [numbers, choices] = [chapter.numbers, chapter.choices].map(Object.keys);
    put("exercises", chapter.exercises, exercises);
    put("numbers", numbers, questions);
    put("choices", choices, questions);
    const waiting = Object.entries({ ...chapter.numbers, ...chapter.choices }).filter(([id]) => due.has(id));
    const cell = row.querySelector("[data-part=due]");
    cell.innerHTML = waiting.length ? `<a href="${chapter.page}.html#${waiting[0][1]}">${waiting.length}</a>` : "";
  }
}

/** Hand the browser a file. */
function save(text) {
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = Object.assign(document.createElement("a"), { href: address, download: FILE });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}
