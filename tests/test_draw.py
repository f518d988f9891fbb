"""The pictures: what is in them, where it stands, and that wrong arguments are refused."""

import io
import itertools
import re
from xml.etree import ElementTree

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.patches import Circle, FancyArrowPatch

from fysstk_book import draw
from fysstk_book.draw import diagram, style
from fysstk_nn import activations
from fysstk_nn.autodiff import Var, exp, gradients, sigmoid, sin, sqrt
from fysstk_nn.gates import GATES, XOR
from fysstk_nn.mlp import MLP
from fysstk_nn.params import Params, init_params


@pytest.fixture(autouse=True)
def styled():
    with mpl.rc_context():
        mpl.use("Agg")
        draw.use_style()
        yield
    plt.close("all")


def circles(ax):
    return [patch for patch in ax.patches if isinstance(patch, Circle)]


def arrows(ax):
    return [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]


def texts(ax):
    return [text.get_text() for text in ax.texts if text.get_text()]


def lines(ax):
    return [line for c in ax.collections if isinstance(c, LineCollection) for line in c.get_segments()]


def overlaps(ax):
    """Return the pairs of texts that cover each other, and the texts that are cut by the rim of a circle."""
    drawn = [(text.get_text(), diagram.box(text).padded(-0.005)) for text in ax.texts if text.get_text()]
    clashes = [(a, b) for (a, box), (b, other) in itertools.combinations(drawn, 2) if box.overlaps(other)]
    for circle in circles(ax):
        centre = np.array(circle.center)
        for text, box in drawn:
            nearest = np.clip(centre, box.min, box.max)
            if np.hypot(*(nearest - centre)) < circle.radius - 0.01 and not box.contains(*centre):
                clashes.append((text, tuple(circle.center)))
    return clashes


def in_nodes(ax):
    """Return each text that stands in a circle, with half the diagonal of its rectangle."""
    centres = [circle.center for circle in circles(ax)]
    inside = [text for text in ax.texts if text.get_text() and text.get_position() in centres]
    return {text.get_text(): np.hypot(*diagram.box(text).size) / 2 for text in inside}


