"""What is not asked in the page, and why."""

TRAINED = "the answer is a trained network, which must reach a score"
MANY = "many answers are right, and only a program can try them"
MEASURED = "the answer is an interval from many runs"
WORD = "the answer is a word or a choice, which a question of understanding asks for better"

LEFT_OUT = {
    "act-measure": MEASURED,
    "cost-measure": MEASURED,
    "cost-pairs": WORD,
    "data-measure": MEASURED,
    "data-next": WORD,
    "gates-turning-point": "with other numbers, too, the answer takes a program that finds roots",
    "gates-xnor": MANY,
    "gd-measure": MEASURED,
    "hyper-digits": TRAINED,
    "hyper-measure": MEASURED,
    "limits-measure": MEASURED,
    "limits-tanh": MANY,
    "mlp-digits": TRAINED,
    "mlp-slip": WORD,
    "nielsen-bits": MANY,
    "nielsen-darkness": "images that can be cut into squares have too many pixels to type",
    "one-fastest": "the fourth power is the exercise itself, and the squared error one of its mistakes",
    "opt-first": "with other numbers, too, the answer takes a program that tries the steps one by one",
    "opt-measure": MEASURED,
    "reg-measure": MEASURED,
    "reg-project": "with other numbers, too, the answer takes a program that finds a root",
    "two-polynomial": TRAINED,
    "two-xor": MANY,
    "types-memory": MANY,
    "ua-bump": MANY,
    "ua-which": WORD,
    "van-measure": MEASURED,
}
"""Exercises without a self-check."""

OVERFLOW = "it shows only on numbers too large for a pocket calculator"
OTHER = "on no input that is asked can it be told from the right answer or from another mistake"
TIE = "on inputs that can be typed it gives the right answer, or almost"

UNASKED = {
    "act-leaky": {
        "the larger of z and alpha z": OTHER,
    },
    "act-logcosh": {
        "the formula as it stands, which overflows": OVERFLOW,
        "cut z off at a large number": OVERFLOW,
    },
    "act-pull-back": {"summed over the samples": "there is one sample"},
    "act-softmax": {
        "took the logarithm of an output that is 0": OVERFLOW,
        "the formula as it stands, which overflows": OVERFLOW,
        "subtracted the largest absolute value": OVERFLOW,
        "subtracted the largest number of the whole batch": "there is one sample",
    },
    "autodiff-soft": {
        "the formula as it stands, which overflows": OVERFLOW,
        "the value of the hard maximum": "only the slopes are asked",
    },
    "chain-product": {"divided the whole product by each factor": "it divides by zero, or is right"},
    "cost-counts": {"forgot the 1/n of the mean in the delta": "there is one sample"},
    "cost-fused": {
        "subtracted the largest absolute value": OVERFLOW,
        "subtracted the largest number of the whole batch": "there is one sample",
        "took the logarithm of a rounded probability": OVERFLOW,
    },
    "cost-signs": {"gave the delta": "it is not one number"},
    "cost-stable": {
        "cut the probability off to avoid the logarithm of 0": OVERFLOW,
        "the formula as it stands, which overflows": OVERFLOW,
    },
    "data-scale": {
        "divided by a standard deviation of zero": "it gives no number",
        "left the gaps as they were": "the test sample has no gap",
        "filled the gaps of the test set with its own mean": "the test sample has no gap",
    },
    "four-by-hand": {
        "took the old input (1, 2) with the new error": "the numbers of the page have no old input"
    },
    "four-backprop": {"forgot the 1/n": "there is one sample"},
    "four-gradients": {
        "took the mean over the rows for the bias": "the gradient of the matrix is asked for",
        "returned the gradient of c before that of b": "the gradient of the matrix is asked for",
    },
    "four-hidden-delta": {"forgot the mean in the price": "there is one sample"},
    "gd-sgd": {"took the mean over the parameters": "there is one parameter"},
    "limits-chi": {"left the noise in degrees": "it gives millions of observations"},
    "mlp-backprop": {
        "the weights are not transposed on the way back": "a single weight is its own transpose"
    },
    "mlp-parameters": {
        "forgot the biases": OTHER,
        "counted biases for the inputs": OTHER,
    },
    "mlp-check": {"took the one-sided difference": TIE},
    "perceptron-bound": {
        "did not turn the labels 0 and 1 into signs": "it divides by a margin of zero",
    },
    "perceptron-full-adder": {
        "joined the two carries by AND": "the bits are those of a lost carry",
        "turned the carry round": "the bits are those of a lost carry, or of one too many",
    },
    "perceptron-visits": {"corrected after right answers too": "it shows only where no correction is needed"},
    "reg-stop": {
        "took the best epoch of the whole list": OTHER,
    },
    "ua-collapse": {
        "left out the singular values": "the number of nodes is asked for",
        "put the singular values into both matrices": "the number of nodes is asked for",
    },
    "ua-jump": {
        "gave a negative width where the network is nowhere so wrong": "ε is smaller than half the jump",
    },
    "van-clip": {
        "divided by the length of a gradient that is zero": "it gives no number",
    },
    "van-depth": {
        "took the slope at z = 0": "the factor is given",
        "left q at 1": "the factor is given",
        "took the variance of a linear layer": "the factor is given",
        "forgot the variance of the weights": "the factor is given",
    },
    "van-glorot": {"drew positive weights only": "it has the same limit"},
}
"""Mistakes that no self-check shows, by exercise."""
