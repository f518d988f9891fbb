"""The optimizers, against plain recurrences for one number at a time, and against what they promise."""

import copy
import dataclasses
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fysstk_nn.optimizers import (
    AdaGrad,
    Adam,
    AdamW,
    Chain,
    ClipNorm,
    ClipValue,
    GradientDescent,
    Momentum,
    Nesterov,
    Optimizer,
    RMSProp,
    State,
)
from fysstk_nn.schedules import (
    Constant,
    Cosine,
    ExponentialDecay,
    InverseSqrt,
    InverseTime,
    StepDecay,
    WarmUp,
)

ALL = [
    GradientDescent(0.1),
    Momentum(0.1, 0.8),
    Momentum(0.1, 0.8, dampened=True),
    Nesterov(0.1, 0.8),
    AdaGrad(0.1),
    RMSProp(0.1, 0.8),
    Adam(0.1, 0.8, 0.95),
    Adam(InverseSqrt(0.1, 0.5)),
    AdamW(0.1, 0.8, 0.95, decay=0.3),
    AdamW(WarmUp(Cosine(0.2, 300), 20), decay=0.1),
]
every_optimizer = pytest.mark.parametrize("optimizer", ALL, ids=str)


def in_plain_python(optimizer, theta, gradients):
    """Return the path of one parameter, by the textbook recurrences."""
    v = m = G = 0.0
    path = []
    for t, g in enumerate(gradients, 1):
        eta = optimizer.eta if isinstance(optimizer.eta, float) else optimizer.eta(t - 1)
        match optimizer:
            case GradientDescent():
                theta -= eta * g
            case Momentum(beta=beta, dampened=dampened):
                v = beta * v + ((1 - beta) * g if dampened else g)
                theta -= eta * v
            case Nesterov(beta=beta):
                v = beta * v + g
                theta -= eta * (g + beta * v)
            case AdaGrad(epsilon=epsilon):
                G += g**2
                theta -= eta * g / (math.sqrt(G) + epsilon)
            case RMSProp(rho=rho, epsilon=epsilon):
                v = rho * v + (1 - rho) * g**2
                theta -= eta * g / (math.sqrt(v) + epsilon)
            case Adam(beta1=beta1, beta2=beta2, epsilon=epsilon):
                theta -= eta * getattr(optimizer, "decay", 0.0) * theta
                m = beta1 * m + (1 - beta1) * g
                v = beta2 * v + (1 - beta2) * g**2
                m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
                theta -= eta * m_hat / (math.sqrt(v_hat) + epsilon)
        path.append(theta)
    return path


@every_optimizer
@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), scale=st.sampled_from([1e-3, 1.0, 1e3]))
def test_textbook_recurrences(optimizer, seed, scale):
    rng = np.random.default_rng(seed)
    start, gradients = rng.normal(size=3), scale * rng.normal(size=(250, 3))
    gradients[rng.uniform(size=gradients.shape) < 0.2] = 0
    theta, kept = start.copy(), gradients.copy()
    state = optimizer.init(theta)
    path = []
    for g in gradients:
        assert optimizer.step(theta, g, state) is None
        path.append(theta.copy())
    np.testing.assert_array_equal(gradients, kept)
    expected = np.transpose([in_plain_python(optimizer, start[i], gradients[:, i]) for i in range(3)])
    np.testing.assert_allclose(path, expected, rtol=1e-9, atol=1e-9 * scale)
    assert state.t == 250


def test_first_step_of_adam_is_eta_in_each_direction():
    theta = np.zeros(3)
    optimizer = Adam(0.01)
    optimizer.step(theta, np.array([3.0, -1e-3, 1e4]), optimizer.init(theta))
    np.testing.assert_allclose(theta, [-0.01, 0.01, -0.01], rtol=2e-5)


def test_nesterov_takes_the_gradient_ahead():
    # Nesterov's own form: g at theta - eta beta v, then v <- beta v + g, theta <- theta - eta v.
    def gradient(theta):
        return np.array([1.0, 25.0]) * theta

    eta, beta = 0.02, 0.9
    theta, v = np.array([1.0, 1.0]), np.zeros(2)
    ahead = theta.copy()
    optimizer = Nesterov(eta, beta)
    state = optimizer.init(ahead)
    for _ in range(50):
        v = beta * v + gradient(theta - eta * beta * v)
        theta = theta - eta * v
        optimizer.step(ahead, gradient(ahead), state)
        np.testing.assert_allclose(ahead, theta - eta * beta * v, rtol=1e-10, atol=1e-14)