def luminance(colour):
    c = np.array(mpl.colors.to_rgb(colour))
    linear = np.where(c <= 0.03928, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def contrast(one, other):
    lower, higher = sorted([luminance(one), luminance(other)])
    return (higher + 0.05) / (lower + 0.05)


class TestStyle:
    @pytest.mark.parametrize("ground", ["#ffffff", "#121212", "#14181e"])
    @pytest.mark.parametrize("name", draw.PALETTE)
    def test_every_colour_stands_out_on_light_and_dark(self, name, ground):
        assert contrast(draw.PALETTE[name], ground) >= 3.0

    @pytest.mark.parametrize("name", ["blue", "red", "grey"])
    def test_colours_of_text_have_the_contrast_of_text(self, name):
        assert contrast(draw.PALETTE[name], "#ffffff") >= 4.5
        brightened = np.clip(np.array(mpl.colors.to_rgb(draw.PALETTE[name])) * 1.4, 0, 1)
        assert contrast(tuple(brightened), "#121212") >= 4.5

    def test_curves_differ_in_colour_and_in_line_style(self):
        looks = list(mpl.rcParams["axes.prop_cycle"])
        assert (
            len({look["color"] for look in looks}) == len({look["linestyle"] for look in looks}) == len(looks)
        )

    def test_classes_differ_in_colour_and_in_marker(self):
        assert len({colour for colour, _ in style.CLASSES}) == len({m for _, m in style.CLASSES}) == 7

    def test_background_is_transparent(self):
        ax = draw.curves({"a": [1, 2]})
        assert ax.get_facecolor()[3] == ax.figure.get_facecolor()[3] == 0

    def test_svg_is_the_same_every_time(self):
        def svg():
            ax = draw.network([2, 2, 1])
            draw.surface(lambda x, y: x * y, ax=plt.subplots()[1])
            out = io.StringIO()
            for number in plt.get_fignums():
                plt.figure(number).savefig(out, format="svg", metadata={"Date": None})
            plt.close(ax.figure)
            plt.close("all")
            return out.getvalue()

        first = svg()
        assert first == svg()
        assert "<dc:date>" not in first

    def test_notebooks_get_svg(self, monkeypatch):
        asked = []
        monkeypatch.setattr("IPython.get_ipython", lambda: object())
        monkeypatch.setattr(
            "matplotlib_inline.backend_inline.set_matplotlib_formats", lambda *f, **k: asked.append((f, k))
        )
        draw.use_style()
        assert asked == [(("svg",), {"metadata": {"Date": None}})]

    def test_works_without_ipython(self, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "IPython", None)
        mpl.rcParams["text.color"] = "black"
        draw.use_style()
        assert mpl.rcParams["text.color"] == draw.INK


class TestNetwork:
    def test_two_two_one_has_its_nodes_and_indices(self):
        ax = draw.network([2, 2, 1])
        assert len(circles(ax)) == 5
        assert {f"$w_{{{i}{j}}}^{{1}}$" for i in (1, 2) for j in (1, 2)} <= set(texts(ax))
        assert {"$w_{11}^{2}$", "$w_{21}^{2}$", "$b_{2}^{1}$", "$x_{1}$", "$a_{1}^{2}$"} <= set(texts(ax))
        assert "input\nlayer 0" in texts(ax)
        assert len(lines(ax)) == 2 * 6  # each edge is interrupted by its label

    def test_counting_from_zero(self):
        words = texts(draw.network([2, 1], first=0))
        assert {"$x_{0}$", "$x_{1}$", "$w_{00}^{1}$", "$w_{10}^{1}$", "$b_{0}^{1}$", "$a_{0}^{1}$"} <= set(
            words
        )

    def test_values_are_those_of_the_parameters(self):
        params = Params.from_layers([([[1.5, -2.25], [0.5, 0.0]], [0.125, -3.0]), ([[7.0], [-1e-3]], [4.0])])
        words = texts(draw.network(params))
        assert {"1.5", "−2.25", "0.5", "0", "7", "−0.001", "$b = $0.125", "$b = $−3", "$b = $4"} <= set(words)

    def test_sign_shows_in_colour_and_dashes_and_size_in_width(self):
        params = Params.from_layers([([[2.0], [-1.0]], [0.0])])
        ax = draw.network(params, weights=None)
        (edges,) = ax.collections
        assert [to_hex(colour) for colour in edges.get_colors()] == [
            draw.PALETTE["blue"],
            draw.PALETTE["red"],
        ]
        dashes = [pattern is not None for _, pattern in edges.get_linestyles()]
        assert dashes == [False, True]
        assert edges.get_linewidths()[0] > edges.get_linewidths()[1]

    def test_network_object_and_separate_params(self):
        params = init_params((3, 2), rng=1)
        assert texts(draw.network(params)) == texts(draw.network([3, 2], params))

    def test_wide_layers_get_dots_and_their_size(self):
        ax = draw.network([784, 16, 10])
        assert len(circles(ax)) == 21
        assert texts(ax).count(r"$\vdots$") == 3
        assert "input, 784 nodes\nlayer 0" in texts(ax)
        assert "$x_{784}$" in texts(ax)

    def test_two_digit_indices_get_a_comma(self):
        assert "$w_{10,1}^{1}$" in texts(draw.network([10, 1], weights="index", most=12))

    def test_layers_in_brackets_and_no_index_for_a_single_output(self):
        found = set(texts(draw.network([2, 2, 1], first=0, brackets=True)))
        assert {"$w_{01}^{(1)}$", "$w_{1}^{(2)}$", "$b_{0}^{(1)}$", "$b^{(2)}$", "$a^{(2)}$"} <= found
        assert not {"$w_{01}^{1}$", "$w_{10}^{(2)}$", "$a_{0}^{(2)}$"} & found

    def test_a_chain_of_single_nodes_has_one_index(self):
        found = set(texts(draw.network([1, 1, 1])))
        assert {"$x$", "$w_{1}$", "$w_{2}$", "$b_{1}$", "$b_{2}$", "$a_{1}$", "$a_{2}$"} <= found

    def test_sums_stand_above_and_errors_below(self):
        ax = draw.network([2, 2, 1], z=[None, [2, -1], [0.5]], delta=[None, [0.25, 0], [3]])
        found = texts(ax)
        assert {"$z = $2", "$z = $−1", "$z = $0.5", r"$\delta = $0.25", r"$\delta = $3"} <= set(found)
        assert not any(text.startswith("$b") for text in found)
        heads = [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
        assert len(heads) == 2  # one on each edge from the output to a hidden node

    @pytest.mark.parametrize(
        "wrong, match",
        [
            ({"z": [None, [1]]}, r"z has \[1\] numbers in the layers after the input, not \[2, 1\]"),
            ({"delta": [None, [1, 2], [3]], "biases": True}, "biases and delta both stand below"),
        ],
    )
    def test_refuses_notes_that_do_not_fit(self, wrong, match):
        with pytest.raises(ValueError, match=match):
            draw.network([2, 2, 1], **wrong)

    def test_many_weights_are_not_written(self):
        assert not any("w_" in text or "b_" in text for text in texts(draw.network([4, 4, 1])))

    def test_biases_alone(self):
        words = texts(draw.network([4, 4], biases=True))
        assert "$b_{4}^{1}$" in words
        assert not any("w_" in word for word in words)

    def test_labels(self):
        assert "$z_{2}^{1}$" in texts(draw.network([2, 2, 1], labels="z"))
        assert {"in", "0.25", "out"} <= set(texts(draw.network([1, 1, 1], labels=[["in"], [0.25], ["out"]])))
        assert not any("x_" in text for text in texts(draw.network([2, 1], labels=None)))

    def test_highlighted_layer_and_path(self):
        def lit(ax):
            return [circle.center for circle in circles(ax) if circle.get_linewidth() > 2]

        assert {x for x, _ in lit(draw.network([2, 3, 1], highlight=1))} == {2.7}
        ax = draw.network([2, 3, 1], highlight=(2, 1, 1), weights=None)
        assert lit(ax) == [(0.0, -0.49), (2.1, 0.98), (4.2, 0.0)]
        widths = np.concatenate([edges.get_linewidths() for edges in ax.collections])
        assert (widths == 3).sum() == 2

    def test_sweeps(self):
        ax = draw.network([2, 2, 2, 1], sweep="forward", weights=None)
        assert len(arrows(ax)) == 3
        assert {r"$z^{1},\,a^{1}$", "$x$"} <= set(texts(ax))
        ax = draw.network([2, 2, 2, 1], sweep="backward", weights=None)
        assert len(arrows(ax)) == 2
        starts = [arrow.get_path().vertices[0, 0] for arrow in arrows(ax)]
        ends = [arrow.get_path().vertices[2, 0] for arrow in arrows(ax)]
        assert all(end < start for start, end in zip(starts, ends, strict=True))
        assert len(arrows(draw.network([2, 2, 2, 1], sweep="both", weights=None))) == 5

    def test_title_and_no_captions(self):
        words = texts(draw.network([2, 1], title="OR", captions=False))
        assert "OR" in words
        assert not any("layer" in word for word in words)

    @pytest.mark.parametrize(
        ("sizes", "options"),
        [
            ([1, 1, 1], {"sweep": "both"}),
            ([2, 2, 1], {"sweep": "both", "title": "2-2-1"}),
            ([3, 3, 1], {"weights": "index"}),
            ([2, 3, 2], {"first": 0, "weights": "index", "labels": "z"}),
            ([784, 16, 10], {"title": "digits"}),
            ([4, 5, 5, 3], {"biases": True}),
        ],
    )
    def test_no_text_covers_another(self, sizes, options):
        assert overlaps(draw.network(sizes, **options)) == []

    def test_values_do_not_cover_each_other(self):
        assert overlaps(draw.network(init_params((2, 2, 1), rng=0), sweep="both")) == []

    def test_in_a_panel_letters_shrink_with_the_network(self):
        _, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3))
        assert draw.network([2, 2, 1], ax=left) is left
        assert overlaps(left) == []
        assert left.texts[0].get_fontsize() < draw.network([2, 2, 1]).texts[0].get_fontsize()
        draw.network([2, 1], ax=right)

    @pytest.mark.parametrize(
        ("arguments", "options", "error", "message"),
        [
            ((5,), {}, TypeError, "whole numbers"),
            (([2],), {}, ValueError, "at least two"),
            (([2, 0, 1],), {}, ValueError, "positive"),
            (([2.5, 1],), {}, ValueError, "whole"),
            (([2, 1],), {"weights": "values"}, ValueError, "'value'"),
            (([2, 1],), {"weights": "value"}, ValueError, "needs params"),
            (([2, 1],), {"sweep": "down"}, ValueError, "sweep"),
            (([2, 1],), {"labels": "b"}, ValueError, "labels"),
            (([2, 1],), {"labels": [["x"], ["y"]]}, ValueError, r"\[1, 1\]"),
            (([2, 1],), {"highlight": 2}, ValueError, "0 to 1"),
            (([2, 1],), {"highlight": (3, 1)}, ValueError, "counted from 1"),
            (([2, 1],), {"highlight": (1,)}, ValueError, "one node of each"),
            (([2, 1],), {"most": 2}, ValueError, "at least 3"),
        ],
    )
    def test_refuses(self, arguments, options, error, message):
        with pytest.raises(error, match=message):
            draw.network(*arguments, **options)

    def test_refuses_the_params_of_another_network(self):
        with pytest.raises(ValueError, match=r"\[3, 1\]"):
            draw.network([2, 1], init_params((3, 1)))


