"""Self-checks, solved from their words alone: plain Python, without NumPy and without the catalogue."""

import itertools
import math
import re

import pytest

from fysstk_book.questions.model import entries
from test_questions import KNOWN

CHECKS = KNOWN.selfchecks


def value_of(text):
    """Read a typeset number, vector or matrix."""
    if match := re.fullmatch(r"\\begin\{pmatrix\} (.+) \\end\{pmatrix\}", text):
        rows = [[float(x) for x in row.split(" & ")] for row in match[1].split(r" \\ ")]
        return rows[0] if len(rows) == 1 else rows
    if match := re.fullmatch(r"10\^\{(-?\d+)\}", text):
        return 10.0 ** int(match[1])
    return float(text)


def letters_of(given):
    """Return what is given, by letter."""
    return {
        letter: value_of(text)
        for letter, text in (formula.split(" = ") for formula in re.findall(r"\$(.+?)\$", given))
    }


def sigma(z):
    return 1 / (1 + math.exp(-z))


def dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def columns(matrix):
    return [list(column) for column in zip(*matrix, strict=True)]


def one_cost(x, y, w, b):
    return (1 - sigma(w * x + b) - y) ** 2 / 2


def one_gradients(x, y, t, s):
    h = 1e-6

    def cost(t, s):
        return (sigma((x - t) / s) - y) ** 2 / 2

    return (cost(t + h, s) - cost(t - h, s)) / (2 * h), (cost(t, s + h) - cost(t, s - h)) / (2 * h)


def one_end(x, y, w, b):
    for _ in range(20_000):  # train it
        a = sigma(w * x + b)
        change = (a - y) * a * (1 - a)
        w, b = w - change * x, b - change
    return w, b


def one_batch(x, u, d, w, b):
    h = 1e-6  # the slope of the mean cost itself, without any formula for it

    def cost(w, b):
        return sum((sigma(w * x[i] + b) - sigma(w * u[i] + b) - d[i]) ** 2 / 2 for i in range(2)) / 2

    return (cost(w + h, b) - cost(w - h, b)) / (2 * h), (cost(w, b + h) - cost(w, b - h)) / (2 * h)


def two_outputs(x, W, w2):
    hidden = [sigma(x[0] * W[0][j] + x[1] * W[1][j]) for j in range(2)]
    return [sigma(hidden[0] * w2[0][k] + hidden[1] * w2[1][k]) for k in range(2)]


def two_gradients(x, y, W, w2):
    h = 1e-5

    def cost(i, j, step):
        moved = [row[:] for row in W]
        moved[i][j] += step
        return sum((a - t) ** 2 / 2 for a, t in zip(two_outputs(x, moved, w2), y, strict=True))

    return [(cost(i, j, h) - cost(i, j, -h)) / (2 * h) for i in range(2) for j in range(2)]


def turned(w0, w1, b2):
    """Look at the four corners, where the sigmoids are 0 or 1: three of them fix the three numbers."""

    def before(h0, h1):
        return w0 * h0 + w1 * h1 + b2

    bias = before(1, 0)  # the turned node is off where it was on
    return before(0, 0) - bias, before(1, 1) - bias, bias


def one_feeds_the_other(a1, a2, y, w2, u):
    h = 1e-6  # z_0 and z_1 themselves move; where they stand is found from the outputs
    z, z2 = [math.log(a / (1 - a)) for a in a1], math.log(a2 / (1 - a2))

    def cost(d0, d1):
        change0 = sigma(z[0] + d0) - a1[0]
        change1 = sigma(z[1] + d1 + u * change0) - a1[1]
        return (sigma(z2 + w2[0] * change0 + w2[1] * change1) - y) ** 2 / 2

    return (cost(h, 0) - cost(-h, 0)) / (2 * h), (cost(0, h) - cost(0, -h)) / (2 * h)


def same_networks(sizes):
    """Write all choices down: an order of the nodes of each layer, and for each node whether it is turned."""
    layers = [
        list(itertools.product(itertools.permutations(range(int(M))), *[(1, -1)] * int(M))) for M in sizes
    ]
    return len(list(itertools.product(*layers)))