def test_both_conventions_of_momentum_are_one_path(rng):
    one, other = np.zeros(4), np.zeros(4)
    plain, dampened = Momentum(0.1, 0.75), Momentum(0.4, 0.75, dampened=True)
    states = plain.init(one), dampened.init(other)
    for g in rng.normal(size=(20, 4)):
        plain.step(one, g, states[0])
        dampened.step(other, g, states[1])
        np.testing.assert_allclose(one, other, rtol=1e-12)


@every_optimizer
def test_downhill(optimizer, rng):
    theta = rng.normal(size=10)
    state, curvature = optimizer.init(theta), np.linspace(0.5, 2, 10)
    start = curvature @ theta**2
    for _ in range(200):
        optimizer.step(theta, 2 * curvature * theta, state)
    assert curvature @ theta**2 < 0.01 * start


@every_optimizer
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_in_place_and_in_one_type(optimizer, dtype, rng):
    theta = rng.normal(size=5).astype(dtype)
    same, state = theta, optimizer.init(theta)
    optimizer.step(theta, rng.normal(size=5).astype(dtype), state)
    assert same is theta and theta.dtype == dtype
    assert all(vector.dtype == dtype and vector.shape == (5,) for vector in state.memory)


@every_optimizer
def test_pieces_do_not_show(optimizer, rng):
    n = 2 * Optimizer.CHUNK + 17
    theta = rng.normal(size=n)
    parts = [theta[:1000].copy(), theta[-1000:].copy()]
    state, states = optimizer.init(theta), [optimizer.init(part) for part in parts]
    for _ in range(3):
        g = rng.normal(size=n)
        optimizer.step(theta, g, state)
        optimizer.step(parts[0], g[:1000], states[0])
        optimizer.step(parts[1], g[-1000:], states[1])
    np.testing.assert_array_equal(theta[:1000], parts[0])
    np.testing.assert_array_equal(theta[-1000:], parts[1])


@every_optimizer
def test_a_state_can_be_stored_and_continued(optimizer, rng):
    theta = rng.normal(size=6)
    state = optimizer.init(theta)
    gradients = rng.normal(size=(10, 6))
    for g in gradients[:5]:
        optimizer.step(theta, g, state)
    stored = pickle.loads(pickle.dumps((optimizer, theta, state)))
    for g in gradients[5:]:
        optimizer.step(theta, g, state)
        stored[0].step(stored[1], g, stored[2])
    np.testing.assert_array_equal(stored[1], theta)
    assert copy.deepcopy(optimizer) == optimizer and hash(optimizer)


@pytest.mark.parametrize("optimizer", [Momentum(0.1), RMSProp(0.001, 0.9), Adam(0.001)], ids=str)
def test_memory_never_gets_denormal(optimizer):
    theta = np.zeros(3, np.float32)
    state = optimizer.init(theta)
    optimizer.step(theta, np.array([1e-3, 0, 1e-18], np.float32), state)
    tiny = np.finfo(np.float32).tiny
    for number in range(12_000):
        optimizer.step(theta, np.zeros(3, np.float32), state)
        if number % 100 == 99:
            for vector in state.memory:
                assert ((vector == 0) | (np.abs(vector) >= tiny)).all()
    first = state.memory[0]
    assert not first.any()


# Schedules.


def test_schedules_by_hand():
    assert [Constant(0.5)(t) for t in (0, 10)] == [0.5, 0.5]
    assert [StepDecay(0.8, 0.5, 10)(t) for t in (0, 9, 10, 29)] == [0.8, 0.8, 0.4, 0.2]
    assert [ExponentialDecay(2.0, 0.5)(t) for t in (0, 2)] == [2.0, pytest.approx(2 * math.exp(-1))]
    assert [InverseTime(2.0, 0.5)(t) for t in (0, 2, 6)] == [2.0, 1.0, 0.5]
    assert [InverseSqrt(2.0, 0.5)(t) for t in (0, 6, 30)] == [2.0, 1.0, 0.5]


