"""The equations of book/regularization.md, as printed: penalties, stopping, dropout, batch norm."""

from __future__ import annotations

import itertools

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import sympy as sp
from scipy.optimize import minimize_scalar

from fysstk_book.printed.names import from_one
from fysstk_nn.costs import Penalty
from fysstk_nn.gradcheck import central_difference, jacobian_central
from fysstk_nn.mlp import MLP
from fysstk_nn.optimizers import GradientDescent
from fysstk_nn.train import fit

SLOPE, PENALISED = r"\frac{\partial\mathcal C}{\partial w}", r"\frac{\partial\mathcal C_2}{\partial w}"


@pytest.mark.equation("eq-reg-l2-gradient", method="central differences")
def test_gradient_of_the_penalty(rng, printed):
    net, strength = MLP((3, 4, 2), hidden="tanh"), 0.3
    params, X, y = net.init(rng=rng), rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    plain = net.gradient(params, X, y)

    def cost(W):
        changed = params.copy()
        changed.W[1] = W
        return net.cost_of(changed, X, y) + strength / 2 * sum(np.sum(w**2) for w in changed.W[1:])

    measured = central_difference(cost, params.W[1].copy())
    names = {PENALISED: measured, SLOPE: plain.W[1], r"\lambda": strength, "w": params.W[1]}
    printed("eq-reg-l2-gradient").holds(names, within=1e-8)
    whole = net.gradient(params, X, y, penalty=Penalty(l2=strength))
    names = {PENALISED: whole.W[2], SLOPE: plain.W[2], r"\lambda": strength, "w": params.W[2]}
    printed("eq-reg-l2-gradient").holds(names)
    assert np.array_equal(whole.b[1], plain.b[1])


@pytest.mark.equation("eq-reg-decay", method="sympy")
def test_weight_decay(printed):
    w, eta, strength, slope = sp.symbols("w eta lambda g")
    penalised = slope * w + strength / 2 * w**2  # near w, any cost is a line to first order
    names = {"w": w, r"\eta": eta, r"\lambda": strength, SLOPE: slope}
    printed("eq-reg-decay").holds(names, after={"w": w - eta * sp.diff(penalised, w)})


@pytest.mark.equation("eq-reg-decay", method="numeric")
def test_weight_decay_in_training(rng, printed):
    net, eta, strength = MLP((3, 2)), 0.1, 0.4
    params, X, y = net.init(rng=rng), rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    run = fit(net, params, X, y, optimizer=GradientDescent(eta), epochs=1, l2=strength)
    names = {"w": params.W[1], r"\eta": eta, r"\lambda": strength, SLOPE: net.gradient(params, X, y).W[1]}
    printed("eq-reg-decay").holds(names, after={"w": run.params.W[1]}, within=1e-14)


@pytest.mark.equation("eq-reg-l2-shrink", method="sympy")
def test_minimum_with_l2(printed):
    w, best, h, strength = sp.symbols("w w_s h lambda", positive=True)
    (found,) = sp.solve(sp.diff(h / 2 * (w - best) ** 2 + strength / 2 * w**2, w), w)
    names = {r"w_\lambda": found, "w^*": best, "h": h, r"\lambda": strength}
    printed("eq-reg-l2-shrink").holds(names)


@pytest.mark.equation("eq-reg-l1-soft", method="numeric")
@pytest.mark.parametrize("best", [-2.0, -0.4, 0.0, 0.3, 0.75, 3.0])
def test_minimum_with_l1(best, printed):
    h, strength = 2.0, 1.2
    cost = lambda w: h / 2 * (w - best) ** 2 + strength * abs(w)  # noqa: E731
    found = minimize_scalar(cost, bounds=(-4, 4), method="bounded", options={"xatol": 1e-10}).x
    names = {r"w_\lambda": float(found), "w^*": best, "h": h, r"\lambda": strength}
    printed("eq-reg-l1-soft").holds(names, within=1e-6)


