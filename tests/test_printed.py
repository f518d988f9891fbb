"""The reader of printed formulas: every construct of the book, and what it refuses."""

from pathlib import Path

import numpy as np
import pytest
import sympy as sp

from fysstk_book import sources
from fysstk_book.printed.formula import Formula, ShapesError
from fysstk_book.printed.names import UnboundError, from_one
from fysstk_book.printed.numbers import samples
from fysstk_book.printed.tidy import UnreadableError
from fysstk_book.printed.tree import Node, parse, walk

ROOT = Path(__file__).parents[1]
BOOK = {label: entry.text for label, entry in sources.equations(ROOT).items()}


def formula(latex, **others):
    """Return a formula that stands on no page; the others are definitions by label."""
    pages = {label.replace("_", "-"): text for label, text in others.items()}
    return Formula("eq-here", parse(latex), lambda label: parse(pages[label]))


def value(latex, names=None, **indices):
    """Return the value of an expression."""
    return formula(rf"\Phi = {latex}").value(names, **indices)


# --- The book as a whole


# What the reader cannot take in at all; the tests of these are pinned.
IN_WORDS = {"def-iris-confusion"}


@pytest.mark.parametrize("label", sorted(BOOK))
def test_every_equation_of_the_book_is_read_and_written_back(label):
    if label in IN_WORDS:
        with pytest.raises(UnreadableError, match=r"cannot read .* <here> "):
            parse(BOOK[label])
    else:
        assert parse(str(parse(BOOK[label]))) == parse(BOOK[label])


# --- Layout


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (r"\frac12 x", r"\tfrac{1}{2}\,x"),
        (r"x^2y_1z", "x^{2} y_{1} z"),
        (r"\left(a+b\right)^2", "(a + b)^{2}"),
        (r"23\,820", "23820"),
        (r"\sqrt\kappa", r"\sqrt{\kappa}"),
        (r"\frac R\gamma", r"\frac{R}{\gamma}"),
        (r"\hat y", r"\hat{y}"),
        (r"|x| + \left|y\right|", r"\left|x\right| + |y|"),
        (r"a = b ,", "a = b"),
        (r"\begin{aligned} a &= b \\ &= c \end{aligned}", "a = b = c"),
        (r"\begin{aligned} a &= b, \\ c &= d. \end{aligned}", r"a = b \qquad c = d"),
        (r"\underbrace{a}_{\text{this}} + b", "{a} + b"),
        (r"\mathbf x", r"\mathbf{x}"),
        (r"a \neq b", r"a \ne b"),
    ],
)
def test_what_looks_alike_is_alike(one, other):
    assert parse(one) == parse(other)


@pytest.mark.parametrize(
    "one, other", [("x_{ij}", "x_{ji}"), ("x^2", "x_2"), ("a - b", "a + b"), ("f'", "f")]
)
def test_what_differs_is_different(one, other):
    assert parse(one) != parse(other)


# --- Values

z = np.array([1.0, -2.0])
M = np.array([[1.0, 2.0], [3.0, 5.0]])


