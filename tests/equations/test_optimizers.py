"""The equations of book/optimizers.md, as printed: what they say follows from the page's own rules."""

from __future__ import annotations

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import sympy as sp

from fysstk_book.printed.names import from_one
from fysstk_book.printed.numbers import samples
from fysstk_nn.optimizers import AdaGrad, Adam, Momentum, Nesterov, RMSProp


def walk(optimizer, gradient, theta, steps):
    """The package's optimizer, step by step."""
    theta = np.array(theta, dtype=float)
    state, path = optimizer.init(theta), [theta.copy()]
    for _ in range(steps):
        optimizer.step(theta, np.asarray(gradient(theta), dtype=float), state)
        path.append(theta.copy())
    return np.array(path)


H = np.array([[3.0, 1.0], [1.0, 2.0]])
ON_A_PARABOLA = ["def-opt-momentum", r"g_t = H\theta_{t-1}"]
BETA, G = sp.symbols("beta g")
RATE, SIZE = sp.symbols("eta p", positive=True)
SIGNS = pytest.mark.parametrize("g", [SIZE, -SIZE], ids=["positive", "negative"])


@pytest.mark.equation("eq-opt-momentum-sum", method="numeric")
def test_velocity_is_a_weighted_sum(printed):
    names = {r"\beta": BETA, "g_t": from_one(sp.symbols("g1:7"))}
    printed("eq-opt-momentum-sum").holds(names, where=["def-opt-momentum"], t=range(7))


@pytest.mark.equation("eq-opt-terminal", method="sympy")
def test_terminal_velocity(printed):
    v = sp.Symbol("v")
    names = {r"\beta": BETA, "v_t": [v], "g_t": [None, G]}
    (at_rest,) = sp.solve(sp.Eq(v, printed("def-opt-momentum").value(names, t=1)), v)
    printed("eq-opt-terminal").holds({r"v_\infty": at_rest, r"\beta": BETA, "g": G})


@pytest.mark.equation("eq-opt-conventions", method="numeric")
def test_ratio_of_the_two_velocities(printed):
    names = {r"\beta": BETA, "g_t": from_one(sp.symbols("g1:6"))}
    for t in range(1, 6):
        velocity = printed("def-opt-momentum").value(names, t=t)
        dampened = printed("def-opt-dampened").value({**names, "v_0": 0}, where=["def-opt-dampened"], t=t)
        rate = sp.cancel(RATE * velocity / dampened)  # for steps of the same length
        printed("eq-opt-conventions").holds({r"\eta_\text{dampened}": rate, r"\eta": RATE, r"\beta": BETA})


@pytest.mark.equation("eq-opt-conventions", method="numeric")
def test_two_conventions_one_path(rng, printed, discrepancy):
    for beta in (0.0, 0.5, 0.9):
        names = {r"\beta": beta, r"\eta": 0.05}
        theta, steps = rng.normal(size=2), 20
        rate = printed("eq-opt-conventions").value(names)
        package = walk(Momentum(rate, beta=beta, dampened=True), lambda t: H @ t, theta, steps)[-1]
        names |= {r"\theta_0": theta, "H": H}
        ours = printed("def-opt-momentum").value(names, where=ON_A_PARABOLA, statement=1, t=steps)
        error = np.abs(ours - package).max()
        discrepancy(error)
        assert error < 1e-12


@pytest.fixture
def radius(printed):
    """Spectral radius of one step of momentum on a parabola: how the distance shrinks in the long run."""

    def radius(eta, beta, curvature):
        columns = []
        for theta, v in ((1.0, 0.0), (0.0, 1.0)):
            names = {r"\theta_0": theta, "v_0": v, r"\beta": beta, "H": curvature}
            moved = printed("def-opt-momentum").value(
                {**names, r"\eta": eta}, where=ON_A_PARABOLA, statement=1, t=1
            )
            columns.append([moved, printed("def-opt-momentum").value(names, where=ON_A_PARABOLA, t=1)])
        return np.abs(np.linalg.eigvals(np.transpose(columns))).max()

    return radius