@pytest.mark.parametrize("kind", [Constant, StepDecay, ExponentialDecay, InverseTime, InverseSqrt])
def test_schedules_start_at_eta_and_never_rise(kind):
    schedule = kind(0.5)
    rates = [schedule(t) for t in range(0, 10_000, 7)]
    assert rates[0] == 0.5 and all(a >= b > 0 for a, b in zip(rates, rates[1:], strict=False))
    theta, other = np.zeros(1), np.zeros(1)
    optimizer = GradientDescent(schedule)
    state = optimizer.init(theta)
    for t in range(5):
        optimizer.step(theta, np.ones(1), state)
        other -= schedule(t)
    np.testing.assert_array_equal(theta, other)


def test_cosine_and_warm_up_by_hand():
    cosine = Cosine(2.0, steps=6, last=1.0)
    assert [cosine(t) for t in (0, 2, 3, 4, 6, 60)] == pytest.approx([2, 1.75, 1.5, 1.25, 1, 1])
    assert Cosine(0.5, steps=10)(10) == 0
    assert [WarmUp(0.8, 4)(t) for t in (0, 1, 2, 3, 4, 99)] == pytest.approx([0.2, 0.4, 0.6, 0.8, 0.8, 0.8])
    both = WarmUp(cosine, 3)
    assert [both(t) for t in (0, 2, 4)] == pytest.approx([2 / 3, 1.75, 1.25])


def test_the_decay_of_adamw_ignores_the_gradients_scale():
    # With an L2 penalty in the gradient, Adam divides the decay by the gradient's size; AdamW does not.
    noise, scale = np.random.default_rng(0).normal(size=(2000, 2)), np.array([1.0, 100.0])
    noise[1::2] = -noise[::2]  # gradients of mean 0: what moves theta in the long run is the decay
    ends = []
    for optimizer, l2 in [(Adam(0.001), 0.5), (AdamW(0.001, decay=0.5), 0.0)]:
        theta = np.array([1.0, 1.0])
        state = optimizer.init(theta)
        for g in noise:
            optimizer.step(theta, scale * g + l2 * theta, state)
        ends.append(theta)
    (small, large), decoupled = ends
    assert small < 0.7 and large > 0.95
    np.testing.assert_allclose(decoupled, (1 - 0.0005) ** 2000, atol=0.05)


# Clipping and chains.


def test_clip_value():
    theta, g = np.zeros(3), np.array([-5.0, 0.5, 7.0])
    clip = ClipValue(1.0)
    clip.step(theta, g, clip.init(theta))
    np.testing.assert_array_equal(g, [-1, 0.5, 1])
    assert not theta.any()


def test_clip_norm():
    clip = ClipNorm(10.0)
    for g, expected in [([3.0, 4.0], [3, 4]), ([30.0, 40.0], [6, 8]), ([0.0, 0.0], [0, 0])]:
        g = np.array(g)
        clip.step(np.zeros(2), g, clip.init(np.zeros(2)))
        np.testing.assert_allclose(g, expected, rtol=1e-15)


def test_clip_norm_of_a_gradient_whose_squares_overflow():
    g = np.array([3e30, 4e30], np.float32)
    ClipNorm(5.0).step(np.zeros(2, np.float32), g, State())
    np.testing.assert_allclose(g, [3, 4], rtol=1e-6)
    assert g.dtype == np.float32


@pytest.mark.parametrize("size", [3, 100_000])
@every_optimizer
def test_a_gradient_whose_squares_overflow_never_stops_an_optimizer_in_silence(optimizer, size):
    theta, gradient = np.zeros(size, np.float32), np.zeros(size, np.float32)
    gradient[-1] = 1e19 if type(optimizer) in (AdaGrad, RMSProp) else 1e17  # Adam adds up 20 squares here
    state = optimizer.init(theta)
    with np.errstate(all="ignore"):  # as in fit
        optimizer.step(theta, gradient, state)
        assert theta[-1] < -0.001  # squares up to 3e38 are within float32
        gradient[-1] = 3e19
        if type(optimizer) in (AdaGrad, RMSProp, Adam, AdamW):
            with pytest.raises(
                FloatingPointError, match=r"remembers is not finite after step 100: .* 3e\+19"
            ):
                for _ in range(99):
                    optimizer.step(theta, gradient, state)
        else:
            before = theta[-1]
            optimizer.step(theta, gradient, state)
            assert theta[-1] < before
    theta, gradient = np.zeros(1), np.full(1, 3e19)
    optimizer.step(theta, gradient, optimizer.init(theta))
    assert np.isfinite(theta).all() and theta[0] < -0.001


