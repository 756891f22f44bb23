"""Uses compared with declared scopes: uses outside them, and the share of entries used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.assumptions.families.scope import Entry, covered, scopes_of
from analytics.containers import parent_of
from analytics.evidence import matching
from analytics.findings.rule import plural
from analytics.posture import UNUSED_DAYS, Posture
from analytics.usage import observed
from analytics.usage.actors import actors
from analytics.weights import LEVEL_WEIGHTS
from graph.instants import DAY
from graph.once import once
from graph.schema import LEVELS, RESOURCE

ACT = ["identity", "resource", "level", "at"]


@dataclass(frozen=True)
class Tightness:
    """The number of entries of a declared scope, and of those used lately."""

    used: int
    entries: int

    def sentence(self) -> str:
        """Return a sentence on how tight the scope is."""
        if not self.entries:
            return " That scope allows nothing."
        if self.entries == 1:
            return f" The only entry of that scope was {'' if self.used else 'not '}used lately."
        entries = plural(self.entries, "entry", "entries")
        was = "was" if self.used == 1 else "were"
        return f" Of the {entries} of that scope {self.used} {was} used lately."


@once
def used_by(posture: Posture) -> pd.DataFrame:
    """Return the recent uses of resources, by the identity that acted.

    Returns
    -------
    DataFrame
        `identity`, `resource` (numbers), `level` (a position in `LEVELS`), `at` (milliseconds)
        and `fact` (the id of the fact that shows it), for accountable identities. A row stands for
        `count` uses, or for `more` (bool) than those: uses that a log sums up, and of which it
        tells not how many are recent.
    """
    summed = observed.uses(posture)
    summed = summed[summed["own"] & (summed["level"] >= 0)]
    acted = actors(posture).of(summed["identity"].to_numpy(np.int64))
    parts = [
        _events(posture).rename(columns={"id": "fact"}),
        summed.assign(identity=acted, count=1, more=False).rename(columns={"thing": "resource"}),
    ]
    columns = [*ACT, "fact", "count", "more"]
    all_uses = pd.concat([p[columns].astype({"fact": object}) for p in parts], ignore_index=True)
    again = all_uses.duplicated(ACT) & (all_uses.index >= len(parts[0]))  # an event tells of it
    all_uses = all_uses[~again]
    kept = posture.graph.has_label(RESOURCE)[all_uses["resource"]] & (
        all_uses["level"] < len(LEVELS)
    )
    kept &= all_uses["identity"].isin(posture.accountable)
    return all_uses[kept].reset_index(drop=True)


def _events(posture: Posture) -> pd.DataFrame:
    """Return the recent events and sums of uses in logs, with `more`; see `used_by`."""
    events = matching.uses(posture)
    events = events[events["level"] >= 0]
    recent = (posture.graph.now - events["at"] <= UNUSED_DAYS * DAY).to_numpy(bool)
    acts = pd.MultiIndex.from_frame(events[["identity", "resource", "level"]])
    summed = (events["reason"] == matching.DAY_ONLY).to_numpy(bool)
    more = summed & acts.isin(acts[~recent])  # some of the sum may have come before
    return events.assign(more=more, count=events["count"].mask(more, 0))[recent]


def outside(posture: Posture, scopes: Mapping[int, Sequence[Entry]] | None = None) -> pd.DataFrame:
    """Return the uses outside the declared scope of an identity.

    Parameters
    ----------
    scopes : mapping, optional
        The entries of each identity (number) whose uses are compared; by default those declared.

    Returns
    -------
    DataFrame
        A row for each identity and resource: `identity`, `resource`, `levels` (bits), `first`
        (milliseconds), `count`, `more` (see `used_by`), `exposure` (of the heaviest level) and
        `facts` (tuple of ids).
    """
    rows, scopes = used_by(posture), scopes_of(posture) if scopes is None else scopes
    rows = rows[rows["identity"].isin(list(scopes)).to_numpy(bool)]
    rows = rows[~_covered(posture, scopes, rows)]
    if rows.empty:
        return rows.assign(levels=0, first=0, exposure=0.0, facts="")
    weight = posture.sensitivities["weight"].to_numpy()[rows["resource"]]
    level = rows["level"].to_numpy(int)
    rows = rows.assign(
        bit=np.left_shift(1, level),
        exposure=posture.autonomy[rows["identity"]] * weight * LEVEL_WEIGHTS[level],
    )
    levels = rows.drop_duplicates(["identity", "resource", "bit"])
    by = ["identity", "resource"]
    summed = rows.sort_values([*by, "at", "fact"]).groupby(by, as_index=False)
    each = summed.agg(
        first=("at", "min"),
        count=("count", "sum"),
        more=("more", "any"),
        exposure=("exposure", "max"),
        facts=("fact", _ids),
    )
    return each.merge(levels.groupby(by, as_index=False).agg(levels=("bit", "sum")), on=by)


def tightness(posture: Posture, identities: np.ndarray) -> dict[int, Tightness]:
    """Return how many entries of its declared scope each identity uses."""
    graph, rows, scopes = posture.graph, used_by(posture), scopes_of(posture)
    rows = rows[rows["identity"].isin(identities)]
    pairs: dict[int, set[tuple[int, int]]] = {}
    columns, outer = (rows[c].tolist() for c in ("identity", "resource", "level")), parent_of(graph)
    for identity, resource, level in zip(*columns, strict=True):
        seen = pairs.setdefault(identity, set())
        while resource >= 0 and (resource, level) not in seen:
            seen.add((resource, level))
            resource = int(outer[resource])
    by_identity = {}
    for identity in identities.tolist():
        entries, used_pairs = scopes.get(identity, []), pairs.get(identity, set())
        used = sum(
            any(low <= r < high and v == at for r, v in used_pairs) for low, high, at in entries
        )
        by_identity[identity] = Tightness(used, len(entries))
    return by_identity


def _ids(facts: pd.Series) -> tuple[str, ...]:
    return tuple(dict.fromkeys(facts))


def _covered(
    posture: Posture, scopes: Mapping[int, Sequence[Entry]], rows: pd.DataFrame
) -> np.ndarray:
    """Return a mask of the uses that a scope covers."""
    whose, place = np.unique(rows["identity"].to_numpy(np.int64), return_inverse=True)
    return covered(
        posture.graph,
        [scopes[number] for number in whose.tolist()],
        place.astype(np.int32),
        rows["resource"].to_numpy(np.int32),
        rows["level"].to_numpy(np.int8),
    )