@pytest.mark.equation("eq-opt-stable", method="numeric")
@pytest.mark.parametrize("beta", [0.0, 0.3, 0.9])
def test_limit_of_stability(beta, printed, radius):
    limits = set()
    for curvature in (0.5, 3.0):
        for eta in np.array([-0.5, -0.01, 0.01, 1.0, 1.9, 2.1, 2.5, 2.7, 3.7, 3.9, 6.0]) / curvature:
            names = {r"\eta": eta, r"\lambda": curvature, r"\beta": beta}
            stable = radius(eta, beta, curvature) < 1
            limits.add(stable)
            if stable:
                printed("eq-opt-stable").holds(names)
            else:
                with pytest.raises(AssertionError, match="does not hold"):
                    printed("eq-opt-stable").holds(names)
    assert limits == {True, False}


@pytest.mark.equation("eq-opt-stable", method="numeric")
def test_both_limits_are_sharp(printed, radius, discrepancy):
    for beta in (0.0, 0.3, 0.9):
        for side in (0, 2):
            limit = printed("eq-opt-stable").value(also={r"\beta": beta}, side=side)
            error = abs(radius(limit, beta, 1.0) - 1)
            discrepancy(error)
            assert error < 1e-7


@pytest.mark.equation("eq-opt-root-kappa", method="numeric")
def test_root_of_the_condition_number(rng, printed, radius):
    for low, high in ((1.0, 25.0), (0.1, 10.0), (1.0, 100.0)):
        curvatures = {r"\lambda_\text{min}": low, r"\lambda_\text{max}": high}
        eta, beta = (printed("def-opt-best").value(curvatures, statement=k) for k in (0, 1))
        slowest = max(radius(eta, beta, low), radius(eta, beta, high))
        name = {r"\text{spectral radius of one step}": slowest}
        # a double eigenvalue: roots of rounding errors
        printed("eq-opt-root-kappa").holds(name, also=curvatures, where=["def-opt-best"], within=1e-6)
        for change in 1 + 0.02 * rng.normal(size=(20, 2)):
            eta_, beta_ = (eta, beta) * change
            assert max(radius(eta_, beta_, low), radius(eta_, beta_, high)) > slowest


@pytest.mark.equation("eq-opt-nesterov", method="numeric")
def test_the_look_ahead_point(rng, printed):
    eta, beta, steps, start = 0.08, 0.8, 12, rng.normal(size=2)
    names = {r"\eta": eta, r"\beta": beta, r"\nabla C": lambda theta: H @ theta}
    theta, v = (
        [
            printed("def-opt-nesterov").value(
                also={**names, r"\theta_0": start, "v_0": np.zeros(2)},
                where=["def-opt-nesterov"],
                statement=k,
                side=0,
                t=t,
            )
            for t in range(steps)
        ]
        for k in (1, 0)
    )
    ahead = [theta[t] - eta * beta * v[t] for t in range(steps)]
    package = walk(Nesterov(eta, beta=beta), lambda t: H @ t, start, steps)
    for path in (ahead, package):
        printed("eq-opt-nesterov").holds({"v_t": v, r"\phi_t": path, **names}, t=range(1, steps))


SLOPES = np.array([1e-2, 3.0, -50.0])


@pytest.mark.equation("eq-opt-adagrad-steps", method="numeric")
def test_adagrad_on_a_slope(printed):
    names = {
        r"\eta": 0.5,
        r"\epsilon": 1e-300,
        r"\theta_0": samples(np.zeros(3)),
        "G_0": samples(np.zeros(3)),
        "g_t": lambda t: samples(SLOPES),
    }
    printed("eq-opt-adagrad-steps").holds(also=names, where=["def-opt-adagrad"], t=range(1, 21))
    path = walk(AdaGrad(0.5, epsilon=1e-300), lambda _: SLOPES, np.zeros(3), 20)
    printed("eq-opt-adagrad-steps").holds(
        {r"\theta_t": list(map(samples, path)), r"\eta": 0.5}, t=range(1, 21)
    )


@SIGNS
@pytest.mark.equation("eq-opt-rmsprop-limit", method="proof by cases")
def test_rmsprop_after_a_long_time(g, printed):
    v, rho = sp.symbols("v rho", positive=True)
    mean = printed("def-opt-rmsprop").value({"v_t": [v], "g_t": [None, g], r"\rho": rho}, t=1)
    (limit,) = sp.solve(sp.Eq(v, mean), v)
    names = {r"\theta_0": sp.Symbol("theta0"), "v_t": lambda t: limit, "g_t": [None, g], r"\epsilon": 0}
    printed("eq-opt-rmsprop-limit").holds(
        {"g": g, r"\eta": RATE}, also=names, where=["def-opt-rmsprop"], approx=0, t=[1]
    )