def test_a_chain_is_its_rules_in_turn(rng):
    chain = Chain(ClipValue(0.5), ClipNorm(0.6), Adam(0.1))
    theta = np.zeros(3)
    other, adam = theta.copy(), Adam(0.1)
    state, adam_state = chain.init(theta), adam.init(other)
    for g in rng.normal(size=(10, 3)):
        clipped = np.clip(g, -0.5, 0.5)
        clipped *= min(1, 0.6 / np.linalg.norm(clipped))
        adam.step(other, clipped, adam_state)
        chain.step(theta, g, state)
        np.testing.assert_allclose(theta, other, rtol=1e-14)
    assert state.t == 10 and chain == Chain(*chain.rules)


# What is refused.


@pytest.mark.parametrize(
    "make",
    [
        lambda: GradientDescent(0),
        lambda: GradientDescent(-0.1),
        lambda: GradientDescent(math.nan),
        lambda: Momentum(0.1, 1.0),
        lambda: Nesterov(0.1, -0.1),
        lambda: AdaGrad(0.1, 0),
        lambda: RMSProp(0.1, 1.5),
        lambda: Adam(0.1, 0.9, 1.0),
        lambda: Adam(0.1, epsilon=-1),
        lambda: StepDecay(0.1, 1.5),
        lambda: StepDecay(0.1, 0.5, 0),
        lambda: ExponentialDecay(0.1, -1),
        lambda: InverseTime(0),
        lambda: InverseSqrt(math.inf),
        lambda: Constant(0),
        lambda: Cosine(0),
        lambda: Cosine(0.1, 0),
        lambda: Cosine(0.1, last=-1),
        lambda: WarmUp(0.1, 0),
        lambda: WarmUp(-0.1),
        lambda: AdamW(0.1, decay=-1),
        lambda: AdamW(0),
        lambda: ClipValue(0),
        lambda: ClipNorm(-1),
    ],
)
def test_numbers_out_of_range(make):
    with pytest.raises(ValueError, match="must be"):
        make()


def test_wrong_types():
    for make in (
        lambda: Adam("0.1"),
        lambda: Momentum(None),
        lambda: StepDecay(0.1, 0.5, 2.5),
        lambda: ClipNorm("1"),
    ):
        with pytest.raises(TypeError, match="must be"):
            make()
    for rules in ((), (Adam, ClipNorm(1)), (None,)):
        with pytest.raises(TypeError, match="a chain is made of rules"):
            Chain(*rules)
    for rules in ((ClipNorm(1),), (Adam(), ClipNorm(1)), (Adam(), Adam())):
        with pytest.raises(TypeError, match="exactly one optimizer, and it must be the last"):
            Chain(*rules)


def test_hyperparameters_become_python_floats():
    optimizer = Adam(np.float64(0.1), np.float32(0.5), epsilon=np.float64(1e-7))
    assert all(type(v) is float for v in (optimizer.eta, optimizer.beta1, optimizer.epsilon))
    with pytest.raises(dataclasses.FrozenInstanceError):
        optimizer.eta = 1.0


def test_vectors_that_do_not_belong_together():
    optimizer, theta = Adam(), np.zeros(3)
    state = optimizer.init(theta)
    for bad in ([0.0], np.zeros((3, 1)), np.zeros(3, int), np.zeros(6)[::2]):
        with pytest.raises(TypeError, match="theta must be a contiguous 1-D array of floats"):
            optimizer.init(bad)
    for gradient in (np.zeros(2), np.zeros(3, np.float32)):
        with pytest.raises(ValueError, match="but its gradient is float"):
            optimizer.step(theta, gradient, state)
    for other in (State(), GradientDescent().init(theta), Adam().init(np.zeros(4))):
        with pytest.raises(ValueError, match="the state belongs to"):
            optimizer.step(theta, np.zeros(3), other)
    with pytest.raises(ValueError, match="the state belongs to Adam"):
        Chain(ClipNorm(1), Adam()).step(theta, np.zeros(3), state)


def test_an_optimizer_of_ones_own():
    @dataclasses.dataclass(frozen=True)
    class SignDescent(Optimizer):
        eta: float = 0.1

        def update(self, theta, g, memory, s, eta, t):
            theta -= eta * np.sign(g)

    theta = np.array([1.0, -1.0])
    optimizer = SignDescent()
    optimizer.step(theta, np.array([5.0, -2.0]), optimizer.init(theta))
    np.testing.assert_allclose(theta, [0.9, -0.9])
