"""How a command is asked and answered: shared options, one document, errors and exit codes.

`trustdebt.py` says which commands there are; this module says how all of them behave. An error
carries its exit code (`exit_code`) and a short name for programs (`code`); anything else is a
fault of ours, said in one line.
"""

import inspect
import io
import json
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.exchange import FORMATS as EXCHANGE
from app.exchange import written

if TYPE_CHECKING:
    from analytics.posture import Posture

NO, USAGE, FAULT, INTERRUPTED = 1, 2, 70, 130
LIMIT = 50
FORMATS = ("table", "json", "csv")

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store", help="Folder, or bolt:// or neo4j:// address.", envvar="TRUSTDEBT_STORE"
    ),
]
SnapshotOption = Annotated[
    str | None,
    typer.Option("--snapshot", help="Id of a snapshot, or @INSTANT; else the current one."),
]
AsOfOption = Annotated[
    str | None, typer.Option("--as-of", help="Instant to judge at, ISO 8601 with a zone.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
LimitOption = Annotated[int, typer.Option("--limit", min=0, help="Rows to show; 0 shows all.")]
Thing = Annotated[str, typer.Argument(help="An id, or a unique name or e-mail.")]
Level = Annotated[str | None, typer.Option(help="list, read, write or admin.")]
Mode = Annotated[str, typer.Option(help="standing, or potential: with what needs activation.")]
COMMON = {
    "store": (StoreOption, None),
    "snapshot": (SnapshotOption, None),
    "as_of": (AsOfOption, None),
    "limit": (LimitOption, LIMIT),
    "as_json": (JsonOption, False),
}


QUESTIONS: dict[str, Callable[..., dict[str, Any]]] = {}
STORELESS: dict[str, Callable[[dict[str, Any]], bool]] = {}


def question(
    name: str, storeless: Callable[[dict[str, Any]], bool] | None = None
) -> Callable[[Callable[..., Any]], Any]:
    """Declare a command that asks something of a posture, which it takes first.

    Where `storeless` holds of its arguments, no store is opened and it takes None instead.
    """

    def declare(answer: Callable[..., Any]) -> Any:
        QUESTIONS[name] = answer
        if storeless:
            STORELESS[name] = storeless
        return answer

    return declare


class UsageError(Exception):
    """A command line that makes no sense."""

    exit_code, code = USAGE, "usage"


class SaidNo(Exception):
    """An answer that means no; it is printed, and the exit code says so."""

    def __init__(self, result: dict[str, Any]) -> None:
        self.result = result
        super().__init__()


def command(
    app: typer.Typer, name: str, posture: Callable[..., "Posture"] | None, hidden: bool = False
) -> Callable[[Callable[..., Any]], Any]:
    """Make a command of a function that returns an answer.

    With `posture`, which opens one from store, snapshot and instant, the function takes a
    `Posture` first. Then come its own arguments, among them any of `COMMON` that it names;
    every command has all of those.
    """

    def make(answer: Callable[..., Any]) -> Any:
        own = list(inspect.signature(answer).parameters.values())[1 if posture else 0 :]
        wanted = {p.name for p in own}

        def run(**given: Any) -> None:
            arguments = {k: v for k, v in given.items() if k in wanted}
            storeless = name in STORELESS and STORELESS[name](given)
            where = given["store"], given["snapshot"], given["as_of"]
            opened = posture(*where) if posture and not storeless else None
            form = "json" if given["as_json"] else given.get("form", "table")
            try:
                result = answer(opened, **arguments) if posture else answer(**arguments)
            except SaidNo as no:
                _print(name, no.result, form, opened)
                raise typer.Exit(NO) from None
            _print(name, result, form, opened)

        extra = [
            inspect.Parameter(k, inspect.Parameter.KEYWORD_ONLY, annotation=a, default=d)
            for k, (a, d) in COMMON.items()
            if k not in wanted
        ]
        kept = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own]
        run.__signature__ = inspect.Signature([*kept, *extra])  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in [*kept, *extra]}
        run.__doc__ = answer.__doc__
        app.command(name, hidden=hidden)(run)
        return answer

    return make