@pytest.mark.equation("eq-reg-projection", method="numeric")
def test_projection_is_the_nearest_point(rng, printed, discrepancy):
    c = 1.3
    for _ in range(50):
        w = rng.normal(size=4) * rng.uniform(0.1, 3)
        projected = printed("eq-reg-projection").value({"w": w, "c": c}, side=1)
        assert np.linalg.norm(projected) <= c + 1e-12
        others = rng.normal(size=(2000, 4))
        others *= c * rng.uniform(size=(2000, 1)) ** 0.25 / np.linalg.norm(others, axis=1, keepdims=True)
        assert np.all(np.linalg.norm(others - w, axis=1) >= np.linalg.norm(projected - w))
        error = np.linalg.norm(projected - w) - max(np.linalg.norm(w) - c, 0)
        discrepancy(error)
        assert abs(error) < 1e-12


@pytest.mark.equation("eq-reg-projection", method="numeric")
def test_projection_in_training(rng, printed):
    net, c = MLP((3, 4, 2), hidden="tanh"), 0.8
    params, X, y = net.init(rng=rng), rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    eta = GradientDescent(0.5)
    free = fit(net, params, X, y, optimizer=eta, epochs=1).params
    held = fit(net, params, X, y, optimizer=eta, epochs=1, max_norm=c).params
    for l in (1, 2):
        for into, projected in zip(free.W[l].T, held.W[l].T, strict=True):
            names = {"P": lambda w, p=projected: p, "w": into, "c": c}
            printed("eq-reg-projection").holds(names, within=1e-14)


@pytest.mark.equation("eq-reg-early", method="sympy")
@pytest.mark.parametrize("k", range(1, 6))
def test_weight_after_k_steps(k, printed):
    w, best, h, eta = 0, *sp.symbols("w_s h eta")
    for _ in range(k):
        w = sp.expand(w - eta * h * (w - best))
    names = {"w_k": lambda k: w, "w^*": best, "h": h, r"\eta": eta}
    printed("eq-reg-early").holds(names, k=[k])


@pytest.mark.equation("eq-reg-early-lambda", method="sympy")
def test_steps_act_like_a_penalty(printed, discrepancy):
    h, eta, k, strength = sp.symbols("h eta k lambda", positive=True)
    stopped = sp.diff(1 - (1 - eta * h) ** k, h).subs(h, 0)
    penalised = sp.diff(h / (h + strength), h).subs(h, 0)
    (found,) = sp.solve(sp.Eq(stopped, penalised), strength)
    page = printed("eq-reg-early-lambda")
    names = {r"\lambda": found, r"\eta": eta, "k": k}
    residual = sp.simplify(page.value(also=names, side=0) - page.value(also=names, side=1))
    discrepancy(residual)
    assert residual == 0


def masks(nodes, p):
    """All masks of inverted dropout."""
    return np.array(list(itertools.product([0, 1], repeat=nodes))) / (1 - p)


@pytest.mark.equation("eq-reg-vanilla-mean", method="proof by cases")
def test_vanilla_mean(printed):
    p, a, m = sp.symbols("p a m")

    def expected(value):  # m is 0 with probability p, and 1 otherwise
        return p * value.subs(m, 0) + (1 - p) * value.subs(m, 1)

    names = {r"\mathbb E": expected, "m_j": from_one([m]), "a_j": from_one([a]), "p": p}
    printed("eq-reg-vanilla-mean").holds(names, j=[1])


@pytest.mark.equation("eq-reg-inverted", method="numeric")
@pytest.mark.parametrize("p", [sp.Rational(1, 5), sp.Rational(1, 2), sp.Rational(9, 10)])
def test_inverted_mean_and_variance(p, printed):
    m, page = sp.Symbol("m"), printed("eq-reg-inverted")
    # The two printed values, for a random number on either side of p; it lies below p with probability p.
    dropped, kept = (page.value(also={"p": p, "r_j": [r]}, side=1, j=0) for r in (p / 2, (1 + p) / 2))

    def expected(value):
        return sp.simplify(p * value.subs(m, dropped) + (1 - p) * value.subs(m, kept))

    def variance(value):
        return sp.simplify(expected(value**2) - expected(value) ** 2)

    names = {r"\mathbb E": expected, r"\operatorname{Var}": variance, "m_j": lambda j: m, "p": p}
    for only in (1, 2):
        page.holds(also=names, only=only, j=[1])


