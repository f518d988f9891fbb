"""What a chapter warns of under "Common mistakes" is in the catalogue, where an exercise can show it."""

import re
from pathlib import Path

import pytest

from fysstk_book.exercises import find

BOOK = Path(__file__).parents[1] / "book"
JUDGEMENT = "it is about how experiments are judged, which no result of an exercise shows"
HABIT = "it is about how one works, which no result of an exercise shows"

# The bold words of each warning: the exercise and the mistake that shows it, or why none does.
SHOWN = {
    "activations": {
        "Softmax down the columns.": ("act-softmax", "normalised the columns"),
        "The slope of the slope.": ("act-softsign", "took the output for the input"),
        "$\\log(1+e^z)$ as it stands.": ("act-logcosh", "the formula as it stands, which overflows"),
        "Judging an activation by one run.": JUDGEMENT,
        "Comparing activations at one learning rate.": JUDGEMENT,
    },
    "automatic-differentiation": {
        "`=` for `+=`": ("autodiff-sweep", "overwrote what a variable had received before"),
        "The wrong order.": ("autodiff-sweep", "went through the variables from first to last"),
        "Updating weights during the backward pass": (
            "autodiff-update",
            "updated w2 first and passed the error back through the new w2",
        ),
        "Old gradients that add up.": "no exercise stores gradients",
        'A step that is "as small as possible".': HABIT,
        "The complex step through `abs`, `max` or a comparison.": "no exercise takes a complex step",
        "Believing the derivative at a patched point or a kink.": JUDGEMENT,
    },
    "building-the-mlp": {
        "Shapes that broadcast.": "the targets of the exercises have two axes",
        "Parameters changed in place, gradients of the old ones.": (
            "mlp-slip",
            "thought that zero weights hide the early update",
        ),
        "A gradient check with zero weights, or with one sample.": HABIT,
        "A gradient check in single precision.": HABIT,
        "Believing an accuracy.": JUDGEMENT,
    },
    "chain-rule": {
        "Forgetting a path.": ("chain-names", "left out the path from a straight to c"),
        "Multiplying where the paths add": ("chain-walk", "multiplied where the paths add"),
        "Taking a derivative at the wrong point.": ("chain-layer", "took tanh′ at a instead of z"),
        "Transposing the Jacobian.": ("chain-polar", "multiplied the inverse from the left"),
        'Reading $\\partial c/\\partial a = 1$ as "all of it".': (
            "chain-names",
            "left out the path from a through b",
        ),
        "Computing the same thing twice": HABIT,
    },
    "costs-and-outputs": {
        "Multiplying by $\\sigma'$ twice, or not at all.": (
            "cost-fused",
            "multiplied the delta by the slope a(1 - a) as well",
        ),
        "Softmax for questions that do not exclude each other": (
            "cost-pairs",
            "took softmax for the detectors",
        ),
        "Cross-entropy with targets $\\pm1$.": ("cost-signs", "put the labels ±1 where y = 0 or 1 belongs"),
        "Taking the logarithm of a rounded probability.": (
            "cost-stable",
            "cut the probability off to avoid the logarithm of 0",
        ),
        "Softmax over the wrong axis.": ("cost-fused", "took softmax down the columns"),
        "Comparing costs.": JUDGEMENT,
        "Comparing costs at one learning rate.": JUDGEMENT,
    },
    "data": {
        "Scaling, selecting features or filling gaps before the split.": (
            "data-scale",
            "fitted the scaling on both sets together",
        ),
        "Choosing by the test set": JUDGEMENT,
        "Scaling the test set with its own mean.": ("data-scale", "scaled the test set with its own numbers"),
        "Copies on both sides of the split.": HABIT,
        "Dividing by a standard deviation of zero.": (
            "data-scale",
            "divided by a standard deviation of zero",
        ),
        "Forgetting to subtract the mean before PCA.": ("data-variances", "did not subtract the mean"),
        "Whitening everything.": JUDGEMENT,
        "A single split.": JUDGEMENT,
    },
    "digits-nielsen": {
        "No baseline.": JUDGEMENT,
        "Giving the rival bad settings.": JUDGEMENT,
        "One run.": JUDGEMENT,
        "Reading meaning into weights.": JUDGEMENT,
        "The order of the bits.": ("nielsen-bits", "counted the bits from the other end"),
    },
    "digits-sokirko": {
        "Believing the architecture in the text.": JUDGEMENT,
        "Accuracy as a check of the gradient.": JUDGEMENT,
        "Comparing epochs of different size.": ("sokirko-decay", "counted epochs instead of steps"),
        "A learning rate without its cost.": JUDGEMENT,
        "Straightening the training images only.": HABIT,
        "Choosing the best epoch by the test error.": JUDGEMENT,
    },
    "four-equations": {
        "$f'(a)$ instead of $f'(z)$.": ("four-hidden-delta", "took σ′ at a instead of at z"),
        "The transposed weight.": ("four-backprop", "transposed the weight gradients"),
        "$1/n$ twice, or not at all.": ("four-gradients", "took the mean over the rows for the bias"),
        "Updating while going back.": "the exercises return gradients and update nothing",
        "Believing the falling cost.": JUDGEMENT,
    },
    "gates": {
        "Forgetting the column of ones.": (
            "gates-nand-line",
            "forgot the column of ones",
        ),
        "Blaming the model for the penalty.": JUDGEMENT,
        "Penalising the intercept.": ("gates-logistic-gradient", "penalised the intercept"),
        "Calling a training score a test score.": JUDGEMENT,
        "Reusing a name.": HABIT,
        "Judging training by one seed.": JUDGEMENT,
    },
    "gradient-descent": {
        "The wrong sign.": ("gd-direction", "walked uphill"),
        "A sum where a mean should be.": ("gd-descent", "forgot to divide by the number of samples"),
        "Not shuffling.": ("gd-sgd", "ignored the order"),
        "Comparing runs per step.": JUDGEMENT,
        "One learning rate for badly scaled inputs.": HABIT,
        '"The cost jumps, so the gradient is wrong."': JUDGEMENT,
    },
    "hyperparameters": {
        "Searching before the sanity checks.": HABIT,
        "A linear range for the learning rate.": ("hyper-log", "made the numbers uniform"),
        "The best value at the edge of the range.": JUDGEMENT,
        "Reporting the winner's cross-validation score.": JUDGEMENT,
        "Judging a difference by the spread of the scores.": JUDGEMENT,
        "Calling an open question a tie.": JUDGEMENT,
        "Tuning on the test set.": JUDGEMENT,
    },
    "iris": {
        "Numbering the classes for one output.": "no exercise asks for the layout of the outputs",
        "Scaling with all the data.": "an exercise of the chapter on data has it among its mistakes",
        "Splitting a sorted table in the middle.": HABIT,
        "Reading the confusion matrix the wrong way round.": (
            "iris-confusion",
            "put the answers into the rows",
        ),
        "Comparing two models by one flower.": JUDGEMENT,
    },
    "limits": dict.fromkeys(
        (
            "Trusting a network outside of its data",
            "Taking a perfect training score for success.",
            "Comparing a tuned network with an untuned baseline.",
            "Judging by one split.",
            "Feeding category numbers as if they were amounts",
            "Concluding from a good fit that the model is right.",
        ),
        JUDGEMENT,
    ),
    "network-types": {
        "Counting a shared weight many times.": (
            "types-shared",
            "took the mean over the places instead of the sum",
        ),
        "An off-by-one at the border.": ("types-matrix", "left out the last node"),
        "Updating the weights at every time step.": HABIT,
        "Expecting memory from $w_h < 1$.": ("types-memory", "the state decays to zero or close to it"),
        "Training an RBF network by gradient descent although the centres are fixed.": HABIT,
    },
    "one-neuron": {
        "Forgetting $\\sigma'$.": ("one-gradients", "forgot the slope of the sigmoid"),
        "Taking the sigmoid twice.": ("one-gradients", "took σ′ at a₁ instead of at z₁"),
        "The sign.": ("one-gradients", "the sign is turned"),
        "Updating $w_1$ before computing $\\partial C/\\partial b_1$.": "no exercise here takes a step",
        'Reading a flat cost curve as "finished".': JUDGEMENT,
    },
    "optimizers": {
        "Comparing optimizers at the same learning rate.": JUDGEMENT,
        "Momentum's $\\eta$ copied from the other convention.": "the page compares the two conventions",
        "Adam without bias correction.": ("opt-adam", "left the bias correction out"),
        "$t$ counted from 0 in the correction.": ("opt-adam", "counted the steps from 0"),
        "The step counter inside the loop over the parameters.": "the exercise passes the step's number",
        "One $v$ for all parameters together.": (
            "opt-rmsprop",
            "took one mean of the squares for all parameters",
        ),
        "BFGS on mini-batches.": JUDGEMENT,
    },
    "perceptron": {
        "Forgetting the bias.": ("perceptron-visits", "forgot the bias"),
        "Updating on every example.": ("perceptron-visits", "corrected after right answers too"),
        'Reading "not converged" as "not separable".': JUDGEMENT,
        "Taking the bound for a prediction.": JUDGEMENT,
        "Forgetting that a margin is measured with a unit vector.": (
            "perceptron-bound",
            "did not divide by the length of (w, b)",
        ),
        "Applying the sigmoid limit at $z = 0$.": "the exercise excludes z = 0",
    },
    "regularization": {
        "Scaling by $p$ instead of $1-p$ when predicting.": (
            "reg-dropout",
            "turned the fraction upside down",
        ),
        "Scaling twice.": ("reg-dropout", "scaled the mean by 1 - p, as in vanilla dropout"),
        "Dropout or batch statistics left on when predicting.": HABIT,
        "A new mask in the backward pass.": HABIT,
        "Returning the last parameters after early stopping.": (
            "reg-stop",
            "returned the last epoch for the best one",
        ),
        "Treating $\\mu$ and $v$ as constants in the backward pass.": (
            "reg-layer-norm",
            "took the mean and the deviation for constants",
        ),
        "Tuning the strength on the test set.": JUDGEMENT,
        "Penalising before you overfit.": HABIT,
    },
    "scalar-network": {
        "$a_1$ where $w_2$ belongs.": ("scalar-delta", "put a₁ where w₂ belongs"),
        "$\\delta_1$ without its own slope.": ("scalar-delta", "forgot the hidden neuron's own slope"),
        "$\\sigma_2'$ for a linear output.": ("scalar-linear", "kept the slope of the sigmoid at the output"),
        "A penalty on the biases.": "the exercise on a penalty has one weight only",
        "One run as evidence.": JUDGEMENT,
    },
    "two-two-one": {
        "The output of the wrong layer.": (
            "two-gradients",
            "used the hidden outputs where the inputs belong, as it is printed on the lecture's slide",
        ),
        "Indices exchanged.": ("two-gradients", "used the other order of the indices in dW1"),
        "The same $\\delta$ for both hidden nodes.": (
            "two-gradients",
            "took the same error for both hidden nodes",
        ),
        "Equal starting weights.": HABIT,
        "A sigmoid output for targets between 5 and 10.": (
            "two-polynomial",
            "the predictions have not been scaled back",
        ),
    },
    "universal-approximation": {
        '"Bounded and monotone is required."': ("ua-which", "asked for bounded activations"),
        '"A network can represent any function exactly."': ("ua-jump", "said that the error can vanish"),
        "A sigmoid on the output.": "no exercise leaves the choice of the output",
        '"More layers, more power", without activation functions.': "ua-collapse takes it for granted",
        "Trusting a network between 1 and 2 that was trained between 0 and 1.": JUDGEMENT,
    },
    "vanishing-gradients": {
        "Blaming saturation for everything.": JUDGEMENT,
        "The variance where the mean square belongs.": (
            "van-deltas",
            "variances instead of mean squares",
        ),
        "The wrong $M$.": ("van-variances", "counted the nodes of the layer itself"),
        "A standard deviation for a variance.": ("van-glorot", "took the variance for the limit"),
        "Clipping after the optimizer.": HABIT,
    },
}


def warnings_of(chapter):
    """The bold words of each warning in a chapter, as they are printed."""
    text = re.sub(r"\{term\}`([^`<]+)`", r"\1", (BOOK / f"{chapter}.md").read_text(encoding="utf8"))
    section = re.search(r"(?ms)^#+ Common mistakes\s*\n(.*?)(?=^#|^\(|\Z)", text)
    return re.findall(r"(?m)^- \*\*(.+?)\*\*", section[1]) if section else []


def test_every_chapter_with_warnings_is_here():
    assert {page.stem for page in BOOK.glob("*.md") if warnings_of(page.stem)} == set(SHOWN)


@pytest.mark.parametrize("chapter", SHOWN)
def test_every_warning_is_in_the_catalogue_or_cannot_be(chapter):
    assert warnings_of(chapter) == list(SHOWN[chapter])
    for shown in SHOWN[chapter].values():
        if isinstance(shown, tuple):
            id, name = shown
            exercise = find(id)
            assert exercise.chapter == chapter
            assert name in [mistake.name for mistake in exercise.mistakes]
