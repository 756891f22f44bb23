"""Behaviour shared by all commands: options, the answer document, errors and exit codes.

`trustdebt.py` lists the commands; this module defines how all of them behave. An error carries its
exit code (`exit_code`) and a short name for programs (`code`); any other exception is a fault of
ours, reported in one line. If only parts of an answer failed, it is printed, names them, and the
command ends with the code of a fault.
"""

import inspect
import io
import os
import sys
from collections.abc import Callable
from contextlib import nullcontext
from contextvars import ContextVar
from copy import copy
from dataclasses import dataclass
from functools import partial
from math import isfinite
from typing import TYPE_CHECKING, Any

import typer
from typer.main import get_command, get_group

from analytics.runtime.budget import budget_of, within
from analytics.runtime.faults import REPORT, Fault, collected, collecting, described
from app.cli.groups import Group
from app.cli.kept import Place, keep, place_of
from app.cli.options.engine import counting
from app.cli.options.usual import COMMON, ENGINE, MOMENT, NamedLonger
from app.cli.output.columns import Shown
from app.cli.output.printing import json_text, print_document, tell_faults
from app.envelope import envelope
from app.printable import LINES, printable

if TYPE_CHECKING:
    import pandas as pd

    from analytics.posture import Posture

NO, USAGE, FAULT, INTERRUPTED = 1, 2, 5, 130
FORMATS = ("table", "json", "csv")


def always(given: dict[str, Any]) -> bool:
    """Return True: of a command that opens no store itself."""
    return True


def _never(given: dict[str, Any]) -> bool:
    return False


@dataclass(frozen=True)
class Behaviour(Shown):
    """What a command is for, and how it treats the options that all commands have.

    `--limit` cuts each of the lists `rows` of its answer, besides what it cuts itself where it has
    a `limit` of its own. One that does neither refuses the option, as it refuses those of
    `refuses`. Where `storeless` holds of its arguments, no store is opened. The JSON of a `lasting`
    answer does not say how old the facts are today, so that it is the same next year. The document
    of a `kept` one is shown again for as long as nothing has changed. One that `writes` keeps a
    decision or makes a file.
    """

    group: Group
    rows: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    storeless: Callable[[dict[str, Any]], bool] = _never
    lasting: bool = False
    kept: bool = False
    writes: bool = False

    def check(self, name: str, given: dict[str, Any], own: set[str], moment: bool) -> None:
        """Refuse a given option that would have no effect.

        `own` are the arguments that the command declares itself; `moment`: it looks at a snapshot
        at an instant.
        """
        idle = {"limit"} if not self.rows else set()
        idle |= set() if moment else {*MOMENT, *ENGINE}
        for option in sorted((idle - own) | set(self.refuses)):
            if given[option] is not None:
                raise UsageError(f"{name} takes no --{option.replace('_', '-')}")

    def cut(self, result: dict[str, Any], limit: int | None) -> None:
        """Cut the lists `rows` to `limit` and count the rows left out."""
        if not limit:
            return
        for name in self.rows:
            rows = result.get(name) or []
            result[name] = rows[:limit]
            result["left_out"] = result.get("left_out", 0) + max(len(rows) - limit, 0)


_own: ContextVar[bool] = ContextVar("own_process", default=False)

QUESTIONS: dict[str, tuple[Callable[..., Any], Behaviour]] = {}


def question(name: str, group: Group, **behaviour: Any) -> Callable[[Callable[..., Any]], Any]:
    """Declare a command of a group of the help, which answers from a posture, its first argument.

    `behaviour` are other fields of `Behaviour`. If no store is opened the argument is None.
    """

    def declare(answer: Callable[..., Any]) -> Any:
        QUESTIONS[name] = answer, Behaviour(group, **behaviour)
        return answer

    return declare


class UsageError(Exception):
    """An invalid command line."""

    exit_code, code = USAGE, "usage"


class SaidNo(Exception):
    """A negative answer; it is printed, and the exit code is `NO`."""

    exit_code = NO

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        super().__init__()


