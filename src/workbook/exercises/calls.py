"""What a notebook calls: an answer is checked, and what is said of it is shown and recorded."""

import contextlib
import difflib
from collections.abc import Mapping
from typing import Any

from workbook.errors import UnknownExerciseError
from workbook.exercises import answers, form, missing_names, records
from workbook.exercises.exercise import Exercise, Facts, Prediction, Statement, Verdict, judged
from workbook.exercises.judges import EXERCISES, PREDICTIONS, RECALL

import numpy as np

NOT_YET = "Write your answer in place of `...` above, and run both cells."

missing_names.watch()


def check(name: str, answer: Any, *given: Any, because: Any = ...) -> None:
    """Show whether ``answer`` is right, and what to think about next; record it.

    ``name`` is one of :data:`EXERCISES`; ``given`` is what its ``facts`` take. An answer that is
    still ``...``, or None, counts as not attempted. ``because`` is the student's own explanation,
    in a line: it is recorded, and a right answer shows it beside the workbook's; nothing judges it.

    Raises:
        UnknownExerciseError: There is no such exercise.
    """
    _check(name, answer, given, because=because)


def fill(name: str, answer: Any, *given: Any) -> Any:
    """Check ``answer`` and return it, or the workbook's own where it is missing or wrong.

    For a blank that the cells below need: they run whatever was written into it, and find an array
    where the answer is a list of numbers, a data frame or a tensor.

    Raises:
        UnknownExerciseError: There is no such exercise.
    """
    exercise = _known(name)
    assert exercise.ours is not None, f"{name} has nothing of its own to go on with"
    if _check(name, answer, given, "The cells below go on with the workbook's own.") == "right":
        is_array = isinstance(answer, list | tuple) or hasattr(answer, "__array__")
        return np.asarray(answer) if is_array else answer
    return exercise.ours(*given)


def predict(name: str, prediction: Any) -> None:
    """Commit to a prediction before the cell that tells; :func:`check` shows it again.

    ``name`` is one of :data:`PREDICTIONS`, which says what a prediction looks like. There is no
    right or wrong here. The first prediction stays.

    Raises:
        UnknownExerciseError: There is no such prediction.
    """
    wanted: Prediction = _find(name, PREDICTIONS)
    if answers.is_missing(prediction):
        _show(f"**No prediction yet.** {NOT_YET} Then run on.")
        return
    said = answers.say(prediction)
    if expected := _unlike(wanted, prediction):
        _show(f"**No prediction yet**: expected {expected}, got {_code(said)}.")
        return
    first = records.predicted.setdefault(name, said)
    record = {"exercise": name, "outcome": "predicted", "prediction": first}
    kept = "" if first == said else f" Your first prediction, {_code(first)}, stays."
    _show(f"**Noted**: {_code(said)}.{kept} Now run the next cells and compare.", record)


def hint(name: str) -> None:
    """Show the next of an exercise's three hints: the idea, the tool, nearly there.

    Raises:
        UnknownExerciseError: There is no such exercise.
    """
    if name in RECALL:
        _show("These statements have no hints: `recall` says of each reply why it is right or not.")
        return
    hints = _known(name).hints
    records.opened[name] = opened = min(records.opened[name] + 1, len(hints))
    _show("\n".join(f"{number}. {text}" for number, text in enumerate(hints[:opened], start=1)))


def recall(name: str, replies: Any) -> None:
    """Show for each statement of :data:`RECALL` whether ``replies`` (True or False) are right.

    None of this is graded.

    Raises:
        UnknownExerciseError: There are no such statements.
    """
    statements = _find(name, RECALL)
    if answers.is_missing(replies):
        replies = [...] * len(statements)
    several = answers.parts(replies)
    if several is None or len(several) != len(statements):
        got = _code(answers.say(replies)) if several is None else f"{len(several)} of them"
        _show(
            f"**Not yet**: expected a list of {len(statements)} replies, each True or False, "
            f"got {got}."
        )
        return
    pairs = list(zip(statements, several, strict=True))
    lines = [f"{n}. {_replied(one, reply)}" for n, (one, reply) in enumerate(pairs, start=1)]
    known = sum(answers.truth(reply) is one.true for one, reply in pairs)
    _show("\n".join(lines), {"exercise": name, "outcome": "recalled", "right": known})


