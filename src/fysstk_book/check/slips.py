"""Makes the slips of students: variants of a function in each of which one small thing is done wrong.

The function's source is read as a syntax tree; each rule changes one place of it, and says in words what it
did. No catalogue could list all of this: a sign, a factor, an index, a transpose, `<` for `<=`.
"""

import ast
import copy
import functools
import inspect
import itertools
import re
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple, TypeGuard

import numpy as np

from fysstk_book.exercises import Mistake
from fysstk_nn.activations import relu, sigmoid, softmax

Put = Callable[[Any], None]
Function = ast.FunctionDef | ast.Lambda


def words_of(text: str) -> frozenset[str]:
    """Split a text at its blanks."""
    return frozenset(text.split())


SIGNS = "Go through the signs, term by term."
FACTORS = "Hold your factors against the formula, one by one."
TERMS = "Hold your terms against the formula, one by one."
NAMES = "Say aloud what each quantity is, and where it belongs."
EDGES = "Try the smallest inputs with a pencil, and those where both sides are equal."
AXES = "Write down the shape of each array: which axis counts what?"
CALLS = "Which function does the formula have in this place, and of what? Try it with one small number."
STEPS = "Go through the steps with a small example."
BRACKETS = "brackets left out or in the wrong place"
NUMBERS = "Where does each of your numbers come from?"

OPPOSITES: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
}
SYMBOLS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
STRICT = ({ast.Lt, ast.LtE}, {ast.Gt, ast.GtE})

EXCHANGED = {
    "floor": ("ceil", "round"),
    "ceil": ("floor", "round"),
    "round": ("floor", "ceil"),
    "mean": ("sum", "median"),
    "sum": ("mean", "prod"),
    "average": ("sum",),
    "prod": ("sum",),
    "max": ("min", "mean"),
    "min": ("max",),
    "maximum": ("minimum",),
    "minimum": ("maximum",),
    "argmax": ("argmin", "max"),
    "argmin": ("argmax",),
    "log": ("log2", "log10"),
    "log2": ("log", "log10"),
    "log10": ("log",),
    "sin": ("cos",),
    "cos": ("sin",),
    "tanh": ("sigmoid", "relu"),
    "sigmoid": ("tanh", "relu", "softmax"),
    "softmax": ("sigmoid",),
    "radians": ("degrees",),
    "degrees": ("radians",),
    "deg2rad": ("rad2deg",),
    "rad2deg": ("deg2rad",),
    "var": ("std",),
    "std": ("var",),
    "any": ("all",),
    "all": ("any",),
    "cumsum": ("cumprod",),
    "argsort": ("sort",),
    "zeros": ("ones",),
    "ones": ("zeros",),
}
"""Functions that are taken for each other."""
LEFT_OUT = words_of(
    """
    abs absolute fabs sqrt exp log log2 log10 square sign floor ceil round rint sigmoid tanh relu
    softmax int log1p sum mean cumsum diff sort sorted reversed argsort ravel norm max argmax where clip
    degrees radians deg2rad rad2deg
    """
)
"""Functions that are forgotten around their first argument."""
KNOWN = words_of(
    """
    np math len range sum abs max min int float exp log log2 log10 sqrt tanh sigmoid relu softmax mean
    dot maximum minimum where sign floor ceil round std var zip shape size T square outer pi
    """
)
ACTIVATIONS = {"sigmoid": sigmoid, "tanh": np.tanh, "relu": relu, "softmax": softmax}
LECTURE = re.compile(r"(?:delta|[abhnstvwxyzBWXY])s?\d?")
"""Names that a student understands, whatever the reference calls its other quantities."""


class Change(NamedTuple):
    """What stands in a place instead, what was done, a question that leads on, and whether it is frequent."""

    node: ast.AST
    words: str
    say: str
    likely: bool = True


@dataclass
class Source:
    """Functions of one module that together make a function: their syntax trees and their world."""

    main: Function
    helpers: dict[str, ast.FunctionDef]
    world: dict[str, Any]
    arguments: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        self.arguments = tuple(argument.arg for argument in self.main.args.args)

    def function(self) -> Any:
        """Compile the trees as they are now."""
        world = {"np": np, **ACTIVATIONS, **self.world}
        for helper in self.helpers.values():
            if helper is not self.main:
                _compile(helper, world)
        return _compile(self.main, world)

    def show(self, node: ast.AST, longest: int = 26) -> str:
        """Quote a piece of code where it is short and made of the exercise's own names; else nothing."""
        names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        known = KNOWN | set(self.arguments)
        text = ast.unparse(node)
        fits = len(text) <= longest and all(name in known or LECTURE.fullmatch(name) for name in names)
        return f" `{text}`" if fits else ""


def _compile(definition: Function, world: dict[str, Any]) -> Any:
    if isinstance(definition, ast.Lambda):
        return eval(compile(ast.Expression(definition), "<slip>", "eval"), world)
    exec(compile(ast.Module([definition], []), "<slip>", "exec"), world)
    return world[definition.name]


@functools.cache
def _functions(module: str) -> list[Function]:
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda)]


def _definition(function: types.FunctionType) -> Function | None:
    """Find the syntax tree of a function by its line and its arguments."""
    code = function.__code__
    try:
        nodes = _functions(function.__module__)
    except (OSError, TypeError, KeyError, SyntaxError):
        return None
    found = [
        node
        for node in nodes
        if node.lineno == code.co_firstlineno
        and getattr(node, "name", "<lambda>") == function.__name__
        and [argument.arg for argument in node.args.args] == list(code.co_varnames[: code.co_argcount])
    ]
    return copy.deepcopy(found[0]) if len(found) == 1 and not getattr(found[0], "decorator_list", 0) else None


