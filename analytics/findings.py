"""Findings: what every rule that can be evaluated finds, worst first."""

import hashlib

import numpy as np
import pandas as pd

from analytics.posture import Posture
from analytics.rule import Rule, found
from analytics.rules import all_rules
from analytics.weights import BANDS

RANK = {name: rank for rank, (_, name) in enumerate(BANDS)}
NAMES = np.array([name for _, name in BANDS], object)
LEAST = np.array([least for least, _ in BANDS])


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
    parts = [find_by(posture, rule) for rule in all_rules().values() if not lacking(posture, rule)]
    whole = pd.concat([p for p in parts if len(p)] or [_nothing(posture)], ignore_index=True)
    general = {rule.id for rule in all_rules().values() if rule.general}
    place = whole["rule"].str[:3] + whole["rule"].isin(general).map({True: "~", False: ""})
    ordered = whole.assign(place=place + whole["rule"]).sort_values(
        ["rank", "quantity", "place", "subject", "object", "key"],
        ascending=[True, False, True, True, True, True],
        kind="stable",
        ignore_index=True,
    )
    return ordered.drop(columns="place")


def lacking(posture: Posture, rule: Rule) -> list[str]:
    """Return the kinds of fact that `rule` needs and no source declares."""
    return [kind for kind in rule.needs if kind not in posture.graph.declared]


def _nothing(posture: Posture) -> pd.DataFrame:
    """Return the frame of no findings."""
    frame = found(posture, np.zeros(0, np.int64), [])
    return frame.assign(id="", rule="", severity="", quantity=0.0, rank=0)


def find_by(posture: Posture, rule: Rule) -> pd.DataFrame:
    """Run one rule; see `find_all` for the columns."""
    frame = rule.find(posture)
    quantity = rule.weight * frame["weighs"].to_numpy(float)
    rank = np.searchsorted(-LEAST, -quantity, side="left")
    floor = frame["floor"].map(RANK).fillna(len(BANDS)).to_numpy(int)
    rank = np.minimum(rank, floor)
    return frame.assign(
        id=_ids(posture, rule, frame),
        rule=rule.id,
        severity=NAMES[rank],
        quantity=quantity,
        rank=rank,
    )


def _ids(posture: Posture, rule: Rule, frame: pd.DataFrame) -> list[str]:
    """Derive the id of each finding from its rule, its subject, its object and its key, if any."""
    nodes = posture.once(f"{__name__}.nodes", lambda: [*posture.graph.ids.to_pylist(), ""])
    columns = (frame[c].tolist() for c in ("subject", "object", "key"))
    return [
        _hashed((rule.id, nodes[subject], nodes[other], key) if key else
                (rule.id, nodes[subject], nodes[other]))
        for subject, other, key in zip(*columns, strict=True)
    ]  # fmt: skip


def _hashed(parts: tuple[str, ...]) -> str:
    return f"F-{hashlib.sha256(chr(31).join(parts).encode()).hexdigest()[:16]}"