class SaidUnknown(SaidNo):
    """An answer that leaves open what was asked; it is printed, and the exit code is `USAGE`."""

    exit_code = USAGE


def command(
    app: typer.Typer,
    name: str,
    posture: Callable[..., "Posture"] | None,
    behaviour: Behaviour,
    hidden: bool = False,
) -> Callable[[Callable[..., Any]], Any]:
    """Register a function that returns an answer as a command.

    With `posture`, which opens one from store, snapshot and instant, the function takes a `Posture`
    first. Then come its own arguments, among them any of `COMMON` that it declares; every command
    has all of those, and refuses those without effect.
    """

    def make(answer: Callable[..., Any]) -> Any:
        own = list(inspect.signature(answer).parameters.values())[1 if posture else 0 :]
        wanted = {p.name for p in own}

        def run(**given: Any) -> None:
            judges = posture if posture and not behaviour.storeless(given) else None
            _check_numbers(given)
            behaviour.check(name, given, wanted, judges is not None)
            form = "json" if given["as_json"] else given.get("form", "table")
            place = place_of(name, given) if behaviour.kept and form in ("table", "json") else None
            known = place.load() if place is not None else None
            if known is not None:
                print_document(known["document"], None, form, behaviour, partial(_again, given))
                code = known["code"]
            else:
                code = answered(given, judges, place, form)
            if collected() or code:
                raise typer.Exit(FAULT if collected() else code)

        def answered(
            given: dict[str, Any],
            judges: Callable[..., "Posture"] | None,
            place: Place | None,
            form: str,
        ) -> int:
            from graph.seal.key import using

            budget = budget_of(given["judging_budget"])
            end = partial(_end, name, given["as_json"]) if _own.get() else None
            engine = counting(given["engine"], given["scheduler"]) if judges else nullcontext()
            with using(given["seal_key"]), within(budget, end), engine:
                document, answer, opened, code = work_out(given, judges)
            if place is not None and opened is not None and not document["faults"]:
                keep(name, given, place, opened, {"document": document, "code": code})
            with within(budget):
                again = partial(_again, given)
                print_document(document, answer, form, behaviour, again, opened)
            return code

        def work_out(
            given: dict[str, Any], judges: Callable[..., "Posture"] | None
        ) -> tuple[dict[str, Any], Any, "Posture | None", int]:
            from analytics.answers.table import as_json

            arguments = {k: v for k, v in given.items() if k in wanted}
            store = given["store"]
            opened = judges(store, given["snapshot"], given["as_of"]) if judges else None
            code = 0
            try:
                given_answer = answer(opened, **arguments) if posture else answer(**arguments)
            except SaidNo as no:
                given_answer, code = no.answer, no.exit_code
            result = as_json(given_answer)
            behaviour.cut(result, given["limit"])
            document = envelope(name, result, opened, store)
            if behaviour.lasting and given["as_json"]:
                _without_ages(document)
            return document, given_answer, opened, code

        longer = {"judging_budget": (NamedLonger, None)} if "budget" in wanted else {}
        extra = [
            inspect.Parameter(k, inspect.Parameter.KEYWORD_ONLY, annotation=a, default=d)
            for k, (a, d) in (COMMON | longer).items()
            if k not in wanted
        ]
        kept = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own]
        run.__signature__ = inspect.Signature([*kept, *extra])  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in [*kept, *extra]}
        run.__doc__ = answer.__doc__
        app.command(name, hidden=hidden, rich_help_panel=behaviour.group)(run)
        return answer

    return make


def _check_numbers(given: dict[str, Any]) -> None:
    """Refuse options that are no finite number: every comparison with NaN is false."""
    for option, value in given.items():
        if isinstance(value, float) and not isfinite(value):
            raise UsageError(f"--{option.replace('_', '-')} takes a finite number, not {value}")