def read(function: Any) -> Source | None:
    """Read the source of a function and of those of its module that it calls; None where there is none."""
    main = _definition(function) if type(function) is types.FunctionType else None
    if main is None:
        return None
    module = function.__module__
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    world = {**function.__globals__, **{name: cell.cell_contents for name, cell in cells}}
    helpers: dict[str, ast.FunctionDef] = {}
    waiting: list[ast.AST] = [main]
    while waiting:
        for node in ast.walk(waiting.pop()):
            helper = world.get(node.id) if isinstance(node, ast.Name) else None
            if type(helper) is not types.FunctionType or helper.__module__ != module or helper is function:
                continue
            name = helper.__name__
            definition = None if name in helpers else _definition(helper)
            if isinstance(definition, ast.FunctionDef) and world.get(name) is helper:
                helpers[name] = definition
                waiting.append(definition)
    source = Source(main, helpers, world)
    loops = (ast.walk(tree) for tree in (main, *helpers.values()))
    endless = any(isinstance(node, ast.While) for node in itertools.chain(*loops))
    return None if endless else source  # a slip in its condition might never end


# -- the rules --------------------------------------------------------------------------------------------

SUM, PRODUCT = (ast.Add, ast.Sub), (ast.Mult, ast.Div)


def _chain(node: ast.AST, family: tuple[type[ast.operator], ...]) -> list[tuple[ast.expr, bool]]:
    """Take a sum or a product apart: each term or factor, and whether it is subtracted or divided by."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, family):
        return [*_chain(node.left, family), (node.right, isinstance(node.op, family[1]))]
    assert isinstance(node, ast.expr)
    return [(node, False)]


def _join(parts: list[tuple[ast.expr, bool]], family: tuple[type[ast.operator], ...]) -> ast.expr:
    """Put a sum or a product together again."""
    parts = sorted(parts, key=lambda part: part[1]) if parts and parts[0][1] else parts
    (result, inverse), *others = parts or [(ast.Constant(0 if family is SUM else 1), False)]
    if inverse:
        result = (
            ast.UnaryOp(ast.USub(), result)
            if family is SUM
            else ast.BinOp(ast.Constant(1), ast.Div(), result)
        )
    for part, inverse in others:
        result = ast.BinOp(result, family[int(inverse)](), part)
    return result


def _sums(node: ast.AST, parent: ast.AST, source: Source) -> Iterator[Change]:
    inside = isinstance(parent, ast.BinOp) and isinstance(parent.op, SUM) and parent.left is node
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, SUM)) or inside:
        return
    terms = _chain(node, SUM)
    for k, (term, minus) in enumerate(terms):
        rest, shown = terms[:k] + terms[k + 1 :], source.show(term)
        yield Change(
            _join([*terms[:k], (term, not minus), *terms[k + 1 :]], SUM),
            (
                f"a {'plus' if minus else 'minus'} where a {'minus' if minus else 'plus'} belongs"
                + (f", before{shown}" if shown else "")
            ),
            SIGNS,
        )
        yield Change(_join(rest, SUM), f"the term{shown} left out" if shown else "a term left out", TERMS)
        for factor, words in ((2, "doubled"), (0.5, "halved")):
            scaled = ast.BinOp(ast.Constant(factor), ast.Mult(), term)
            changed = _join([*terms[:k], (scaled, minus), *terms[k + 1 :]], SUM)
            yield Change(changed, f"the term{shown} {words}" if shown else f"a term {words}", TERMS, False)
    difference = ast.Call(ast.Attribute(ast.Name("np", ast.Load()), "abs", ast.Load()), [node], [])
    if any(minus for _, minus in terms):
        yield Change(difference, "an absolute value that does not belong there", SIGNS, False)
    if len(terms) == 2 and terms[1][1]:
        (a, _), (b, _) = terms
        if _is_square(b) and isinstance(a, ast.Constant) and a.value == 1:
            slope = ast.BinOp(b.left, ast.Mult(), ast.BinOp(a, ast.Sub(), b.left))
            yield Change(slope, "the slope of the sigmoid", FACTORS)
        shown = source.show(a)
        yield Change(b, f"`{shown.strip(' `')} -` left out" if shown else "a difference left out", TERMS)
        yield Change(
            ast.BinOp(b, ast.Sub(), a), f"the difference{source.show(node)} the other way round", SIGNS
        )


def _products(node: ast.AST, parent: ast.AST, source: Source) -> Iterator[Change]:
    inside = isinstance(parent, ast.BinOp) and isinstance(parent.op, PRODUCT) and parent.left is node
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, PRODUCT)) or inside:
        return
    factors = _chain(node, PRODUCT)
    divisor = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Div) and parent.right is node
    for k, (factor, below) in enumerate(factors):
        shown, rest = source.show(factor), factors[:k] + factors[k + 1 :]
        if below:
            yield Change(
                _join(rest, PRODUCT),
                f"the division by{shown} left out" if shown else ("a division left out"),
                FACTORS,
            )
        else:
            yield Change(
                _join(rest, PRODUCT), f"the factor{shown} left out" if shown else "a factor left out", FACTORS
            )
        done, asked = ("multiplied", "divided") if below != divisor else ("divided", "multiplied")
        words = f"{done} by{shown} instead of {asked}" if shown else f"{done} instead of {asked}"
        yield Change(
            _join([*factors[:k], (factor, not below), *factors[k + 1 :]], PRODUCT), words, FACTORS, False
        )
        if not isinstance(factor, ast.Constant):
            yield Change(
                _join([*factors, (factor, below)], PRODUCT),
                (f"the factor{shown} twice" if shown else "a factor twice"),
                FACTORS,
                False,
            )
    for (k, (a, below)), (l, (b, under)) in itertools.permutations(enumerate(factors), 2):
        if _is_slope(a, b) and not below and not under:
            rest = [part for i, part in enumerate(factors) if i not in (k, l)]
            shown = source.show(ast.BinOp(a, ast.Mult(), b))
            yield Change(
                _join(rest, PRODUCT), f"the slope{shown} left out" if shown else "a slope left out", FACTORS
            )
            square = ast.BinOp(ast.Constant(1), ast.Sub(), ast.BinOp(a, ast.Pow(), ast.Constant(2)))
            yield Change(_join([*rest, (square, False)], PRODUCT), "the slope of tanh", FACTORS)
            for other in source.arguments:
                if isinstance(a, ast.Name) and a.id != other:
                    name = ast.Name(other, ast.Load())
                    wrong = [(name, False), (ast.BinOp(ast.Constant(1), ast.Sub(), name), False)]
                    yield Change(
                        _join([*rest, *wrong], PRODUCT), f"the slope taken at `{other}`", NAMES, False
                    )


def _is_square(node: ast.expr) -> TypeGuard[ast.BinOp]:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and ast.unparse(node.right) == "2"


def _is_slope(a: ast.expr, b: ast.expr) -> bool:
    """Tell whether a · b is a sigmoid's slope a (1 - a)."""
    return (
        isinstance(b, ast.BinOp)
        and isinstance(b.op, ast.Sub)
        and isinstance(b.left, ast.Constant)
        and b.left.value == 1
        and ast.dump(a) == ast.dump(b.right)
    )


