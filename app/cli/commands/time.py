"""Commands for changes over time: compare, diff, ledger, drift."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.command import UsageError, instant_of, question
from app.cli.groups import Group
from app.cli.options.team import TeamOption
from app.cli.options.usual import LIMIT, MOMENT, LimitOption
from app.cli.output.columns import Columns, Commands, Row

if TYPE_CHECKING:
    from analytics.answers.compare import Compared, Sides
    from analytics.answers.diff import Diff
    from analytics.answers.drift import Drift
    from analytics.answers.ledger import Ledger
    from analytics.debt.ledger.moments import Moment
    from analytics.history import History
    from analytics.posture import Posture

MomentName = Annotated[str, typer.Argument(help="A snapshot, a prefix of its id, or an instant.")]
SnapshotName = Annotated[str, typer.Argument(help="Id of a snapshot, a prefix of it, or @INSTANT.")]


def _on(row: Row) -> Any:
    """Return what an entry of the ledger is about: an item of debt, a finding, or a source."""
    return row["identity"] or row.get("finding")


_NODE: Columns = {
    "thing": "thing",
    "label": lambda r: r["thing"]["label"],
    "why": "why",
    "fields": "fields",
}
_EDGE: Columns = {
    "from": "from",
    "relationship": "relationship",
    "to": "to",
    "why": "why",
    "fields": "fields",
}
DIFF: dict[str, Columns] = {
    **{f"{change}_nodes": _NODE for change in ("added", "removed", "changed")},
    **{f"{change}_relationships": _EDGE for change in ("added", "removed", "changed")},
    "renamed": {
        "was": lambda r: r["was"]["id"],
        "is now": lambda r: r["thing"]["id"],
        "label": lambda r: r["thing"]["label"],
        "why": "why",
    },
}
LEDGER: dict[str, Columns] = {
    "periods": {
        "until": lambda r: r["until"]["at"],
        "opening": "opening",
        "new": "new",
        "retired": "retired",
        "accrued": "accrued",
        "rescored": "rescored",
        "closing": "closing",
        "new to see": lambda r: r["coverage"]["new"] or None,
        "out of sight": lambda r: r["coverage"]["retired"] or None,
    },
    "entries": {
        "kind": "kind",
        "since": "at",
        "identity": _on,
        "assumption": "assumption",
        "on": "resource",
        "level": "level",
        "amount": "amount",
        "cause": "cause",
    },
    "forecast": {
        "days": "days",
        "debt": "debt",
        "interest": "interest",
        "falls due": "opening_debt",
        "items": "opening_items",
    },
}
DRIFT: dict[str, Columns] = {
    "drift": {
        "identity": "identity",
        "resource": lambda r: r["excess"]["resource"],
        "level": lambda r: r["excess"]["level"],
        "cause": "cause",
        "since": "since",
        "exposure": "exposure",
        "path": "sentence",
    },
    "shrink": {
        "identity": "identity",
        "approved, and not there": lambda r: r["shrink"]["resource"],
        "level": lambda r: r["shrink"]["level"],
    },
    "change_points": {
        "identity": "identity",
        "changed at": "at",
        "before": "before",
        "after": "after",
    },
}


def _after_diff(result: dict[str, Any]) -> Commands:
    return [("compare", result["before"], result["after"])]


def _differing(result: dict[str, Any]) -> str | None:
    from app.wording import counted

    parts = [
        f"{counted(of['nodes'], 'thing')} and {counted(of['relationships'], 'relationship')} {kind}"
        for kind, of in result["counts"].items()
    ]
    return f"{'; '.join(parts)}."


@question(
    "diff", Group.TIME, following=_after_diff, refuses=MOMENT, columns=DIFF, sentence=_differing
)
def diff(
    posture: "Posture", before: SnapshotName, after: SnapshotName, limit: LimitOption = LIMIT
) -> "Diff":
    """Show each fact that differs between two snapshots.

    Example: trustdebt diff 000001 000002
    """
    from analytics.answers.diff import diff as answer
    from graph.stores import pick

    history = history_of(posture)
    infos = list(history.every)
    return answer(history, pick(infos, before), pick(infos, after), limit)


@question("compare", Group.TIME, refuses=MOMENT, rows=("scopes", "teams"))
def compare(
    posture: "Posture",
    before: MomentName,
    after: MomentName,
    team: TeamOption = None,
    limit: LimitOption = LIMIT,
) -> "Compared":
    """Compare two moments: agents, paths, findings, owners, teams.

    Example: trustdebt compare 000001 000002
    """
    from analytics.answers.compare import compare as answer
    from analytics.answers.compare import sides_of

    history = history_of(posture)
    first, last = _moment(history, before, "the first"), _moment(history, after, "the second")
    if first.order > last.order:
        raise UsageError(f"{before} is later than {after}: name the earlier one first")
    if first == last:
        raise UsageError(f"{before} and {after} are the same moment")
    sides = sides_of(history, first, last)
    return answer(sides, limit, _place(sides, team))


def _place(sides: "Sides", team: str | None) -> int | None:
    """Return the place of a team of either end, -1 for the identities of none, None for all."""
    from analytics.debt.groups import team_of
    from graph.identity.lookup import UnknownThing

    end = sides.after
    try:
        number = team_of(end, team)
    except UnknownThing:
        end = sides.before
        number = team_of(end, team)
    return number if number is None or number < 0 else int(sides.places(end)[number])


def _after_ledger(result: dict[str, Any]) -> Commands:
    return [("debt", "--items"), ("plan", "--objective", "debt")]


def _balance(result: dict[str, Any]) -> str | None:
    """Return how debt changed; what only came into sight, or went out of it, is not repaid."""
    if None in (result["opening"], result["closing"]):
        return None
    from app.wording import rounded, signed

    changed, seen = result["changed"], result["coverage"]
    rest = (
        (changed["rescored"], f"{signed(changed['rescored'])} was rescored"),
        (seen["new"], f"{rounded(seen['new'])} came into sight"),
        (seen["retired"], f"{rounded(seen['retired'])} went out of sight"),
        (seen["rescored"], f"{signed(seen['rescored'])} is known to weigh otherwise"),
    )
    more = "".join(f", {words}" for amount, words in rest if round(amount))
    return (
        f"Debt went from {rounded(result['opening'])} to {rounded(result['closing'])} tp: "
        f"{rounded(changed['new'])} opened, {rounded(result['accrued'])} grew, "
        f"{rounded(changed['retired'])} was repaid{more}."
    )


@question(
    "ledger", Group.TIME, kept=True, following=_after_ledger, columns=LEDGER, sentence=_balance
)
def ledger(
    posture: "Posture",
    since: Annotated[
        str | None, typer.Option(help="Instant or snapshot; else the oldest kept.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Instant or snapshot; else the one looked at.")
    ] = None,
    known_at: Annotated[
        str | None, typer.Option(help="Use only what was recorded by this instant.")
    ] = None,
    model: Annotated[Path | None, typer.Option(help="Another model, as TOML.")] = None,
    limit: LimitOption = LIMIT,
) -> "Ledger":
    """Show what opened, closed and grew in debt.

    Example: trustdebt ledger --since 2026-07-01
    """
    from analytics.answers.ledger import ledger as answer
    from analytics.assumptions.model import model as read_model
    from analytics.debt.ledger.moments import Moment, moment_at, oldest
    from graph.stores import NoSuchSnapshot

    history = history_of(posture)
    graph = posture.graph
    assert graph.snapshot is not None, "a command reads its posture from a store"
    last = Moment(graph.snapshot, graph.as_of)
    known = instant_of(known_at, "--known-at")
    if known is not None:
        history = history.recorded_by(known)
        if not history.infos:
            raise NoSuchSnapshot(f"no snapshot was recorded by {known_at}")
        last = last if last.info in history.infos else moment_at(history, graph.as_of)
    start = _moment(history, since, "--since") if since else oldest(history)
    end = _moment(history, until, "--until") if until else last
    if start.order > end.order:
        raise UsageError("--since lies after --until")
    return answer(history, start, end, limit, read_model(model) if model else None)


def _after_drift(result: dict[str, Any]) -> Commands:
    ids = [row["identity"]["id"] for row in result["drift"][:1]]
    return [(*words, id_) for id_ in ids for words in (("show",), ("findings", "--about"))]


def _drifted(result: dict[str, Any]) -> str | None:
    from app.wording import counted

    if result["drifted"] is None:
        return None
    unknown = f"; of {result['not_known']:,} it is not known" if result["not_known"] else ""
    drifted = counted(result["drifted"], "identity", "identities")
    return f"Access goes beyond what was approved for {drifted}{unknown}."


@question("drift", Group.WRONG, kept=True, following=_after_drift, columns=DRIFT, sentence=_drifted)
def drift(
    posture: "Posture",
    thing: Annotated[str | None, typer.Argument(help="Only of this identity.")] = None,
    limit: LimitOption = LIMIT,
) -> "Drift":
    """Show access beyond what was approved, and why.

    Example: trustdebt drift invoice-bot
    """
    from analytics.answers.drift import drift as answer

    return answer(posture, posture.graph.find(thing) if thing else None, limit)


def _moment(history: "History", text: str, option: str) -> "Moment":
    """Return the moment that an option names: a snapshot, or an instant."""
    from analytics.debt.ledger.moments import Moment, moment_at
    from graph.stores import NoSuchSnapshot, pick
    from graph.values import WrongValue, instant

    try:
        info = pick(list(history.every), text)
        return Moment(info, info.taken_at)
    except NoSuchSnapshot as error:
        if text.startswith("@"):
            raise
        try:
            return moment_at(history, instant(text))
        except WrongValue as wrong:
            raise UsageError(f"{option} {wrong}, and {error}") from None


def history_of(posture: "Posture") -> "History":
    """Return the snapshots of the store that `posture` was read from."""
    assert posture.history is not None, "a command reads its posture from a store"
    return posture.history