@pytest.mark.parametrize(
    ("latex", "names", "expected"),
    [
        (r"\frac12 + \frac13", {}, sp.Rational(5, 6)),
        ("2x^2 - x/4", {"x": 6}, 70.5),
        ("a/2s^2", {"a": 8, "s": 2}, 1),
        (r"-x^2", {"x": 3}, -9),
        (r"a - b - c", {"a": 1, "b": 2, "c": 3}, -4),
        (r"\sqrt{x} \cdot 3", {"x": 16.0}, 12),
        (r"e^{-2}", {}, np.exp(-2)),
        (r"2\pi", {}, 2 * np.pi),
        (r"\ln\frac1K", {"K": 7.0}, -np.log(7)),
        (r"y \ln a + (1-y)\ln(1-a)", {"y": 0.3, "a": 0.6}, 0.3 * np.log(0.6) + 0.7 * np.log(0.4)),
        (r"3 s^2 \cos^2 t \,\sin t", {"s": 2.0, "t": 0.5}, 12 * np.cos(0.5) ** 2 * np.sin(0.5)),
        (r"\sin 2M", {"M": 0.2}, np.sin(0.4)),
        (r"\max(0, z)", {"z": -3}, 0),
        (r"|x| \, |y|", {"x": -2, "y": 3}, 6),
        (r"\|w\|^2", {"w": z}, 5),
        (r"w \cdot w", {"w": z}, 5),
        (r"\lfloor t/T \rfloor", {"t": 7, "T": 2}, 3),
        (r"M^T M", {"M": M}, M.T @ M),
        (r"(M^T M)^{-1} M^T", {"M": M}, np.linalg.pinv(M)),
        (r"M^+", {"M": M}, np.linalg.pinv(M)),
        (r"M \circ M", {"M": M}, M * M),
        (r"M z", {"M": M, "z": z}, M @ z),
        (r"z z", {"z": samples(z)}, z * z),
        (r"(1, x, 3)", {"x": 2}, [1, 2, 3]),
        (r"\begin{pmatrix} 1 & \\ & x \end{pmatrix}", {"x": 2}, [[1, 0], [0, 2]]),
        (r"\operatorname{diag}(x, 2)", {"x": 1}, [[1, 0], [0, 2]]),
        (r"\sum_{i=1}^n i x_i", {"n": 3, "x_i": from_one([1, 2, 4])}, 17),
        (r"\sum_{i=1}^n x_i + 1", {"n": 2, "x_i": from_one([1, 2])}, 4),
        (r"\sum_{i=1}^0 x_i", {"x_i": []}, 0),
        (r"\prod_{i=1}^n x_i", {"n": 3, "x_i": from_one([2, 3, 4])}, 24),
        (r"\sum_{i\in B} i", {"B": [2, 5]}, 7),
        (r"\mathbb E\left[x^2\right]", {"x": samples([1.0, 3.0])}, 5),
        (r"\operatorname{Var} x", {"x": samples([1.0, 3.0])}, 1),
        (r"[x \le 3] + [x > 3]", {"x": 2}, 1),
        (r"\begin{cases} 1 & x > 0 \\ 0 & x \le 0 \end{cases}", {"x": -1}, 0),
        (r"\begin{cases} 1 & x > 0 \\ 0 & x \le 0 \end{cases}", {"x": samples([-1, 2])}, [0, 1]),
        (r"\max_{x\in[0,1]} x^2", {}, 1),
        (r"\int_0^2 x^2 dx", {}, 8 / 3),
        (r"\int_0^1 \frac{dx}{1 + x}", {}, np.log(2)),
        (r"\int_0^2 \frac{x dx}{2}", {}, 1),
        (r"\lim_{c\to\infty} \frac{c}{1 + c}", {}, 1),
        (r"\left.\frac{d}{dh} \sin(kh)\right|_{h=0}", {"k": 3}, 3),
        (r"\frac{d}{dx} x^3", {"x": 2.0}, 12),
        (r"f(x)^2", {"f": lambda x: x + 1, "x": 2}, 9),
        (r"f (x + 1)", {"f": 3, "x": 2}, 9),
        (r"g(\mathbf u)_2", {"g": lambda u: 2 * u, r"\mathbf u": z}, -4),
        (r"(F \circ G)(x)", {"F": lambda x: x + 1, "G": lambda x: 2 * x, "x": 2}, 5),
        (r"\overline{a^2}", {r"\overline{a^2}": 7}, 7),
        (r"J_{\mathbf F}", {r"J_{\mathbf F}": 7}, 7),
        (r"\theta^* + \lambda_\text{max}", {r"\theta^*": 1, r"\lambda_\text{max}": 2}, 3),
        (r"x_\ast", {r"x_\ast": 1}, 1),
    ],
)
def test_value(latex, names, expected):
    ranges = {"x": np.linspace(0, 1, 5).tolist()} if r"\max_" in latex else {}
    found = formula(rf"\Phi = {latex}")._ask(names, (), None, ranges, None)
    (reading,) = found.cases(formula(rf"\Phi = {latex}").statements[0]) if not ranges else [found.reading]
    got = reading.value(formula(rf"\Phi = {latex}").statements[0].sides[1])
    np.testing.assert_allclose(np.asarray(got, dtype=float), np.asarray(expected, dtype=float), rtol=1e-8)