def _operators(node: ast.AST, parent: ast.AST, source: Source) -> Iterator[Change]:
    if isinstance(node, ast.BinOp):
        a, b = node.left, node.right
        if isinstance(b, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub) and isinstance(b.op, ast.Pow):
            yield Change(ast.BinOp(ast.BinOp(a, node.op, b.left), b.op, b.right), BRACKETS, TERMS, False)
        if isinstance(b, ast.BinOp) and isinstance(node.op, PRODUCT) and isinstance(b.op, PRODUCT + SUM):
            yield Change(ast.BinOp(ast.BinOp(a, node.op, b.left), b.op, b.right), BRACKETS, TERMS, False)
        if isinstance(a, ast.BinOp) and isinstance(node.op, PRODUCT) and isinstance(a.op, SUM):
            yield Change(ast.BinOp(a.left, a.op, ast.BinOp(a.right, node.op, b)), BRACKETS, TERMS, False)
        if isinstance(node.op, ast.Pow):
            yield Change(
                a,
                f"the power{source.show(node)} left out" if source.show(node) else "a power left out",
                FACTORS,
            )
            if _root(node) is None:
                yield Change(ast.BinOp(a, ast.Mult(), b), "a product in place of a power", CALLS)
            yield Change(ast.BinOp(a, ast.BitXor(), b), "`^` where `**` belongs", CALLS, False)
        if isinstance(node.op, ast.FloorDiv):
            yield Change(ast.BinOp(a, ast.Div(), b), "`/` where `//` belongs", NUMBERS)
            up = ast.BinOp(ast.UnaryOp(ast.USub(), a), ast.FloorDiv(), b)
            yield Change(ast.UnaryOp(ast.USub(), up), "rounded up where the book rounds down", EDGES)
        if isinstance(node.op, ast.Div):
            yield Change(ast.BinOp(a, ast.FloorDiv(), b), "`//` where `/` belongs", NUMBERS)
        if isinstance(node.op, ast.MatMult):
            yield Change(ast.BinOp(b, ast.MatMult(), a), "the factors of `@` in the other order", AXES)
            yield Change(ast.BinOp(_turned(a), ast.MatMult(), b), _transposed(a, source), AXES)
            yield Change(ast.BinOp(a, ast.MatMult(), _turned(b)), _transposed(b, source), AXES)
            yield Change(
                ast.BinOp(_turned(b), ast.MatMult(), _turned(a)), "the whole product transposed", AXES
            )
            yield Change(ast.BinOp(a, ast.Mult(), b), "`*` where `@` belongs", AXES)
            yield Change(
                a, f"the factor{source.show(b)} left out" if source.show(b) else "a factor left out", FACTORS
            )
            yield Change(
                b, f"the factor{source.show(a)} left out" if source.show(a) else "a factor left out", FACTORS
            )
    elif isinstance(node, ast.UnaryOp):
        if isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant):
            shown = source.show(node.operand)
            yield Change(
                node.operand, f"the minus before{shown} left out" if shown else "a minus left out", SIGNS
            )
        if isinstance(node.op, ast.Not | ast.Invert):
            yield Change(node.operand, "a condition turned round", EDGES)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        kind = type(node.ops[0])
        for other in OPPOSITES.get(kind, ()):
            words = f"`{SYMBOLS[other]}` where `{SYMBOLS[kind]}` belongs"  # type: ignore[index]
            yield Change(ast.Compare(node.left, [other()], node.comparators), words, EDGES)  # type: ignore[list-item]
    elif isinstance(node, ast.BoolOp):
        other = OPPOSITES[type(node.op)][0]
        yield Change(ast.BoolOp(other(), node.values), "`and` and `or` exchanged", EDGES)  # type: ignore[arg-type]