def tanh_twin(w, b, y, eta):
    """Watch two small steps of the tanh neuron; the input 0.7 is any input."""
    x, small = 0.7, 1e-7
    a = math.tanh(w * x + b)
    dw, db = (a - y) * (1 - a * a) * x, (a - y) * (1 - a * a)
    later = math.tanh((w - eta * small * dw) * x + b - eta * small * db)
    s, t = (1 + a) / 2, (1 + y) / 2
    delta = (s - t) * s * (1 - s)
    rate = ((later - a) / 2) / (-small * delta * (1 + x * x) * s * (1 - s))
    W, B = (math.log((1 + math.tanh(v)) / (1 - math.tanh(v))) for v in (w, b))  # sigma(V) = (1 + tanh v)/2
    return W, B, t, rate


def friend(A, Delta):
    return [sum(A[i][s] * Delta[j][s] for s in range(2)) for i in range(2) for j in range(3)]


def scalar_linear(x, y, s, w1, b1, w2, b2):
    def cost(w, b):
        return sum(((w2 * sigma(w * x[i] + b) + b2 - y[i]) / s[i]) ** 2 / 2 for i in range(2)) / 2

    h = 1e-6
    return (cost(w1 + h, b1) - cost(w1 - h, b1)) / (2 * h), (cost(w1, b1 + h) - cost(w1, b1 - h)) / (2 * h)


def shared_weight(x, y, w, b):
    def cost(w, b):
        return (sigma(w * sigma(w * x + b) + b) - y) ** 2 / 2

    h = 1e-6
    return (cost(w + h, b) - cost(w - h, b)) / (2 * h), (cost(w, b + h) - cost(w, b - h)) / (2 * h)


def skip(a1, a2, y, w1, w2, v):
    h = 1e-6  # the input itself moves; z_1 and z_2 are found from the outputs
    z1, z2 = math.log(a1 / (1 - a1)), math.log(a2 / (1 - a2))

    def cost(dx):
        return (sigma(z2 + w2 * (sigma(z1 + w1 * dx) - a1) + v * dx) - y) ** 2 / 2

    return (cost(h) - cost(-h)) / (2 * h)


def steady(a):
    low, high = -20.0, 20.0
    for _ in range(100):  # the z that the sigmoid turns into a
        z = (low + high) / 2
        low, high = (z, high) if sigma(z) < a else (low, z)
    w = 2e-6 / (sigma(z + 1e-6) - sigma(z - 1e-6))
    return w, z - w * a


def left_alone(w, eta, lam, n):
    l2 = l1 = w
    for _ in range(int(n)):
        l2 -= eta * lam * l2
        l1 -= eta * lam * (1 if l1 > 0 else -1)
    return l2, l1


def chain_walk(t):
    def temperature(walked, cooled):
        return math.cos(walked) ** 2 * math.sin(walked) * math.exp(-cooled)

    h = 1e-6
    by_clock = temperature(t, t + h) - temperature(t, t - h)
    felt = temperature(t + h, t + h) - temperature(t - h, t - h)
    return by_clock / (2 * h), felt / (2 * h)


def soft(p, q):
    def value(p, q):
        return math.log(math.exp(p) + math.exp(q))

    h = 1e-6
    return (value(p + h, q) - value(p - h, q)) / (2 * h), (value(p, q + h) - value(p, q - h)) / (2 * h)


def plateau(start, end, x, eta):
    """Add up the steps of many short pieces of the way; each piece is crossed at the speed of its middle."""
    width = (start - end) / 20_000
    steps = 0.0
    for k in range(20_000):
        a = 1 / (1 + math.exp(-(end + (k + 0.5) * width)))
        steps += width / (eta * (x * x * a * a * (1 - a) + a * a * (1 - a)))
    return steps


def quotient(u, v):
    return u[0] / v[0], (u[1] * v[0] - u[0] * v[1]) / v[0] ** 2


def loop(M, e, k):
    def run(e):
        E = M
        for _ in range(int(k)):
            E = M + e * math.sin(E)
        return E

    return (run(e + 1e-6) - run(e - 1e-6)) / 2e-6


