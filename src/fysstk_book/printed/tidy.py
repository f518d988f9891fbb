r"""Writes LaTeX in one way only: what is layout goes, and what TeX lets a writer leave out comes back.

``\frac12\,\left(a_j^L-y_j\right)^2`` and ``\tfrac{1}{2}(a_j^L - y_j)^2`` look alike on the page and are one
text here, ``\frac { 1 } { 2 } ( a _ { j } ^ { L } - y _ { j } ) ^ { 2 }``.
"""

from __future__ import annotations

import functools
import re

__all__ = ["UnreadableError", "tidy"]


class UnreadableError(ValueError):
    """A formula, or a part of it, that the reader does not understand."""


FONTS = "mathrm|mathbf|mathbb|mathcal|boldsymbol|operatorname|texttt|text"
TOKEN = re.compile(
    rf"\\(?:{FONTS})\s*(?:\{{[^{{}}]*\}}|\\[A-Za-z]+|[A-Za-z])"  # an upright word, or a letter in some font
    r"|\\(?:begin|end)\s*\{\w+\*?\}"
    r"|\\\\(?:\[[^\]]*\])?"  # a new line, with its distance
    r"|\\[A-Za-z]+|\\."
    r"|\d{1,3}(?:\\,\d{3})+(?!\d)|\d+\.\d+|\d+"  # 23\,820 and 1.2946
    r"|[^\s]",
    re.DOTALL,
)
SPACES = {r"\,", r"\;", r"\!", r"\:", r"\ ", "~"}
SPACES |= {rf"\{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m")}
SAME = {
    r"\tfrac": r"\frac",
    r"\dfrac": r"\frac",
    r"\le": r"\leq",
    r"\ge": r"\geq",
    r"\neq": r"\ne",
    r"\ast": "*",
    r"\lbrack": "[",
    r"\rbrack": "]",
    r"\log": r"\ln",
    r"\implies": r"\Longrightarrow",
    r"\iff": r"\Longleftrightarrow",
    r"\sup": r"\max",  # over what a test tries, the least upper bound is the largest value
    ";": ",",
    r"\dots": r"\ldots",
    r"\cdots": r"\ldots",
}
# With these a text says something about the formula; any other text is a name in it.
WORDS = re.compile(
    r"(for|if|with|where|which|so that|in one line|against|or|give|usually|multiplications|operations|of)\b"
    r"|\(grid\)|\(random\)|(forward|reverse) mode:|only "
)
ONE_ARGUMENT = {"_", "^", r"\sqrt", r"\hat", r"\bar", r"\tilde", r"\dot", r"\overline", r"\underbrace"}
GRIDS = ("matrix", "cases")
CONTINUES = {"=", "<", ">", "+", "-", r"\leq", r"\geq", r"\approx", r"\ne"}
SEPARATORS = {r"\qquad", r"\quad", r"\\"}
CONNECTIVES = {r"\Longrightarrow", r"\Longleftrightarrow"}


@functools.cache
def tidy(latex: str) -> str:
    r"""Return the LaTeX of a formula without layout, every argument in braces and tokens apart.

    Parameters
    ----------
    latex : str
        What stands between the dollars.

    Returns
    -------
    str
        Tokens separated by single spaces. Statements are separated by ``\qquad``; bars say by their names
        whether they open or close.

    Raises
    ------
    UnreadableError
        If braces, brackets or bars do not pair.
    """
    return " ".join(_statements(_bars(_braces([SAME.get(t, t) for t in _tokens(latex)]))))


def _tokens(latex: str) -> list[str]:
    found: list[str] = []
    for token in TOKEN.findall(latex):
        if token in SPACES:
            continue
        if token[0].isdigit():
            token = token.replace(r"\,", "")
        elif match := re.fullmatch(rf"\\({FONTS})\s*(.*)", token, re.DOTALL):
            inside = " ".join(match[2].strip("{}").split())
            token = rf"\word{{{inside}}}" if WORDS.match(inside) else rf"\{match[1]}{{{inside}}}"
        elif token.startswith(r"\\"):
            token = r"\\"
        found.append(token)
    return found