@pytest.mark.equation("eq-opt-rmsprop-limit", method="numeric")
def test_rmsprop_of_the_package(printed):
    path = walk(RMSProp(0.1, rho=0.9, epsilon=1e-300), lambda _: SLOPES, np.zeros(3), 400)
    printed("eq-opt-rmsprop-limit").holds(
        {r"\theta_t": path, r"\eta": 0.1, "g": SLOPES}, approx=1e-12, t=[400]
    )


MEANS = {r"\beta_1": sp.Symbol("beta1"), r"\beta_2": sp.Symbol("beta2"), "m_0": 0, "v_0": 0}


@pytest.mark.equation("eq-opt-adam-bias", method="numeric")
def test_means_of_a_constant_gradient(printed):
    also = {**MEANS, "g": G, "g_t": lambda t: G}
    printed("eq-opt-adam-bias").holds(also=also, where=["def-opt-adam-means"], t=range(7))


@pytest.mark.equation("eq-opt-adam-bias", method="sympy")
@pytest.mark.parametrize(("mean", "statement"), [("m_t", 0), ("v_t", 1)])
def test_means_after_any_number_of_steps(mean, statement, printed, discrepancy):
    t = sp.Symbol("t", integer=True, positive=True)
    also = {**MEANS, "g": G, "g_k": lambda k: G, "v_t": [0], "m_t": [0]}

    def claimed(t):
        return printed("eq-opt-adam-bias").value(also=also, statement=statement, t=t)

    known = {r"\beta_1": MEANS[r"\beta_1"], r"\beta_2": MEANS[r"\beta_2"], "g_k": lambda k: G, mean: claimed}
    residual = sp.simplify(
        claimed(t) - printed("def-opt-adam-means").value(also=known, statement=statement, t=t)
    )
    discrepancy(residual)
    assert residual == 0
    assert claimed(0) == 0


@SIGNS
@pytest.mark.equation("eq-opt-adam-first", method="proof by cases")
def test_first_step_of_adam(g, printed):
    names = {r"\theta_0": sp.Symbol("theta0"), r"\eta": RATE, r"\epsilon": 0, "g_t": [None, g], **MEANS}
    printed("eq-opt-adam-first").holds(also=names, where=["def-opt-adam", "def-opt-adam-means"])


@pytest.mark.equation("eq-opt-adam-first", method="numeric")
def test_first_step_of_adam_in_the_package(rng, printed):
    g = rng.normal(size=5) * 10.0 ** np.arange(-3, 2)
    path = walk(Adam(0.01, epsilon=1e-300), lambda _: g, np.full(5, 0.3), 1)
    printed("eq-opt-adam-first").holds({r"\theta_t": path, r"\eta": 0.01, "g_t": [None, g]}, within=1e-15)
    assert abs(0.1 / np.sqrt(0.001) - 3.2) < 0.05


@pytest.mark.equation("eq-opt-adam-scale", method="numeric")
@pytest.mark.parametrize("c", [50.0, 1e-4])
def test_adam_does_not_see_the_scale(c, rng, printed):
    start, steps = rng.normal(size=2), 8

    def by_the_page(curvature):
        names = {
            r"\theta_0": samples(start),
            r"\beta_1": 0.9,
            r"\beta_2": 0.99,
            "m_0": 0,
            "v_0": 0,
            r"\eta": 0.05,
            r"\epsilon": 1e-300,
            r"\nabla C": lambda theta: samples(curvature @ np.asarray(theta)),
        }
        rules = ["def-opt-adam", "def-opt-adam-means", r"g_t = \nabla C(\theta_{t-1})"]
        value = printed("def-opt-adam").value
        return np.array([value(names, where=rules, statement=2, t=t) for t in range(1, steps + 1)])

    def by_the_package(curvature):
        return walk(Adam(0.05, epsilon=1e-300), lambda t: curvature @ t, start, 40)

    for adam in (by_the_page, by_the_package):  # C stands for the parabola with this curvature
        names = {r"\text{Adam}": adam, "c": c, "C": H, r"\epsilon": 1e-300}
        printed("eq-opt-adam-scale").holds(names, within=1e-10)


