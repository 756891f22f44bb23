"""How well the rules find what was planted in generated estates: precision and recall.

The labels come from the generator's own latent facts, not from what the rules make of the files.
"""

from dataclasses import dataclass

import pandas as pd

from analytics.findings.evaluation import find_all
from analytics.posture import Posture, assess
from graph.access import AccessGraph
from graph.facts import Coverage, Facts
from graph.frames import conform, records
from graph.instants import NEVER
from graph.schema import CAN_ACCESS
from ingest.generator import Estate, Generated, reading
from tests.support.estates.small_estates import NOTHING

GRANTS = ("LPR-01", "LPR-02", "LPR-03", "TIM-01", "TIM-02", "REV-01", "REV-02", "SCP-02", "ISO-01")
PAIRS = ("LPR-05", "OWN-02", "OWN-05", "OWN-07", "SCP-03", "ISO-05", "EVD-01", "EVD-02", "EVD-03")
PAIRS = (*PAIRS, "EVD-04", "EVD-05", "EVD-06", "EVD-07", "EVD-08", "LPR-06")
KEYS = ("CRD-01", "CRD-02", "CRD-03", "CRD-04", "CRD-05", "CRD-06", "CRD-07")
DATED = ("OWN-02", "OWN-04", "OWN-05", "OWN-07", "SCP-02", "SCP-03", "LPR-01", "LPR-02")
DATED = (*DATED, "TIM-02", "TIM-03", "REV-02")

Key = tuple[str, ...]


@dataclass(frozen=True)
class Accuracy:
    """What one rule found of what was planted; `dates` counts the right ones with another day."""

    rule: str
    planted: int
    found: int
    right: int
    dates: int
    missed: tuple[Key, ...]
    invented: tuple[Key, ...]

    @property
    def precision(self) -> float:
        """The share of what was found that was planted."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """The share of what was planted that was found."""
        return self.right / self.planted if self.planted else 1.0


def assessed(generated: Generated) -> Posture:
    """Judge the last state of a generated estate, in memory."""
    return assess(AccessGraph.of(stated(generated.history[-1])))


def stated(estate: Estate) -> Facts:
    """Return the facts that one state of a generated estate holds, in memory."""
    got = reading(estate)
    frames = {}
    for element, raw in got.rows.items():
        done = conform(raw.assign(source="estate", scope=got.scope), element)
        assert done.rejected.empty, (element, done.rejected.head())
        frames[element] = done.frame
    start = got.usage_window_start
    coverage = Coverage("estate", got.scope, True, got.taken_at, tuple(got.declares), start)
    return Facts.of(NOTHING | frames, (coverage,))


def accuracy(generated: Generated, posture: Posture | None = None) -> list[Accuracy]:
    """Compare what each rule finds in an estate with what was planted there.

    `posture` is the estate as judged before, if it was.
    """
    planted, found = _planted(generated), _found(posture or assessed(generated))
    rules = sorted(planted.keys() | found.keys())
    return [_compare(r, planted.get(r, {}), found.get(r, {})) for r in rules]


def _compare(rule: str, planted: dict[Key, str], found: dict[Key, str]) -> Accuracy:
    right = planted.keys() & found.keys()
    wrong = [k for k in right if rule in DATED and planted[k] != found[k]]
    return Accuracy(
        rule,
        len(planted),
        len(found),
        len(right),
        len(wrong),
        tuple(sorted(planted.keys() - right)),
        tuple(sorted(found.keys() - right)),
    )


def _planted(generated: Generated) -> dict[str, dict[Key, str]]:
    """Return the labelled defects by rule, each by its key, with the day since when."""
    rules: dict[str, dict[Key, str]] = {}
    for defect in generated.labels["defects"]:
        rule, since = defect["rule"], (defect["since"] or "")[:10]
        key = _key(rule, defect["subject"], defect["object"] or "", defect["detail"] or "")
        rules.setdefault(rule, {})[key] = since
    return rules


def _key(rule: str, subject: str, other: str, grant: str) -> Key:
    if rule in GRANTS:
        return (grant,)
    if rule in PAIRS:
        return subject, other
    return (subject,)


def _found(posture: Posture) -> dict[str, dict[Key, str]]:
    graph = posture.graph
    ids = [*graph.ids.to_pylist(), ""]
    frame = graph.frames[CAN_ACCESS]
    grants = dict(zip(frame["id"], frame["grant_id"], strict=True))
    rules: dict[str, dict[Key, str]] = {}
    for row in records(find_all(posture)):
        known = row.since != NEVER
        since = str(pd.Timestamp(row.since, unit="ms").date()) if known else ""
        held = [grants[e] for e in row.evidence if e in grants] if row.rule in GRANTS else [""]
        subject = row.object if row.rule in KEYS else row.subject
        for grant in held:
            key = _key(row.rule, ids[subject], ids[row.object], grant)
            rules.setdefault(row.rule, {})[key] = since
    return rules