def test_numbers_are_exact_until_they_meet_a_float():
    assert value(r"\frac{1}{3} \cdot 3") == 1
    assert value("0.1 + 0.2") == sp.Rational(3, 10)
    assert isinstance(value(r"\frac12 x", {"x": 3.0}), float)
    assert value(r"\frac12 \ln 2 + x", {"x": 1.0}) == pytest.approx(np.log(2) / 2 + 1)
    assert value(r"\frac12 \ln 2 + x", {"x": sp.Symbol("x")}) == sp.log(2) / 2 + sp.Symbol("x")


def test_limits_from_both_sides():
    a = sp.Symbol("a")
    jump = r"\begin{cases} 1 & z > 0 \\ a & z < 0 \end{cases}"
    assert [value(rf"\lim_{{z\to0^{side}}} {jump}", {"a": a}) for side in "+-"] == [1, a]
    refuses(rf"1 = \lim_{{z\to0}} {jump}", ValueError, "no limit", {"a": a})
    assert value(r"\lim_{z\to0} \frac{\sin(z)}{z}") == 1
    assert value(r"\lim_{z\to0} \frac{1}{z^2}") == sp.oo
    assert value(r"\lim_{z\to0^-} \frac{1}{z}") == -sp.oo


def test_counting():
    count = formula(r"c = \#\{y_i < a\} - 3\#\{y_i > a\}")
    count.holds({"c": -1, "y_i": [1, 2, 5], "a": 3}, i=range(3))
    refuses(r"c = \#\{y_i < a\}", UnboundError, "i has no range", {"c": 1, "y_i": [1], "a": 3})


# --- Names and their indices


def test_an_upper_index_is_an_index_if_the_name_has_one_and_else_a_power():
    assert value("a^2", {"a": 3}) == 9
    assert value("a^2", {"a^l": [0, 5, 7]}) == 7
    assert value("a_1^2", {"a_j": from_one([3])}) == 9
    assert value("(a_1^2)^2", {"a_j^l": lambda j, l: 10 * l + j}) == 441


def test_lists_are_looked_up_by_the_upper_index_first():
    W = [None, np.array([[1, 2], [3, 4]]), np.array([[5, 6], [7, 8]])]
    assert value("w_{12}^2", {"w_{ij}^l": from_one(W)}) == 6
    assert value("w_{01}^{(2)}", {"w_{ij}^{(l)}": W}) == 6
    assert value("w_{jk}^{l+1}", {"w_{ij}^l": from_one(W)}, j=1, k=2, l=1) == 6


def test_letters_are_numbers_from_the_test_or_from_a_sum():
    assert value("k^2 + x_{k-1}", {"x_k": [0, 0, 5]}, k=3) == 14
    assert value(r"\sum_{k=1}^{2} k x_{k+1}", {"x_k": [0, 0, 5, 7]}) == 19


def test_the_name_with_a_number_comes_before_the_name_with_a_letter():
    names = {"a_j^0": lambda j: 100 + j, "a_j^l": lambda j, l: 10 * l + j}
    assert value("a_3^{l-1}", names, l=1) == 103
    assert value("a_3^{l-1}", names, l=2) == 13
    assert value("y_{10}", {"y_i": from_one([0] * 10), "y_{ij}": lambda i, j: (i, j) == (1, 0)}) == 1


def test_a_prime_is_a_name_or_else_the_derivative():
    assert value("f'(x)", {"f'": lambda x: 7, "x": 2}) == 7
    assert value("f'(x)", {"f": lambda x: x**3, "x": 2.0}) == pytest.approx(12)
    assert value("f''(x)", {"f": lambda x: x**3, "x": 2.0}) == pytest.approx(12)
    x = sp.Symbol("x")
    assert sp.simplify(value(r"\sigma'(x)", {r"\sigma": lambda z: 1 / (1 + sp.exp(-z)), "x": x})) != 0


NETWORK = {
    "def_z": r"z_j^l = \sum_{i=1}^2 w_{ij}^l a_i^{l-1}",
    "def_a": r"a_j^l = (z_j^l)^2 , \qquad a_j^0 = x_j",
    "def_c": r"C = a_1^2",
}
WEIGHTS = {"w_{ij}^l": lambda i, j, l: i + j / 2 + l, "x_j": lambda j: j / 3}