def _braces(tokens: list[str]) -> list[str]:
    r"""Put braces around single arguments; ``x^2y`` raises x alone, ``\frac12`` is a half."""
    tokens = list(tokens)
    found: list[str] = []

    def argument() -> list[str]:
        while tokens and tokens[0] in (r"\left", r"\right"):
            tokens.pop(0)
        if not tokens or tokens[0] == "}":
            raise UnreadableError(f"an argument is missing after {' '.join(found[-6:])}")
        if tokens[0] == "{":
            return group()
        token = tokens.pop(0)
        if token[0].isdigit() and len(token) > 1:
            tokens.insert(0, token[1:])
            token = token[0]
        if token in ONE_ARGUMENT or token == r"\frac":  # e^\frac12
            return ["{", *command(token), "}"]
        return ["{", token, "}"]

    def command(token: str) -> list[str]:
        if token == r"\frac":
            return [token, *argument(), *argument()]
        if token == r"\sqrt" and tokens[:1] == ["["]:
            raise UnreadableError("roots other than square roots are written as powers")
        if token == r"\underbrace":
            inside = argument()
            if tokens[:1] == ["_"]:
                tokens.pop(0)
                argument()
            return inside
        return [token, *argument()] if token in ONE_ARGUMENT else [token]

    def group() -> list[str]:
        inside = [tokens.pop(0)]
        while tokens and tokens[0] != "}":
            inside += group() if tokens[0] == "{" else command(tokens.pop(0))
        if not tokens:
            raise UnreadableError("a brace { is not closed")
        inside.append(tokens.pop(0))
        return inside

    while tokens:
        if tokens[0] == "}":
            raise UnreadableError("a brace } was never opened")
        part = group() if tokens[0] == "{" else command(tokens.pop(0))
        found += [] if part == ["{", "}"] else part
    return found


def _bars(tokens: list[str]) -> list[str]:
    r"""Say of each bar whether it opens or closes; ``\left. ... \right|`` evaluates at a point."""
    names = {"|": (r"\lvert", r"\rvert"), r"\|": (r"\lVert", r"\rVert")}
    closing = {
        "{": "}",
        "(": ")",
        "[": "]",
        r"\lfloor": r"\rfloor",
        r"\lVert": r"\rVert",
        r"\lvert": r"\rvert",
    }
    found: list[str] = []
    open_: list[str] = []
    for place, token in enumerate(tokens):
        sized = tokens[place - 1] if place else ""
        if token in (r"\left", r"\right"):
            continue
        if token == "." and sized == r"\left":
            open_.append(r"\rangle")
            token = r"\langle"
        elif token == "|" and sized == r"\right" and open_[-1:] == [r"\rangle"]:
            open_.pop()
            token = r"\rangle"
        elif token in names:
            opens, closes = names[token]
            if open_[-1:] == [closes]:
                open_.pop()
                token = closes
            else:
                open_.append(closes)
                token = opens
        elif token in closing:
            open_.append(closing[token])
        elif token in closing.values():
            if open_[-1:] != [token]:
                raise UnreadableError(
                    f"{token} closes {f'what {open_[-1]} should close' if open_ else 'nothing'}"
                )
            open_.pop()
        found.append(token)
    if open_:
        raise UnreadableError(f"{open_[-1]} is missing at the end")
    return found


def _statements(tokens: list[str]) -> list[str]:
    """Keep the columns and lines of matrices and cases, and make all other layout a separator."""
    found: list[str] = []
    depth, braces = 0, 0
    tokens = [
        token + "_" if token in (r"\max", r"\min") and after == "_" else token
        for token, after in zip(tokens, [*tokens, ""][1:], strict=True)
    ]

    def separate(mark: str) -> None:
        while found and found[-1] in {",", r"\qquad", ":"}:
            found.pop()
        if found and found[-1] not in CONNECTIVES:
            found.append(mark)

    for place, token in enumerate(tokens):
        if match := re.fullmatch(r"\\(begin|end)\s*\{(\w+)\*?\}", token):
            if not match[2].endswith(GRIDS):
                continue
            depth += 1 if match[1] == "begin" else -1
            found.append(rf"\{match[1]}{{{'cases' if match[2] == 'cases' else 'matrix'}}}")
        elif depth:
            if token in (r"\quad", r"\qquad"):
                continue
            if token in ("&", r"\\", r"\end{cases}") and found[-1] in (",", "."):
                found.pop()
            found.append(token)
        elif token == "&":
            continue
        elif token in CONNECTIVES and not braces:
            separate(token)
        elif token in SEPARATORS and braces:
            continue
        elif token in SEPARATORS:
            after = next((t for t in tokens[place + 1 :] if t not in {"&", *SEPARATORS}), "")
            if token != r"\\" or after not in CONTINUES:
                separate(r"\qquad")
        else:
            braces += (token in ("{", "(", "[")) - (token in ("}", ")", "]"))
            found.append(token)
    while found and found[-1] in {",", ".", ":", r"\qquad"}:
        found.pop()
    return _without_stops(found)


def _without_stops(tokens: list[str]) -> list[str]:
    """Drop the comma or full stop with which a row of cases or a formula ends."""
    ends = {"&", r"\\", r"\end{cases}", r"\end{matrix}", r"\qquad"}
    return [
        t for t, after in zip(tokens, [*tokens, ""][1:], strict=True) if not (t in ",." and after in ends)
    ]