@pytest.mark.equation("eq-reg-inverted", method="numeric")
def test_masks_of_the_package(printed, discrepancy):
    p, page = 0.2, printed("eq-reg-inverted")
    net = MLP((2, 20_000, 1), hidden="tanh", dropout=p)
    trace = net.forward(net.init(rng=1), np.ones((5, 2)), training=True, rng=2)
    mask = trace.mask[1]
    r = np.random.default_rng(2).random(mask.shape)  # what the package draws
    for j in range(200):
        page.holds(also={"m_j": mask[0], "r_j": r[0], "p": p}, only=0, j=[j])
    error = max(abs(mask.mean() - 1), abs(mask.var() - page.value({"p": p}, side=1, statement=2)))
    discrepancy(error)
    assert error < 0.01


def probability(p):
    """The probability of a mask of inverted dropout."""
    return lambda m: float(np.prod(np.where(m > 0, 1 - p, p)))


@pytest.mark.equation("eq-reg-ensemble", method="numeric")
@pytest.mark.equation("eq-reg-dropout-penalty", method="numeric")
@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_all_masks_of_a_linear_layer(p, rng, printed):
    names = {
        "a_j": from_one(rng.normal(size=5)),
        "w_j": from_one(rng.normal(size=5)),
        "b": 0.4,
        "P": probability(p),
    }
    ranges = {"m": list(masks(5, p)), "j": range(1, 6)}
    printed("eq-reg-ensemble").holds(names, **ranges)
    outputs = [r"\hat y_m = \sum_j m_j a_j w_j + b", r"\hat y = \sum_j a_j w_j + b"]
    printed("eq-reg-dropout-penalty").holds({**names, "p": p, "y": -0.3}, where=outputs, **ranges)


@pytest.mark.equation("eq-reg-geometric", method="numeric")
@pytest.mark.parametrize("p", [0.2, 0.5])
def test_geometric_mean_of_all_softmax_networks(p, rng, printed):
    a, W, b = rng.normal(size=5), rng.normal(size=(5, 3)), rng.normal(size=3)

    def softmax(z):
        return np.exp(z) / np.exp(z).sum()

    names = {
        "a_k": lambda k: lambda m: softmax((m * a) @ W + b)[k - 1],
        r"\operatorname{softmax}": softmax,
        "z": a @ W + b,
        "P": probability(p),
    }
    printed("eq-reg-geometric").holds(names, m=list(masks(5, p)), k=range(1, 4), i=range(1, 4))


def normalised(u, eps):
    return (u - u.mean(axis=0)) / np.sqrt(u.var(axis=0) + eps)


BN = ["def-reg-bn-statistics", "def-reg-bn"]
DB, DGAMMA = r"\frac{\partial\mathcal C}{\partial b}", r"\frac{\partial\mathcal C}{\partial\gamma}"
DU = r"\frac{\partial\mathcal C}{\partial u_k}"


def batch(u, eps):
    """The names of a batch of one node's sums."""
    return {"u_i": from_one(u), "n": len(u), r"\epsilon": eps}


def rows(n, *letters):
    return dict.fromkeys(letters, range(1, n + 1))


@pytest.mark.equation("eq-reg-bn-moments", method="numeric")
def test_moments(rng, printed):
    for eps in (1e-9, 1e-7):
        names = batch(rng.normal(3, 2, size=9), eps)
        printed("eq-reg-bn-moments").holds(also=names, where=BN, approx=1e-6, within=1e-13, **rows(9, "i"))


@pytest.mark.equation("eq-reg-bn-moments", method="numeric")
def test_second_moment_with_a_large_epsilon(rng, printed, discrepancy):
    u = rng.normal(3, 2, size=9)
    page = printed("eq-reg-bn-moments")
    one, two = (
        page.value(also=batch(u, 0.5), where=BN, side=side, statement=1, **rows(9, "i")) for side in (0, 1)
    )
    error = max(abs(one - two), abs(one - np.mean(normalised(u, 0.5) ** 2)))
    discrepancy(error)
    assert error < 1e-14


