"""What passes between a notebook and its judge: an exercise without its solution, and how an answer fared.

The notebook's process knows no solution. It gets the inputs, runs the answer, and hands out plain values; a
judge that never runs a line of the student's compares them with the reference.
"""

import builtins
import functools
import inspect
import io
import keyword
import pickle
import sys
import types
from dataclasses import replace
from typing import Any

from fysstk_book.check.before import is_stub
from fysstk_book.check.diagnosis import diagnose
from fysstk_book.check.results import Result, Table
from fysstk_book.check.running import EXERCISES, PlainUnpickler, Raised, Returned, Run, run_answer
from fysstk_book.check.values import is_a, plain
from fysstk_book.exercises import Mistake, find

KINDS = inspect._ParameterKind


def withheld(*inputs: Any) -> Any:
    """Stand where the solution was."""
    raise PermissionError("the solution is not in this process")


def task(id: str) -> bytes:
    """Return an exercise for the notebook's process: how the answer is used, and the inputs; no solution.

    Raises
    ------
    LookupError
        When there is no exercise with that id.
    """
    import cloudpickle

    exercise = find(id)
    # Functions of the catalogue travel by value: the notebook's process need not have its files.
    for name, module in list(sys.modules.items()):
        if name.startswith("fysstk_book.exercises."):
            cloudpickle.register_pickle_by_value(module)
    bare = replace(
        exercise,
        hints=(),
        conventions=(),
        mistakes=tuple(Mistake("", None, "", mistake.sign) for mistake in exercise.mistakes),
        reference=withheld if exercise.takes_function else None,
        inputs=withheld if exercise.inputs is not None else None,
    )
    ran = exercise.checked and (exercise.takes_function or exercise.use is not None)
    content: bytes = cloudpickle.dumps((bare, exercise.draw_inputs(), ran))
    return content


def carry_out(content: bytes, answer: Any) -> bytes:
    """In the notebook's process: run the answer as the checker does, and return plain values only."""
    exercise, drawn, ran = pickle.loads(content)
    facts = look_at(answer)
    if not ran or facts["stub"] or facts["copied"]:
        return pickle.dumps((facts, None))
    return pickle.dumps((facts, run_answer(exercise, answer, drawn)))


def judged(id: str, content: bytes) -> Result:
    """In the judge's process: say what the checker says to an answer that fared like this.

    Raises
    ------
    ValueError
        When the content is not what `carry_out` makes.
    """
    try:
        facts, run = PlainUnpickler(io.BytesIO(content)).load()
        answer, known = stand_in(facts), _regular(run)
    except Exception as error:
        raise ValueError(f"what the notebook handed over is spoilt ({type(error).__name__})") from None
    return diagnose(find(id), answer, elsewhere=known)


def _regular(run: Any) -> Run | None:
    """Return a run that was handed over, made of what runs are made of; None where there was none."""
    if run is None:
        return None
    outcomes = [*run.outcomes, *([] if run.again is None else [run.again])]
    if type(run) is not Run or any(type(outcome) not in (Returned, Raised) for outcome in outcomes):
        raise TypeError
    return run


# -- the answer itself ------------------------------------------------------------------------------------


def look_at(answer: Any) -> dict[str, Any]:
    """Describe an answer in plain values, as far as the checker asks about the answer itself."""
    inner = answer
    while is_a(inner, functools.partial):
        inner = inner.func
    is_function = is_a(inner, types.FunctionType)
    return {
        "stub": is_stub(answer),
        "none": answer is None,
        "copied": is_function and inner.__code__.co_filename.startswith(EXERCISES),
        "function": is_a(answer, types.FunctionType),
        "callable": callable(answer),
        "parameters": _parameters(answer) if is_a(answer, types.FunctionType) else None,
        "value": plain(answer),
    }


def _parameters(function: Any) -> list[tuple[str, int, bool]] | None:
    """Return names, kinds and whether there is a default; None where the signature is none."""
    try:
        parameters = inspect.signature(function).parameters.values()
        return [(str(p.name), int(p.kind), p.default is not inspect.Parameter.empty) for p in parameters]
    except Exception:
        return None


class Anything:
    """Stands for an answer that can be called and is no function; nobody calls it."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Refuse: a judge runs nothing."""
        raise PermissionError("the answer is not in this process")


def stand_in(facts: dict[str, Any]) -> Any:
    """Return something that answers the checker's questions as the student's answer would."""
    if facts["stub"]:
        return ...
    if facts["none"]:
        return None
    if facts["function"]:
        return _function(facts["parameters"], EXERCISES if facts["copied"] else "<handed over>")
    return Anything() if facts["callable"] else facts["value"]


def _function(parameters: list[tuple[str, int, bool]] | None, filename: str) -> types.FunctionType:
    """Return a function with these parameters, which does nothing but refuse."""
    names = [name for name, _, _ in parameters or ()]
    if not all(name.isidentifier() and not keyword.iskeyword(name) for name in names):
        raise ValueError("parameters without proper names")
    positional = [name for name, kind, _ in parameters or () if KINDS(kind) <= KINDS.POSITIONAL_OR_KEYWORD]
    source = f"def answer({', '.join(positional)}):\n    raise PermissionError"
    scope: dict[str, Any] = {"__builtins__": builtins}
    exec(compile(source, filename, "exec"), scope)
    function: types.FunctionType = scope["answer"]
    signature: Any = None
    if parameters is not None:
        signature = inspect.Signature(
            [
                inspect.Parameter(name, KINDS(kind), default=None if optional else inspect.Parameter.empty)
                for name, kind, optional in parameters
            ]
        )
    vars(function)["__signature__"] = signature if parameters is not None else 0
    return function


# -- the result, as JSON ----------------------------------------------------------------------------------


def as_json(result: Result) -> dict[str, Any]:
    """Return a result as what JSON can say."""
    body = [part if isinstance(part, str) else [list(row) for row in part.rows] for part in result.body]
    return {
        "exercise": result.exercise,
        "verdict": result.verdict,
        "headline": result.headline,
        "mistake": result.mistake,
        "body": body,
    }


def from_json(said: dict[str, Any]) -> Result:
    """Make the result again."""
    body = tuple(
        part if isinstance(part, str) else Table(tuple((str(a), str(b)) for a, b in part))
        for part in said["body"]
    )
    return Result(said["exercise"], said["verdict"], said["headline"], body, said["mistake"])