class TestNeuron:
    def test_names(self):
        ax = draw.neuron(3)
        assert len(circles(ax)) == 6  # three inputs, the 1 of the bias, sum and function
        assert len(arrows(ax)) == 6
        assert {"$w_{3}$", "$b$", "$z$", "$a$", r"$\Sigma$", "$f$"} <= set(texts(ax))
        assert overlaps(ax) == []

    def test_values(self):
        ax = draw.neuron([-2, -2], 3, activation="step", title="NAND", first=0)
        assert texts(ax).count("−2") == 2
        assert {"3", "$x_{0}$", "NAND", r"$\mathrm{step}$"} <= set(texts(ax))

    def test_needs_an_input(self):
        with pytest.raises(ValueError, match="at least one input"):
            draw.neuron(0)


class TestUnrolled:
    def test_the_unit_with_its_loop_and_each_step(self):
        ax = draw.unrolled(3, title="memory")
        assert len(circles(ax)) == 8  # input and state: once with the loop, and for each step
        assert len(arrows(ax)) == 8
        assert texts(ax).count("$w_h$") == texts(ax).count("$w_x$") == 4
        assert {"$h_0$", "$x_{t}$", "$h_{3}$", "memory"} <= set(texts(ax))
        assert overlaps(ax) == []

    def test_needs_two_steps(self):
        with pytest.raises(ValueError, match="at least 2"):
            draw.unrolled(1)