@pytest.mark.equation("eq-reg-bn-invariance", method="numeric")
@pytest.mark.parametrize("kappa", [0.01, 2.0, 100.0])
def test_scale_of_the_weights_does_not_matter(kappa, rng, printed):
    A, w = rng.normal(size=(8, 5)), rng.normal(size=5)
    names = {r"\hat u_i": lambda i: lambda w: normalised(A @ w, 0)[i - 1], r"\kappa": kappa, "w": w}
    printed("eq-reg-bn-invariance").holds(names, **rows(8, "i"))


@pytest.mark.equation("eq-reg-bn-jacobian", method="central differences")
@pytest.mark.parametrize("n", [2, 3, 7])
def test_jacobian(n, rng, printed):
    u, eps = rng.normal(size=n), 1e-2
    measured = jacobian_central(lambda t: normalised(t, eps), u)
    names = {
        r"\frac{\partial\hat u_i}{\partial u_k}": lambda i, k: measured[i - 1, k - 1],
        "1_{ik}": lambda i, k: int(i == k),
    }
    printed("eq-reg-bn-jacobian").holds(
        also=names | batch(u, eps), where=BN, within=1e-7, **rows(n, "i", "k")
    )


@pytest.mark.equation("eq-reg-bn-jacobian", method="sympy")
def test_jacobian_symbolically(printed, discrepancy):
    n, eps = 3, sp.symbols("epsilon", positive=True)
    u = sp.symbols("u1:4", real=True)
    mean = sum(u) / n
    s = sp.sqrt(sum((t - mean) ** 2 for t in u) / n + eps)
    uhat = [(t - mean) / s for t in u]
    names = {r"\hat u_i": [None, *uhat], "s": s, "n": sp.Integer(n), "1_{ik}": lambda i, k: int(i == k)}
    for i, k in itertools.product(range(1, n + 1), repeat=2):
        side = printed("eq-reg-bn-jacobian").value(names, side=1, i=i, k=k)
        residual = sp.simplify(sp.diff(uhat[i - 1], u[k - 1]) - side)
        discrepancy(residual)
        assert residual == 0


@pytest.fixture
def node(rng):
    """A node behind batch normalisation with a cost: its names, and the gradients that were measured."""
    n, eps, gamma, b = 6, 1e-3, 1.7, -0.4
    u, y = rng.normal(size=n), rng.normal(size=n)
    cost = lambda u, gamma, b: float(np.sum((gamma * normalised(u, eps) + b - y) ** 2)) / 2  # noqa: E731
    delta = gamma * normalised(u, eps) + b - y
    du = central_difference(lambda t: cost(t, gamma, b), u)
    names = batch(u, eps) | {
        r"\delta_i": from_one(delta),
        r"\gamma": gamma,
        "b": b,
        DU: lambda k: du[k - 1],
        DB: central_difference(lambda t: cost(u, gamma, t[0]), np.array([b]))[0],
        DGAMMA: central_difference(lambda t: cost(u, t[0], b), np.array([gamma]))[0],
    }
    return n, names


@pytest.mark.equation("eq-reg-bn-parameters", method="central differences")
def test_gradients_of_the_parameters(node, printed):
    n, names = node
    printed("eq-reg-bn-parameters").holds(also=names, where=BN, within=1e-7, **rows(n, "i"))


@pytest.mark.equation("eq-reg-bn-backward", method="central differences")
def test_backward(node, printed):
    n, names = node
    printed("eq-reg-bn-backward").holds(also=names, where=BN, within=1e-7, **rows(n, "k"))


@pytest.mark.equation("eq-reg-bn-zero-sum", method="numeric")
def test_gradients_of_a_batch_sum_to_zero(node, printed):
    n, names = node
    printed("eq-reg-bn-zero-sum").holds(also=names, within=1e-7, **rows(n, "k"))