def one_of(said: str, allowed: tuple[str, ...], option: str) -> str:
    """Return what was said for an option, if it is allowed."""
    if said not in allowed:
        raise UsageError(f"{option} is one of {', '.join(allowed)}")
    return said


def mode_of(said: str) -> str:
    """Return a mode of reach, if it is one."""
    return one_of(said, ("standing", "potential"), "--mode")


def level_of(said: str | None) -> str | None:
    """Return an access level, if it is one, or None where none was said."""
    from graph.schema import LEVELS

    return one_of(said, LEVELS, "--level") if said is not None else None


def _print(name: str, result: dict[str, Any], form: str, posture: "Posture | None" = None) -> None:
    document = envelope(name, result, posture)
    try:
        if form == "json":
            print(_json(document), flush=True)
        elif form in EXCHANGE:
            print(_json(written(form, document)), flush=True)
        elif form == "csv":
            print(_csv(document["result"][name]), end="", flush=True)
        else:
            from app.terminal import draw

            draw(document)
    except BrokenPipeError:  # whoever read it has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _csv(rows: list[dict[str, Any]]) -> str:
    """Write the rows of an answer as CSV: things by id, and no cell that a spreadsheet runs."""
    import pandas as pd

    from app.escape import csv_table

    def flat(value: Any) -> Any:
        if isinstance(value, dict):
            return value.get("id", json.dumps(value))
        return "; ".join(str(flat(v)) for v in value) if isinstance(value, list) else value

    return csv_table(pd.DataFrame([{k: flat(v) for k, v in row.items()} for row in rows]))


def _json(document: Any) -> str:
    """Write a document in one line, of letters that standard output can write."""
    encoding = str(getattr(sys.stdout, "encoding", "")).lower()
    return json.dumps(document, ensure_ascii=encoding not in ("utf-8", "utf8"), allow_nan=False)


def envelope(name: str, result: dict[str, Any], posture: "Posture | None") -> dict[str, Any]:
    """Put an answer into the envelope that every one of them has."""
    head: dict[str, Any] = {"schema": f"trustdebt/{name}/1"}
    left_out = result.pop("left_out", 0)
    if posture is None:
        head |= {"snapshot": result.get("snapshot"), "as_of": None}
        head |= {"coverage": {"sources": [], "unknown": [], "silent_rules": []}}
    else:
        from analytics import answers
        from graph.values import iso

        info = posture.graph.snapshot
        head |= {"snapshot": info.id if info else None, "as_of": iso(posture.graph.as_of)}
        head |= {"coverage": answers.coverage(posture)}
    return head | {"left_out": left_out, "result": result}


def progress(message: str) -> None:
    """Say on standard error how far things are, if somebody is looking."""
    if sys.stderr.isatty():
        print(_printable(message), file=sys.stderr)


def run(app: typer.Typer, given: list[str]) -> int:
    """Run the command line; return the exit code. No traceback reaches a user."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = app(given, prog_name="trustdebt", standalone_mode=False)
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except Exception as error:
        if os.environ.get("TRUSTDEBT_DEBUG"):
            raise
        return _complain(error, "--json" in given)
    return code if isinstance(code, int) else 0


def _printable(message: str) -> str:
    """Show control characters, which ids from data may hold, instead of obeying them."""
    return "".join(c if c.isprintable() or c == "\n" else f"<U+{ord(c):04X}>" for c in message)


def _complain(error: Exception, as_json: bool) -> int:
    """Say in one place what went wrong; return the exit code it stands for."""
    usage = isinstance(error, typer.TyperException)
    code = USAGE if usage else getattr(error, "exit_code", FAULT)
    message = error.format_message() if isinstance(error, typer.TyperException) else str(error)
    if code == FAULT:
        message = f"a fault in trustdebt: {type(error).__name__}; TRUSTDEBT_DEBUG=1 shows where"
    if not as_json:
        if message:  # nothing was asked, and the help is the answer
            print(f"trustdebt: {_printable(message)}", file=sys.stderr)
        return code
    said = {
        "code": "usage" if usage else getattr(error, "code", "fault"),
        "message": message,
        "place": getattr(error, "where", None),
    }
    if hasattr(error, "candidates"):
        said["candidates"] = error.candidates
    print(_json({"error": said}))
    return code
