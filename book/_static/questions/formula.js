// What was understood, typeset as MathML.

const escaped = (text) => text.replace(/[&<>]/gu, (sign) => `&#${sign.charCodeAt()};`);
const mn = (text) => `<mn>${escaped(text)}</mn>`;
const mo = (sign) => `<mo>${sign}</mo>`;
const row = (...parts) => `<mrow>${parts.join("")}</mrow>`;
const brackets = (inside) => row(mo("("), inside, mo(")"));
const LEVEL = { "+": 1, "-": 1, minus: 1.5, "*": 2, "/": 3, "^": 3, call: 4, number: 5, constant: 5 };

/** Return a reading's tree as one <math> element. */
export function typeset(tree) {
  return `<math>${tree.items ? list(tree) : node(tree)}</math>`;
}

function list({ items, column }) {
  if (!column && !items.some((item) => item.items))
    return brackets(items.map((item) => node(item)).join("<mo separator='true'>,</mo>"));
  const rows = items.map((item) => (item.items ?? [item]).map((entry) => `<mtd>${node(entry)}</mtd>`).join(""));
  return brackets(`<mtable>${rows.map((cells) => `<mtr>${cells}</mtr>`).join("")}</mtable>`);
}

/** Write a node, in brackets where it binds looser than what is around it. */
function node(tree, around = 0) {
  const inside = bare(tree);
  return LEVEL[tree.kind] < around ? brackets(inside) : inside;
}

function bare({ kind, text, a, b }) {
  switch (kind) {
    case "number": return number(text);
    case "constant": return `<mi>${text === "pi" ? "π" : text}</mi>`;
    case "minus": return row(mo("−"), node(a, 2));
    case "+": return row(node(a, 1), mo("+"), node(b, 2));
    case "-": return row(node(a, 1), mo("−"), node(b, 2));
    case "*": return row(node(a, 1.5), mo("·"), node(b, 3));
    case "/": return `<mfrac>${node(a)}${node(b)}</mfrac>`;
    case "^": return `<msup>${node(a, 4)}${node(b)}</msup>`;
    default: return call(text, a);
  }
}

function number(text) {
  const [factor, power] = text.toLowerCase().split("e");
  if (power === undefined) return mn(factor);
  return row(mn(factor), mo("·"), `<msup>${mn("10")}${signed(Number(power))}</msup>`);
}

function signed(power) {
  return power < 0 ? row(mo("−"), mn(`${-power}`)) : mn(`${power}`);
}

function call(name, a) {
  if (name === "sqrt") return `<msqrt>${node(a)}</msqrt>`;
  if (name === "abs") return row(mo("|"), node(a), mo("|"));
  const based = /^log(\d+)$/u.exec(name);
  const head = based ? `<msub><mi>log</mi>${mn(based[1])}</msub>` : `<mi>${name === "log" ? "ln" : name}</mi>`;
  return row(head, mo("&#8289;"), brackets(node(a)));
}