@pytest.mark.equation("eq-opt-newton", method="autograd")
def test_newton_reaches_the_minimum_of_a_parabola(rng, printed):
    for size in (1, 3, 8):
        A, optimum = rng.normal(size=(size, size)), rng.normal(size=size)
        curvature = A @ A.T + np.eye(size)

        def cost(theta, curvature=curvature, optimum=optimum):
            return 0.5 * anp.dot(theta - optimum, anp.dot(curvature, theta - optimum))

        theta = rng.normal(size=size)
        names = {
            r"\theta": theta,
            r"\theta^*": optimum,
            r"\nabla C": autograd.grad(cost),
            "H": autograd.hessian(cost)(theta),
        }
        printed("eq-opt-newton").holds(names, within=1e-10)


@pytest.fixture
def from_the_ridge(printed):
    """One step of gradient descent across the ridge of the saddle C = (x^2 - y^2)/2."""

    def slope(at):
        y = sp.Dummy("y")
        return sp.diff(-(y**2) / 2, y).subs(y, at)

    return lambda y: printed("def-gd-update").value({r"\theta": y, r"\eta": RATE, r"\nabla C": slope})


@pytest.mark.equation("eq-opt-saddle", method="numeric")
def test_leaving_a_saddle(printed, from_the_ridge):
    path = [sp.Symbol("delta")]
    for _ in range(6):
        path.append(sp.expand(from_the_ridge(path[-1])))
    printed("eq-opt-saddle").holds({"y_t": path, r"\eta": RATE, r"\delta": path[0]}, t=range(7))


@pytest.mark.equation("eq-opt-saddle", method="sympy")
def test_leaving_a_saddle_after_any_number_of_steps(printed, from_the_ridge, discrepancy):
    t = sp.Symbol("t", integer=True, nonnegative=True)
    names = {r"\eta": RATE, r"\delta": sp.Symbol("delta"), "y_t": [0]}
    now, then = (printed("eq-opt-saddle").value(names, t=n) for n in (t, t + 1))
    residual = sp.simplify(from_the_ridge(now) - then)
    discrepancy(residual)
    assert residual == 0


@pytest.mark.equation("def-opt-adagrad", method="numeric")
def test_adagrad_is_that_of_the_package(rng, printed):
    g = rng.normal(size=5)
    rule = AdaGrad(0.3, epsilon=1e-3)
    theta, state = np.zeros(1), rule.init(np.zeros(1))
    path = [0.0]
    for t in range(1, 5):
        rule.step(theta, g[t : t + 1], state)
        path.append(float(theta[0]))
    printed("def-opt-adagrad").holds(
        {"g_t": g, "G_t": np.cumsum([0, *g[1:] ** 2]), r"\theta_t": path, r"\eta": 0.3, r"\epsilon": 1e-3},
        t=range(1, 5),
    )


@pytest.mark.equation("def-opt-adam", method="numeric")
def test_adam_is_that_of_the_package(rng, printed):
    g = rng.normal(size=5)
    b1, b2, m, v, path = 0.8, 0.95, [0.0], [0.0], [0.0]
    rule = Adam(0.3, beta1=b1, beta2=b2, epsilon=1e-3)
    theta, state = np.zeros(1), rule.init(np.zeros(1))
    for t in range(1, 5):
        m.append(b1 * m[-1] + (1 - b1) * g[t])
        v.append(b2 * v[-1] + (1 - b2) * g[t] ** 2)
        rule.step(theta, g[t : t + 1], state)
        path.append(float(theta[0]))
    corrected = {
        r"\hat m_t": [0.0, *(m[t] / (1 - b1**t) for t in range(1, 5))],
        r"\hat v_t": [0.0, *(v[t] / (1 - b2**t) for t in range(1, 5))],
    }
    printed("def-opt-adam").holds(
        {
            "m_t": m,
            "v_t": v,
            r"\theta_t": path,
            r"\eta": 0.3,
            r"\epsilon": 1e-3,
            r"\beta_1": b1,
            r"\beta_2": b2,
            **corrected,
        },
        t=range(1, 5),
    )
