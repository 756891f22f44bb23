"""Separation of duties: no identity holds both sides of a rule."""

import numpy as np
import pandas as pd

from analytics.assumptions.entitlements import entering
from analytics.assumptions.judgement import ALONE, Case, Part, Verdict
from analytics.assumptions.model import Model
from analytics.posture import Posture
from analytics.runtime.budget import reserve
from graph.access import AccessGraph
from graph.instants import NEVER
from graph.schema import CAN_ACCESS, LEVELS, SOD_RULE
from graph.values import UNIT_SEPARATOR

JUDGED = ("sod",)
EACH = 600  # bytes of memory per pair: two items and their names
SIDES = ("left", "right")


def judge(case: Case) -> tuple[Verdict, ...]:
    """Judge every pair of entitlements of one identity; each side bears half of the lighter one.

    An item names the rule and the other side. Degrees are shares of the item's own exposure.
    """
    pairs = _pairs(case)
    units, weigh = case.units, case.units.exposure
    own = np.concatenate([pairs["left"].to_numpy(), pairs["right"].to_numpy()]).astype(np.int64)
    other = np.concatenate([pairs["right"].to_numpy(), pairs["left"].to_numpy()]).astype(np.int64)
    degree = np.minimum(weigh[own], weigh[other]) / 2 / weigh[own]
    granted = units.granted[own], units.granted[other]
    since = np.where(np.minimum(*granted) == NEVER, NEVER, np.maximum(*granted))
    rules = pairs["rule"].astype(str).tolist() * 2
    names = [f"{rule} with {_side(case, u)}" for rule, u in zip(rules, other, strict=True)]
    part = Part(own.astype(np.int32), degree, since, np.arange(len(own)), tuple(names))
    return (Verdict("sod", np.bincount(own, degree, len(units)), (part,)),)


def alike(posture: Posture, _: Model) -> np.ndarray:
    """Judge those alone that have access to what a rule names."""
    graph, rules = posture.graph, separating(posture.graph)
    numbers = graph.numbers(pd.concat([rules[f"{side}_resource"] for side in SIDES]))
    holder, resource = graph.ends(CAN_ACCESS)
    holders = np.unique(holder[np.isin(resource, numbers)])
    return np.where(entering(posture, holders)[posture.accountable], ALONE, 0)


def separating(graph: AccessGraph) -> pd.DataFrame:
    """Return the distinct separation rules, except those one entitlement meets on both sides.

    A rule whose sides are stated the other way around is the same rule.
    """
    columns = ["rule", *(f"{side}_{field}" for side in SIDES for field in ("resource", "level"))]
    rules: pd.DataFrame = graph.frames[SOD_RULE].sort_values(columns)
    left, right = rules["left_level"].fillna(""), rules["right_level"].fillna("")
    same = (rules["left_resource"] == rules["right_resource"]).to_numpy(bool)
    overlap = ((left == "") | (right == "") | (left == right)).to_numpy(bool)
    ends = [
        rules["left_resource"] + UNIT_SEPARATOR + left,
        rules["right_resource"] + UNIT_SEPARATOR + right,
    ]
    low, high = np.sort(np.stack([end.to_numpy(object) for end in ends]), axis=0)
    again = pd.DataFrame({"rule": rules["rule"].array, "low": low, "high": high}).duplicated()
    kept: pd.DataFrame = rules[~(same & overlap) & ~again.to_numpy(bool)]
    return kept


def _pairs(case: Case) -> pd.DataFrame:
    """Return for each rule the pairs of entitlements that one identity must not hold.

    A rule may be stated in several rows that overlap; a pair is one pair for all of them.
    """
    graph = case.posture.graph
    rules = separating(graph)
    named = graph.numbers(pd.concat([rules[f"{side}_resource"] for side in SIDES]))
    among = np.flatnonzero(np.isin(case.units.resource, named))
    parts = [pd.DataFrame({"rule": [], "left": [], "right": []})]
    for row in rules.itertuples():
        left, right = (_matching(case, among, *_wanted(graph, row, side)) for side in SIDES)
        if not len(np.intersect1d(left["place"], right["place"])):
            continue
        reserve(_count(left, right), EACH, "pairs of entitlements that must be apart")
        both = left.merge(right, on="place", suffixes=("_left", "_right"))
        both = both[both["unit_left"] != both["unit_right"]]
        parts.append(
            pd.DataFrame({"rule": row.rule, "left": both["unit_left"], "right": both["unit_right"]})
        )
    rows = pd.concat(parts, ignore_index=True)
    ends = np.sort(rows[["left", "right"]].to_numpy(np.int64), axis=1)
    again = pd.DataFrame(ends).assign(rule=rows["rule"].array).duplicated()
    return rows[~again.to_numpy(bool)]


def _count(left: pd.DataFrame, right: pd.DataFrame) -> int:
    """Return how many pairs two sides make within identities."""
    sides = [side["place"].value_counts() for side in (left, right)]
    return int(sides[0].mul(sides[1], fill_value=0).sum())


def _wanted(graph, row, side: str) -> tuple[int, int]:  # type: ignore[no-untyped-def]
    """Return the resource and the level of a side; -1 for any level."""
    level = getattr(row, f"{side}_level")
    number = graph.number(getattr(row, f"{side}_resource"))
    return number, -1 if pd.isna(level) else LEVELS.index(level)


def _matching(case: Case, among: np.ndarray, resource: int, level: int) -> pd.DataFrame:
    units = case.units
    at = among[units.resource[among] == resource]
    at = at if level < 0 else at[units.level[at] == level]
    return pd.DataFrame({"place": units.place[at], "unit": at})


def _side(case: Case, unit: int) -> str:
    grant = case.posture.graph.frames[CAN_ACCESS]["id"].iloc[int(case.units.grant[unit])]
    return f"{LEVELS[case.units.level[unit]]} by {grant}"
