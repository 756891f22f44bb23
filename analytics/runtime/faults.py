"""Faults of the program: caught part by part, so that one failed rule does not stop the others.

A part (a finding rule, a measure, a rule of escalation) that raises is left out, and noted with the
posture that was judged. An answer that would be wrong without it is not given: code that needs all
parts raises `PartFailed`. A note holds the kind of error and the places in our code, never a value,
so that it can be sent to somebody who may not see the estate.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from traceback import walk_tb
from typing import TypeVar

from graph.machine.memory import starved

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
OURS = ("analytics", "graph", "app", "ingest", "trustdebt.py")
PLACES = 3  # of the code, the innermost first
REPORT = (
    "This is a fault of trustdebt, not of your data. To report it, send the lines that name what "
    "failed, as they stand: they hold kinds of errors and places in the code, and no data."
)

Faults = dict[str, str]  # error message by failed part


@dataclass(frozen=True, slots=True)
class Fault:
    """A failed part (the id or name of a rule), with its error and the place in the code."""

    rule: str
    message: str

    def record(self) -> dict[str, str]:
        """Return it as plain data."""
        return {"rule": self.rule, "message": self.message}


class PartFailed(Exception):
    """The answer depends on parts that failed; `because` names them."""

    def __init__(self, *parts: str) -> None:
        self.because = f"{', '.join(parts)} failed, by a fault of trustdebt"
        super().__init__(self.because)


_collected: ContextVar[list[Fault] | None] = ContextVar("collected", default=None)


@contextmanager
def collecting() -> Iterator[list[Fault]]:
    """Collect the faults of all postures during a `with` statement."""
    faults: list[Fault] = []
    token = _collected.set(faults)
    try:
        yield faults
    finally:
        _collected.reset(token)


def collected() -> list[Fault]:
    """Return the faults collected so far, if they are collected."""
    return _collected.get() or []


def guarded(faults: Faults, name: str, make: Callable[[], T], otherwise: Callable[[], T]) -> T:
    """Return the result of `make`; if it fails, note that under `name` and return `otherwise()`.

    An error with an exit code of its own (a damaged store, an unknown node) is an answer and not a
    fault, and passes; so does lack of memory.
    """
    try:
        return make()
    except PartFailed:  # already noted where it failed
        return otherwise()
    except Exception as error:
        if hasattr(error, "exit_code") or starved(error):
            raise
        note(faults, name, error)
        return otherwise()


def note(faults: Faults, name: str, error: BaseException) -> None:
    """Note that a part failed, in `faults` and in the current collection."""
    fault = Fault(name, described(error))
    faults[name] = fault.message
    collection = _collected.get()
    if collection is not None and fault not in collection:
        collection.append(fault)


def described(error: BaseException) -> str:
    """Return the kind of an error and the places in our code that it passed.

    >>> try:
    ...     {}["a secret"]
    ... except KeyError as error:
    ...     described(error)
    'KeyError outside our code'
    """
    lines = [
        f"{path}:{line}"
        for frame, line in walk_tb(error.__traceback__)
        if (path := _ours(frame.f_code.co_filename)) is not None
    ]
    places = " < ".join(lines[::-1][:PLACES])
    return f"{type(error).__name__} {f'at {places}' if places else 'outside our code'}"


def _ours(file: str) -> str | None:
    path = Path(file)
    if not path.is_relative_to(ROOT):
        return None
    inside = path.relative_to(ROOT)
    return inside.as_posix() if inside.parts[0] in OURS else None