def _check(
    name: str, answer: Any, given: tuple[Any, ...], otherwise: str = "", because: Any = ...
) -> str:
    exercise = _known(name)
    if answers.is_missing(answer):
        _show(f"**Not attempted yet.** {otherwise or NOT_YET}", _record(name, "unattempted"))
        return "unattempted"
    try:
        facts = exercise.facts(*given)
    except Exception as error:  # whatever is left of what cells above made, and others changed
        _show(
            "**This cannot be judged**: the check was given other values than the cells above make "
            f"({_code(answers.say(f'{type(error).__name__}: {error}'))}). Run them again, in order."
        )
        return "unjudged"
    plain, said = _measured(exercise, answer, given)
    verdict = judged(exercise, plain, facts)
    slip = verdict.misconception
    record = _record(name, verdict.outcome)
    record |= {"facts": dict(facts), "answer": plain, "said": said}
    record |= {"misconception": slip and slip.name}
    reason = answers.line(because)
    if reason:
        record["because"] = reason
    if verdict.outcome == "right":
        prediction = record["prediction"]
        predicted = f" You predicted {_code(prediction)}." if prediction else ""
        yours = f" You wrote: {_code(reason)}. The workbook's:" if reason else ""
        shown = _shown(exercise.show, plain, facts)
        _show(f"**Right.**{predicted}{yours} {exercise.why}", record, shown)
    else:
        got = f": got {_code(said)}" if exercise.measure is None else ""
        help_ = f'For help, in three steps: `exercises.hint("{name}")`.'
        words = _words(exercise, plain, facts, verdict)
        parts = [f"**Not yet**{got}.", words, otherwise, help_]
        _show(" ".join(filter(None, parts)), record)
    return verdict.outcome


def _shown(show: str, plain: Any, facts: Facts) -> str:
    """Return the line in which a right answer shows itself, its numbers as numbers.

    They may have come as text, or one of them in a list; "" where they do not fit into the line.
    """
    with contextlib.suppress(TypeError, ValueError):
        plain = _no_text(plain)
    while isinstance(plain, list) and len(plain) == 1:
        plain = plain[0]
    try:
        return show.format(answer=plain, facts=facts)
    except (TypeError, ValueError, LookupError):
        return ""


def _no_text(plain: Any) -> Any:
    if isinstance(plain, list):
        return [_no_text(part) for part in plain]
    return answers.numbers(plain) if isinstance(plain, str) else plain


def _words(exercise: Exercise, plain: Any, facts: Facts, verdict: Verdict) -> str:
    """Return what is said to a wrong answer: the slip that explains it, or what it should be."""
    if form.too_few_digits(exercise, plain, facts):
        return "Right as far as it goes: give more digits after the point."
    if verdict.misconception:
        return verdict.misconception.say
    remark = form.remark(exercise, plain, facts)
    is_told = remark == form.FITS or not exercise.form
    expected = "" if is_told else f"An answer looks like this: {exercise.form}."
    return " ".join(filter(None, [remark, expected]))


def _measured(exercise: Exercise, answer: Any, given: tuple[Any, ...]) -> tuple[Any, str]:
    """Return an answer as JSON (None where it is of no such kind), and as it is shown."""
    try:
        plain = exercise.measure(answer, *given) if exercise.measure else answers.as_json(answer)
    except Exception:  # whatever an object of the wrong kind raises when it is measured
        plain = None
    return plain, answers.say(str(plain) if exercise.measure else answer)


def _record(name: str, outcome: str) -> dict[str, Any]:
    return {
        "exercise": name,
        "outcome": outcome,
        "hints": records.opened[name],
        "prediction": records.predicted.get(name),
    }


def _known(name: str) -> Exercise:
    found: Exercise = _find(name, EXERCISES)
    return found


def _find(name: str, among: Mapping[str, Any]) -> Any:
    """Return what has a name.

    Raises:
        UnknownExerciseError: Nothing has it.
    """
    if name in among:
        return among[name]
    near = difflib.get_close_matches(str(name), among, n=3, cutoff=0)
    raise UnknownExerciseError(
        f"no exercise is called {str(name)!r}; the nearest names are {', '.join(near)}"
    )


def _unlike(expected: Prediction, prediction: Any) -> str:
    """Return what a prediction should look like, "" if it does."""
    low, high = expected.between
    if expected.choices:
        if any(answers.same(prediction, choice, 0) for choice in expected.choices):
            return ""
        return "one of " + ", ".join(f'`"{choice}"`' for choice in expected.choices)
    try:
        found = np.ravel(answers.numbers(answers.as_json(prediction)))
        if found.size == expected.parts and np.all((found >= low) & (found <= high)):
            return ""
    except (answers.NoAnswerError, TypeError, ValueError, OverflowError):
        pass  # no numbers
    kind = "a number" if expected.parts == 1 else f"{expected.parts} numbers"
    return f"{kind} from {answers.say(low)} to {answers.say(high)}"


def _replied(statement: Statement, reply: Any) -> str:
    if answers.is_missing(reply):
        return "Not answered yet."
    said = answers.truth(reply)
    if said is None:
        return f"Expected True or False, got {_code(answers.say(reply))}."
    is_right = said is statement.true
    opening = f"Right: that is {str(statement.true).lower()}." if is_right else "Think again."
    return f"**{opening}** {statement.why}"


def _code(text: str) -> str:
    return f"`{text.replace('`', chr(39))}`"


def _show(markdown: str, record: dict[str, Any] | None = None, shown: str = "") -> None:
    from IPython.display import display

    display(records.Said(markdown, record, shown))
