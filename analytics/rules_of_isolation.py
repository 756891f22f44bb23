"""What the isolation rules share: the entitlements of judged identities, as a table."""

from typing import Any

import numpy as np
import pandas as pd

from analytics.debt.items import debt_of
from analytics.posture import Posture
from analytics.rules_of_ownership import judged
from graph.access import NEVER
from graph.frames import records
from graph.schema import CAN_ACCESS, LEVELS, SOD_RULE

MOST = 20  # facts that a finding names as evidence


def held(posture: Posture) -> pd.DataFrame:
    """Return the entitlements of the judged identities, once for a posture.

    Returns
    -------
    DataFrame
        `identity`, `holder` and `resource` (numbers), `level` (a position in `LEVELS`),
        `sensitivity` (weight), `exposure`, `granted` (milliseconds) and `grant` (a row of
        CAN_ACCESS).
    """
    return posture.once(__name__, lambda: _held(posture))  # type: ignore[no-any-return]


def _held(posture: Posture) -> pd.DataFrame:
    units = debt_of(posture).units
    mine = np.zeros(len(posture.in_service), bool)
    mine[judged(posture, ~mine)] = True
    frame = pd.DataFrame(
        {
            "identity": units.identity,
            "holder": units.holder,
            "resource": units.resource,
            "level": units.level,
            "sensitivity": units.weight,
            "exposure": units.exposure,
            "granted": units.granted,
            "grant": units.grant,
        }
    )
    return pd.DataFrame(frame[mine[units.identity]]).reset_index(drop=True)


def grant_ids(posture: Posture, rows: pd.DataFrame, by: list[str]) -> pd.Series:
    """Return for each group of entitlements the ids of its grants, the first `MOST` of them."""
    ids = posture.graph.frames[CAN_ACCESS]["id"].to_numpy(object)
    said = rows.assign(fact=ids[rows["grant"]]).drop_duplicates([*by, "fact"]).sort_values("fact")
    return said.groupby(by)["fact"].agg(lambda facts: tuple(facts.head(MOST)))


def earliest(instants: pd.Series) -> pd.Series:
    """Return instants so that the smallest is the earliest known one: unknown ones come last."""
    return instants.where(instants != NEVER, np.iinfo(np.int64).max)


def known(instants: pd.Series) -> np.ndarray:
    """Turn what `earliest` put last back into `NEVER`."""
    return instants.where(instants != np.iinfo(np.int64).max, NEVER).to_numpy(np.int64)


def conflicts(posture: Posture) -> pd.DataFrame:
    """Return each identity that holds both sides of a rule of separation.

    Returns
    -------
    DataFrame
        `rule` (text), `identity`, `left` and `right` (resources), `left_level` and
        `right_level` (as the rule has them, NA for any), `since` (when the later side was first
        granted), `weighs` (the lighter of the two sides) and `facts` (ids of grants).
    """
    rows, parts = held(posture), [_no_conflict()]
    rules = posture.graph.frames[SOD_RULE]
    sides = ["left_resource", "left_level", "right_resource", "right_level"]
    for rule in records(rules.drop_duplicates(["rule", *sides])):
        left = _side(posture, rows, rule.left_resource, rule.left_level)
        right = _side(posture, rows, rule.right_resource, rule.right_level)
        if _overlap(rule):
            continue
        both = left.merge(right, on="identity", suffixes=("_left", "_right"))
        parts.append(
            pd.DataFrame(
                {
                    "rule": rule.rule,
                    "identity": both["identity"],
                    "left": both["resource_left"],
                    "right": both["resource_right"],
                    "left_level": rule.left_level,
                    "right_level": rule.right_level,
                    "since": np.maximum(both["granted_left"], both["granted_right"]),
                    "weighs": np.minimum(both["exposure_left"], both["exposure_right"]),
                    "facts": [
                        a + b for a, b in zip(both["fact_left"], both["fact_right"], strict=True)
                    ],
                }
            )
        )
    return pd.concat([p for p in parts if len(p)] or parts[:1], ignore_index=True)


def _overlap(rule: Any) -> bool:
    """Whether one entitlement would be both sides: such a rule separates nothing."""
    if rule.left_resource != rule.right_resource:
        return False
    said = pd.Series([rule.left_level, rule.right_level], dtype="string")
    return bool(said.isna().any() or said[0] == said[1])


def _no_conflict() -> pd.DataFrame:
    said = ("rule", "identity", "left", "right", "left_level", "right_level")
    return pd.DataFrame({name: [] for name in (*said, "since", "weighs", "facts")})


def _side(posture: Posture, rows: pd.DataFrame, resource: str, level: Any) -> pd.DataFrame:
    mine = rows[rows["resource"] == posture.graph.number(resource)]
    if not pd.isna(level):
        mine = mine[mine["level"] == LEVELS.index(str(level))]
    mine = mine.assign(granted=earliest(mine["granted"]))
    grouped = mine.groupby("identity").agg(
        resource=("resource", "first"), exposure=("exposure", "max"), granted=("granted", "min")
    )
    grouped["granted"] = known(grouped["granted"])
    return grouped.assign(fact=grant_ids(posture, mine, ["identity"])).reset_index()
