"""Exercises of the chapter on optimizers."""

from typing import Any

import numpy as np

from fysstk_book.exercises import Exercise, Mistake, nice
from fysstk_book.exercises._measured import covering


def pace(eta: Any, beta: Any, curvature: Any) -> Any:
    """Factor by which Nesterov's variant shrinks the distance on a parabola, in the long run."""
    q = 1 - eta * curvature
    return _larger_root((1 + beta) * q, beta * q)


def _larger_root(total: Any, product: Any) -> Any:
    return np.abs(np.roots([1.0, -total, product])).max()


def adagrad_end(theta: Any, eta: Any, steps: Any) -> Any:
    """Where AdaGrad stands after some steps on a parabola of any curvature."""
    return _adagrad(theta, eta, steps)


def _adagrad(theta: Any, eta: Any, steps: Any, scale: Any = lambda past: np.sqrt(np.sum(past**2))) -> Any:
    past: list[Any] = []
    for _ in range(steps):
        past.append(theta)
        theta = theta - eta * theta / scale(np.array(past))
    return theta


def centred_step(theta: Any, m: Any, v: Any, g: Any, eta: Any, rho: Any, epsilon: Any) -> Any:
    """One step of centred RMSProp, which divides by a standard deviation."""
    return _centred(theta, m, v, g, eta, rho, epsilon)


def _centred(
    theta: Any,
    m: Any,
    v: Any,
    g: Any,
    eta: Any,
    rho: Any,
    epsilon: Any,
    *,
    scale: Any = lambda m, v, epsilon: np.sqrt(v - m**2) + epsilon,
    square: Any = np.square,
    new: Any = None,
) -> Any:
    new = 1 - rho if new is None else new
    m, v = rho * m + new * g, rho * v + new * square(g)
    return theta - eta * g / scale(m, v, epsilon), m, v


def _along_the_mean(theta: Any, m: Any, v: Any, g: Any, eta: Any, rho: Any, epsilon: Any) -> Any:
    _, m, v = centred_step(theta, m, v, g, eta, rho, epsilon)
    return theta - eta * m / (np.sqrt(v - m**2) + epsilon), m, v


def _with_the_old_means(theta: Any, m: Any, v: Any, g: Any, eta: Any, rho: Any, epsilon: Any) -> Any:
    _, *means = centred_step(theta, m, v, g, eta, rho, epsilon)
    return theta - eta * g / (np.sqrt(v - m**2) + epsilon), *means


def adamw_step(
    theta: Any, m: Any, v: Any, g: Any, t: Any, eta: Any, beta1: Any, beta2: Any, epsilon: Any, decay: Any
) -> Any:
    """One step of Adam with decoupled decay."""
    return _adam_by(_corrected)(theta, m, v, g, t, eta, beta1, beta2, epsilon, decay)


def _corrected(m: Any, v: Any, g: Any, t: Any, beta1: Any, beta2: Any, epsilon: Any) -> Any:
    return m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + epsilon)


def _adam_by(step: Any, shrink: Any = lambda eta, decay: 1 - eta * decay) -> Any:
    """Return an Adam step whose parameters move by `step(m, v, g, t, beta1, beta2, epsilon)` times -eta."""

    def move(
        theta: Any, m: Any, v: Any, g: Any, t: Any, eta: Any, beta1: Any, beta2: Any, epsilon: Any, decay: Any
    ) -> Any:
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        return shrink(eta, decay) * theta - eta * step(m, v, g, t, beta1, beta2, epsilon), m, v

    return move


def _state(rng: np.random.Generator) -> tuple[Any, Any, Any]:
    size = int(rng.integers(1, 4))
    return nice(rng, size), nice(rng, size), nice(rng, size)


def _corrected_means(
    theta: Any, m: Any, v: Any, g: Any, t: Any, eta: Any, beta1: Any, beta2: Any, epsilon: Any, decay: Any
) -> Any:
    theta, m, v = adamw_step(theta, m, v, g, t, eta, beta1, beta2, epsilon, decay)
    return theta, m / (1 - beta1**t), v / (1 - beta2**t)


