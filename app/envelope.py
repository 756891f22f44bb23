"""The document around every answer in JSON: schema, snapshot, instant, coverage and faults."""

from contextlib import closing
from typing import TYPE_CHECKING, Any

from analytics.runtime.faults import REPORT, collected

if TYPE_CHECKING:
    from analytics.posture import Posture


def envelope(
    name: str, result: dict[str, Any], posture: "Posture | None", store: str | None = None
) -> dict[str, Any]:
    """Wrap an answer in the common document.

    Without a posture, its head describes the current snapshot of the store, if there is one.
    """
    left_out = result.pop("left_out", 0)
    head = _judged(posture) if posture is not None else _current(store)
    faults = [fault.record() for fault in collected()]
    return {
        "schema": f"trustdebt/{name}/1",
        **head,
        "faults": faults,
        **({"report": REPORT} if faults else {}),
        "left_out": left_out,
        "result": result,
    }


def _judged(posture: "Posture") -> dict[str, Any]:
    from analytics.answers.coverage import coverage
    from app.clock import now
    from graph.values import iso

    info = posture.graph.snapshot
    return {
        "snapshot": info.id if info else None,
        "as_of": iso(posture.graph.as_of),
        "coverage": coverage(posture, now()),
    }


def _current(store: str | None) -> dict[str, Any]:
    """Return the head for the current snapshot of a store, if readable; no graph is read."""
    from analytics.answers.coverage import current_coverage
    from app.clock import now
    from graph.stores import StoreError, open_store
    from graph.values import iso

    try:
        with closing(open_store(store)) as opened:
            info = opened.current()
    except StoreError:
        info = None
    return {
        "snapshot": info.id if info else None,
        "as_of": iso(info.taken_at) if info else None,
        "coverage": current_coverage(info, store, now()),
    }