def _again(given: dict[str, Any], name: str) -> list[str]:
    """Return the options of `given` by which the command `name` asks the same store and moment."""
    refused = QUESTIONS[name][1].refuses if name in QUESTIONS else MOMENT
    words = []
    for option in ("store", "seal_key", *MOMENT):
        value = given[option]
        known = option not in refused and os.environ.get(f"TRUSTDEBT_{option.upper()}") != value
        if value is not None and known:
            words += [f"--{option.replace('_', '-')}", str(value)]
    return words


def one_of(value: str, allowed: tuple[str, ...], option: str) -> str:
    """Return the value of an option, if it is allowed."""
    if value not in allowed:
        raise UsageError(f"{option} is one of {', '.join(allowed)}")
    return value


def instant_of(text: str | None, option: str) -> "pd.Timestamp | None":
    """Return the instant given for an option, None if absent."""
    from graph.values import WrongValue, instant

    if text == "":
        raise UsageError(f"{option} must not be empty")
    try:
        return None if text is None else instant(text)
    except WrongValue as error:
        raise UsageError(f"{option} {error}; write 2026-08-01T00:00:00Z") from None


def mode_of(value: str) -> str:
    """Return a mode of reach, if it is valid."""
    return one_of(value, ("standing", "potential"), "--mode")


def level_of(value: str | None) -> str | None:
    """Return an access level, if it is valid, or None if absent."""
    from graph.schema import LEVELS

    return one_of(value, LEVELS, "--level") if value is not None else None


def _without_ages(document: dict[str, Any]) -> None:
    for row in document["coverage"]["sources"]:
        del row["age_days"]


def progress(message: str) -> None:
    """Print progress on standard error, if it is a terminal."""
    if sys.stderr.isatty():
        print(printable(message, LINES), file=sys.stderr)


def run(app: typer.Typer, given: list[str], own_process: bool = False) -> int:
    """Run the command line; return the exit code. No traceback reaches a user.

    In a process of its own, an answer that exceeds its budget and does not stop ends the process.
    """
    _own.set(own_process)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    with collecting() as faults:
        try:
            code = _parser(app, given)(given, prog_name="trustdebt", standalone_mode=False)
        except (typer.Abort, KeyboardInterrupt):
            return INTERRUPTED
        except Exception as error:
            known = {registered.name for registered in app.registered_commands}
            asked = next((word for word in given if word in known), "trustdebt")
            return _complain(error, "--json" in given, asked, faults)
    return code if isinstance(code, int) else 0


def _parser(app: typer.Typer, given: list[str]) -> Any:
    """Return the parser of the command that is asked for, of all if it is none.

    Those of all take a tenth of the time that a kept answer takes.
    """
    asked = copy(app)
    asked.registered_commands = [each for each in app.registered_commands if each.name in given[:1]]
    return get_group(asked) if asked.registered_commands else get_command(app)


def _end(name: str, as_json: bool, error: Exception) -> None:
    """End the process with an error, whatever else is running in it."""
    code = _complain(error, as_json, name, [])
    sys.stdout.flush()
    os._exit(code)


def _complain(error: Exception, as_json: bool, asked: str, faults: list[Fault]) -> int:
    """Report an error; return its exit code."""
    usage = isinstance(error, typer.TyperException)
    code = USAGE if usage else getattr(error, "exit_code", FAULT)
    message = error.format_message() if isinstance(error, typer.TyperException) else str(error)
    if code == FAULT:
        records = [fault.record() for fault in (*faults, Fault(asked, described(error)))]
        if as_json:
            failed = {"code": "fault", "message": f"{described(error)}. {REPORT}", "place": None}
            print(json_text({"error": failed, "faults": records}))
        else:
            tell_faults(records)
        return code
    if not as_json:
        if message:  # without one the help was printed
            print(f"trustdebt: {printable(message, LINES)}", file=sys.stderr)
        return code
    body = {
        "code": "usage" if usage else getattr(error, "code", "fault"),
        "message": message,
        "place": getattr(error, "where", None),
    }
    if hasattr(error, "candidates"):
        body["candidates"] = error.candidates
    print(json_text({"error": body}))
    return code
