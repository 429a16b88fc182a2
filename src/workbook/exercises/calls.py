"""What a notebook calls: an answer is checked, and what is said of it is shown and recorded."""

from typing import Any

from workbook.exercises import answers, records
from workbook.exercises.exercise import Exercise, Statement, judged
from workbook.exercises.judges import EXERCISES, NOTEBOOKS, RECALL

NOT_YET = "Write your answer in place of `...` above, and run both cells."


def check(name: str, answer: Any, *given: Any) -> None:
    """Show whether ``answer`` is right, and what to think about next; record it.

    ``name`` is one of :data:`EXERCISES`; ``given`` is what its ``facts`` take. An answer that is
    still ``...`` counts as not attempted.

    Raises:
        KeyError: There is no such exercise.
    """
    _check(name, answer, given)


def fill(name: str, answer: Any, *given: Any) -> Any:
    """Check ``answer`` and return it, or the workbook's own where it is missing or wrong.

    For a blank that the cells below need: they run whatever was written into it.

    Raises:
        KeyError: There is no such exercise.
    """
    exercise = _known(name)
    assert exercise.ours is not None, f"{name} has nothing of its own to go on with"
    if _check(name, answer, given, "The cells below go on with the workbook's own.") == "right":
        return answer
    return exercise.ours(*given)


def predict(name: str, prediction: Any) -> None:
    """Commit to a prediction before the cell that tells; :func:`check` shows it again.

    There is no right or wrong here. The first prediction stays.

    Raises:
        KeyError: There is no such exercise.
    """
    _known(name)
    if _missing(prediction):
        _show(f"**No prediction yet.** {NOT_YET} Then run on.")
        return
    said = answers.say(prediction)
    with records.progress(name) as mine:
        first = mine.prediction or said
        mine.prediction = first
        if mine.outcome == "unattempted":
            mine.outcome = "predicted"
        record = {"exercise": name, "outcome": "predicted", "prediction": first}
    kept = "" if first == said else f" Your first prediction, {_code(first)}, stays."
    _show(f"**Noted**: {_code(said)}.{kept} Now run the cells that tell.", record)


def hint(name: str) -> None:
    """Show the next of an exercise's three hints: the idea, the tool, nearly there.

    Raises:
        KeyError: There is no such exercise.
    """
    hints = _known(name).hints
    with records.progress(name) as mine:
        mine.hints = opened = min(mine.hints + 1, len(hints))
    _show("\n".join(f"{number}. {text}" for number, text in enumerate(hints[:opened], start=1)))


def recall(name: str, replies: Any) -> None:
    """Show for each statement of :data:`RECALL` whether ``replies`` (True or False) are right.

    Nothing of it is graded.

    Raises:
        KeyError: There are no such statements.
    """
    if name not in RECALL:
        raise KeyError(f"nothing is called {name!r}; there are {', '.join(RECALL)}")
    statements = RECALL[name]
    if _missing(replies):
        replies = [...] * len(statements)
    if not isinstance(replies, list | tuple) or len(replies) != len(statements):
        _show(f"**Not yet**: expected a list of {len(statements)} replies, each True or False.")
        return
    pairs = list(zip(statements, replies, strict=True))
    lines = [f"{n}. {_replied(one, reply)}" for n, (one, reply) in enumerate(pairs, start=1)]
    known = sum(reply is one.true for one, reply in pairs)
    _show("\n".join(lines), {"exercise": name, "outcome": "recalled", "right": known})


def progress() -> None:
    """Show a line for each exercise of the notebooks that were begun: outcome, attempts, hints."""
    known = records.all_progress()
    begun = [exercises for exercises in NOTEBOOKS.values() if known.keys() & exercises.keys()]
    rows = [
        f"| {name} | {one.outcome} | {one.attempts} | {one.hints} |"
        for exercises in begun or NOTEBOOKS.values()
        for name in exercises
        for one in [known.get(name, records.Progress())]
    ]
    _show("\n".join(["| exercise | outcome | attempts | hints |", "|---|---|--:|--:|", *rows]))


def _check(name: str, answer: Any, given: tuple[Any, ...], otherwise: str = "") -> str:
    exercise = _known(name)
    if _missing(answer):
        with records.progress(name) as mine:
            record = _record(name, "unattempted", mine)
        _show(f"**Not attempted yet.** {otherwise or NOT_YET}", record)
        return "unattempted"
    try:
        facts = exercise.facts(*given)
    except Exception as error:  # whatever is left of what cells above made, and others changed
        _show(
            "**This cannot be judged**: what the check is given is not what the cells above make "
            f"({_code(answers.say(f'{type(error).__name__}: {error}'))}). Run them again, in order."
        )
        return "unjudged"
    plain, said = _measured(exercise, answer, given)
    verdict = judged(exercise, plain, facts)
    with records.progress(name) as mine:
        mine.attempts += mine.answer != said
        mine.answer, mine.outcome = said, verdict.outcome
        record = _record(name, verdict.outcome, mine)
    slip = verdict.misconception
    record |= {"facts": dict(facts), "answer": plain, "said": said}
    record |= {"misconception": slip and slip.name}
    if verdict.outcome == "right":
        predicted = f" You predicted {_code(mine.prediction)}." if mine.prediction else ""
        _show(f"**Right.**{predicted} {exercise.why}", record)
    else:
        got = f": got {_code(said)}" if exercise.measure is None else ""
        help_ = f'For help, in three steps: `exercises.hint("{name}")`.'
        parts = [f"**Not yet**{got}.", slip.say if slip else "", otherwise, help_]
        _show(" ".join(filter(None, parts)), record)
    return verdict.outcome


def _measured(exercise: Exercise, answer: Any, given: tuple[Any, ...]) -> tuple[Any, str]:
    """Return an answer as JSON (None where it is of no such kind), and as it is shown."""
    try:
        plain = exercise.measure(answer, *given) if exercise.measure else answers.as_json(answer)
    except Exception:  # whatever an object of the wrong kind raises when it is measured
        plain = None
    return plain, answers.say(str(plain) if exercise.measure else answer)


def _record(name: str, outcome: str, mine: records.Progress) -> dict[str, Any]:
    return {
        "exercise": name,
        "outcome": outcome,
        "attempts": mine.attempts,
        "hints": mine.hints,
        "prediction": mine.prediction,
    }


def _known(name: str) -> Exercise:
    if name not in EXERCISES:
        raise KeyError(f"no exercise is called {name!r}; there are {', '.join(EXERCISES)}")
    return EXERCISES[name]


def _missing(answer: Any) -> bool:
    """Whether an answer, or a part of one of several parts, is still ``...``."""
    return answer is ... or (type(answer) is tuple and any(part is ... for part in answer))


def _replied(statement: Statement, reply: Any) -> str:
    if reply is ...:
        return "Not answered yet."
    return f"**{'Yes' if reply is statement.true else 'Think again'}.** {statement.why}"


def _code(text: str) -> str:
    return f"`{text.replace('`', chr(39))}`"


def _show(markdown: str, record: dict[str, Any] | None = None) -> None:
    from IPython.display import display

    display(records.Said(markdown, record))
