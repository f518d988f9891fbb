// A question in the page: a field or choices, a button, and at once what is right or went wrong.

import { typeset } from "./formula.js";
import { given, judge, judgeChoice, shapes, unveiled } from "./judge.js";
import { asked, NotUnderstood, read } from "./reading.js";
import { answered, dayOf } from "./schedule.js";

const PLACES = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"];

/** Bring one question to life. */
export class Widget {
  constructor(box, question, store) {
    Object.assign(this, { box, question, store, id: box.dataset.question, hinted: 0 });
    this.form = box.querySelector("form");
    this.verdict = box.querySelector(".q-verdict");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.check();
    });
    if (question.numbers) this.useNumbers();
  }

  useNumbers() {
    this.number = Number(this.box.dataset.number);
    this.field = this.form.querySelector("input");
    this.reading = this.box.querySelector(".q-reading");
    this.field.addEventListener("input", () => this.show());
    this.form.querySelector(".q-another").addEventListener("click", () => this.another());
  }

  /** Return what is read from the field, or else what was not understood. */
  read() {
    try {
      return { reading: read(this.field.value, shapes(this.question.numbers[this.number])) };
    } catch (error) {
      if (error instanceof NotUnderstood) return { problem: error.message };
      throw error;
    }
  }

  /** Show what is read so far, and nothing while it makes no sense yet. */
  show() {
    const { reading } = this.read();
    this.reading.innerHTML = reading ? `I read ${typeset(reading.tree)}` : "";
    this.field.removeAttribute("aria-invalid");
  }

  check() {
    if (this.question.numbers) this.checkNumber();
    else this.checkChoice();
  }

  checkNumber() {
    const { reading, problem } = this.read();
    if (problem) {
      this.say("note", problem, true);
      return;
    }
    const found = judge(this.id, this.question, this.number, reading);
    const right = ["right", "rounded"].includes(found.verdict);
    if (!["near", "misshapen"].includes(found.verdict)) this.note(right);
    this[found.verdict](found);
    this.field.setAttribute("aria-invalid", String(!right));
  }

  right() {
    this.say("right", "<strong>Right.</strong>");
  }

  rounded() {
    this.say("right", "<strong>Right</strong>, up to rounding in the last digit.");
  }

  mistake({ word, entries }) {
    const [name, say] = this.question.words[word].map(unveiled);
    const where = entries.length ? `${listed(entries)} looks` : "It looks";
    this.say("wrong", `<strong>Not quite.</strong> ${where} like this: <em>${name}</em>. ${say}`);
  }

  misshapen() {
    this.say("wrong", `<strong>Not quite</strong>: ${asked(this.question.numbers[this.number].shape)}.`);
  }

  near() {
    const digits = this.box.querySelector(".q-digits").textContent;
    this.say("wrong", `<strong>Nearly.</strong> Give ${digits}, and round only at the end.`);
  }

  wrong({ entries }) {
    const some = entries.length ? `${listed(entries)} ${entries.length > 1 ? "are" : "is"} right. ` : "";
    this.say("wrong", `<strong>Not yet.</strong> ${some}`);
    this.hint();
  }

  checkChoice() {
    const chosen = this.form.querySelector("input:checked");
    if (!chosen) {
      this.say("note", "Choose one of them first.", true);
      return;
    }
    const { verdict } = judgeChoice(this.id, this.question, chosen.value);
    const said = unveiled(this.question.say[chosen.value]);
    this.note(verdict === "right");
    this.say(verdict, `<strong>${verdict === "right" ? "Right." : "Not this one."}</strong> ${said}`);
    const where = this.box.dataset.after;
    if (where && verdict !== "right") this.verdict.insertAdjacentHTML("beforeend", ` <a href="${where}">Read it again</a>`);
  }

  /** Say something in the place where a screen reader waits for it. */
  say(kind, html, asText = false) {
    this.verdict.className = `q-verdict q-${kind}`;
    if (asText) this.verdict.textContent = html;
    else this.verdict.innerHTML = html;
    if (kind === "note") (this.field ?? this.form.querySelector("input")).focus();
  }

  /** Show the hints of the exercise: each wrong answer brings one more. */
  hint() {
    const home = document.querySelector(`.question[data-place=exercise][data-of="${this.box.dataset.of}"]`);
    const hints = stages(home);
    if (!hints.length) {
      this.verdict.insertAdjacentHTML("beforeend", `<a href="${this.box.dataset.exercise}">The exercise</a> has hints.`);
      return;
    }
    this.hinted = Math.min(this.hinted + 1, hints.length);
    hints.slice(0, this.hinted).forEach((hint, i) => {
      const line = document.createElement("div");
      line.className = "q-hint";
      line.innerHTML = `<strong>Hint ${i + 1} of ${hints.length}</strong>`;
      const inside = [...hint.children].filter((part) => !part.matches("summary, details"));
      line.append(...inside.map((part) => part.cloneNode(true)));
      this.verdict.append(line);
    });
  }

  another() {
    this.number = (this.number + 1) % this.question.numbers.length;
    this.box.querySelector(".q-given").innerHTML = given(this.question, this.number);
    this.field.value = "";
    this.reading.textContent = "";
    this.say("", "", true);
    this.field.removeAttribute("aria-invalid");
    this.field.focus();
  }

  /** Remember an answer. */
  note(right) {
    const today = dayOf(new Date());
    this.store.change(({ questions }) => {
      questions[this.id] = answered(questions[this.id], right, today);
    });
    this.box.querySelector(".q-trouble").textContent = this.store.trouble;
    this.box.dispatchEvent(new Event("answered", { bubbles: true }));
  }

  /** Say beside the title what is known about the question. */
  mark({ questions }, today) {
    const known = questions[this.id];
    const state = !known ? "" : known.due <= today ? "due today" : known.right ? "✓ answered" : "tried";
    this.box.querySelector(".q-mark").textContent = state;
  }
}

/** Return the stages of the hints that follow a question under its exercise. */
function stages(question) {
  let next = question?.nextElementSibling;
  while (next?.matches(".question")) next = next.nextElementSibling;
  return next?.matches("details.hint") ? [next, ...next.querySelectorAll("details.hint")] : [];
}

/** Return "The first and third entry". */
function listed(entries) {
  const names = entries.map((entry) => PLACES[entry] ?? `${entry + 1}th`);
  const last = names.pop();
  return `The ${names.length ? `${names.join(", ")} and ` : ""}${last} entry`;
}
