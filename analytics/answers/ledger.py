"""The ledger of trust debt between two moments: sums, periods, entries, and a forecast."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.table import INSTANT, OPTIONAL, THING, Kind, Table, objects
from analytics.assumptions.model import Model
from analytics.assumptions.model import model as default_model
from analytics.debt.forecast import Outlook, forecast
from analytics.debt.ledger.entries import Entry, Step
from analytics.debt.ledger.entries import ledger as keep
from analytics.debt.ledger.moments import Moment, oldest
from analytics.debt.owed import sums_of
from analytics.findings.evaluation import find_all
from analytics.findings.lifecycle.states import lives
from analytics.history import History
from analytics.kept.ahead import Ahead
from analytics.kept.answers import kept
from analytics.posture import Posture
from graph.access import AccessGraph
from graph.facts import Coverage
from graph.values import iso

SUMS = ("opening", "new", "retired", "accrued", "rescored", "closing")
SPLIT = ("new", "retired", "rescored")
KINDS = {"identity": Kind.NODE, "resource": Kind.NODE}


@dataclass(frozen=True)
class Ledger:
    """The change of debt between two moments (trust points); see `ledger`.

    `periods` has `since` and `until` (each `snapshot`, `at`, `taken_at`, `recorded_at`), the sums
    as this record has them, `unverified`, `entries` (counts by kind) and `not_read`. `entries` has
    `id`, `kind`, `at`, `recorded_at`, `snapshot`, `amount`, `cause`, `change`, `finding`,
    `unverified`, `identity` and `resource` (nodes), `assumption`, `level`, `grant` and `object`.
    `forecast` has `days`, `at`, `debt`, `interest`, `opening_debt`, `opening_items`,
    `opening_by_assumption` and `ending_debt`.
    """

    since: dict[str, str]
    until: dict[str, str]
    opening: float
    new: float
    retired: float
    accrued: float
    rescored: float
    closing: float
    changed: dict[str, float]
    coverage: dict[str, float]
    accepted: float
    model: dict[str, str]
    periods: Table
    entries: Table
    left_out: int
    forecast: Table | None = field(default=None, metadata=OPTIONAL)


def ledger(
    history: History,
    start: Moment,
    end: Moment,
    limit: int = 0,
    model: Model | None = None,
    ahead: bool = True,
) -> Ledger:
    """Return the change of debt from `start` to `end`, newest entries first.

    `opening + new - retired + accrued + rescored` is `closing`, exactly. `changed` is the part by
    real changes, `coverage` the part by changed coverage alone. `accepted` is the part of `closing`
    that is owed for accepted findings. The forecast is made only if it looks `ahead`.
    """
    by = default_model() if model is None else model
    books = keep(history, start, end, limit, by)
    posture = history.posture(end.info.id, None if end.at == end.info.taken_at else end.at)
    return Ledger(
        since=_moment(start),
        until=_moment(end),
        **_figures(books.figures),
        accepted=float(sums_of(posture, by).accepted.sum()),
        model={"id": by.id, "hash": by.hash},
        periods=_periods(posture.graph, books.steps),
        entries=_entries(posture, books.entries),
        left_out=books.left_out,
        forecast=_forecast(posture.graph, forecast(posture, by=by)) if ahead else None,
    )


@kept
def since_the_oldest(posture: Posture) -> Ledger | None:
    """Return the ledger from the oldest snapshot to a posture, with its newest entry.

    None without history, or if the posture is about an instant before the oldest snapshot.
    """
    history, info = posture.history, posture.graph.snapshot
    if history is None or info is None:
        return None
    start, end = oldest(history), Moment(info, posture.graph.as_of)
    return ledger(history, start, end, limit=1) if start.order <= end.order else None


def _figures(sums: dict[str, float]) -> dict[str, Any]:
    """Return the sums of a period, split into real changes and changes of coverage."""
    coverage = {name: sums[f"{name}_by_coverage"] for name in SPLIT}
    return {name: sums[name] for name in SUMS} | {
        "changed": {name: sums[name] - coverage[name] for name in SPLIT},
        "coverage": coverage,
    }


def _moment(of: Moment) -> dict[str, str]:
    return {
        "snapshot": of.info.id,
        "at": iso(of.at),
        "taken_at": iso(of.info.taken_at),
        "recorded_at": iso(of.info.recorded_at),
    }


def _periods(graph: AccessGraph, steps: Sequence[Step]) -> Table:
    sums = pd.json_normalize([_figures(step.figures) for step in steps])
    ends = {"since": [step.start for step in steps], "until": [step.end for step in steps]}
    columns: dict[str, Any] = {}
    for name, moments in ends.items():
        infos = [moment.info for moment in moments]
        columns |= {
            f"{name}.snapshot": _text([info.id for info in infos]),
            f"{name}.at": _instants([moment.at for moment in moments]),
            f"{name}.taken_at": _instants([info.taken_at for info in infos]),
            f"{name}.recorded_at": _instants([info.recorded_at for info in infos]),
        }
    columns |= {str(name): column.array for name, column in sums.items()}
    columns |= {
        "unverified": [step.unverified for step in steps],
        "entries": objects([step.counts for step in steps]),
        "not_read": objects([[_scope(scope) for scope in step.not_read] for step in steps]),
    }
    return Table(pd.DataFrame(columns), graph.things)


def _scope(of: Coverage) -> dict[str, str]:
    return {"source": of.source, "scope": of.scope, "taken_at": iso(of.taken_at)}


def _entries(posture: Posture, entries: Sequence[Entry]) -> Table:
    """Describe entries; their nodes are those of the end, or have the id that they had."""
    items, recorded = [entry.item for entry in entries], [entry.recorded.info for entry in entries]
    subjects = _subjects(posture, entries)
    identities = [
        item.identity if item else subjects.get(entry.finding or "")
        for item, entry in zip(items, entries, strict=True)
    ]
    resources = [item.resource if item else None for item in items]
    names = sorted({*identities, *resources} - {None}, key=str)
    number: dict[str | None, int] = {None: -1} | {str(name): n for n, name in enumerate(names)}
    rows = [_thing(posture.graph, str(n)) for n in names]  # of objects: a missing label stays None
    things = pd.DataFrame(rows, columns=list(THING), dtype=object)
    columns = {
        "id": _text([entry.id for entry in entries]),
        "kind": _text([entry.kind for entry in entries]),
        "at": _instants([entry.at for entry in entries]),
        "recorded_at": _instants([info.recorded_at for info in recorded]),
        "snapshot": _text([info.id for info in recorded]),
        "amount": np.array([entry.amount for entry in entries], float),
        "cause": _text([entry.cause for entry in entries]),
        "change": objects([list(entry.facts) for entry in entries]),
        "finding": _text([entry.finding for entry in entries]),
        "unverified": pd.Series([entry.unverified for entry in entries], dtype="Float64"),
        "identity": np.array([number[name] for name in identities], np.int64),
        "assumption": _text([item.assumption if item else None for item in items]),
        "resource": np.array([number[name] for name in resources], np.int64),
        "level": _text([item.level if item else None for item in items]),
        "grant": _text([item.grant if item else None for item in items]),
        "object": _text([item.about if item else None for item in items]),
    }
    return Table(pd.DataFrame(columns), things, KINDS)


def _subjects(posture: Posture, entries: Sequence[Entry]) -> dict[str, str]:
    """Return the id of the subject of each accepted finding; without any, no rule is run."""
    accepted = {entry.finding for entry in entries if entry.finding}
    if not accepted:
        return {}
    findings, life = find_all(posture), lives(posture)
    ids = posture.graph.things["id"].iloc[findings["subject"]]
    by_id = dict(zip(findings["id"], ids, strict=True))
    return {id_: by_id[now] for id_ in accepted if (now := life.called(id_)) in by_id}


def _thing(graph: AccessGraph, name: str) -> dict[str, Any]:
    """Return a node; one that is gone by the end has its id for a name."""
    number = graph.number(graph.identities.canonical.get(name, name))
    return graph.thing(number) if number >= 0 else {"id": name, "label": None, "name": name}


def _forecast(graph: AccessGraph, outlooks: Sequence[Outlook]) -> Table:
    columns = {
        "days": [outlook.days for outlook in outlooks],
        "at": _instants([outlook.at for outlook in outlooks]),
        "debt": [outlook.debt for outlook in outlooks],
        "interest": [outlook.interest for outlook in outlooks],
        "opening_debt": [outlook.opening for outlook in outlooks],
        "opening_items": [outlook.opening_items for outlook in outlooks],
        "opening_by_assumption": objects([outlook.by_assumption for outlook in outlooks]),
        "ending_debt": [outlook.ending for outlook in outlooks],
    }
    return Table(pd.DataFrame(columns), graph.things)


def _instants(stamps: Sequence[pd.Timestamp | None]) -> pd.Series:
    return pd.Series(stamps, dtype=INSTANT)


def _text(texts: Sequence[str | None]) -> Any:
    return pd.array(list(texts), dtype="string")


AHEAD = (Ahead(110, "the ledger", since_the_oldest),)
