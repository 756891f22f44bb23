"""Changes around a resolved finding, between its last snapshot and the one without it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.changes.differences import REMOVED, Changes, changes, fields
from analytics.findings.lifecycle.states import Lives
from analytics.findings.rules import all_rules
from graph.access import AccessGraph
from graph.coverage import kind_of_element
from graph.element import Element, Node
from graph.identity.renamed_ids import RenamedIds
from graph.once import once
from graph.schema import CAN_ACCESS, CONTROL, COVERS, OWNS, RELATIONSHIPS

SHOWN = 20  # changes listed for one finding


def resolved_by(lives: Lives, row: Any) -> dict[str, Any]:
    """List the relationships and nodes around a resolved finding that differ, and since when.

    These are its supporting facts, its subject and its object, relationships between the nodes of
    its facts, and facts of the kinds that its rule needs. If none of these differs, they are the
    control and ownership relationships of its nodes. `time_alone` is true if nothing of this
    changed.
    """
    earlier_ids, differences = _compared(lives, int(row.step), int(row.gone_at))
    about = _About.of(earlier_ids, row)
    rows = chosen_changes(differences, about.own) or chosen_changes(differences, about.leads)
    info = differences.after.snapshot
    return {
        "snapshot": info.id if info is not None else None,
        "changes": rows[:SHOWN],
        "more": max(len(rows) - SHOWN, 0),
        "time_alone": not rows,
    }


@dataclass(frozen=True)
class _About:
    """The ids that a finding is about, as they are now.

    `facts` are its support, `subject` and `object` its two nodes, `ends` these and the ends of its
    facts, and `needs` the kinds of fact that its rule needs.
    """

    facts: set[str]
    subject: set[str]
    object: set[str]
    ends: set[str]
    needs: tuple[str, ...]

    @classmethod
    def of(cls, earlier_ids: RenamedIds, row: Any) -> "_About":
        """Build it from the graph that saw the finding last."""

        def called(ids: list[str]) -> set[str]:
            return set(earlier_ids.called(np.array(ids, object)))

        subject, other = (
            called([str(earlier_ids.before.ids[int(n)])] if n >= 0 else [])
            for n in (row.subject, row.object)
        )
        joined = called(_ends_of(earlier_ids.before, row.evidence))
        needs = {rule.id: rule.needs for rule in all_rules().values()}.get(row.rule, ())
        facts = set(earlier_ids.linked(np.array(row.evidence, object)))
        return cls(facts, subject, other, subject | other | joined, needs)

    def own(self, element: Element, frame: pd.DataFrame) -> pd.Series:
        """Return a mask of the changes of an element that concern the facts of the finding."""
        mask = frame["id"].isin(self.facts)
        if isinstance(element, Node):
            return mask | frame["id"].isin(self.subject | self.object)
        source, target = frame["source_id"], frame["target_id"]
        mask |= source.isin(self.ends) & target.isin(self.ends)
        if kind_of_element(element) not in self.needs:
            return mask
        if element in (OWNS, COVERS):  # another owner or another review of the subject
            return mask | target.isin(self.ends - self.object)
        if element is CAN_ACCESS and self.ends - self.subject:
            return mask  # other grants of the subject are other findings
        near = self.object or self.subject
        return mask | source.isin(near) | target.isin(near)

    def leads(self, element: Element, frame: pd.DataFrame) -> pd.Series:
        """Return a mask of the changes of nodes, control and ownership around its nodes."""
        if isinstance(element, Node):
            return frame["id"].isin(self.ends)
        if element not in (*CONTROL, OWNS):
            return pd.Series(False, index=frame.index)
        return frame["source_id"].isin(self.ends) | frame["target_id"].isin(self.ends)


def _ends_of(graph: AccessGraph, facts: tuple[str, ...]) -> list[str]:
    """Return the ids of the ends of relationships."""
    frames = [f[f["id"].isin(facts)] for r in RELATIONSHIPS if len(f := graph.frames[r])]
    return [end for f in frames for c in ("source_id", "target_id") for end in f[c].tolist()]


@once
def _compared(lives: Lives, before: int, after: int) -> tuple[RenamedIds, Changes]:
    """Compare two steps, cached over all findings resolved between them."""
    later = lives.posture(after).graph
    earlier_ids = RenamedIds(lives.posture(before).graph, later)
    return earlier_ids, changes(earlier_ids.graph, later)


def chosen_changes(
    differences: Changes, which: Callable[[Element, pd.DataFrame], pd.Series]
) -> list[dict[str, Any]]:
    """Describe the changes that a mask of the rows of each element chooses, as plain data."""
    return [
        _described(differences, element, change)
        for element, frame in differences.rows.items()
        for change in frame[which(element, frame)].itertuples()
    ]


def _described(differences: Changes, element: Element, change: Any) -> dict[str, Any]:
    graph = differences.before if change.what == REMOVED else differences.after

    def thing(id_: str) -> dict[str, str]:
        return graph.thing(graph.number(str(id_)))

    if isinstance(element, Node):
        about: dict[str, Any] = {"thing": thing(change.id)}
    else:
        ends = {"from": thing(change.source_id), "to": thing(change.target_id)}
        about = {"id": str(change.id), "relationship": element.name} | ends
    seen = "coverage" if change.coverage else "changed"
    return {"what": change.what, "why": seen, "fields": fields(element, int(change.fields))} | about