def test_definitions_are_read_from_the_page_and_differentiated():
    C = formula("C = y", **NETWORK)
    where = ["def-z", "def-a", "def-c"]
    a = [(sum((i + j / 2 + 1) * i / 3 for i in (1, 2))) ** 2 for j in (1, 2)]
    z2 = sum((i + 2.5) * a[i - 1] for i in (1, 2))
    C.holds({"y": z2**2}, also=WEIGHTS, where=where, within=1e-9)
    chain = formula(r"\frac{\partial C}{\partial w_{i1}^2} = 2 z_1^2 a_i^1", **NETWORK)
    chain.holds(also=WEIGHTS, where=where, i=(1, 2), within=1e-4)
    with pytest.raises(AssertionError, match="does not hold"):
        formula(r"\frac{\partial C}{\partial w_{i1}^2} = 2 z_1^2 a_i^0", **NETWORK).holds(
            also=WEIGHTS, where=where, i=(1, 2), within=1e-4
        )


def test_dots_between_arguments_stand_for_those_that_are_numbered_between():
    names = {"f": lambda *values: int("".join(map(str, values))), "x_i": from_one([7, 8, 9, 5])}
    read = formula(r"f(x_1, \dots, x_{j-1}, 0) = 1")
    assert [read.value(names, side=0, j=j) for j in (2, 3, 5)] == [70, 780, 78950]
    refuses(r"f(0, \dots, x_2) = 1", UnreadableError, "dots between 0", names)


def test_a_derivative_by_differences_finds_two_indices_that_are_written_as_one_number():
    weight, of_z = np.array([[2.0, 3.0], [5.0, 7.0]]), [r"z_j = w_{0j} x_0 + w_{1j} x_1"]
    for latex in (
        r"\frac{\partial z_1}{\partial w_{01}} = x_0",
        r"\frac{\partial z_0}{\partial w_{10}} = x_1",
    ):
        formula(latex).holds({"w_{ij}": weight, "x_i": [11.0, 13.0]}, where=of_z, within=1e-8)


def test_a_derivative_by_symbols_is_exact():
    w = {(i, j, l): sp.Symbol(f"w{i}{j}{l}") for i in (1, 2) for j in (1, 2) for l in (1, 2)}
    names = {"w_{ij}^l": lambda i, j, l: w[i, j, l], "x_j": lambda j: sp.Symbol(f"x{j}")}
    formula(r"\frac{\partial C}{\partial w_{i1}^2} = 2 z_1^2 a_i^1", **NETWORK).holds(
        also=names, where=["def-z", "def-a", "def-c"], i=(1, 2)
    )


# --- Statements


def refuses(latex, error, match, names=None, **options):
    with pytest.raises(error, match=match):
        formula(latex).holds(names, **options)


def test_equations_hold_or_not():
    formula("a = b").holds({"a": 1, "b": 1 + 1e-13})
    refuses("a = b", AssertionError, "1 and 2, which is 1 too far", {"a": 1, "b": 2})
    refuses("a = b = c", AssertionError, "b = c", {"a": 1, "b": 1, "c": 2})
    refuses("a = b", ShapesError, "shapes", {"a": np.ones(2), "b": np.ones(3)})
    x = sp.Symbol("x")
    formula("(a + 1)^2 = a^2 + 2a + 1").holds({"a": x})
    refuses("(a + 1)^2 = a^2 + a + 1", AssertionError, "x is left over", {"a": x})


def test_inequalities():
    formula(r"0 < a \le b").holds({"a": 1, "b": 1})
    refuses("a < b", AssertionError, "too far", {"a": 1, "b": 1})
    refuses(r"a \ge b", AssertionError, "too far", {"a": 1, "b": 2})
    refuses(r"a \ne b", AssertionError, "does not hold", {"a": 1, "b": 1})
    formula("a^2 + 1 > 0").holds({"a": sp.Symbol("a", real=True)})
    refuses("a^2 > 0", AssertionError, "SymPy finds", {"a": sp.Symbol("a", real=True)})