def shared(w, a, b, y):
    def cost(w):
        return sum((math.tanh(w * a[j] + b[j]) - y[j]) ** 2 / 2 for j in range(2))

    return (cost(w + 1e-6) - cost(w - 1e-6)) / 2e-6


def softmax(row):
    powers = [math.exp(z) for z in row]
    return [power / sum(powers) for power in powers]


def cross_entropy(Z, k):
    return sum(-math.log(softmax(row)[int(right)]) for row, right in zip(Z, k, strict=True)) / len(k)


def best_coin(K, n):
    K, n = int(K), int(n)
    tosses = [sum(bits) for bits in itertools.product((0, 1), repeat=n)]
    ways = list(itertools.product(tosses, repeat=K))
    return sum(max(way) for way in ways) / len(ways) / n


def principal_variances(G):
    """Put the first sample at the origin, the second on the axis, the third in the plane; then as usual."""
    sides = [[G[i][j] - G[0][j] - G[i][0] + G[0][0] for j in (1, 2)] for i in (1, 2)]
    length = math.sqrt(sides[0][0])
    x, y = sides[0][1] / length, math.sqrt(sides[1][1] - sides[0][1] ** 2 / sides[0][0])
    X = [(0, 0), (length, 0), (x, y)]
    means = [sum(column) / 3 for column in columns(X)]
    (a, b), (_, d) = [
        [sum((row[i] - means[i]) * (row[j] - means[j]) for row in X) / 2 for j in range(2)] for i in range(2)
    ]
    root = math.sqrt((a - d) ** 2 / 4 + b * b)
    return (a + d) / 2 + root, (a + d) / 2 - root


def white(X, x):
    """Divide the parts along both diagonals, where the cross has its arms, and put them together again."""
    mean = [sum(column) / 4 for column in columns(X)]

    def part(row, along):
        return dot([p - q for p, q in zip(row, mean, strict=True)], along) / math.sqrt(2)

    result = [0, 0]
    for along in ((1, 1), (1, -1)):
        spread = math.sqrt(sum(part(row, along) ** 2 for row in X) / 3)
        result = [r + part(x, along) / spread * a / math.sqrt(2) for r, a in zip(result, along, strict=True)]
    return result


def signed(y):
    """Solve the four equations by elimination: their columns are at right angles, and of length 2."""
    rows = [(-1, -1), (-1, 1), (1, -1), (1, 1)]
    columns = [[1, 1, 1, 1], [p for p, _ in rows], [q for _, q in rows], [p * q for p, q in rows]]
    return [dot(column, y) / 4 for column in columns]


def within_reach(W, b):
    """Count the truth tables that some output neuron with small weights gives, by trying them all."""
    seen = []
    for x in ((0, 0), (0, 1), (1, 0), (1, 1)):
        seen.append([1 if x[0] * W[0][j] + x[1] * W[1][j] + b[j] > 0 else 0 for j in range(2)])
    weights, biases = (-2, -1, 0, 1, 2), (-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5)
    return len(
        {tuple(u * h[0] + v * h[1] + c > 0 for h in seen) for u in weights for v in weights for c in biases}
    )


def two_steps(x, y, alpha, eta):
    theta = 0.0
    for _ in range(2):
        fit = sum(a * (a * theta - t) for a, t in zip(x, y, strict=True)) / 3
        theta -= eta * (fit + alpha * theta)
    return theta


def largest_and_best_rate(X, alpha):
    p, q = columns(X)
    a, b, d = dot(p, p) / 3 + alpha, dot(p, q) / 3, dot(q, q) / 3 + alpha
    return 2 / ((a + d) / 2 + math.sqrt((a - d) ** 2 / 4 + b * b)), 2 / (a + d)


def draws_and_points(a, d, p):
    n, m = 1, 1
    while 1 - (1 - a**d) ** n < p:
        n += 1
    while min(1, m * a) ** d < p:
        m += 1
    return n, m**d


def merit(E, k, sigma, s):
    """Share the winner's measured score, in proportion to the variances."""
    measured = E * math.sqrt(sigma * sigma + s * s / k)
    return measured / (1 + s * s / (k * sigma * sigma))


def precision_there(N, shares):
    of_all = [[share * n / sum(row) for n in row] for share, row in zip(shares, N, strict=True)]
    return of_all[1][1] / sum(row[1] for row in of_all)


