"""The ledger of trust debt between two moments: sums, periods, entries, and a forecast."""

from typing import Any

import pandas as pd

from analytics.assumptions.model import Model
from analytics.assumptions.model import model as default_model
from analytics.debt.forecast import Outlook, forecast
from analytics.debt.ledger.cause import Item
from analytics.debt.ledger.entries import Entry, Moment, Step
from analytics.debt.ledger.entries import ledger as keep
from analytics.debt.owed import accepted_debt, debt_of
from analytics.findings.evaluation import find_all
from analytics.findings.lifecycle.states import lives
from analytics.history import History
from analytics.posture import Posture
from graph.access import AccessGraph
from graph.facts import Coverage
from graph.values import iso

SUMS = ("opening", "new", "retired", "accrued", "rescored", "closing")
SPLIT = ("new", "retired", "rescored")


def ledger(
    history: History,
    start: Moment,
    end: Moment,
    limit: int = 0,
    model: Model | None = None,
    ahead: bool = True,
) -> dict[str, Any]:
    """Return the change of debt from `start` to `end`, newest entries first.

    `opening + new - retired + accrued + rescored` is `closing`, exactly. `changed` is the part by
    real changes, `coverage` the part by changed coverage alone. `accepted` is the part of `closing`
    that is owed for accepted findings.
    """
    by = default_model() if model is None else model
    books = keep(history, start, end, limit, by)
    posture = history.posture(end.info.id, None if end.at == end.info.taken_at else end.at)
    about = _accepted(posture, books.entries)
    answer = {"since": _moment(start), "until": _moment(end)} | figures(books.figures)
    answer |= {
        "accepted": float(accepted_debt(debt_of(posture, by)).sum()),
        "model": {"id": by.id, "hash": by.hash},
        "periods": [_step(step) for step in books.steps],
        "entries": [_entry(posture, entry, about) for entry in books.entries],
        "left_out": books.left_out,
    }
    if ahead:
        answer["forecast"] = [outlook(o) for o in forecast(posture, by=by)]
    return answer


def figures(sums: dict[str, float]) -> dict[str, Any]:
    """Return the sums of a period, split into real changes and changes of coverage."""
    coverage = {name: sums[f"{name}_by_coverage"] for name in SPLIT}
    return {name: sums[name] for name in SUMS} | {
        "changed": {name: sums[name] - coverage[name] for name in SPLIT},
        "coverage": coverage,
    }


def outlook(of: Outlook) -> dict[str, Any]:
    """Return a forecast as answers show it."""
    return {
        "days": of.days,
        "at": iso(of.at),
        "debt": of.debt,
        "interest": of.interest,
        "opening_debt": of.opening,
        "opening_items": of.opening_items,
        "opening_by_assumption": of.by_assumption,
        "ending_debt": of.ending,
    }


def _moment(of: Moment) -> dict[str, Any]:
    return {
        "snapshot": of.info.id,
        "at": iso(of.at),
        "taken_at": iso(of.info.taken_at),
        "recorded_at": iso(of.info.recorded_at),
    }


def _step(of: Step) -> dict[str, Any]:
    return (
        {"since": _moment(of.start), "until": _moment(of.end)}
        | figures(of.figures)
        | {"unverified": of.unverified, "entries": of.counts}
        | {"not_read": [_scope(c) for c in of.not_read]}
    )


def _scope(of: Coverage) -> dict[str, str]:
    return {"source": of.source, "scope": of.scope, "taken_at": iso(of.taken_at)}


def _accepted(posture: Posture, entries: tuple[Entry, ...]) -> dict[str, int]:
    """Return the subject of each accepted finding, by its id; without any, no rule is run."""
    accepted = {entry.finding for entry in entries if entry.finding}
    if not accepted:
        return {}
    findings, life = find_all(posture), lives(posture)
    subject = dict(zip(findings["id"], findings["subject"].astype(int), strict=True))
    return {
        finding: subject[now] for finding in accepted if (now := life.called(finding)) in subject
    }


def _entry(posture: Posture, of: Entry, accepted: dict[str, int]) -> dict[str, Any]:
    return {
        "id": of.id,
        "kind": of.kind,
        "at": _written(of.at),
        "recorded_at": iso(of.recorded.info.recorded_at),
        "snapshot": of.recorded.info.id,
        "amount": of.amount,
        "cause": of.cause,
        "change": list(of.facts),
        "finding": of.finding,
        "unverified": of.unverified,
    } | _item(posture.graph, of.item, accepted.get(of.finding or "", -1))


def _written(at: pd.Timestamp | None) -> str | None:
    return None if at is None else iso(at)


def _item(graph: AccessGraph, item: Item | None, subject: int) -> dict[str, Any]:
    if item is None:
        parts = ("identity", "assumption", "resource", "level", "grant", "object")
        known = {"identity": graph.thing(subject)} if subject >= 0 else {}
        return dict.fromkeys(parts) | known
    return {
        "identity": _thing(graph, item.identity),
        "assumption": item.assumption,
        "resource": _thing(graph, item.resource),
        "level": item.level,
        "grant": item.grant,
        "object": item.about,
    }


def _thing(graph: AccessGraph, name: str) -> dict[str, Any]:
    """Return a node; one that is gone by the end has its id for a name."""
    number = graph.number(graph.identities.canonical.get(name, name))
    return graph.thing(number) if number >= 0 else {"id": name, "label": None, "name": name}