def neuron_cost():
    x, w, b, y = (Var(v, n) for v, n in ((2.0, "x"), (0.5, "w_1"), (0.1, "b1"), (1.0, "y")))
    a = sigmoid((w * x + b).named("z")).named("a")
    return (0.5 * (a - y) ** 2).named("C")


def shared():
    x = Var(2.0, "x")
    s = x * x
    return sqrt(s + exp(s))


def tangled():
    x, y = Var(1.5, "x"), Var(0.5, "y")
    s = sin(x * y)
    return ((s + x) * exp(s / y) - (x - 3.0 * y) + sigmoid(1 - x) / (2.0**y)).named("f")


class TestGraph:
    def test_nodes_edges_and_values(self):
        ax = draw.graph(shared())
        assert len(circles(ax)) == 5
        assert len(arrows(ax)) == 5  # x twice into one product is one edge
        assert {"$x$", "×", "exp", "+", "√", "2", "4", "54.6", "58.6", "7.65"} <= set(texts(ax))

    def test_gradients_and_local_derivatives(self):
        f = shared()
        ax = draw.graph(f, gradients=True)
        red = [t.get_text() for t in ax.texts if to_hex(t.get_color()) == draw.PALETTE["red"]]
        assert sorted(red) == sorted(diagram.number(g) for g in gradients(f).values())
        assert texts(ax).count("1") == 3  # two local derivatives of the sum, and df/df

    def test_a_derivative_gets_its_name(self):
        z = (Var(0.0, "w_1") * 2 + 1).named("z_1")
        ax = draw.graph(z**2, gradients={"z_1": "delta_1"})
        assert {"$z_{1}$ = 1", r"$\delta_{1}$ = 2", "4"} <= set(texts(ax))

    def test_what_is_sent_back_adds_up_to_the_gradient(self):
        ax = draw.graph(shared(), gradients=True, edges="sent", digits=8)
        numbers = [float(t.replace("−", "-")) for t in texts(ax) if re.fullmatch(r"[−\d.e]+", t)]
        total = next(g for node, g in gradients(shared()).items() if node.op == "*")
        parts = [n for n in numbers if n < total]
        assert any(a + b == pytest.approx(total, rel=1e-6) for a, b in itertools.combinations(parts, 2))

    def test_what_is_written_on_the_edges(self):
        on_edges = {("x", "a"): "$2x$", ("a", "b"): "$e^a$"}
        a = (Var(1.0, "x") ** 2).named("a")
        words = texts(draw.graph(exp(a).named("b") + a, edges=on_edges))
        assert {"$2x$", "$e^a$"} <= set(words)
        assert "1" not in words[words.index("$2x$") + 1 :]

    def test_names_stand_above_and_inputs_inside(self):
        words = texts(draw.graph(neuron_cost()))
        assert {"$w_{1}$", "$b_{1}$", "$z$ = 1.1", "$a$ = 0.75", r"$(\cdot)^{2}$", "½ ×"} <= set(words)
        assert r"$\sigma$" in words

    def test_without_values_only_names(self):
        words = texts(draw.graph(neuron_cost(), values=False))
        assert "$z$" in words
        assert not any("=" in word for word in words)

    def test_inputs_left_of_what_uses_them(self):
        ax = draw.graph(tangled())
        for arrow in arrows(ax):
            vertices = arrow.get_path().vertices
            assert vertices[0, 0] < vertices[2, 0]

    @pytest.mark.parametrize("build", [neuron_cost, shared, tangled])
    @pytest.mark.parametrize("options", [{}, {"gradients": True}, {"edges": "sent", "title": "title"}])
    def test_no_text_covers_another(self, build, options):
        assert overlaps(draw.graph(build(), **options)) == []

    def test_nodes_keep_apart(self):
        centres = np.array([circle.center for circle in circles(draw.graph(tangled()))])
        for a, b in itertools.combinations(centres, 2):
            assert np.hypot(*(a - b)) > 3 * diagram.RADIUS

    def test_unnamed_input_shows_its_value_and_powers_their_form(self):
        x, y = Var(3.0), Var(2.0, "y")
        words = texts(draw.graph(x**y + 2**y))
        assert {"3", r"$(\cdot)^{(\cdot)}$", r"$2^{(\cdot)}$"} <= set(words)

    def test_single_node(self):
        assert len(circles(draw.graph(Var(1.0, "x")))) == 1

    def test_draws_into_a_panel(self):
        ax = plt.subplots(1, 2)[1][1]
        assert draw.graph(shared(), ax=ax) is ax

    def test_refuses(self):
        with pytest.raises(TypeError, match="got float"):
            draw.graph(2.0)
        with pytest.raises(ValueError, match="'sent'"):
            draw.graph(shared(), edges="all")


