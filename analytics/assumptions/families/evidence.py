"""Evidence: a decision explained each sensitive use when it happened."""

import numpy as np
import pandas as pd

from analytics.assumptions.judgement import ALONE, Case, Verdict, unkept
from analytics.assumptions.model import Model
from analytics.evidence.asked import asked
from analytics.evidence.deciding import DENIED, EXPLAINED
from analytics.evidence.matching import UNKNOWN, uses
from analytics.posture import Posture
from graph.coverage import known_kinds
from graph.instants import DAY, NEVER
from graph.schema import SENSITIVITIES

JUDGED = ("evidence",)
_NOT_YET = np.iinfo(np.int64).max
FROM = "confidential"  # the lowest class whose uses need a decision


def judge(case: Case) -> tuple[Verdict, ...]:
    """Judge by the share of recent uses that no decision explains; without uses nothing is broken.

    An unexplained use is broken in any case. Otherwise the state is unknown where uses are not
    observed, or where it is unknown whether a decision explains one.
    """
    units, graph = case.units, case.posture.graph
    sensitive = units.weight >= case.model.sensitivity[SENSITIVITIES.index(FROM)]
    decided = "decisions" in known_kinds(graph)
    share, doubtful, since = _unexplained(case)
    broken = sensitive & decided & (share > 0)
    unseen = ~graph.grant_use[0][units.grant]
    unknown = sensitive & ~broken & (unseen | doubtful | (not decided))
    part = unkept(broken, unknown, since, share)
    return (Verdict("evidence", sensitive.astype(float), (part,)),)


def alike(posture: Posture, model: Model) -> np.ndarray:
    """Judge those alone that were seen using anything lately."""
    seen, now = uses(posture), posture.graph.now
    at = seen["at"].to_numpy(np.int64)
    lately = (at <= now) & (now - at <= model.unused * DAY)
    acts = np.zeros(len(posture.graph.ids), bool)
    acts[seen["identity"].to_numpy(np.int64)[lately]] = True
    return np.where(acts[posture.accountable], ALONE, 0)


def _unexplained(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for each entitlement the share of unexplained uses, if any is doubtful, and the first.

    Only recent uses count, by the identity itself or by the holder of the grant. `doubtful` (bool):
    it is unknown of some use whether a decision explains it. `first` is in milliseconds.
    """
    units, nodes = case.units, len(case.posture.graph.ids)
    seen = _recent(case)
    if seen.empty:
        return np.zeros(len(units)), np.zeros(len(units), bool), np.full(len(units), NEVER)
    counts = seen.groupby(
        (seen["identity"] * nodes + seen["resource"]) * 4 + seen["level"], sort=True
    ).agg(
        uses=("uses", "sum"),
        bad=("bad", "sum"),
        doubtful=("doubtful", "any"),
        first=("since", "min"),
    )
    uses, bad = np.zeros(len(units)), np.zeros(len(units))
    doubtful, first = np.zeros(len(units), bool), np.full(len(units), _NOT_YET)
    for actor in (units.identity, np.where(units.holder == units.identity, -1, units.holder)):
        key = (actor.astype(np.int64) * nodes + units.resource) * 4 + units.level
        row = counts.index.get_indexer(pd.Index(key))
        matched = row >= 0
        uses[matched] += counts["uses"].to_numpy()[row[matched]]
        bad[matched] += counts["bad"].to_numpy()[row[matched]]
        doubtful[matched] |= counts["doubtful"].to_numpy()[row[matched]]
        first[matched] = np.minimum(first[matched], counts["first"].to_numpy()[row[matched]])
    share = np.divide(bad, uses, out=np.zeros(len(units)), where=uses > 0)
    return share, doubtful, np.where(bad > 0, first, NEVER)


def _recent(case: Case) -> pd.DataFrame:
    """Return the recent uses of what entitlements are of, with the counts that `_unexplained` sums.

    `uses` counts those whose explanation is known, `bad` those that no decision explains, first at
    `since`; `doubtful` marks the others.
    """
    seen = uses(case.posture)
    at = seen["at"].to_numpy(np.int64)
    lately = (at <= case.now) & (case.now - at <= case.model.unused * DAY)
    acts, used = (np.zeros(len(case.posture.graph.ids), bool) for _ in range(2))
    acts[case.units.identity] = acts[case.units.holder] = used[case.units.resource] = True
    about = acts[seen["identity"].to_numpy(np.int64)] & used[seen["resource"].to_numpy(np.int64)]
    rows = np.flatnonzero(lately & about & (seen["level"] >= 0).to_numpy(bool))
    seen = seen[["identity", "resource", "level", "state", "count", "at"]].iloc[rows]
    doubtful = (seen["state"] == UNKNOWN).to_numpy(bool)
    expected = asked(case.posture)[seen["identity"].to_numpy(np.int64)]
    expected |= (seen["state"] == DENIED).to_numpy(bool)
    bad = (seen["state"] != EXPLAINED).to_numpy(bool) & ~doubtful & expected
    count = seen["count"].to_numpy(np.int64)
    return pd.DataFrame(
        {
            "identity": seen["identity"].to_numpy(np.int64),
            "resource": seen["resource"].to_numpy(np.int64),
            "level": seen["level"].to_numpy(np.int64),
            "uses": np.where(doubtful, 0, count),
            "bad": np.where(bad, count, 0),
            "doubtful": doubtful,
            "since": np.where(bad, seen["at"].to_numpy(np.int64), _NOT_YET),
        }
    )