def test_rounded_numbers():
    formula(r"a = 4\ln2 \approx 2.773").holds({"a": 4 * np.log(2)})
    refuses(r"a = 2.772", AssertionError, "too far", {"a": 4 * np.log(2)})
    formula(r"a \ne 2.772").holds({"a": 4 * np.log(2)})
    refuses(r"a \ne 2.773", AssertionError, "does not hold", {"a": 4 * np.log(2)})
    formula(r"x \approx 23\,700").holds({"x": 23749})
    refuses(r"x \approx 23\,700", AssertionError, "too far", {"x": 23751})
    formula(r"x \approx 6\cdot 10^{-6}").holds({"x": 6.4e-6})
    refuses(r"x \approx 6\cdot 10^{-6}", AssertionError, "too far", {"x": 6.6e-6})
    formula(r"x \approx 0.56\,s").holds({"x": 1.125, "s": 2})
    refuses(r"x \approx q - 2q^2", ValueError, "say how good", {"x": 1, "q": 1})
    formula(r"x \approx q - 2q^2").holds({"x": -0.9, "q": 1}, approx=0.11)
    refuses(r"x \approx 1", ValueError, "say how good", {"x": 1.2})


def test_a_side_after_words_that_begin_like_a_condition_is_a_side():
    assert formula(r"\text{forward mode: } 2En").value({"E": 3, "n": 5}) == 30


def test_printed_ranges_say_what_is_tried():
    tried = []
    formula(r"f(l) = l , \qquad l = L-1, \dots, 1").holds({"f": lambda l: tried.append(l) or l, "L": 4})
    assert tried == [3, 2, 1]
    refuses(r"f(i) = 1 , \qquad i = 0, 1", AssertionError, r"at {'i': 0}", {"f": lambda i: i})
    formula(r"z = 3,\; 1,\; -1").holds({"z": [3, 1, -1]})
    refuses(r"x_i = 1 , \qquad i = 0, 1", ValueError, "no index satisfies", {"x_i": [1, 1]}, i=[5])


def test_conditions_leave_out_what_they_exclude():
    statement = r"|c| = c \quad\text{for every } c > 0"
    formula(statement).holds({"c": 2})
    refuses(statement, ValueError, "no index satisfies", {"c": -2})
    formula(r"|k| = k \quad (k \ge 0)").holds(k=range(-2, 3))
    formula(r"c = 0 \qquad (\epsilon \to 0)").holds({"c": 0, r"\epsilon": 1e-300})
    refuses(r"c = 0 \qquad (\epsilon \to 0)", ValueError, "no index satisfies", {"c": 0, r"\epsilon": 0.1})
    symbol = sp.Symbol("c")
    refuses(r"a = a \quad\text{for } c > 0", UnboundError, "do not say", {"a": 1, "c": symbol})


def test_a_sum_may_run_over_vectors():
    masks = [np.array([0, 1]), np.array([2, 0]), np.array([3, 1])]
    names = {"P": lambda m: 10.0 ** m[0], "a_j": from_one([5, 7])}
    assert value(r"\sum_m P(m) (a_1 m_1 - m_2)", names, m=masks) == -1 + 100 * 10 + 1000 * 14
    product = formula(r"\Phi = \prod_m y_m", def_y=r"y_m = \sum_j m_j a_j")
    found = product.value({"a_j": from_one([5, 7])}, where=["def-y"], m=masks, j=(1, 2))
    assert found == 7 * 10 * 22
    with pytest.raises(UnboundError, match="there is no entry 3 of 2"):
        value(r"\sum_m m_3", m=masks)


def test_names_that_the_page_defines_need_no_value():
    formula(r"y = m + 1 , \qquad m = 2x").holds({"x": 3, "y": 7})
    formula(r"y = m + 1 , \qquad m = 2x").holds({"x": 3, "y": 7, "m": 6})
    refuses(r"y = m + 1 , \qquad m = 2x", AssertionError, "m = 2 x", {"x": 3, "y": 6, "m": 5})
    refuses(r"y = 1 , \qquad m = 2x", UnboundError, "nothing uses its definition", {"y": 1})
    refuses("y = 2x", ValueError, "only defines", {"x": 1})


