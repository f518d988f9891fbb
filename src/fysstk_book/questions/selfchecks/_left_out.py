"""What is not asked in the page, and why."""

TRAINED = "the answer is a trained network, which must reach a score"
MANY = "many answers are right, and only a program can try them"
MEASURED = "the answer is an interval from many runs"
WORD = "the answer is a word or a choice, which a question of understanding asks for better"

LEFT_OUT = {
    "cost-pairs": WORD,
    "data-next": WORD,
    "gates-turning-point": "with other numbers, too, the answer takes a program that finds roots",
    "gates-xnor": MANY,
    "hyper-digits": TRAINED,
    "mlp-digits": TRAINED,
    "mlp-slip": WORD,
    "nielsen-bits": MANY,
    "one-fastest": "the target 1 is the exercise itself, and the target 0 one of its mistakes",
    "reg-measure": MEASURED,
    "two-polynomial": TRAINED,
    "two-xor": MANY,
    "types-memory": MANY,
    "ua-which": WORD,
    "van-measure": MEASURED,
}
"""Exercises without a self-check."""

OVERFLOW = "it shows only on numbers too large for a pocket calculator"
TIE = "on inputs that can be typed it gives the right answer, or almost"

UNASKED = {
    "act-pull-back": {"summed over the samples": "there is one sample"},
    "act-softmax": {"the formula as it stands, which overflows": OVERFLOW},
    "act-softplus": {"the formula as it stands, which overflows": OVERFLOW},
    "chain-product": {"divided the whole product by each factor": "it divides by zero, or is right"},
    "cost-stable": {
        "cut the probability off to avoid the logarithm of 0": OVERFLOW,
        "the formula as it stands, which overflows": OVERFLOW,
    },
    "data-scale": {"divided by a standard deviation of zero": "it gives no number"},
    "four-by-hand": {
        "took the old input (1, 2) with the new error": "the numbers of the page have no old input"
    },
    "gates-nand-line": {
        "the weights and the bias of the NAND neuron": "other gates have other neurons, or none"
    },
    "mlp-backprop": {
        "the weights are not transposed on the way back": "a single weight is its own transpose"
    },
    "mlp-check": {"took the one-sided difference": TIE},
    "van-glorot": {"drew positive weights only": "it has the same limit"},
}
"""Mistakes that no self-check shows, by exercise."""