@pytest.mark.parametrize(
    ("picture", "longest"),
    [
        (lambda: draw.graph(neuron_cost(), gradients=True), "½ ×"),
        (lambda: draw.graph(1 / (Var(2.0, "x") - 0.0625) + Var(-0.00125)), "−0.00125"),
        (lambda: draw.network([1, 1, 1], labels=[[2], [-0.0625], ["output"]]), "−0.0625"),
        (lambda: draw.network([2, 10, 1], most=12, brackets=True, ax=plt.subplots()[1]), "$a_{10}^{(1)}$"),
        (lambda: draw.neuron(2, activation="softplus", first=10), r"$\mathrm{softplus}$"),
        (draw.unrolled, "$x_{t}$"),
    ],
)
def test_what_stands_in_a_node_stays_in_its_circle(picture, longest):
    found = in_nodes(picture())
    assert longest in found
    assert max(found.values()) < 0.95 * diagram.RADIUS  # clear of the rim


class TestText:
    @pytest.mark.parametrize(
        ("name", "tex"),
        [
            ("x", "$x$"),
            ("w_12", "$w_{12}$"),
            ("z1", "$z_{1}$"),
            ("delta_2", r"$\delta_{2}$"),
            ("theta", r"$\theta$"),
            ("cost", r"$\mathrm{cost}$"),
            ("$a^2$", "$a^2$"),
            ("a b", "a b"),
            ("σ", "σ"),
            ("7", "7"),
        ],
    )
    def test_names_become_mathematics(self, name, tex):
        assert diagram.mathematics(name) == tex

    @pytest.mark.parametrize(
        ("value", "text"),
        [(-0.5, "−0.5"), (1 / 3, "0.333"), (-0.0, "0"), (1e-9, "1e−09"), (12345.0, "1.23e+04")],
    )
    def test_numbers(self, value, text):
        assert diagram.number(value) == text