def _penalised(
    theta: Any, m: Any, v: Any, g: Any, t: Any, eta: Any, beta1: Any, beta2: Any, epsilon: Any, decay: Any
) -> Any:
    return adamw_step(theta, m, v, g + decay * theta, t, eta, beta1, beta2, epsilon, 0.0)


def _shrunk_at_the_end(
    theta: Any, m: Any, v: Any, g: Any, t: Any, eta: Any, beta1: Any, beta2: Any, epsilon: Any, decay: Any
) -> Any:
    theta, m, v = adamw_step(theta, m, v, g, t, eta, beta1, beta2, epsilon, 0.0)
    return (1 - eta * decay) * theta, m, v


def _centred_inputs(rng: np.random.Generator) -> tuple[Any, ...]:
    theta, m, g = _state(rng)
    v = m**2 + nice(rng, len(m), low=0.1, high=1.0)
    return theta, m, v, g, nice(rng, low=0.1, high=1.0), nice(rng, low=0.1, high=0.9), 0.01


def _adamw_inputs(rng: np.random.Generator) -> tuple[Any, ...]:
    theta, m, g = _state(rng)
    v = np.abs(nice(rng, len(theta)))
    eta, decay = nice(rng, low=0.1, high=1.0), nice(rng, low=0.1, high=0.9)
    return theta, m, v, g, int(rng.integers(1, 9)), eta, 0.8, 0.9, 0.01, decay