def _turned(node: ast.expr) -> ast.expr:
    """Transpose, or take a transpose away."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return node.value
    return ast.Attribute(node, "T", ast.Load())


def _transposed(node: ast.expr, source: Source) -> str:
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return (
            f"the transpose of{source.show(node.value)} left out"
            if source.show(node.value)
            else ("a transpose left out")
        )
    return f"{source.show(node)[1:]} transposed" if source.show(node) else "a factor transposed"


def _numbers(node: ast.AST, parent: ast.AST, source: Source) -> Iterator[Change]:
    if not isinstance(node, ast.Constant) or type(node.value) not in (int, float):
        return
    value: Any = node.value
    index = isinstance(parent, ast.Subscript | ast.Slice)
    others = [value + 1, value - 1] if type(value) is int else []
    others += (
        [] if index else [2 * value, value / 2 if type(value) is float or value % 2 else value // 2, -value]
    )
    if index and type(value) is int:
        others += [-value - 1]
    for other in dict.fromkeys(others):
        if other == value:
            continue
        words = _another_number(node, parent, value, other)
        yield Change(ast.Constant(other), words, EDGES if index else NUMBERS, index)


def _another_number(node: ast.AST, parent: ast.AST, value: float, other: float) -> str:
    """Say which number is another one, where a student who has not seen the source would know it.

    A bare number says nothing: such a change is tried, and has no name.
    """
    told = f"{other:g} in place of {value:g}"
    if isinstance(parent, ast.Subscript | ast.Slice):
        return "a wrong index"
    if isinstance(parent, ast.Assign):
        return f"a start at {told}"
    if isinstance(parent, ast.Compare):
        return f"a comparison with {told}"
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Pow) and parent.right is node:
        return f"the power {told}" if other not in (0, 1) else ""
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, PRODUCT) and other not in (0, 1):
        below = isinstance(parent.op, ast.Div) and parent.right is node
        return f"{'a division by' if below else 'a factor'} {told}"
    return ""


def _arguments_for_numbers(node: ast.AST, parent: ast.AST, source: Source) -> Iterator[Change]:
    if (
        isinstance(node, ast.Constant)
        and type(node.value) in (int, float)
        and not isinstance(parent, ast.Subscript | ast.Slice | ast.keyword)
    ):
        for name in source.arguments:
            yield Change(
                ast.Name(name, ast.Load()), f"`{name}` where {ast.unparse(node)} belongs", NAMES, False
            )


def _calls(node: ast.AST, parent: ast.AST, source: Source) -> Iterator[Change]:
    if not isinstance(node, ast.Call):
        return
    function, arguments, keywords = node.func, node.args, node.keywords
    method = isinstance(function, ast.Attribute) and not (
        isinstance(function.value, ast.Name) and function.value.id in ("np", "math", "anp", "numpy")
    )
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    first: Any = (
        function.value if method and isinstance(function, ast.Attribute) else next(iter(arguments), None)
    )
    shown = name if name in EXCHANGED or name in LEFT_OUT else ""
    for other in EXCHANGED.get(name, ()):
        attribute: Any = ast.Attribute(ast.Name("np", ast.Load()), other, ast.Load())
        changed: Any = ast.Attribute(first, other, ast.Load()) if method else attribute
        if other == "sigmoid" or (
            not method and isinstance(function, ast.Name) and other in ("max", "min", "sum")
        ):
            changed = ast.Name(other, ast.Load())
        yield Change(ast.Call(changed, arguments, keywords), f"`{other}` where `{shown}` belongs", CALLS)
    if name in LEFT_OUT and first is not None:
        yield Change(first, f"`{shown}` left out", CALLS)
    if name == "log1p" and first is not None:
        for other in ("log2", "log10"):
            call = ast.Attribute(ast.Name("np", ast.Load()), other, ast.Load())
            plus = ast.BinOp(ast.Constant(1), ast.Add(), first)
            yield Change(ast.Call(call, [plus], []), f"`{other}` where the natural logarithm belongs", CALLS)
    if name in ("ceil", "floor") and first is not None:
        floor = ast.Call(ast.Attribute(ast.Name("np", ast.Load()), "floor", ast.Load()), [first], [])
        if name == "ceil":
            yield Change(
                ast.BinOp(floor, ast.Add(), ast.Constant(1)),
                "one too many where the division leaves no rest",
                EDGES,
            )
        else:
            yield Change(ast.BinOp(copy.deepcopy(node), ast.Add(), ast.Constant(1)), "one too many", EDGES)
    if (
        name in ("where", "maximum", "minimum", "clip", "outer", "dot", "subtract", "divide")
        and len(arguments) > 1
    ):
        swapped = [*arguments[:-2], arguments[-1], arguments[-2]]
        yield Change(ast.Call(function, swapped, keywords), f"two arguments of `{name}` exchanged", CALLS)
        for argument in arguments[-2:]:
            yield Change(argument, f"`{name}` left out", CALLS)
    if name == "len" and first is not None:
        for change, words in ((1, "one too many"), (-1, "one too few")):
            count = ast.BinOp(node, ast.Add(), ast.Constant(change))
            yield Change(count, f"{words} in the number of entries", EDGES)
        size = ast.Call(ast.Attribute(ast.Name("np", ast.Load()), "size", ast.Load()), [first], [])
        shape = ast.Call(ast.Attribute(ast.Name("np", ast.Load()), "shape", ast.Load()), [first], [])
        yield Change(size, "the number of all entries in place of the number of rows", AXES)
        yield Change(
            ast.Subscript(shape, ast.Constant(1), ast.Load()), "columns counted in place of rows", AXES
        )
    if name == "range":
        end = 0 if len(arguments) == 1 else 1
        for change, words in ((1, "one too many"), (-1, "one too few")):
            ends = [*arguments]
            step = arguments[2:] and ast.unparse(arguments[2]).startswith("-")
            ends[end] = ast.BinOp(arguments[end], ast.Add(), ast.Constant(-change if step else change))
            yield Change(ast.Call(function, ends, []), f"a loop with {words}", EDGES)
        start = [ast.Constant(1), arguments[0]] if end == 0 else [arguments[1]]
        if len(arguments) < 3:
            yield Change(ast.Call(function, start, []), "a loop that starts in the wrong place", EDGES)
    if name in ("std", "var"):
        ddof = ast.keyword("ddof", ast.Constant(1))
        others = [keyword for keyword in keywords if keyword.arg != "ddof"]
        if len(others) == len(keywords):
            yield Change(
                ast.Call(function, arguments, [*keywords, ddof]), "n - 1 where the book divides by n", NUMBERS
            )
        else:
            yield Change(ast.Call(function, arguments, others), "n where n - 1 is asked for", NUMBERS)
    for i, keyword in enumerate(keywords):
        rest = keywords[:i] + keywords[i + 1 :]
        if keyword.arg == "axis":
            yield Change(ast.Call(function, arguments, rest), "no `axis`", AXES)
            for axis in (0, 1):
                along = ast.keyword("axis", ast.Constant(axis))
                if not (isinstance(keyword.value, ast.Constant) and keyword.value.value == axis):
                    yield Change(ast.Call(function, arguments, [*rest, along]), "the other `axis`", AXES)
        elif keyword.arg:
            yield Change(ast.Call(function, arguments, rest), f"`{keyword.arg}` left out", CALLS)
    if not method and len(arguments) == 2 and name in source.helpers:
        yield Change(ast.Call(function, arguments[::-1], keywords), "two arguments exchanged", NAMES)


def _indices(node: ast.AST, parent: ast.AST, source: Source) -> Iterator[Change]:
    if isinstance(node, ast.Attribute) and node.attr == "T" and isinstance(node.ctx, ast.Load):
        if not (isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.MatMult)):
            yield Change(node.value, _transposed(node, source), AXES)
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        if isinstance(node.slice, ast.Name | ast.BinOp):
            for change in (1, -1):
                moved = ast.BinOp(node.slice, ast.Add(), ast.Constant(change))
                yield Change(ast.Subscript(node.value, moved, ast.Load()), "an index off by one", EDGES)
        if isinstance(node.slice, ast.Slice):
            whole = node.slice
            if whole.step is not None:
                yield Change(node.value, "the step or the reverse order left out", EDGES)
            for part in ("lower", "upper"):
                if getattr(whole, part) is not None:
                    other = ast.Slice(whole.lower, whole.upper, whole.step)
                    setattr(other, part, None)
                    yield Change(
                        ast.Subscript(node.value, other, ast.Load()), "a slice with too many entries", EDGES
                    )
    elif isinstance(node, ast.IfExp):
        yield Change(node.body, "a condition left out", EDGES)
        yield Change(node.orelse, "a condition left out", EDGES)
        yield Change(ast.IfExp(node.test, node.orelse, node.body), "a condition turned round", EDGES)
    elif isinstance(node, ast.If):
        yield Change(
            ast.If(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse),
            "a condition turned round",
            EDGES,
        )
        yield Change(ast.If(ast.Constant(True), node.body, []), "a condition left out", EDGES)
        yield Change(
            ast.If(ast.Constant(True), node.orelse or [ast.Pass()], []), "a condition left out", EDGES
        )
    elif isinstance(node, ast.comprehension) and node.ifs:
        yield Change(ast.comprehension(node.target, node.iter, [], 0), "a condition left out", EDGES)
    elif isinstance(node, ast.AugAssign):
        yield Change(ast.Pass(), "a step left out", STEPS)
        opposite = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
        if type(node.op) in opposite:
            back = opposite[type(node.op)]()
            yield Change(
                ast.AugAssign(node.target, back, node.value), "a step in the opposite direction", SIGNS
            )
        yield Change(
            ast.Assign([node.target], node.value, lineno=node.lineno),
            "a total that forgets what came before",
            STEPS,
        )
    elif isinstance(node, ast.For):
        yield Change(ast.Pass(), "a loop left out", STEPS)
        yield Change(
            ast.If(
                ast.Constant(True),
                [
                    ast.Assign(
                        [node.target],
                        ast.Call(
                            ast.Name("next", ast.Load()),
                            [ast.Call(ast.Name("iter", ast.Load()), [node.iter], [])],
                            [],
                        ),
                        lineno=node.lineno,
                    ),
                    *node.body,
                ],
                [],
            ),
            ("only the first turn of the loop"),
            STEPS,
        )


def _stored(function: Function) -> list[str]:
    """Return the names that a function gives a value to."""
    names = (part for part in ast.walk(function) if isinstance(part, ast.Name))
    return [name.id for name in names if isinstance(name.ctx, ast.Store)]


def _names(arguments: list[str], stored: list[str], node: ast.AST, source: Source) -> Iterator[Change]:
    """Take a name for its neighbour: another argument, the same letter with another number, z for a."""
    here = dict.fromkeys([*arguments, *stored])
    if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load) or node.id not in here:
        return
    for other in ("sum", "mean") if node.id in arguments else ():
        call = ast.Call(ast.Attribute(ast.Name("np", ast.Load()), other, ast.Load()), [node], [])
        yield Change(call, f"the {other} of `{node.id}` where each of its entries belongs", AXES, False)
    for other in here:
        related = (
            _stem(other) == _stem(node.id)
            or {_stem(other), _stem(node.id)} <= {"z", "a"}
            or (node.id in arguments and other in arguments)
            or (LECTURE.fullmatch(node.id) and LECTURE.fullmatch(other))
        )
        if other != node.id and related:
            own, mine = source.show(node), source.show(ast.Name(other))
            words = f"{mine[1:]} where{own} belongs" if own and mine else "one quantity taken for another"
            yield Change(ast.Name(other, ast.Load()), words, NAMES, _stem(other) == _stem(node.id))


def _stem(name: str) -> str:
    return name.rstrip("0123456789_")


def _roots(node: ast.AST, parent: ast.AST, source: Source) -> Iterator[Change]:
    """Let the root, the square or the mean reach over too little, or take them in the other order."""
    if isinstance(node, ast.Call) and _name(node.func) == "sqrt" and len(node.args) == 1:
        inside = node.args[0]
        for family in (PRODUCT, SUM):
            if not (isinstance(inside, ast.BinOp) and isinstance(inside.op, family)):
                continue
            parts = _chain(inside, family)
            for k, (part, inverse) in enumerate(parts):
                rest = _join(parts[:k] + parts[k + 1 :], family)
                root = ast.Call(node.func, [rest], [])
                shown = source.show(part)
                words = f"{shown[1:]} outside of the root" if shown else "a part outside of the root"
                yield Change(_join([(root, False), (part, inverse)], family), words, BRACES)
            each: list[tuple[ast.expr, bool]] = [
                (ast.Call(node.func, [part], []), inverse) for part, inverse in parts
            ]
            if family is SUM:
                yield Change(_join(each, SUM), "the root of each term in place of the sum's", BRACES)
    if isinstance(node, ast.BinOp) and _is_square(node) and isinstance(node.left, ast.BinOp):
        inside, two = node.left, node.right
        if isinstance(inside.op, SUM):
            parts = [(ast.BinOp(part, ast.Pow(), two), inverse) for part, inverse in _chain(inside, SUM)]
            yield Change(_join(parts, SUM), "each term squared by itself", BRACES)
    if isinstance(node, ast.Call) and _name(node.func) in ("mean", "sum") and len(node.args) == 1:
        inside = node.args[0]
        if isinstance(inside, ast.BinOp) and _is_square(inside):
            whole = ast.BinOp(ast.Call(node.func, [inside.left], node.keywords), ast.Pow(), inside.right)
            what = _name(node.func)
            yield Change(whole, f"the square of the {what} where the {what} of the squares belongs", BRACES)


def _unbracketed(node: ast.AST, parent: ast.AST, source: Source) -> Iterator[Change]:
    """Write a root as a power without brackets around the fraction: x**1/2, which divides by 2."""
    divides = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
    root = _root(node.right if divides else node)  # type: ignore[attr-defined]
    if root is None or (
        isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Div) and parent.right is node
    ):
        return
    inside, power = root
    n, m = power.numerator, power.denominator
    raised = inside if n == 1 else ast.BinOp(inside, ast.Pow(), ast.Constant(n))
    whole = ast.BinOp(node.left, ast.Div(), raised) if divides else raised  # type: ignore[attr-defined]
    first = "x" if n == 1 else f"x**{n}"
    say = f"The power comes before the division: `x**{n}/{m}` is `{first}/{m}`. Write `x**({n}/{m})`."
    yield Change(ast.BinOp(whole, ast.Div(), ast.Constant(m)), f"`**{n}/{m}` without brackets", say)


def _root(node: ast.AST) -> tuple[ast.expr, Fraction] | None:
    """Return what a root or a power with a fraction is taken of, and the fraction."""
    if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        first = node.args[0]
        if _name(node.func) == "sqrt":
            return first, Fraction(1, 2)
        if _name(node.func) == "norm":
            return _call("sum", ast.BinOp(first, ast.Pow(), ast.Constant(2))), Fraction(1, 2)
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)):
        return None
    found = re.fullmatch(r"(\d+) / ([1-9]\d*)|(\d*\.\d+)", ast.unparse(node.right))
    if found is None:
        return None
    power = Fraction(found[3]) if found[3] else Fraction(int(found[1]), int(found[2]))
    return None if power.denominator == 1 or power.denominator > 12 else (node.left, power)


BRACES = "What does each root, each square and each mean reach over?"


def _name(function: ast.AST) -> str:
    """Return the last part of a function's name."""
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    """Make a call of a function of numpy, or of an activation."""
    own = name in ACTIVATIONS and name != "tanh"
    function: ast.expr = (
        ast.Name(name, ast.Load()) if own else ast.Attribute(ast.Name("np", ast.Load()), name, ast.Load())
    )
    return ast.Call(function, list(arguments), [])


