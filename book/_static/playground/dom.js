// Small helpers: make elements, change them only where something changed, and print numbers short.

import { abs, entries, max, round } from "./builtins.js";
import { numberIn } from "./rows.js";

/** Return a maker of elements: h("p.note", { role: "status" }, "words", child) has a class, an attribute, children. */
const maker = (namespace) => (name, ...parts) => {
  const [tag, ...classes] = name.split(".");
  const element = document.createElementNS(namespace, tag);
  if (classes.length > 0) element.setAttribute("class", classes.join(" "));
  for (const part of parts) {
    if (part.constructor !== Object) element.append(part);
    else for (const [name, value] of entries(part)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value);
    }
  }
  return element;
};
export const h = maker("http://www.w3.org/1999/xhtml");
export const svg = maker("http://www.w3.org/2000/svg");

const lastSet = new WeakMap(); // comparing is cheaper than asking the page

/** Set attributes, and the text where one is named `text`; what is as before is not touched. */
export function set(element, attributes) {
  let last = lastSet.get(element);
  if (!last) lastSet.set(element, (last = {}));
  for (const [name, value] of entries(attributes)) {
    if (last[name] === value) continue;
    last[name] = value;
    if (name === "text") element.textContent = value;
    else if (value === null) element.removeAttribute(name);
    else element.setAttribute(name, value);
  }
}

const MINUS = "\u2212";

/** Print a number with so many significant digits. */
export function short(x, digits = 2) {
  const size = abs(x);
  if (!Number.isFinite(x) || size < 1e-12) return Number.isFinite(x) ? "0" : String(x);
  const plain = size < 1000 ? Number(size.toPrecision(digits)) : round(size);
  const text = size >= (digits > 2 ? 0.001 : 0.0095) && size < 1e5 ? String(plain) : size.toExponential(max(1, digits - 2));
  return (x < 0 ? MINUS : "") + text.replace("e-", `e${MINUS}`).replace("e+", "e");
}

/** Write a whole number as a subscript. */
export const subscript = (k) => String(k).replace(/\d/g, (digit) => String.fromCharCode(0x2080 + Number(digit)));

export function button(words, act, attributes = {}) {
  return h("button.pg-button", { type: "button", onclick: act, ...attributes }, words);
}

// The control of a label is known to the browser: field.control.
const field = (label, control) => h("label.pg-field", h("span", label), control);

/** A labelled menu; `choices` are pairs of value and words. */
export function menu(label, choices, onchange) {
  const options = choices.map(([value, words]) => h("option", { value }, words));
  return field(label, h("select", { onchange }, ...options));
}

/** A field for a number, in any spelling; the arrow keys change it by `move(value, way)`. */
export function numeric(attributes, move) {
  const onkeydown = (event) => {
    const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    const value = numberIn(input.value);
    if (!way || Number.isNaN(value)) return;
    event.preventDefault();
    input.value = String(Number(move(value, way).toPrecision(12)));
    input.dispatchEvent(new Event("change"));
  };
  const input = h("input", { type: "text", inputmode: "decimal", autocomplete: "off", onkeydown, ...attributes });
  return input;
}

/** A labelled field for a number. */
export const numberField = (label, attributes, move = (value, way) => value + way) => field(label, numeric(attributes, move));

/** A part of the page that a screen reader announces by its label. */
export const group = (name, label, ...parts) => h(name, { role: "group", "aria-label": label }, ...parts);

/** The same, where the keys can scroll it. */
export const scroller = (name, label, ...parts) => group(name, label, { tabindex: "0" }, ...parts);

/** The head of a row or a column. */
export const head = (scope, text) => h("th", { scope }, text);

/** Words in a drawing. */
export const label = (x, y, text, anchor = "start") => svg("text", { x, y, "text-anchor": anchor }, text);

/** Whether what was typed into a field was refused, and stays there. */
export const refused = (control) => control.hasAttribute("aria-invalid");

/** Whether a field may show another value: nobody is typing there, and nothing in it was refused. */
export const free = (control) => document.activeElement !== control && !refused(control);

/** Parts that open below their title. */
export const folded = (name, title, ...parts) => h(`details.${name}`, h("summary", title), ...parts);
