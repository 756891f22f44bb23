"""Just-in-time access: the standing grants that it fits, and the exposure it would save.

It fits a grant that is seldom used, has weight, can be revoked automatically, and has a purpose
that says when it is needed. A grant used on most days should be narrowed instead: activating it
each time is a burden without a gain.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.posture import UNUSED_DAYS, Posture
from analytics.usage.idle_access import window_starts
from analytics.weights import SENSITIVITY
from graph.instants import DAY, NEVER, milliseconds
from graph.once import once
from graph.schema import CAN_ACCESS, IDENTITIES, LEVELS, RESOURCE, USE_EVENT, USED
from graph.usage import by_day
from graph.usage.outcomes import failed

SELDOM, MOSTLY = 0.2, 0.8  # share of days with use
BY_HAND = 0.5
REVOKES_BY_MACHINE = {  # by provider: 1 if grants end by themselves or by an API
    "aws": 1.0,
    "azure": 1.0,
    "entra": 1.0,
    "gcp": 1.0,
    "kubernetes": 1.0,
    "github": BY_HAND,
}
WRITE = LEVELS.index("write")


@dataclass(frozen=True)
class Fit:
    """The fit of just-in-time access to each of several grants, one position each.

    `duty` is the share of days with observed use and `score` goes from 0 to 100; both are nan where
    use cannot be observed. `automated` is the degree to which revocation is automatic, `defined` a
    mask of those with a task or purpose, `fits` a mask of those that meet all conditions. `saved`
    is exposure times days that standing access would no longer cost within the window (`days`), nan
    where `duty` is.
    """

    duty: np.ndarray
    days: np.ndarray
    automated: np.ndarray
    defined: np.ndarray
    score: np.ndarray
    fits: np.ndarray
    saved: np.ndarray

    def advice(self, place: int) -> str:
        """Return a clause that says what to do about one grant."""
        if np.isnan(self.score[place]):
            return "whether just-in-time access fits is unknown, as nobody would see it used"
        if self.duty[place] > MOSTLY:
            return "it is used on most days: keep it standing, and narrow it instead"
        score = f"{self.score[place]:.0f} of 100"
        if self.fits[place]:
            return f"just-in-time access fits ({score})"
        return f"just-in-time access fits less well ({score}): {self._short_of(place)}"

    def _short_of(self, place: int) -> str:
        if self.duty[place] > SELDOM:
            return "it is used often"
        if self.automated[place] < 1:
            return "taking it back is not known to be automated"
        if not self.defined[place]:
            return "no task or purpose says when it is needed"
        return "it opens little"


def fit(
    posture: Posture,
    identity: np.ndarray,
    grant: np.ndarray,
    level: np.ndarray,
    exposure: np.ndarray,
) -> Fit:
    """Compute the fit of just-in-time access to grants that identities hold.

    `identity` are numbers of nodes, `grant` rows of CAN_ACCESS, `level` the highest level of each
    (a position in `LEVELS`), and `exposure` the total weight of its levels.
    """
    graph, frame = posture.graph, posture.graph.frames[CAN_ACCESS].iloc[grant]
    holder, resource = (end[grant] for end in graph.ends(CAN_ACCESS))
    seen = graph.grant_use[0][grant]
    days = _days(posture, frame, graph.grant_use[2][grant])
    used = _days_with_use(posture, identity, holder, resource, grant, days)
    duty = np.where(seen, np.minimum(used / days, 1.0), np.nan)
    automated = _automated(posture, holder, resource)
    defined = frame["task_id"].notna().to_numpy(bool) | _purposes(posture)[identity]
    score = 100 * (1 - duty) * automated * np.where(defined, 1.0, 0.5)
    heavy = (level >= WRITE) | (
        posture.sensitivities["weight"].to_numpy()[resource] >= SENSITIVITY["confidential"]
    )
    fits = seen & (duty <= SELDOM) & heavy & (automated == 1) & defined
    return Fit(duty, days, automated, defined, score, fits, (1 - duty) * exposure * days)


def _days(posture: Posture, frame: pd.DataFrame, since: np.ndarray) -> np.ndarray:
    """Return the days on which the use of each grant could be observed: 1 to 90."""
    now = posture.graph.now
    start = np.maximum(window_starts(posture, frame), now - UNUSED_DAYS * DAY)
    start = np.maximum(start, np.minimum(since, now))
    return np.asarray(np.maximum(np.ceil((now - start) / DAY), 1.0))


def _days_with_use(
    posture: Posture,
    identity: np.ndarray,
    holder: np.ndarray,
    resource: np.ndarray,
    grant: np.ndarray,
    days: np.ndarray,
) -> np.ndarray:
    """Count the days with observed use of each grant, by its identity or its holder.

    A source that keeps only the last use of a level shows that day alone, so this is a lower bound.
    """
    now, count = posture.graph.now, len(grant)
    nth = np.arange(count)
    asked = pd.DataFrame(
        {
            "who": np.concatenate([holder, identity]),
            "what": np.concatenate([resource, resource]),
            "nth": np.concatenate([nth, nth]),
        }
    ).drop_duplicates()
    last = posture.activity.last_granted[grant]
    own = {"nth": np.repeat(nth, len(LEVELS)), "at": last.ravel()}
    parts = [pd.DataFrame(own), *_reported(posture, asked)]
    all_uses = pd.concat(parts, ignore_index=True)
    age = now - all_uses["at"].to_numpy()
    recent = (all_uses["at"] != NEVER).to_numpy() & (age >= 0)
    recent &= age <= days[all_uses["nth"].to_numpy()] * DAY
    all_uses = all_uses[recent].assign(day=lambda rows: rows["at"] // DAY)
    once = all_uses.drop_duplicates(["nth", "day"])
    counts: np.ndarray = np.bincount(once["nth"], minlength=count).astype(float)
    return counts


def _reported(posture: Posture, asked: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the uses that logs report of what is `asked`, as `nth` and `at` (milliseconds)."""
    parts, seen, summed = [], _seen(posture), _sums(posture)
    if len(seen):
        parts.append(asked.merge(seen, on=["who", "what"])[["nth", "at"]])
    if len(summed):
        rows = asked.merge(summed, on=["who", "what"])
        days_of = [
            (n, day * DAY)
            for n, text in zip(rows["nth"], rows["by_day"], strict=True)
            for day in by_day.read(text)
        ]
        parts.append(pd.DataFrame(days_of, columns=["nth", "at"], dtype=np.int64))
    return parts