def _units(node: ast.AST, parent: ast.AST, source: Source) -> Iterator[Change]:
    """Take angles in degrees, powers of another base, and the exponent with the other sign."""
    if not isinstance(node, ast.Call):
        return
    name, first = _name(node.func), next(iter(node.args), ast.Constant(0))
    if name in ("sin", "cos", "tan"):
        turned = ast.Call(node.func, [_call("radians", first)], [])
        yield Change(turned, "an angle in degrees where radians belong", UNITS)
    if name in ("arccos", "arcsin", "arctan", "arctan2"):
        yield Change(_call("degrees", node), "degrees where radians belong", UNITS)
    if name == "exp":
        for base in (10, 2):
            power = ast.BinOp(ast.Constant(float(base)), ast.Pow(), first)
            yield Change(power, f"a power of {base} where one of e belongs", UNITS)
        if not (isinstance(first, ast.UnaryOp) and isinstance(first.op, ast.USub)):
            minus = ast.Call(node.func, [ast.UnaryOp(ast.USub(), first)], [])
            yield Change(minus, "the sign of the exponent turned", SIGNS)
    if name == "sigmoid":
        minus = ast.Call(node.func, [ast.UnaryOp(ast.USub(), first)], [])
        yield Change(minus, "a sigmoid with exp(z) in place of exp(−z)", SIGNS)
    if name in ("max", "min", "amax", "amin"):
        inside = node.func.value if _is_method(node.func) else first  # type: ignore[attr-defined]
        sizes = _call(name, _call("abs", inside))
        sizes.keywords, sizes.args = (
            node.keywords,
            [*sizes.args, *node.args[0 if _is_method(node.func) else 1 :]],
        )
        yield Change(sizes, "an absolute value that does not belong there", SIGNS, False)


