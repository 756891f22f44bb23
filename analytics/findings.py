"""Findings: what every rule that can be evaluated finds, worst first."""

import hashlib

import numpy as np
import pandas as pd

from analytics.posture import Posture
from analytics.rule import Rule, found
from analytics.rules import all_rules
from analytics.weights import BANDS, severity
from graph.frames import records

RANK = {name: rank for rank, (_, name) in enumerate(BANDS)}


def find_all(posture: Posture) -> pd.DataFrame:
    """Run the rules whose facts somebody declares, once for a posture.

    Returns
    -------
    DataFrame
        The columns of `analytics.rule.FOUND`, and `id` (the same for the same rule, subject
        and object in every snapshot), `rule`, `severity`, `quantity` (weight times heaviest
        entitlement concerned; larger is worse) and `rank` (0 is critical).
    """
    return posture.once(__name__, lambda: _find(posture))  # type: ignore[no-any-return]


def _find(posture: Posture) -> pd.DataFrame:
    parts = [_found(posture, rule) for rule in all_rules().values() if not lacking(posture, rule)]
    whole = pd.concat([p for p in parts if len(p)] or [_nothing(posture)], ignore_index=True)
    return whole.sort_values(
        ["rank", "quantity", "rule", "subject"],
        ascending=[True, False, True, True],
        kind="stable",
        ignore_index=True,
    )


def lacking(posture: Posture, rule: Rule) -> list[str]:
    """Return the kinds of fact that `rule` needs and no source declares."""
    return [kind for kind in rule.needs if kind not in posture.graph.declared]


def _nothing(posture: Posture) -> pd.DataFrame:
    """Return the frame of no findings."""
    frame = found(posture, np.zeros(0, np.int64), [])
    return frame.assign(id="", rule="", severity="", quantity=0.0, rank=0)


def _found(posture: Posture, rule: Rule) -> pd.DataFrame:
    frame = rule.find(posture)
    quantity = rule.weight * frame["weighs"].astype(float)
    bands = [severity(q) for q in quantity]
    return frame.assign(
        id=[finding_id(posture, rule, row) for row in records(frame)],
        rule=rule.id,
        severity=bands,
        quantity=quantity,
        rank=[RANK[b] for b in bands],
    )


def finding_id(posture: Posture, rule: Rule, row: object) -> str:
    """Derive the id of a finding from its rule, its subject and its object."""
    ids = posture.graph.ids
    subject, other = int(row.subject), int(row.object)  # type: ignore[attr-defined]
    about = ids[other].as_py() if other >= 0 else ""
    text = "\x1f".join((rule.id, ids[subject].as_py(), about))
    return f"F-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
