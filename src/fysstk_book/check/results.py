"""What `check`, `hint` and `progress` give back: plain text in a terminal, a small box in a notebook."""

import html
import re
from dataclasses import dataclass

RIGHT = frozenset({"right", "right up to a convention"})
VERDICTS = (
    "right",
    "right up to a convention",
    "known mistake",
    "wrong",
    "wrong type",
    "wrong shape",
    "wrong dtype",
    "not a number",
    "raises",
    "recursion",
    "too slow",
    "changes its input",
    "depends on chance",
    "alters numpy",
    "copies the solution",
    "stops Python",
    "not attempted",
    "model answer",
)

# The text inherits its colour and the tints are translucent, so the boxes follow a light or a dark theme in
# JupyterLab and on the site. The class is doubled to outweigh JupyterLab's own rules, which would set `pre`
# on white and tables to the right. The last rule takes back the white ground that the site's dark theme
# gives to all HTML output.
STYLE = """<style>
.fysstk-box {
  --fk-edge: #7f8c9b; border-left: .3rem solid var(--fk-edge); border-radius: .25rem;
  background: color-mix(in srgb, var(--fk-edge) 12%, transparent); color: inherit;
  padding: .5rem .9rem; margin: .3rem 0; max-width: 50rem; line-height: 1.5;
}
.fysstk-box.right { --fk-edge: #1f9d6b } .fysstk-box.wrong { --fk-edge: #d1752a } .fysstk-box.open { --fk-edge: #5b8dc9 }
.fysstk-box p { margin: .25rem 0 } .fysstk-box .head { font-weight: 600 }
.fysstk-box .id { opacity: .8; font-weight: 400; float: right; margin-left: 1rem }
.fysstk-box.fysstk-box code { background: color-mix(in srgb, currentColor 9%, transparent); color: inherit; padding: 0 .2em }
.fysstk-box.fysstk-box pre {
  background: none; color: inherit; border: 0; padding: 0; margin: .3rem 0;
  overflow-x: auto; font-size: .92em; white-space: pre; line-height: 1.4;
}
.fysstk-box.fysstk-box table { border-collapse: collapse; margin: .3rem 0; background: none }
.fysstk-box.fysstk-box th, .fysstk-box.fysstk-box td {
  text-align: left; padding: .15rem .8rem .15rem 0; vertical-align: top; background: none; border: 0; color: inherit;
}
html[data-theme=dark] .bd-content div.cell_output .text_html:has(.fysstk-box) {
  background: none; color: inherit; padding: 0;
}
</style>"""  # noqa: E501


def _inline(text: str) -> str:
    """Escape a text for HTML and set `code` in its own type."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))


@dataclass(frozen=True)
class Table:
    """Rows of a name and a value, each value perhaps of several lines."""

    rows: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        width = max(len(name) for name, _ in self.rows)
        lines = []
        for name, value in self.rows:
            first, *others = value.splitlines() or [""]
            lines.append(f"{name:<{width}}  {first}".rstrip())
            lines += [" " * (width + 2) + other for other in others]
        return "\n".join(lines)


@dataclass(frozen=True, repr=False)
class Result:
    """What the check of one answer found.

    Attributes
    ----------
    exercise
        The exercise's id.
    verdict
        One of `VERDICTS`.
    headline
        The finding in one sentence.
    body
        Paragraphs and tables that explain it.
    mistake
        The name of the known mistake, or of the deviation that was recognised; empty when there is none.
    """

    exercise: str
    verdict: str
    headline: str
    body: tuple[str | Table, ...] = ()
    mistake: str = ""

    @property
    def right(self) -> bool:
        """Whether the answer counts as right."""
        return self.verdict in RIGHT

    def __repr__(self) -> str:
        lines = [f"{self.exercise}: {self.headline}"]
        for part in self.body:
            lines += ["  " + line for line in str(part).splitlines()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        quiet = self.verdict in ("not attempted", "model answer")
        kind = "right" if self.right else "open" if quiet else "wrong"
        id = f'<span class="id">{html.escape(self.exercise)}</span>'
        parts = [f'<p class="head">{id}{_inline(self.headline)}</p>']
        for part in self.body:
            if isinstance(part, Table):
                parts.append(f"<pre>{html.escape(str(part), quote=False)}</pre>")
            else:
                parts.append(f"<p>{_inline(part)}</p>")
        return f'{STYLE}<div class="fysstk-box {kind}" role="status">{"".join(parts)}</div>'


@dataclass(frozen=True, repr=False)
class Hint:
    """One hint of an exercise."""

    exercise: str
    stage: int
    stages: int
    text: str

    def __repr__(self) -> str:
        return f"{self._head}\n  {self.text}"

    @property
    def _head(self) -> str:
        if not self.stages:
            return f"{self.exercise}: no hints"
        return f"{self.exercise}: hint {self.stage} of {self.stages}"

    def _repr_html_(self) -> str:
        head, text = html.escape(self._head), _inline(self.text)
        return f'{STYLE}<div class="fysstk-box open"><p class="head">{head}</p><p>{text}</p></div>'


@dataclass(frozen=True, repr=False)
class Progress:
    """A table over all exercises."""

    rows: tuple[tuple[str, str, str, str, str], ...]
    summary: str
    place: str

    def __repr__(self) -> str:
        columns = list(zip(*self.rows, strict=True)) if self.rows else []
        widths = [max(map(len, column)) for column in columns]
        lines = [
            "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in self.rows
        ]
        return "\n".join([*lines, "", self.summary, self.place])

    def _repr_html_(self) -> str:
        head, *rows = self.rows
        top = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in head)
        body = "".join(
            "<tr>" + "".join(f"<td>{_inline(cell)}</td>" for cell in row) + "</tr>" for row in rows
        )
        return (
            f'{STYLE}<div class="fysstk-box"><p class="head">{html.escape(self.summary)}</p>'
            f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table><p>{_inline(self.place)}</p></div>"
        )