EXERCISES = (
    Exercise(
        id="opt-pace",
        chapter="optimizers",
        title="Nesterov's pace",
        difficulty=3,
        minutes=20,
        equation="eq-opt-nesterov",
        hints=(
            "Write the step for t and for t - 1, and take β times the second from the first. What is left of the velocities?",
            "With q = 1 - ηλ, both coefficients have a factor q.",
            "Two complex roots have the same size, and its square is their product. Of two real ones, the larger in size counts.",
        ),
        reference=pace,
        inputs=lambda rng: (
            nice(rng, low=0.1, high=1.0),
            nice(rng, low=0.1, high=0.9),
            nice(rng, low=0.2, high=3.0),
        ),
        cases=((0.1, 0.9, 1.0), (1.0, 0.5, 3.0), (0.5, 0.9, 0.2)),
        mistakes=(
            Mistake(
                "took the roots of momentum",
                lambda eta, beta, curvature: _larger_root(1 + beta - eta * curvature, beta),
                "That is the heavy ball. The gradient is not where the ball is, but at the look-ahead point.",
            ),
            Mistake(
                "changed the product only",
                lambda eta, beta, curvature: _larger_root(
                    1 + beta - eta * curvature, beta * (1 - eta * curvature)
                ),
                "The product of the roots is right. The gradient stands in the step twice, as g and inside of βv: collect all that multiplies the last distance.",
            ),
            Mistake(
                "changed the sum only",
                lambda eta, beta, curvature: _larger_root((1 + beta) * (1 - eta * curvature), beta),
                "The sum of the roots is right. What multiplies the distance before the last one?",
            ),
            Mistake(
                "took the smaller root",
                lambda eta, beta, curvature: np.abs(
                    np.roots([1, -(1 + beta) * (1 - eta * curvature), beta * (1 - eta * curvature)])
                ).min(),
                "In the long run the larger one is left.",
            ),
            Mistake(
                "took the real part of complex roots",
                lambda eta, beta, curvature: np.abs(
                    np.roots([1, -(1 + beta) * (1 - eta * curvature), beta * (1 - eta * curvature)]).real
                ).max(),
                "The size of a complex number contains its imaginary part, too.",
            ),
            Mistake(
                "took the sum of the roots for their size",
                lambda eta, beta, curvature: abs((1 + beta) * (1 - eta * curvature)),
                "This is how the last distance is handed on. The one before counts as well: solve the quadratic equation.",
            ),
            Mistake(
                "took the factor of gradient descent",
                lambda eta, beta, curvature: abs(1 - eta * curvature),
                "This is the case β = 0.",
            ),
        ),
    ),
    Exercise(
        id="opt-adagrad",
        chapter="optimizers",
        title="A path without a curvature",
        difficulty=2,
        minutes=10,
        equation="def-opt-adagrad",
        hints=(
            "Write the gradient λθ into G, and take λ out of the root.",
            "It cancels. What is left under the root is a sum of squares of the positions so far, with the present one.",
        ),
        reference=adagrad_end,
        inputs=lambda rng: (
            nice(rng, low=0.5, high=2.0) * float(rng.choice([-1, 1])),
            nice(rng, low=0.1, high=0.9),
            int(rng.integers(2, 6)),
        ),
        cases=((1.0, 0.5, 1),),
        mistakes=(
            Mistake(
                "divided by the sum without its root",
                lambda theta, eta, steps: _adagrad(theta, eta, steps, lambda past: np.sum(past**2)),
                "G has the size of g². Without the root the curvature would not cancel.",
            ),
            Mistake(
                "divided by the present gradient alone",
                lambda theta, eta, steps: _adagrad(theta, eta, steps, lambda past: abs(past[-1])),
                "AdaGrad does not forget: all squares so far stand under the root.",
            ),
            Mistake(
                "took the mean of the squares for their sum",
                lambda theta, eta, steps: _adagrad(theta, eta, steps, lambda past: np.sqrt(np.mean(past**2))),
                "The sum grows with each step, and the steps become shorter; a mean would not do that.",
            ),
            Mistake(
                "added up the sizes of the gradients instead of their squares",
                lambda theta, eta, steps: _adagrad(theta, eta, steps, lambda past: np.sum(np.abs(past))),
                "First the squares, then the sum, then the root.",
            ),
            Mistake(
                "walked uphill",
                lambda theta, eta, steps: _adagrad(theta, -eta, steps),
                "The step goes against the gradient.",
            ),
            Mistake(
                "left the new gradient out of the sum",
                lambda theta, eta, steps: _adagrad(
                    theta,
                    eta,
                    steps,
                    lambda past: np.sqrt(np.sum(past[:-1] ** 2)) if len(past) > 1 else abs(past[0]),
                ),
                "G changes first, and the step divides by the root of the new one.",
            ),
            Mistake(
                "took plain gradient descent with λ = 1",
                lambda theta, eta, steps: theta * (1 - eta) ** steps,
                "Where is the root of the sum of squares?",
            ),
            Mistake(
                "took one step too few",
                lambda theta, eta, steps: _adagrad(theta, eta, steps - 1),
                "Count the steps: the start is not one of them.",
            ),
        ),
    ),
    Exercise(
        id="opt-rmsprop",
        chapter="optimizers",
        title="RMSProp, centred",
        difficulty=2,
        minutes=10,
        equation="def-opt-rmsprop",
        hints=(
            "First both running means, then the step with the new ones. The step itself goes along g.",
            "For the straight slope use {eq}`eq-opt-adam-bias`, with ρ for both betas. What is v - m² after t steps?",
        ),
        reference=centred_step,
        inputs=_centred_inputs,
        mistakes=(
            Mistake(
                "left the mean out",
                lambda *inputs: _centred(*inputs, scale=lambda m, v, epsilon: np.sqrt(v) + epsilon),
                "That is RMSProp itself. The square of the running mean is subtracted under the root.",
            ),
            Mistake(
                "forgot the root",
                lambda *inputs: _centred(*inputs, scale=lambda m, v, epsilon: v - m**2 + epsilon),
                "A variance has the size of g²; its root has the size of g.",
            ),
            Mistake(
                "put epsilon under the root",
                lambda *inputs: _centred(*inputs, scale=lambda m, v, epsilon: np.sqrt(v - m**2 + epsilon)),
                "Here ε is added after the root is taken.",
            ),
            Mistake(
                "subtracted the mean without its square",
                lambda *inputs: _centred(
                    *inputs, scale=lambda m, v, epsilon: np.sqrt(np.abs(v - m)) + epsilon
                ),
                "v has the size of g², m that of g.",
            ),
            Mistake(
                "added up the squares as AdaGrad does",
                lambda theta, m, v, g, eta, rho, epsilon: _centred(
                    theta, m, v, g, eta, 1.0, epsilon, new=1.0
                ),
                "RMSProp forgets: running means with ρ and 1 - ρ.",
            ),
            Mistake(
                "exchanged ρ and 1 - ρ",
                lambda theta, m, v, g, eta, rho, epsilon: centred_step(theta, m, v, g, eta, 1 - rho, epsilon),
                "ρ says how much of the old mean is kept.",
            ),
            Mistake(
                "forgot to square the gradient",
                lambda *inputs: _centred(
                    *inputs,
                    scale=lambda m, v, epsilon: np.sqrt(np.abs(v - m**2)) + epsilon,
                    square=np.abs,
                ),
                "v is a running mean of squares.",
            ),
            Mistake(
                "stepped with the old means",
                _with_the_old_means,
                "The means change first, and the step uses the new ones.",
            ),
            Mistake(
                "stepped along the mean of the gradients",
                _along_the_mean,
                "That is momentum as well. Here the mean serves for the variance alone; the step goes along g.",
            ),
            Mistake(
                "took one mean of the squares for all parameters",
                lambda *inputs: _centred(
                    *inputs,
                    scale=lambda m, v, epsilon: np.sqrt(np.abs(v - m**2)) + epsilon,
                    square=lambda g: np.mean(g**2),
                ),
                "The squares are meant component by component: each parameter has its own step.",
            ),
        ),
    ),
    Exercise(
        id="opt-adam",
        chapter="optimizers",
        title="Adam, with decay",
        difficulty=2,
        minutes=12,
        equation="def-opt-adam",
        hints=(
            "Update both means, {eq}`def-opt-adam-means`, and keep them as they are.",
            "Correct copies of them: divide by 1 - β₁ᵗ and 1 - β₂ᵗ.",
            "By which factor does θ shrink before the step? It contains the learning rate.",
        ),
        reference=adamw_step,
        inputs=_adamw_inputs,
        mistakes=(
            Mistake(
                "left the bias correction out",
                _adam_by(lambda m, v, g, t, beta1, beta2, epsilon: m / (np.sqrt(v) + epsilon)),
                "Both means start at zero and are too small at first.",
            ),
            Mistake(
                "corrected the first mean only",
                _adam_by(
                    lambda m, v, g, t, beta1, beta2, epsilon: m / (1 - beta1**t) / (np.sqrt(v) + epsilon)
                ),
                "v starts at zero as well.",
            ),
            Mistake(
                "corrected with β instead of βᵗ",
                _adam_by(
                    lambda m, v, g, t, beta1, beta2, epsilon: _corrected(m, v, g, 1, beta1, beta2, epsilon)
                ),
                "The correction fades with the number of the step: 1 - βᵗ.",
            ),
            Mistake(
                "stepped along the gradient instead of its mean",
                _adam_by(
                    lambda m, v, g, t, beta1, beta2, epsilon: g / (np.sqrt(v / (1 - beta2**t)) + epsilon)
                ),
                "This is RMSProp with a correction; Adam steps along the running mean of the gradients.",
            ),
            Mistake(
                "forgot the root",
                _adam_by(
                    lambda m, v, g, t, beta1, beta2, epsilon: (
                        m / (1 - beta1**t) / (v / (1 - beta2**t) + epsilon)
                    )
                ),
                "v has the size of g²; divide by its root.",
            ),
            Mistake(
                "returned the corrected means",
                _corrected_means,
                "The step is right. The means to carry on with are those without correction, or the next step corrects twice.",
            ),
            Mistake(
                "put epsilon under the root",
                _adam_by(
                    lambda m, v, g, t, beta1, beta2, epsilon: (
                        m / (1 - beta1**t) / np.sqrt(v / (1 - beta2**t) + epsilon)
                    )
                ),
                "Here ε is added after the root is taken.",
            ),
            Mistake(
                "counted the steps from 0",
                _adam_by(
                    lambda m, v, g, t, beta1, beta2, epsilon: _corrected(
                        m, v, g, t - 1, beta1, beta2, epsilon
                    )
                ),
                "In the first step t is 1. With 0 the correction divides by zero.",
            ),
            Mistake(
                "forgot the decay",
                _adam_by(_corrected, lambda eta, decay: 1.0),
                "That is Adam. Before its step, θ shrinks.",
            ),
            Mistake(
                "put the decay into the gradient",
                _penalised,
                "That is Adam with an L2 penalty: the decay gets into both means, and is divided by the root. AdamW keeps it out of them.",
            ),
            Mistake(
                "shrank by the decay without the learning rate",
                _adam_by(_corrected, lambda eta, decay: 1.0 - decay),
                "The factor is 1 - ηλ: a smaller learning rate decays more slowly, too.",
            ),
            Mistake(
                "shrank after the step",
                _shrunk_at_the_end,
                "θ shrinks first, and then the step is taken in full. You have shrunk the step as well.",
            ),
            Mistake(
                "let the parameters grow",
                _adam_by(_corrected, lambda eta, decay: 1.0 + eta * decay),
                "Decay pulls θ towards 0. Check the sign.",
            ),
        ),
    ),
    Exercise(
        id="opt-first",
        chapter="optimizers",
        title="The worst step without correction",
        difficulty=2,
        minutes=10,
        equation="eq-opt-adam-bias",
        hints=(
            "Without the correction, how long is step t in units of η? The gradient is constant and cancels.",
            "Compute that factor for t = 1, 2, 3 and so on to a few hundred, and look where it is largest.",
        ),
        reference=12,
        mistakes=(
            Mistake("took the first step", 1, "It is 3.2 times too long. Is the second one better?"),
            Mistake(
                "counted the steps from 0",
                11,
                "The first step is t = 1: in it m is (1 - β₁)g. See where you begin to count.",
            ),
            Mistake(
                "took the memory of the first mean",
                10,
                "It is a good guess for when m is on its way to g. The maximum is near, but not there: compute it.",
            ),
            Mistake(
                "took the memory of the second mean",
                1000,
                "Then both means are on their way, and the step is nearly right again.",
            ),
            Mistake(
                "gave the factor instead of the step",
                float(np.max([(1 - 0.9**t) / np.sqrt(1 - 0.999**t) for t in range(1, 100)])),
                "That is by how much the step is too long. In which step is it?",
            ),
            Mistake(
                "stepped one further",
                13,
                "Close: compare the factors of the steps around it to the third digit.",
            ),
        ),
    ),
    Exercise(
        id="opt-overshoot",
        chapter="optimizers",
        title="Where momentum fails",
        difficulty=2,
        minutes=10,
        equation="eq-opt-momentum-sum",
        hints=("After how many steps is a gradient forgotten, that is, its weight βᵗ small?",),
    ),
    Exercise(
        id="opt-measure",
        chapter="optimizers",
        title="Measure: momentum in a narrower valley",
        difficulty=3,
        minutes=25,
        equation="eq-opt-root-kappa",
        hints=(
            "Gradient descent is stable below 2/400 only; momentum with 0.9 up to 3.8/400.",
            "Try seven or more rates between 0.002 and 0.008, and tell `compare` that less is better.",
        ),
        **covering("race-narrow", "momentum", "gradient descent", widest=3.2, percent=False),
    ),
)