def test_implications():
    formula(r"x = 2 \Longrightarrow x^2 = 4").holds({"x": 2})
    both = r"|1 - \eta\lambda| < 1 \quad\Longleftrightarrow\quad 0 < \eta < \frac{2}{\lambda}"
    refuses(both, ValueError, "both sides", {r"\eta": 1, r"\lambda": 1})
    formula(both.replace(r"\eta", "k")).holds({r"\lambda": 1}, k=range(-1, 4))
    formula(both).holds({r"\lambda": 1}, **{r"\eta": range(-1, 4)})
    refuses(
        both.replace("< \\frac", r"\leq \frac"), AssertionError, "but", {r"\lambda": 1}, **{r"\eta": [1, 2]}
    )
    refuses("k = 1", ValueError, "no open index", {"k": 1}, **{r"\eta": [1, 2]})
    refuses(r"k > 0 \quad\Longleftrightarrow\quad k > 1", AssertionError, "but not", k=range(-2, 3))
    formula(r"k > 0 \quad\Longleftrightarrow\quad k \ge 1").holds(k=range(-2, 3))
    refuses(r"k > 0 \quad\Longleftrightarrow\quad k \ge 1", ValueError, "both sides", k=[1, 2])


def test_updates():
    formula(r"w \leftarrow w - 1").holds({"w": 3}, after={"w": 2})
    refuses(r"w \leftarrow w - 1", AssertionError, "does not hold", {"w": 3}, after={"w": 1})
    refuses(r"w \leftarrow w - 1", ValueError, "needs after", {"w": 3})


def test_cases_with_relations_are_statements():
    text = r"k m = \begin{cases} 8 = 2 \cdot 4 & (m = 4,\; k = 2) \\ 3k & (m = 3) \end{cases}"
    formula(text).holds(k=[1, 2])
    refuses(text.replace("3k", "4k"), AssertionError, "'m': 3", k=[1, 2])
    alone = r"\begin{cases} z \ge 4 & x > 0 \\ z < 2 & x \le 0 \end{cases}"
    formula(alone).holds({"z": 5, "x": 1}, only=0)
    refuses(alone, AssertionError, "does not hold", {"z": 5, "x": -1}, only=1)


def test_an_event_is_the_argument_of_a_probability():
    chance = {"P": np.mean, "x": samples([1, 2, 3, 4]), "p": 0.5}
    formula("P(1 < x < 4) = p").holds(chance)
    refuses(r"P(1 \le x < 4) = p", AssertionError, "does not hold", chance)


# --- What is refused


@pytest.mark.parametrize(
    ("latex", "match"),
    [
        ("a = b)", "closes nothing"),
        ("(a = b", "missing at the end"),
        ("{a", "not closed"),
        ("a}", "never opened"),
        (r"\frac1", "argument is missing"),
        ("x^", "argument is missing"),
        ("|x", "missing at the end"),
        ("(a]", "should close"),
        ("a_1_2 = b", "two indices"),
        (r"a = \unknown b", "cannot read"),
        ("a = = b", "cannot read"),
        ("a = ", "cannot read"),
        ("", "cannot read"),
        (r"\sqrt[3]{x}", "powers"),
        (r"\nabla (a + b)", "no name"),
        (r"\frac{\partial^2 C}{\partial z}", "order of the derivative"),
        (r"a \implies b \implies c", "more than one arrow"),
        (r"a = \#\{\}", "cannot read"),
    ],
)
def test_unreadable(latex, match):
    with pytest.raises(UnreadableError, match=match):
        formula(latex).statements  # noqa: B018