def end_of_descent(h, y, v):
    for _ in range(20_000):
        error = dot(h, v) - y
        v = [w - 0.05 * error * x for w, x in zip(v, h, strict=True)]
    return v


def softmax_with_entropy(Z):
    rows = [softmax(row) for row in Z]
    return [x for row in rows for x in (*row, -sum(a * math.log(a) for a in row))]


def adamw(theta, m, v, g, t, eta, beta1, beta2, epsilon, decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    step = eta * (m / (1 - beta1**t)) / (math.sqrt(v / (1 - beta2**t)) + epsilon)
    return theta - eta * decay * theta - step, m, v


def centred(theta, m, v, g, eta, rho, epsilon):
    moved = []
    for i, slope in enumerate(g):
        mean, square = rho * m[i] + (1 - rho) * slope, rho * v[i] + (1 - rho) * slope * slope
        moved.append(theta[i] - eta * slope / (math.sqrt(square - mean * mean) + epsilon))
    return moved


def bound(X, y, w, b, s):
    longest = max(math.hypot(*row, 1) for row in X)
    nearest = min(abs(dot(row, w) + b) for row in X) / math.hypot(*w, b)
    along = dot(s, [*w, b]) / math.hypot(*w, b)

    def possible(k):
        return along + k * nearest <= math.sqrt(dot(s, s) + k * longest**2)

    low, high = 0.0, 1e6
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if possible(middle) else (low, middle)
    return low


def steep(w, b, tau):
    def off(c):  # the worst error of the output, over all inputs at the ends of what is allowed
        return max(
            abs(sigma(c * (w[0] * (x + e) + w[1] * (y + f) + b)) - (w[0] * x + w[1] * y + b > 0))
            for x, y, e, f in itertools.product((0, 1), (0, 1), (-tau, tau), (-tau, tau))
        )

    low, high = 0.0, 60.0
    for _ in range(100):
        c = (low + high) / 2
        low, high = (low, c) if off(c) <= tau else (c, high)
    return high


def early_stop(C, k):
    best = 0
    for epoch in range(len(C)):
        if C[epoch] < C[best]:
            best = epoch
        if epoch - best == k:
            return epoch + 1, best + 1
    return len(C), best + 1


def layer_norm(u, gamma, delta):
    def cost(u):
        mean = sum(u) / 3
        s = math.sqrt(sum((x - mean) ** 2 for x in u) / 3)
        return sum(d * g * (x - mean) / s for d, g, x in zip(delta, gamma, u, strict=True))

    h = 1e-6
    return [
        (
            cost([x + h * (i == j) for j, x in enumerate(u)])
            - cost([x - h * (i == j) for j, x in enumerate(u)])
        )
        / (2 * h)
        for i in range(3)
    ]


def polygon(x, y):
    slopes = [0.0] + [(y[j + 1] - y[j]) / (x[j + 1] - x[j]) for j in range(3)]
    return [slopes[j + 1] - slopes[j] for j in range(3)]


def clipped(w, b, c):
    length = math.hypot(*w, b)
    return [x * c / length if length > c else x for x in (*w, b)]


def of_other_signs(x, x2):
    u, v = ([a / math.hypot(1, *image) for a in (1, *image)] for image in (x, x2))  # unit vectors
    across = math.hypot(*(a - b for a, b in zip(u, v, strict=True)))
    along = math.hypot(*(a + b for a, b in zip(u, v, strict=True)))
    return 2 * math.atan2(across, along) / math.pi  # the diagonals of a rhombus halve its angles


def residual_layer(g, W, slopes):
    h = [g[0] * slopes[0], g[1] * slopes[1]]
    below = [g[i] + dot(h, W[i]) for i in range(2)]
    return dot(g, g) / 2, dot(below, below) / 2


def turned_upright(ink):
    points = [(ink[y][x], x, y) for y in range(3) for x in range(3)]
    total = sum(i for i, _, _ in points)
    x0, y0 = sum(i * x for i, x, _ in points) / total, sum(i * y for i, _, y in points) / total

    def height(phi):  # the spread along y after the turn, largest where the mixed moment vanishes
        s, c = math.sin(phi), math.cos(phi)
        return sum(i * ((x - x0) * s + (y - y0) * c) ** 2 for i, x, y in points)

    phi = max((math.radians(d) for d in range(-89, 91)), key=height)
    step = math.radians(1)
    while step > 1e-9:
        phi = max(phi - step, phi, phi + step, key=height)
        step /= 1.5
    return math.degrees(phi)


def logged(e1, r1, e2, r2, n, m):
    steps = math.ceil(n / m)

    def rates(eta0):  # the second rate, if the schedule starts at eta0 and passes through the first one
        k = (eta0 / r1 - 1) ** 2 / (e1 * steps)
        return eta0 / (1 + math.sqrt(k * e2 * steps)), k

    low, high = r1, 100.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if rates(middle)[0] > r2 else (low, middle)
    return low, rates(low)[1]


def how_long(z):
    def time(speed):
        n = 20_000
        return sum(-z / n / speed(sigma(z * (1 - (i + 0.5) / n))) for i in range(n))

    return time(lambda a: (1 - a) * a * (1 - a)), time(lambda a: 1 - a)


def two_filters(u, v):
    def output(x):  # what a signal with a single 1 in it gives is the weight that meets the 1
        y = [u[0] * x[j] + u[1] * x[j + 1] for j in range(2)]
        return v[0] * y[0] + v[1] * y[1]

    return [output([float(i == r) for i in range(3)]) for r in range(3)]


def jumping_filter(x, delta):
    def cost(w):
        return sum(delta[j] * (w[0] * x[2 * j] + w[1] * x[2 * j + 1]) for j in range(2))

    return cost((1, 0)), cost((0, 1))


def last_bias(wh):
    def lowest(b):  # the state in which the unit comes to rest from below
        h = -1.0
        for _ in range(4000):
            h = math.tanh(wh * h + b)
        return h

    low, high = 0.0, wh
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if lowest(middle) < 0 else (low, middle)
    return low


def far_slopes(u, W, v):
    def output(x):
        first = [max(x * w + 3, 0) for w in u]  # any biases will do
        second = [max(dot(first, column) - 2, 0) for column in columns(W)]
        return dot(second, v)

    return tuple((output(x + 1e5) - output(x)) / 1e5 for x in (-1e8, 1e8))


def same_training(eta, penalty, alpha, beta, c):
    """Ask what the first step and the shrinking do to w = c w', for a slope of 1 in w."""
    rate, mine = eta / (c * c), alpha / c  # of w', so that w moves by eta and by alpha
    return rate, eta * penalty / rate, mine, alpha * beta / mine


def best_stairs(p, m):
    def end(start, error):  # how far a level reaches that is nowhere off by more
        return min(1.0, (start**p + 2 * error) ** (1 / p))

    low, high = 0.0, 1.0
    for _ in range(100):
        error, x = (low + high) / 2, 0.0
        for _ in range(int(m)):
            x = end(x, error)
        low, high = (low, error) if x >= 1 else (error, high)
    ends = [0.0]
    for _ in range(int(m)):
        ends.append(end(ends[-1], high))
    return [*ends[1:-1], *(((a**p) + (b**p)) / 2 for a, b in itertools.pairwise(ends))]


def reach(J, k, epsilon):
    low, high = 0.0, 100.0
    for _ in range(100):
        x = (low + high) / 2
        low, high = (x, high) if J - J * sigma(k * x) > epsilon else (low, x)
    return 2 * low


def width(d, kappa):
    low, high = 0.0, 100.0
    for _ in range(100):
        s = (low + high) / 2
        q = math.exp(-d * d / (2 * s * s)) if s else 0.0
        low, high = (s, high) if (1 + q) < kappa * (1 - q) else (low, s)
    return low


SOLVED = {
    "one-cost": (one_cost, "x y w_1 b_1"),
    "one-gradients": (one_gradients, "x y t s"),
    "one-end": (one_end, "x y w_1 b_1"),
    "one-plateau": (plateau, r"z_{\text{start}} z_{\text{end}} x \eta"),
    "one-batch": (one_batch, "x u d w_1 b_1"),
    "two-output": (turned, "w_0^{(2)} w_1^{(2)} b^{(2)}"),
    "one-tanh": (tanh_twin, r"w_1 b_1 y \eta"),
    "two-delta": (one_feeds_the_other, "a^{(1)} a^{(2)} y w^{(2)} u"),
    "two-parameters": (same_networks, "M"),
    "two-gradients": (two_gradients, "x y W^{(1)} W^{(2)}"),
    "two-convention": (friend, r"A \Delta"),
    "scalar-forward": (lambda w1, b1, w2, b2: (sigma(w2 + b2), sigma(b2)), "w_1 b_1 w_2 b_2"),
    "scalar-delta": (skip, "a_1 a_2 y w_1 w_2 v"),
    "scalar-gradients": (shared_weight, "x y w b"),
    "scalar-linear": (scalar_linear, "x y s w_1 b_1 w_2 b_2"),
    "scalar-chain": (steady, "a"),
    "scalar-penalty": (left_alone, r"w \eta \lambda n"),
    "chain-walk": (chain_walk, "t"),
    "chain-layer": (shared, "w a b y"),
    "autodiff-soft": (soft, "p q"),
    "autodiff-quotient": (quotient, "u v"),
    "autodiff-loop": (loop, "M e k"),
    "act-softmax": (softmax_with_entropy, "Z"),
    "cost-fused/b": (cross_entropy, "Z k"),
    "data-coins": (best_coin, "K n"),
    "data-variances": (principal_variances, "G"),
    "data-whiten": (white, "X x"),
    "gates-middle": (within_reach, "W b"),
    "gates-signs": (signed, "y"),
    "gd-descent": (two_steps, r"x y \alpha \eta"),
    "gd-limit": (largest_and_best_rate, r"X \alpha"),
    "hyper-draws": (draws_and_points, "a d p"),
    "hyper-grid": (merit, r"E k \sigma s"),
    "iris-recall": (precision_there, r"N \pi"),
    "limits-memory": (end_of_descent, "h y v_0"),
    "limits-relu": (far_slopes, "u W v"),
    "limits-units": (same_training, r"\eta \lambda \alpha \beta c"),
    "opt-adam": (adamw, r"\theta m v g t \eta \beta_1 \beta_2 \epsilon \lambda"),
    "opt-rmsprop": (centred, r"\theta m v g \eta \rho \epsilon"),
    "perceptron-bound": (bound, "X y w b s"),
    "perceptron-steepness": (steep, r"w b \tau"),
    "reg-stop": (early_stop, "C k"),
    "reg-layer-norm": (layer_norm, r"u \gamma \delta"),
    "sokirko-decay": (logged, "E_1 r_1 E_2 r_2 n m"),
    "sokirko-deltas": (how_long, "z_0"),
    "sokirko-slant": (turned_upright, "I"),
    "types-convolution": (two_filters, "u v"),
    "types-shared": (jumping_filter, r"x \delta"),
    "types-recurrent": (last_bias, "w_h"),
    "types-rbf": (width, r"d \kappa"),
    "ua-polygon": (polygon, "x y"),
    "ua-cells": (best_stairs, "p m"),
    "ua-jump": (reach, r"J k \varepsilon"),
    "van-clip": (clipped, r"\partial-w \partial-b c"),
    "van-residual": (residual_layer, "g W^l f'"),
    "van-leaky": (lambda n, alpha: math.sqrt(1 / (n * (0.5 + alpha * alpha / 2))), r"n \alpha"),
    "nielsen-spread": (of_other_signs, "x x'"),
}


@pytest.mark.parametrize("id", SOLVED)
def test_solved_by_hand_it_gives_the_right_value(id):
    check = CHECKS[id]
    solve, order = SOLVED[id]
    for number in check.numbers:
        given = {
            re.sub(r"\\partial C/\\partial (\w)", r"\\partial-\1", letter): value
            for letter, value in letters_of(number.given).items()
        }
        answer = solve(*(given[letter] for letter in order.split()))
        answer = list(answer) if isinstance(answer, tuple | list) else [answer]
        assert answer == pytest.approx(entries(number.right), rel=1e-4, abs=1e-6), number.given