class TestPlots:
    @pytest.mark.parametrize("gate", GATES.values())
    def test_gate_points(self, gate):
        ax = draw.gate_points(gate)
        assert ax.get_title() == gate.name
        assert sum(len(c.get_offsets()) for c in ax.collections) == 4
        assert {c.get_label() for c in ax.collections} == {"$y = 0$", "$y = 1$"}

    def test_decision_boundary(self):
        ax = draw.decision_boundary(lambda X: X[:, 0], XOR.X, XOR.y, level=0.25)
        (image,) = ax.images
        share = np.asarray(image.get_array()).mean()
        assert share == pytest.approx((1.4 - 0.25) / 1.8, abs=0.01)
        contour = ax.collections[0]
        np.testing.assert_allclose(contour.get_paths()[0].vertices[:, 0], 0.25, atol=1e-9)

    def test_a_model_that_never_changes_its_mind_has_no_boundary(self):
        ax = draw.decision_boundary(lambda X: np.zeros(len(X)), XOR.X, XOR.y)
        assert len(ax.collections) == 2  # the points of the two classes

    def test_many_classes(self, rng):
        X, y = rng.normal(size=(90, 2)), np.repeat(np.arange(9), 10)
        ax = draw.decision_boundary(lambda X: X[:, 0], X, y)
        assert len(ax.get_legend_handles_labels()[1]) == 9

    def test_line_is_where_the_neuron_switches(self):
        ax = draw.line([2, -1], 0.5, normal=True, label="z = 0", ax=draw.gate_points(XOR))
        assert ax.get_xlim() == (-0.4, 1.4)
        drawn = ax.lines[-1]
        for x1, x2 in (drawn.get_xy1(), drawn.get_xy2()):
            assert 2 * x1 - x2 + 0.5 == pytest.approx(0)
        arrow = ax.texts[-1]
        assert np.cross([*(np.array(arrow.xy) - arrow.xyann), 0], [2, -1, 0])[2] == pytest.approx(0)
        assert np.dot(np.array(arrow.xy) - arrow.xyann, [2, -1]) > 0

    def test_vertical_line_without_arrow(self):
        ax = draw.line([1, 0], -0.5)
        assert not ax.texts

    def test_curves(self):
        ax = draw.curves(
            {"a": [3, 2, 1], "b": ([1, 2], [0.1, 0.2])}, "step", "C", logx=True, logy=True, title="t"
        )
        assert [list(line.get_xdata()) for line in ax.lines] == [[0, 1, 2], [1, 2]]
        assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("step", "C", "t")
        assert ax.get_xscale() == ax.get_yscale() == "log"
        assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]

    def test_intervals(self):
        ax = draw.intervals({"a": [1, 2, 6], "b": [-1, 0, 1]}, {"a": (0, 6), "b": (-2, 2)}, "gain")
        dots, interval, mean = ax.lines[:3]
        assert list(dots.get_xdata()) == [1, 2, 6] and list(interval.get_xdata()) == [0, 6]
        assert list(mean.get_xdata()) == [3]
        assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
        assert ax.get_xlabel() == "gain" and len(ax.lines) == 7  # the last one marks 0
        again = plt.subplots()[1]
        assert draw.intervals({"a": [1]}, {"a": (0, 2)}, zero=False, ax=again) is again
        assert len(again.lines) == 3
        with pytest.raises(TypeError, match="intervals needs a mapping"):
            draw.intervals([1, 2], {})
        with pytest.raises(ValueError, match=r"values has the labels \['a'\], but ends has \['b'\]"):
            draw.intervals({"a": [1]}, {"b": (0, 1)})

    def test_an_unnamed_curve_needs_no_legend(self):
        assert draw.curves({"": [1, 2]}).get_legend() is None

    def test_many_names_stand_beside_the_plot(self):
        ax = draw.curves({f"$k = {k}$": [k, k] for k in range(6)})
        ax.figure.draw_without_rendering()
        legend = ax.get_legend().get_window_extent()
        assert legend.x0 >= ax.get_window_extent().x1 - 1

    def test_fit(self):
        ax = draw.fit(
            [0, 1, 2], [[1.0], [3.0], [5.0]], {"line": lambda x: 2 * x + 1, "points": ([0, 2], [1, 5])}
        )
        line, points, data = ax.lines
        np.testing.assert_allclose(line.get_ydata(), 2 * line.get_xdata() + 1)
        assert (len(points.get_xdata()), len(data.get_xdata())) == (2, 3)
        assert [text.get_text() for text in ax.get_legend().get_texts()] == ["line", "points", "data"]

    def test_fit_without_models_shows_the_data(self):
        assert len(draw.fit([0, 1], [0, 1], title="data").lines) == 1

    def test_activations(self):
        functions = (activations.sigmoid, activations.leaky_relu)
        ax = draw.activations(*functions, zlim=(-2, 2))
        assert [line.get_label() for line in ax.lines] == ["sigmoid", "leaky ReLU"]
        slope = draw.activations(*functions, derivative=True).lines[0]
        assert max(slope.get_ydata()) == pytest.approx(0.25)
        step = draw.activations(activations.step, zlim=(-2, 2)).lines[0].get_ydata()
        assert np.isnan(step).sum() == 1  # no vertical line at the jump

    def test_surface_as_a_map(self):
        path = [[0.9, 0.9], [0.5, 0.4], [0.1, 0.1]]
        ax = draw.surface(lambda x, y: x**2 + y**2, (0, 1), (0, 1), path=path, zlabel="C", levels=5)
        assert ax.get_title() == "C"
        np.testing.assert_allclose(np.column_stack(ax.lines[0].get_data()), path)
        assert ax.collections[0].get_rasterized()

    def test_surface_in_space(self):
        ax = draw.surface(lambda x, y: x * y, kind="3d", zlabel="f")
        assert ax.get_zlabel() == "f"
        assert draw.surface(lambda x, y: x, kind="3d", ax=ax) is ax

    def test_matrix_with_numbers(self):
        ax = draw.matrix([[1.0, -0.5], [0.0, 2.0]], title="W")
        assert texts(ax) == ["1", "−0.5", "0", "2"]
        cells = np.asarray(ax.images[0].get_array())
        assert cells[1, 0, 3] == 0
        assert cells[1, 1, 3] > cells[0, 0, 3] > cells[0, 1, 3] > 0

    def test_large_matrix_marks_negative_cells(self, rng):
        M = rng.normal(size=(12, 12))
        ax = draw.matrix(M)
        assert not texts(ax)
        assert len(lines(ax)) == (M < 0).sum()

    def test_image_is_ink_on_the_page(self):
        ax = draw.image([[0, 5], [10, 2]], title="digit")
        cells = np.asarray(ax.images[0].get_array())
        np.testing.assert_allclose(cells[:, :, 3], [[0, 0.5], [1, 0.2]])
        assert to_hex(cells[1, 0]) == draw.INK

    def test_all_return_the_axes_that_they_are_given(self):
        ax = plt.subplots()[1]
        assert draw.gate_points(XOR, ax=ax) is ax
        assert draw.line([1, 1], -0.5, ax=ax) is ax
        assert draw.decision_boundary(lambda X: X[:, 0], XOR.X, XOR.y, ax=ax) is ax
        assert draw.curves({"a": [1]}, ax=ax) is ax
        assert draw.fit([1], [1], ax=ax) is ax
        assert draw.activations(activations.tanh, ax=ax) is ax
        assert draw.surface(lambda x, y: x, ax=ax) is ax
        assert draw.matrix([[1]], ax=ax) is ax
        assert draw.image([[1]], ax=ax) is ax

    @pytest.mark.parametrize(
        ("call", "error", "message"),
        [
            (lambda: draw.decision_boundary(len, [[1, 2, 3]], [1]), ValueError, r"\(n, 2\)"),
            (lambda: draw.decision_boundary(len, [[1, 2]], [1, 0]), ValueError, "1 rows, y has 2"),
            (lambda: draw.decision_boundary(len, XOR.X, XOR.y), ValueError, "one number per row"),
            (lambda: draw.line([0, 0], 1), ValueError, "not both 0"),
            (lambda: draw.line([1, 2, 3], 1), ValueError, "two numbers"),
            (lambda: draw.curves([1, 2]), TypeError, "mapping"),
            (lambda: draw.curves({}), TypeError, "mapping"),
            (lambda: draw.curves({"a": ([1, 2], [1])}), ValueError, "'a'"),
            (lambda: draw.fit([1, 2], [1]), ValueError, "x has 2"),
            (lambda: draw.activations(), ValueError, "at least one"),
            (lambda: draw.surface(lambda x, y: 1.0), ValueError, "keep the shape"),
            (lambda: draw.surface(lambda x, y: x, kind="2d"), ValueError, "'3d'"),
            (lambda: draw.surface(lambda x, y: x, kind="3d", ax=plt.subplots()[1]), TypeError, "projection"),
            (lambda: draw.surface(lambda x, y: x, path=[1, 2]), ValueError, "path"),
            (lambda: draw.matrix([1, 2]), ValueError, "matrix"),
            (lambda: draw.image([1, 2]), ValueError, "matrix"),
            (lambda: draw.image([[1, -2]]), ValueError, "smallest is -2"),
        ],
    )
    def test_refuses(self, call, error, message):
        with pytest.raises(error, match=message):
            call()