@pytest.mark.parametrize(
    ("latex", "names", "error", "match"),
    [
        ("a = b", {"a": 1}, UnboundError, "b has no value"),
        ("a = b", {"a": 1, "b": 1, "c": 1}, ValueError, "does not use c"),
        ("a = 1", {"a": 1, "a_i": 1}, ValueError, "does not use a_i"),
        ("x_k = 1", {"x_i": [1], "x_j": [1]}, ValueError, "the same printed names"),
        ("x_5 = 1", {"x_i": [1, 2]}, UnboundError, "no value for i = 5"),
        ("x_0 = 1", {"x_i": from_one([1, 2])}, UnboundError, "counted from 1 to 2"),
        ("x_{-1} = 1", {"x_i": [1, 2]}, UnboundError, "i = -1"),
        ("x_{1/2} = 1", {"x_i": [1, 2]}, UnboundError, "no whole number"),
        ("x_k = 1", {"x_i": [1, 2]}, UnboundError, "k has no value"),
        (r"x^* = 1", {"x": 1}, UnboundError, "mark"),
        ("1 = f", {"f": lambda x: x}, TypeError, "function is compared"),
        ("1 = f x", {"f": lambda x: x, "x": 1}, UnreadableError, "no argument in brackets"),
        (r"1 = \sum_k x_k", {"x_k": [1]}, UnboundError, "no range"),
        (r"1 = \begin{cases} 1 & x > 0 \end{cases}", {"x": -1}, ValueError, "none of the cases"),
        (r"1 = (a = b)", {"a": 1, "b": 1}, UnreadableError, "holds a relation"),
        (r"1 = \mathbb E[x]", {"x": 1}, ValueError, "average of one number"),
    ],
)
def test_refused(latex, names, error, match):
    refuses(latex, error, match, names)


def test_an_index_that_the_formula_does_not_have():
    refuses("a = 1", ValueError, "no open index k", {"a": 1}, k=[1])


@pytest.mark.parametrize("key", ["a + b", "a = b", r"a \qquad b"])
def test_a_key_is_one_name(key):
    if key == "a + b":
        formula("(a + b)_2 = 1").holds({"(a + b)_2": 1})
    else:
        refuses("a = 1", ValueError, "is not one name", {key: 1})


def test_reading_says_which_sides_were_read():
    read = formula(r"a = b = c , \qquad d = 1")
    assert read.places == {(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)}
    read.value({"b": 1}, side=1)
    assert read.read == {(0, 1)}
    read.holds({"a": 1, "b": 1, "c": 1, "d": 1})
    assert read.read == read.places


def test_definitions_as_values():
    found = formula(r"x = (1,\ 2),\quad W^1 = \begin{pmatrix} 1 \\ 2 \end{pmatrix}").defined()
    assert found["x"].tolist() == [1, 2]
    assert found["W^{1}"].tolist() == [[1], [2]]


def test_walk_sees_everything():
    kinds = {
        node.kind for node in walk(parse(r"\sum_{i=1}^n \frac{x_i}{2} = \begin{pmatrix} 1 \end{pmatrix}"))
    }
    assert kinds >= {"big", "frac", "name", "number", "matrix", "row", "chain"}
    assert isinstance(parse("a"), Node)


def test_a_name_held_fixed_makes_a_derivative_partial():
    pages = {"def_abc": r"a = x^2 , \qquad b = 3a , \qquad c = a + b"}
    total = formula(r"\frac{\partial c}{\partial a} = 4", **pages)
    total.holds(also={"x": sp.Symbol("x")}, where=["def-abc"])
    partial = formula(r"\frac{\partial c}{\partial a} = 1", **pages)
    partial.holds(also={"x": sp.Symbol("x"), "b": sp.Symbol("b")}, where=["def-abc"])
    formula(r"f(x) = x^3 , \qquad f'(x) = 3x^2").holds({"x": sp.Symbol("x")})
    formula(r"\frac{df}{dt} = \frac{\partial f}{\partial x}\frac{dx}{dt}").holds(
        {"t": sp.Symbol("t"), "x": sp.sin(sp.Symbol("t"))}, where=["f = x^2 + 1"]
    )


def test_terms_of_higher_order():
    x, h = sp.symbols("x h", real=True)
    text = r"\frac{f(x+h) - f(x)}{h} = f'(x) + \frac{h}{2} f''(x) + O(h^2)"
    formula(text).holds({"f": sp.sin, "x": x, "h": h, "O": sp.Order})
    wrong = {"f": sp.sin, "x": x, "h": h, "O": sp.Order}
    refuses(text.replace("{2}", "{3}"), AssertionError, "left over", wrong)


def test_a_side_that_stands_alone_is_read_by_its_value():
    alone = formula(r"a = 1 \qquad\text{with the factor}\qquad \frac{b}{2}")
    alone.holds({"a": 1})
    assert alone.read < alone.places
    assert alone.value({"b": 3}, statement=1) == sp.Rational(3, 2)
    assert alone.read == alone.places
