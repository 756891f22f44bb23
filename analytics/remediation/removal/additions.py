"""Additions: access that is not live yet, and the estate as if it were.

What is added is judged as any other fact. Its rows have a source of their own, so that what the
sources of the estate could have stated, and thus what is unknown, stays the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from analytics.posture import Posture
from graph.access import AccessGraph
from graph.element import Element, Relationship
from graph.facts import Coverage
from graph.frames import conform
from graph.rows.amended import Amendments, amended
from graph.rows.more_rows import Rows, with_rows
from graph.schema import CAN_ACCESS, LEVELS, RESOURCE
from graph.values import canonical

SOURCE = "(what-if)"  # source and scope of added rows; sorts first, so its values are taken


class NotGrantable(ValueError):
    """The item is no access that could be granted; the text says why."""

    exit_code, code = 2, "usage"


@dataclass(frozen=True, eq=False)
class Additions:
    """Rows that are added to an estate, by element, and the coverage of their source.

    `anew` are properties that are set anew in rows which are there already.
    """

    rows: Rows
    coverage: tuple[Coverage, ...]
    anew: Amendments = field(default_factory=dict)

    @cached_property
    def key(self) -> str:
        """The same text for the same rows."""
        anew = {e: frame.reset_index(names="id") for e, frame in self.anew.items()}
        return canonical([_texts(self.rows), _texts(anew)])


def _texts(rows: Rows) -> dict[str, list[list[str]]]:
    return {e.name: f.astype("string").fillna("").to_numpy().tolist() for e, f in rows.items()}


def additions(
    posture: Posture,
    records: Mapping[Element, list[dict[str, Any]]],
    declares: Iterable[str] = (),
) -> Additions:
    """Type the `records` of each element as facts that are in force as of the posture.

    A record has properties of the schema, in the form of `graph.frames.conform`; source, scope and
    beginning are set here. A row of an existing node or relationship replaces the properties that
    it has. `declares` are the kinds of fact that are complete for the new nodes.
    Where the use of any access is observed, so is the use of what is added.

    Raises
    ------
    ValueError
        A record does not meet the schema.
    """
    graph = posture.graph
    stamp = {"source": SOURCE, "scope": SOURCE, "first_seen": graph.as_of, "last_seen": graph.as_of}
    usage = ("usage",) if "usage" in graph.declared else ()
    kinds = tuple(sorted({*declares, *usage}))
    rows: dict[Element, pd.DataFrame] = {}
    for element, listed in records.items():
        begun = {"valid_from": graph.as_of} if isinstance(element, Relationship) else {}
        conformed = conform(pd.DataFrame([stamp | begun | record for record in listed]), element)
        if len(conformed.rejected):
            raise ValueError(f"{element.name}: {conformed.rejected['reason'].iloc[0]}")
        rows[element] = conformed.frame
    return Additions(rows, (Coverage(SOURCE, SOURCE, False, graph.facts.taken_at, kinds),))


def together(parts: Sequence[Additions]) -> Additions | None:
    """Combine additions; of a property that several set anew, the last value counts."""
    if len(parts) < 2:
        return parts[0] if parts else None
    rows = {
        element: pd.concat(
            [part.rows[element] for part in parts if element in part.rows], ignore_index=True
        ).drop_duplicates("id", ignore_index=True)
        for element in dict.fromkeys(e for part in parts for e in part.rows)
    }
    anew = {
        element: pd.concat([part.anew[element] for part in parts if element in part.anew])
        .groupby(level=0)
        .last()
        for element in dict.fromkeys(e for part in parts for e in part.anew)
    }
    coverage = tuple(dict.fromkeys(each for part in parts for each in part.coverage))
    return Additions(rows, coverage, anew)


def granted(posture: Posture, items: Iterable[str]) -> Additions:
    """Return the grants `FROM,LEVEL,TO`, with ids or unique names; an id may hold commas.

    Raises
    ------
    NotGrantable, UnknownThing, AmbiguousThing
    """
    return additions(posture, {CAN_ACCESS: [_grant(posture.graph, item) for item in items]})


def _grant(graph: AccessGraph, item: str) -> dict[str, Any]:
    item = item.encode(errors="replace").decode()  # it need not be Unicode
    for level in LEVELS:
        start, comma, end = item.partition(f",{level},")
        if comma:
            return _between(graph, start, level, end)
    words = f"a grant is FROM,LEVEL,TO with a level of {', '.join(LEVELS)}"
    raise NotGrantable(f"{words}, not {item!r}")


def _between(graph: AccessGraph, start: str, level: str, end: str) -> dict[str, Any]:
    holder, target = (graph.thing(graph.find(name)) for name in (start, end))
    holders = [label.name for label in CAN_ACCESS.sources]
    if holder["label"] not in holders:
        text = f"{holder['name']} is a {holder['label']}; access is granted to {', '.join(holders)}"
        raise NotGrantable(text)
    if target["label"] != RESOURCE.name:
        raise NotGrantable(f"{target['name']} is a {target['label']}; levels are of a Resource")
    return {
        "source_id": holder["id"],
        "target_id": target["id"],
        "levels": canonical([level]),
        "granted_at": graph.as_of,
        "grant_id": f"{SOURCE}:{holder['id']},{level},{target['id']}",
    }


def enlarged(graph: AccessGraph, added: Additions) -> AccessGraph:
    """Return a snapshot as if what is `added` was declared as well."""
    facts = amended(with_rows(graph.facts, added.rows, added.coverage), added.anew)
    return AccessGraph(facts, graph.as_of, graph.snapshot)
