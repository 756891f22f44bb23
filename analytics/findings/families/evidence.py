"""Uses and their decisions, as the evidence rules judge them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from analytics.evidence.asked import asked
from analytics.evidence.matching import recent
from analytics.findings.reconciliation import all_checks
from analytics.findings.rule import findings_of, nothing
from analytics.gathered import gathered, stacked
from analytics.posture import UNUSED_DAYS, Posture
from analytics.residue import alive
from analytics.weights import LEVEL_WEIGHTS
from graph.frames import records
from graph.instants import DAY
from graph.schema import HUMAN

BY = ["identity", "resource"]
MOST = 20  # uses and decisions listed as support of a finding


def by_software(posture: Posture, state: int) -> pd.DataFrame:
    """Return the uses of the last 90 days in a state, by live software identities.

    A use by one of several possible agents stays with the account or role that the log names.
    """
    rows = recent(posture)
    rows = rows[rows["state"] == state]
    return pd.DataFrame(rows[_live_software(posture)[rows["identity"].to_numpy(int)]])


def _live_software(posture: Posture) -> np.ndarray:
    return np.asarray(alive(posture) & ~posture.deleted & ~posture.graph.has_label(HUMAN))


def by_agents(posture: Posture, state: int) -> pd.DataFrame:
    """Return those of `by_software` that need a decision; see `asked`."""
    rows = by_software(posture, state)
    return pd.DataFrame(rows[asked(posture)[rows["identity"].to_numpy(int)]])


def reconciled(posture: Posture, *checks: str, of_records: bool = True) -> pd.DataFrame:
    """Return the cases of some checks in the last 90 days, by live software identities.

    They have the columns of `by_software`, where there are any; `id` is that of a record where no
    use was seen. `count` counts each record once, however many uses or checks it is a case of,
    unless the cases are not `of_records`.
    """
    rows = stacked([all_checks()[name].compare(posture).cases for name in checks])
    if rows.empty:
        return rows
    rows = rows[posture.graph.now - rows["at"] <= UNUSED_DAYS * DAY]
    rows = rows[(rows["identity"] >= 0) & (rows["resource"] >= 0)]
    rows = rows[_live_software(posture)[rows["identity"].to_numpy(np.int64)]]
    sensitivity = posture.sensitivities["weight"].to_numpy()[rows["resource"].to_numpy(np.int64)]
    level = np.append(LEVEL_WEIGHTS, 0.0)[rows["level"].to_numpy(np.int64)]  # -1: the last
    ids = rows["use"].fillna(rows["decision"])
    columns = {"id": ids, "reason": 0, "sensitivity": sensitivity, "weight": sensitivity * level}
    if of_records:
        columns["count"] = (~rows.duplicated([*BY, "record"])).astype(np.int64)
    return pd.DataFrame(rows.assign(**columns))


def about_uses(
    posture: Posture,
    rows: pd.DataFrame,
    say: Callable[[Any, str, str], str],
    remedy: str,
    floor: str = "",
) -> pd.DataFrame:
    """Build one finding for the uses of each identity and resource.

    `say` returns the sentence of a group (`count`, `first` and `last` in milliseconds, `reasons`),
    given the names of identity and resource. `remedy` is a format string with places for them.
    """
    if rows.empty:
        return nothing()
    exposure = posture.autonomy[rows["identity"].to_numpy(int)] * rows["weight"]
    each = (
        rows.assign(exposure=exposure)
        .groupby(BY, as_index=False)
        .agg(
            count=("count", "sum"),
            first=("at", "min"),
            last=("at", "max"),
            weighs=("exposure", "max"),
        )
        .assign(reasons=gathered(rows, BY, "reason").to_numpy(object))
    )
    names = posture.graph.things["name"]
    ends = [(str(names[r.identity]), str(names[r.resource])) for r in records(each)]
    return findings_of(
        posture,
        each["identity"].to_numpy(int),
        [say(r, *end) for r, end in zip(records(each), ends, strict=True)],
        since=each["first"].to_numpy(),
        other=each["resource"].to_numpy(int),
        weighs=each["weighs"].to_numpy(float),
        evidence=_facts(rows, each),
        remedy=[remedy.format(*end) for end in ends],
        floor=[floor] * len(each),
    )


def _facts(rows: pd.DataFrame, each: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return the ids of the latest uses of each group, and of their decisions."""
    latest = rows.sort_values("at", kind="stable").groupby(BY).tail(MOST)
    facts: dict[tuple[int, int], dict[str, None]] = {}
    for row in records(latest):
        ids = facts.setdefault((row.identity, row.resource), {})
        ids[row.id] = None
        if not pd.isna(row.decision):
            ids[row.decision] = None
    return [tuple(facts[r.identity, r.resource]) for r in records(each)]