class TestFilm:
    @pytest.fixture
    def scenes(self):
        net = MLP((2, 3, 1), output="sigmoid")
        return net, [net.init(rng=seed) for seed in range(4)]

    def frames(self, film):
        root = ElementTree.fromstring(re.sub(r"<button.*</button>", "", str(film)))
        return [g for g in root.iter("g") if "fk-frame" in g.get("class")]

    def test_one_picture_for_each_moment(self, scenes):
        film = draw.film(*scenes, XOR.X, XOR.y, epochs=[0, 10, 20, 30])
        frames = self.frames(film)
        assert [frame.find("text").text.split(":")[0] for frame in frames] == [
            f"epoch {e}" for e in (0, 10, 20, 30)
        ]
        assert [frame.get("class").endswith("fk-last") for frame in frames] == [False, False, False, True]
        assert all(len(frame.findall("line")) == 9 for frame in frames)

    def test_pictures_follow_each_other_without_a_gap(self, scenes):
        frames = self.frames(draw.film(*scenes, XOR.X, XOR.y, seconds=2.0))
        times = [tuple(map(float, re.findall(r"[\d.]+(?=s)", frame.get("style")))) for frame in frames]
        assert times == [(0.0, 0.5), (0.5, 1.0), (1.0, 1.5), (1.5, 2.0)]

    def test_negative_weights_are_dashed(self, scenes):
        net, history = scenes
        first = self.frames(draw.film(net, history, XOR.X, XOR.y))[0]
        dashed = ["stroke-dasharray" in line.attrib for line in first.findall("line")]
        weights = np.concatenate([W.ravel() for W in history[0].W[1:]])
        assert dashed == list(weights < 0)

    def test_says_what_it_shows_and_rests_when_asked_to(self, scenes):
        net, history = scenes
        film = draw.film(net, history, XOR.X, XOR.y)
        assert f"from {net.cost_of(history[0], XOR.X, XOR.y):.3f}" in film.description
        assert f'aria-label="{film.description}"' in film._repr_html_()
        assert "prefers-reduced-motion" in str(film)
        assert repr(film) == f"Film({film.description!r})"

    def test_refuses(self, scenes):
        net, history = scenes
        with pytest.raises(ValueError, match="at least two moments"):
            draw.film(net, history[:1], XOR.X, XOR.y)
        with pytest.raises(ValueError, match="4 pictures, but 2 epochs"):
            draw.film(net, history, XOR.X, XOR.y, epochs=[0, 1])
        with pytest.raises(ValueError, match=r"the network is \[3, 1\]"):
            draw.film(MLP((3, 1)), history, XOR.X, XOR.y)


def test_everything_public_is_documented():
    for name in draw.__all__:
        if callable(getattr(draw, name)):
            assert getattr(draw, name).__doc__