UNITS = "In which unit does the function take its argument, and to which base is it?"


def _is_method(function: ast.AST) -> bool:
    modules = ("np", "math", "anp", "numpy")
    return isinstance(function, ast.Attribute) and not (
        isinstance(function.value, ast.Name) and function.value.id in modules
    )


def _unpacked(node: ast.AST, parent: ast.AST, source: Source) -> Iterator[Change]:
    """Take apart a tuple or an array in another order."""
    if isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Store):
        for i, k in itertools.combinations(range(len(node.elts)), 2):
            order = list(node.elts)
            order[i], order[k] = order[k], order[i]
            shown = [source.show(node.elts[i]), source.show(node.elts[k])]
            words = f"{shown[0][1:]} and{shown[1]}" if all(shown) else "two quantities"
            yield Change(ast.Tuple(order, ast.Store()), f"{words} taken apart in the wrong order", NAMES)


Inputs = dict[str, tuple[str, ast.expr]]


def _inputs(function: Function) -> Inputs:
    """Return the names of outputs of activations, each with its activation and what that is of."""
    return {
        target.id: (_name(part.value.func), part.value.args[0])
        for part in ast.walk(function)
        if isinstance(part, ast.Assign) and isinstance(part.value, ast.Call) and part.value.args
        for target in part.targets
        if isinstance(target, ast.Name) and _name(part.value.func) in ACTIVATIONS
    }