@pytest.mark.equation("eq-reg-bn-backward", method="autograd")
def test_backward_of_the_package(rng, printed, discrepancy):
    net, eps = MLP((3, 5, 2), hidden="tanh", batch_norm=True), 1e-5
    params, X, y = net.init(rng=rng), rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    params.gamma[1] = rng.uniform(0.5, 2, size=5)

    def cost(W1):
        u = anp.dot(X, W1)
        uhat = (u - anp.mean(u, axis=0)) / anp.sqrt(anp.var(u, axis=0) + eps)
        out = anp.dot(anp.tanh(params.gamma[1] * uhat + params.b[1]), params.W[2]) + params.b[2]
        return anp.sum((out - y) ** 2) / (2 * len(X))

    trace = net.forward(params, X, training=True)
    gradient = net.backprop(params, trace, y)
    delta, u = net.deltas(params, trace, y)[1], X @ params.W[1]
    back = np.empty_like(u)
    for j in range(5):
        names = batch(u[:, j], eps) | {
            r"\delta_i": from_one(delta[:, j]),
            r"\gamma": params.gamma[1][j],
            DB: gradient.b[1][j],
            DGAMMA: gradient.gamma[1][j],
        }
        for k in range(6):
            back[k, j] = printed("eq-reg-bn-backward").value(
                also=names, where=BN, side=1, k=k + 1, i=range(1, 7)
            )
    referee = autograd.grad(cost)(params.W[1].copy())
    error = max(np.abs(X.T @ back - referee).max(), np.abs(gradient.W[1] - referee).max())
    discrepancy(error)
    assert error < 1e-12


@pytest.mark.equation("eq-reg-bn-running", method="sympy")
@pytest.mark.parametrize("k", range(1, 6))
def test_running_average(k, printed):
    alpha, start = sp.symbols("alpha mu_0")
    means = sp.symbols("mu_1:6")
    running = [start]
    for mean in means:
        running.append(running[-1] + alpha * (mean - running[-1]))
    names = {r"\bar\mu_k": running, r"\mu_j": [None, *means], r"\alpha": alpha}
    printed("eq-reg-bn-running").holds(names, k=[k])
    assert 0.9**44 < 0.01 < 0.9**43


@pytest.mark.equation("eq-reg-bn-output", method="numeric")
@pytest.mark.parametrize("n", [2, 5, 8])
def test_bound_at_the_output(n, rng, printed, discrepancy):
    page = printed("eq-reg-bn-output")
    for _ in range(20):
        uhat, y, gamma, b = normalised(rng.normal(size=n), 0), rng.normal(size=n), rng.normal(), rng.normal()
        names = {r"\hat u_i": from_one(uhat), r"\gamma": gamma, "b": b, "n": n}
        page.holds(also=names | {"y_i": from_one(y), r"\bar y": y.mean()}, **rows(n, "i"))
        reached = from_one(gamma * uhat + y.mean())  # these targets reach the bound
        names |= {"y_i": reached, r"\bar y": y.mean()}
        left, right = (page.value(also=names, side=side, **rows(n, "i")) for side in (0, 1))
        discrepancy(left - right)
        assert abs(left - right) < 1e-12


@pytest.mark.equation("def-reg-l2", method="numeric")
def test_the_penalty_is_that_of_the_package(printed):
    params = MLP((2, 3, 1)).init(rng=1)
    priced = {r"\mathcal C_2": 2 + Penalty(l2=0.3)(params), r"\mathcal C": 2.0, r"\lambda": 0.3}
    printed("def-reg-l2").holds(priced, w=list(params.weights))


@pytest.mark.equation("def-reg-bn", method="numeric")
def test_batch_normalisation_scales_and_shifts(rng, printed):
    u = rng.normal(size=4)
    hat = (u - 0.3) / 1.7
    printed("def-reg-bn").holds(
        {
            "u_i": from_one(u),
            r"\hat u_i": from_one(hat),
            "z_i": from_one(0.6 * hat + 0.2),
            r"\mu": 0.3,
            "s": 1.7,
            r"\gamma": 0.6,
            "b": 0.2,
        },
        i=range(1, 5),
    )
