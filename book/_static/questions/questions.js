// Brings the questions of a page to life, the line "due today" and the page "Your progress".

import { judge, judgeChoice, shapes } from "./judge.js";
import { showDue, showProgress } from "./progress.js";
import { read } from "./reading.js";
import { Store } from "./record.js";
import { dayOf } from "./schedule.js";
import { Widget } from "./widget.js";

const data = (id) => JSON.parse(document.getElementById(id)?.textContent ?? "{}");
const store = new Store(() => localStorage); // a browser may forbid even to look at it
const questions = data("question-data");
const index = data("question-index");
const widgets = [...document.querySelectorAll(".question")].map((box) => new Widget(box, questions[box.dataset.question], store));

function markAll() {
  const record = store.load();
  const today = dayOf(new Date());
  for (const widget of widgets) widget.mark(record, today);
}

if (widgets.length) markAll();
addEventListener("answered", markAll);
addEventListener("storage", markAll); // another tab
for (const line of document.querySelectorAll(".q-due span")) showDue(line, index, store);
for (const page of document.querySelectorAll(".q-progress")) showProgress(page, index, store);
document.documentElement.classList.add("q-live");

// What a test calls to answer every question of a page by program.
window.questions = { data: questions, judge, judgeChoice, read, shapes };