def _activations(inputs: Inputs, parent: ast.AST, node: ast.AST, source: Source) -> Iterator[Change]:
    """Take a node's input z for its output a, and put an activation where the output is linear."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in inputs:
        name, z = inputs[node.id]
        words = f"the input z of the {name} where its output{source.show(node)} belongs"
        yield Change(copy.deepcopy(z), words, NAMES)
    for slope, a, rest in _slopes(node):
        if isinstance(a, ast.Name) and a.id in inputs:
            z = copy.deepcopy(inputs[a.id][1])
            for squared in (slope == "tanh", slope != "tanh"):
                of_z = _slope_at(z, squared=squared)
                form = "1 − z²" if squared else "z (1 − z)"
                yield Change(rest(of_z), f"the slope taken from z, as {form}, where a belongs", NAMES)
    inside = isinstance(parent, ast.BinOp) and isinstance(parent.op, SUM) and parent.left is node
    if isinstance(node, ast.BinOp) and isinstance(node.op, SUM) and not inside:
        *terms, (target, minus) = _chain(node, SUM)
        if minus and len(terms) > 1 and isinstance(target, ast.Name) and target.id.startswith("y"):
            z = _join(terms, SUM)
            for name in ("sigmoid", "tanh", "relu"):
                a = _call(name, z)
                error = ast.BinOp(a, ast.Sub(), target)
                yield Change(error, f"a {name} at the output, which is linear here", NAMES)
                if name != "relu":
                    with_slope = ast.BinOp(error, ast.Mult(), _slope_at(a, squared=name == "tanh"))
                    words = f"a {name} and its slope at the output, which is linear here"
                    yield Change(with_slope, words, NAMES)


def _slope_at(a: ast.expr, *, squared: bool) -> ast.expr:
    """Write 1 − a² or a (1 − a)."""
    one = ast.Constant(1)
    if squared:
        return ast.BinOp(one, ast.Sub(), ast.BinOp(a, ast.Pow(), ast.Constant(2)))
    return ast.BinOp(a, ast.Mult(), ast.BinOp(one, ast.Sub(), a))


def _slopes(node: ast.AST) -> Iterator[tuple[str, ast.expr, Callable[[ast.expr], ast.expr]]]:
    """Find the slopes a (1 − a) and 1 − a² in a product or a difference, and a way to put another there."""
    if not isinstance(node, ast.BinOp):
        return
    one = isinstance(node.left, ast.Constant) and node.left.value == 1
    if one and isinstance(node.op, ast.Sub) and _is_square(node.right):
        yield "tanh", node.right.left, lambda other: other
    if isinstance(node.op, PRODUCT):
        factors = _chain(node, PRODUCT)
        for (k, (a, below)), (l, (b, under)) in itertools.permutations(enumerate(factors), 2):
            if _is_slope(a, b) and not below and not under:
                rest = [part for i, part in enumerate(factors) if i not in (k, l)]
                yield (
                    "sigmoid",
                    a,
                    lambda other, rest=rest: _join([*rest, (other, False)], PRODUCT),  # type: ignore[misc]
                )


MOST_PLACES = 6
RULES = (
    _sums,
    _products,
    _operators,
    _calls,
    _indices,
    _numbers,
    _arguments_for_numbers,
    _roots,
    _unbracketed,
    _units,
    _unpacked,
)


# -- the variants -----------------------------------------------------------------------------------------


def _places(tree: ast.AST) -> Iterator[tuple[ast.AST, ast.AST, Put]]:
    """Yield every node with its parent and a way to put another one in its place."""
    for parent in list(ast.walk(tree)):
        if isinstance(parent, ast.arguments):
            continue
        for name, value in ast.iter_fields(parent):
            if isinstance(value, ast.AST):
                yield parent, value, functools.partial(setattr, parent, name)
            elif isinstance(value, list):
                for i, part in enumerate(value):
                    if isinstance(part, ast.AST):
                        yield parent, part, functools.partial(value.__setitem__, i)


def _changes(function: Function, source: Source) -> Iterator[tuple[Put, ast.AST, Change]]:
    arguments, stored = [argument.arg for argument in function.args.args], _stored(function)
    inputs = _inputs(function)
    for parent, node, put in _places(function):
        for rule in RULES:
            for change in rule(node, parent, source):
                yield put, node, change
        for change in _names(arguments, stored, node, source):
            yield put, node, change
        for change in _forgotten(function, parent, node):
            yield put, node, change
        for change in _activations(inputs, parent, node, source):
            yield put, node, change


def _forgotten(function: Function, parent: ast.AST, node: ast.AST) -> Iterator[Change]:
    """Leave out a line that changes a name which already has a value."""
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
        return
    name = node.targets[0].id
    earlier = {argument.arg for argument in function.args.args}
    for other in ast.walk(function):
        if isinstance(other, ast.Name) and isinstance(other.ctx, ast.Store) and other.lineno < node.lineno:
            earlier.add(other.id)
    if name in earlier:
        yield Change(ast.Pass(), "a step left out", STEPS)


def slips(function: Any, *, likely: bool = False) -> Iterator[Mistake]:
    """Yield the function's variants with one slip each, the same slip throughout included.

    With `likely`, only the more frequent ones. A function whose source cannot be read, or that has a `while`,
    has none. What a variant makes of an input may be anything, an error included.
    """
    source = read(function)
    if source is None:
        return
    for change in _made(source, likely=likely):
        yield Mistake(change.words, _compiled(source), change.say)
    for words, say in _made_throughout(source):
        yield Mistake(f"{words}, throughout" if words else "", _compiled(source), say)
    names = source.arguments
    for i, k in itertools.combinations(range(len(names)), 2):
        yield Mistake(f"`{names[i]}` and `{names[k]}` exchanged", _exchanged(function, i, k), NAMES)
    for i, (by, words) in itertools.product(range(len(names)), ((1, "large"), (-1, "small"))):
        yield Mistake(f"`{names[i]}` one too {words}", _shifted(function, i, by), EDGES)


def two_slips(function: Any) -> Iterator[Mistake]:
    """Yield the function's variants with two of the more frequent slips."""
    source = read(function)
    if source is not None:
        for first in _made(source, likely=True):
            for second in _made(source, likely=True):
                if "" < first.words < second.words:
                    yield Mistake(f"{first.words}, and {second.words}", _compiled(source), first.say)