@once
def _seen(posture: Posture) -> pd.DataFrame:
    """Return identity, resource and time (milliseconds) of uses: events, and ends of summaries."""
    graph = posture.graph
    events, summaries = graph.frames[USE_EVENT], graph.frames[USED]
    events = events[~failed(events["outcome"])]
    user, used = graph.ends(USED)
    single = pd.DataFrame(
        {
            "who": graph.numbers(events["principal"]),
            "what": graph.numbers(events["resource"]),
            "at": milliseconds(events["at"]),
        }
    )
    ends = [
        pd.DataFrame({"who": user, "what": used, "at": milliseconds(summaries[column])})
        for column in ("first_at", "last_at")
    ]
    all_uses = pd.concat([single, *ends], ignore_index=True)
    return all_uses[(all_uses["at"] != NEVER) & (all_uses["who"] >= 0) & (all_uses["what"] >= 0)]


def _sums(posture: Posture) -> pd.DataFrame:
    """Return identity, resource and days of uses from logs that are summed day by day."""
    frame, (user, used) = posture.graph.frames[USED], posture.graph.ends(USED)
    rows = pd.DataFrame({"who": user, "what": used, "by_day": frame["by_day"]})
    return rows[(user >= 0) & (used >= 0) & rows["by_day"].notna()]


def _automated(posture: Posture, holder: np.ndarray, resource: np.ndarray) -> np.ndarray:
    """Return the degree to which the provider revokes automatically; `BY_HAND` if unknown."""
    known = np.full(len(posture.graph.ids), np.nan)
    for label in (*IDENTITIES, RESOURCE):
        frame = posture.graph.frames[label]
        by_provider = frame["provider"].str.lower().map(REVOKES_BY_MACHINE)
        known[posture.graph.numbers(frame["id"])] = by_provider.to_numpy(float, na_value=np.nan)
    degree = np.where(np.isnan(known[holder]), known[resource], known[holder])
    return np.where(np.isnan(degree), BY_HAND, degree)


def _purposes(posture: Posture) -> np.ndarray:
    """Return a mask of the nodes that have a purpose."""
    has = np.zeros(len(posture.graph.ids), bool)
    for label in IDENTITIES:
        frame = posture.graph.frames[label]
        stated = frame["purpose"].fillna("").str.strip() != ""
        has[posture.graph.numbers(frame["id"][stated])] = True
    return has
