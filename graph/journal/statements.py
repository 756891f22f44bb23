"""Facts of the journal: attested owners and reviews, as rows that are added to those of sources.

The rows have the source and scope `journal`, and are in force from the instant of the entry:
a query as of an earlier instant does not see them. From then on their kind of fact is known for
the nodes that they cover (`AccessGraph.decided`). Coverage stays unchanged: the journal declares
nothing about nodes that it does not mention.
"""

from dataclasses import replace

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from graph.coverage import JOURNAL
from graph.element import Element
from graph.facts import Facts
from graph.frames import conform
from graph.journal.entries import Attestation, Entry, Review
from graph.journal.journal import Journal
from graph.rows.more_rows import with_rows
from graph.schema import COVERS, FACT_NODES, OWNS, REVIEW

SOURCE = JOURNAL
Rows = dict[Element, pd.DataFrame]


def statements(journal: Journal, as_of: pd.Timestamp) -> tuple[Entry, ...]:
    """Return the attestations and reviews in force at an instant."""
    stated = [e for e in journal.entries() if isinstance(e, Attestation | Review)]
    return tuple(e for e in stated if e.holds(as_of))


def apply(facts: Facts, journal: Journal | None, as_of: pd.Timestamp | None = None) -> Facts:
    """Return `facts` with the journal's rows as of an instant, by default that of the facts.

    An entry is ignored if its node or owner is not among the facts.
    """
    entries = statements(journal, as_of or facts.taken_at) if journal is not None else ()
    apart = frozenset(journal.apart()) if journal is not None and entries else frozenset()
    added = _rows(facts, entries, apart) if entries else {}
    if not added:
        return facts
    return with_rows(facts, added)


def _rows(facts: Facts, entries: tuple[Entry, ...], apart: frozenset[tuple[str, str]]) -> Rows:
    made = [e for e in entries if isinstance(e, Attestation | Review)]
    named = {i for e in made for i in (e.thing, *e.also)}
    named |= {i for e in made if isinstance(e, Attestation) for i in (e.owner, *e.owner_also)}
    known = _known(facts, sorted(named))
    made = [_called(e, known, apart) for e in made]
    owned = [e for e in made if isinstance(e, Attestation) and {e.thing, e.owner} <= known]
    reviewed = [e for e in made if isinstance(e, Review) and e.thing in known]
    raw: dict[Element, list[dict[str, object]]] = {
        OWNS: [_owns(e) for e in owned],
        REVIEW: [_review(e) for e in reviewed],
        COVERS: [_covers(e) for e in reviewed],
    }
    frames = {e: conform(pd.DataFrame(rows), e).frame for e, rows in raw.items() if rows}
    return {e: frame for e, frame in frames.items() if len(frame)}


def _called(
    entry: Attestation | Review, known: set[str], apart: frozenset[tuple[str, str]]
) -> Attestation | Review:
    """Return an entry with ids that are among the facts, replaced by its other ids where needed."""

    def known_id(id_: str, also: tuple[str, ...]) -> str:
        same = (i for i in also if not {(id_, i), (i, id_)} & apart)
        return next((i for i in (id_, *same) if i in known), id_)

    if isinstance(entry, Review):
        return replace(entry, thing=known_id(entry.thing, entry.also))
    owner = known_id(entry.owner, entry.owner_also)
    by = owner if entry.by == entry.owner else entry.by  # a self-attestation stays one
    return replace(entry, thing=known_id(entry.thing, entry.also), owner=owner, by=by)


def _known(facts: Facts, ids: list[str]) -> set[str]:
    """Return those of `ids` that are ids of nodes."""
    wanted = pa.array(ids, pa.string())
    if facts.numbering is not None:
        present = pc.is_in(wanted, facts.numbering.ids())
        return set(pc.filter(wanted, present).to_pylist())
    stated = (facts.frames[label]["id"] for label in FACT_NODES)
    return {str(i) for column in stated for i in column[column.isin(ids)]}


def _origin(entry: Entry) -> dict[str, object]:
    return {"source": SOURCE, "scope": SOURCE, "first_seen": entry.since, "last_seen": entry.since}


def _owns(entry: Attestation) -> dict[str, object]:
    return _origin(entry) | {
        "id": f"OWNS:{SOURCE}-{entry.number}",
        "source_id": entry.owner,
        "target_id": entry.thing,
        "role": entry.role,
        "since": entry.since,
        "acknowledged_at": entry.since if entry.by == entry.owner else None,
        "evidence": "declared_later",
        "valid_from": entry.since,
        "valid_to": entry.withdrawn_at,
    }


def _review(entry: Review) -> dict[str, object]:
    return _origin(entry) | {
        "id": _review_id(entry),
        "name": f"{entry.decision} of {entry.thing}",
        "kind": "access_review",
        "decision": entry.decision,
        "decided_at": entry.since,
        "decided_by": entry.by,
    }


def _covers(entry: Review) -> dict[str, object]:
    return _origin(entry) | {
        "id": f"COVERS:{SOURCE}-{entry.number}",
        "source_id": _review_id(entry),
        "target_id": entry.thing,
        "grant_id": entry.grant,
        "valid_from": entry.since,
        "valid_to": entry.withdrawn_at,
    }


def _review_id(entry: Review) -> str:
    return f"{SOURCE}:review/{entry.number}"