def _made(source: Source, *, likely: bool) -> Iterator[Change]:
    """Make one change after the other, each until the next is asked for."""
    for tree in dict.fromkeys((source.main, *source.helpers.values())):
        for put, node, change in list(_changes(tree, source)):
            if likely and not change.likely:
                continue
            put(ast.fix_missing_locations(ast.copy_location(change.node, node)))
            try:
                yield change
            finally:
                put(node)


def _made_throughout(source: Source) -> Iterator[tuple[str, str]]:
    """Make the same change in all its places at once."""
    for tree in dict.fromkeys((source.main, *source.helpers.values())):
        alike: dict[str, list[tuple[Put, ast.AST, Change]]] = {}
        for put, node, change in _changes(tree, source):
            kind = change.words or f"{ast.dump(node)} {ast.dump(change.node)}"
            alike.setdefault(kind, []).append((put, node, change))
        for places in alike.values():
            if not 2 <= len(places) <= MOST_PLACES:
                continue
            for put, node, change in places:
                put(ast.fix_missing_locations(ast.copy_location(change.node, node)))
            try:
                yield places[0][2].words, places[0][2].say
            finally:
                for put, node, _ in reversed(places):
                    put(node)


def _compiled(source: Source) -> Any:
    try:
        return source.function()
    except (SyntaxError, ValueError, TypeError):  # such as an assignment to a call
        return _fails


def _shifted(function: Any, i: int, by: int) -> Any:
    def wrong(*inputs: Any) -> Any:
        if type(inputs[i]) is not int:
            return _fails()
        return function(*inputs[:i], inputs[i] + by, *inputs[i + 1 :])

    return wrong


def _fails(*inputs: Any) -> Any:
    raise SyntaxError("no function")


def _exchanged(function: Any, i: int, k: int) -> Any:
    def wrong(*inputs: Any) -> Any:
        changed = list(inputs)
        changed[i], changed[k] = inputs[k], inputs[i]
        return function(*changed)

    return wrong
