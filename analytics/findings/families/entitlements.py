"""Broken entitlements by grant, for the rules on scope, least privilege, time and review.

These rules judge the items of the trust debt. A row here is one grant that one identity holds, with
its levels for which an assumption is broken.
"""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from analytics.assumptions.entitlements import Entitlements, usual_entitlements
from analytics.assumptions.items import Debt, items_in_parts
from analytics.assumptions.model import NUMBER
from analytics.assumptions.reviews import Reviews, reviews
from analytics.findings.rule import day, findings_of, joined
from analytics.posture import UNUSED_DAYS, Posture
from analytics.residue import alive
from analytics.tags import BREAK_GLASS, SEASONAL, bears, tagged
from analytics.usage.actors import actors
from graph.instants import DAY, NEVER
from graph.once import once
from graph.schema import CAN_ACCESS, LEVEL_SETS, LEVELS

MARKS = {"seasonal": SEASONAL, "break-glass": BREAK_GLASS}
VERBS = dict(zip(LEVELS, ("list", "read", "write", "administer"), strict=True))


LEVEL_WORDS = [joined(levels) for levels in LEVEL_SETS]
VERB_WORDS = [joined([VERBS[level] for level in levels]) for levels in LEVEL_SETS]


# Rules ask for these assumptions: of some for all grants that break them, of others for the
# heaviest of each identity, with a summary of all.
EACH_GRANT = ("necessity", "scope")
HEAVIEST = ("review", "standing")


def entitled(posture: Posture) -> np.ndarray:
    """Count the entitlements of each accountable node (int64); 0 for other nodes."""
    units = usual_entitlements(posture)
    return _by_node(posture, units.place)


def granted(posture: Posture) -> np.ndarray:
    """Count the grants of each accountable node (int64); 0 for other nodes."""
    units = usual_entitlements(posture)
    order, begin = units.by_grant
    return _by_node(posture, units.place[order[begin]])


def _by_node(posture: Posture, place: np.ndarray) -> np.ndarray:
    identities = usual_entitlements(posture).identities
    counts = np.zeros(len(posture.graph.ids), np.int64)
    counts[identities] = np.bincount(place, minlength=len(identities))
    return counts


def breaking(posture: Posture, assumption: str) -> pd.DataFrame:
    """Return `by_grant` of the entitlements of judged identities that break an assumption.

    `assumption` is one of `EACH_GRANT`, or of `HEAVIEST`: then the rows are `heaviest_of_each`.
    """
    return _breaking(posture)[assumption]


@once
def _breaking(posture: Posture) -> dict[str, pd.DataFrame]:
    """Go through the items of all identities once; of no more than a block are they there."""
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in (*EACH_GRANT, *HEAVIEST)}
    for debt in items_in_parts(posture):
        for name, rows in parts.items():
            broken = by_grant(posture, debt.units, *_broken(posture, debt, name))
            rows.append(heaviest_of_each(broken) if name in HEAVIEST else broken)
    return {name: _joined(rows) for name, rows in parts.items()}


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat([p for p in parts if len(p)] or parts[:1], ignore_index=True)


def _broken(posture: Posture, debt: Debt, assumption: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the entitlements of judged identities that break an assumption (positions).

    Also returns when each broke (milliseconds, `NEVER` if unknown).
    """
    rows = debt.rows
    broken = np.flatnonzero((rows.assumption == NUMBER[assumption]) & (rows.degree > 0))
    broken = broken[alive(posture)[debt.units.identity[rows.entitlement[broken]]]]
    return rows.entitlement[broken], rows.since[broken]


def by_grant(
    posture: Posture, units: Entitlements, at: np.ndarray, since: np.ndarray
) -> pd.DataFrame:
    """Group entitlements into one row for each identity and grant.

    `at` are positions in `units`, `since` a time for each.

    Returns
    -------
    DataFrame
        In the order of identities and grants: `identity`, `holder`, `resource` (numbers),
        `grant` (row of CAN_ACCESS), `fact` (its id), `levels` (bits of those given), `held` (bits
        of all that the identity has by it), `level` (the highest given), `exposure` (of the
        heaviest level given), `together` (of all given), `first` and `last` (of `since`).
    """
    grants = max(len(posture.graph.frames[CAN_ACCESS]), 1)
    code = units.place[at].astype(np.int64) * grants + units.grant[at]
    order = np.argsort(code, kind="stable")
    code, at, since = code[order], at[order], since[order]
    begin = np.flatnonzero(np.diff(code, prepend=-1))
    lead, bits = at[begin], np.left_shift(1, units.level[at].astype(np.int64))
    if not len(at):
        return _frame(posture, units, lead, [np.zeros(0, np.int64)] * 5, np.zeros(0))
    columns = [
        np.bitwise_or.reduceat(bits, begin),
        np.maximum.reduceat(units.level[at], begin),
        np.minimum.reduceat(since, begin),
        np.maximum.reduceat(since, begin),
        np.maximum.reduceat(units.exposure[at], begin),
    ]
    return _frame(posture, units, lead, columns, np.add.reduceat(units.exposure[at], begin))


def _frame(
    posture: Posture,
    units: Entitlements,
    lead: np.ndarray,
    columns: list[np.ndarray],
    together: np.ndarray,
) -> pd.DataFrame:
    facts = posture.graph.frames[CAN_ACCESS]["id"].to_numpy(object)
    levels, level, first, last, exposure = columns
    return pd.DataFrame(
        {
            "identity": units.identity[lead],
            "holder": units.holder[lead],
            "resource": units.resource[lead],
            "grant": units.grant[lead],
            "fact": pd.Series(facts[units.grant[lead]], dtype=object),
            "levels": levels,
            "held": units.all_levels[lead].astype(np.int64),
            "level": level,
            "exposure": exposure.astype(float),
            "together": together,
            "first": first,
            "last": last,
        }
    )


def heaviest_of_each(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the heaviest grant of each identity, with a summary of all its grants.

    Added are `count`, `facts` (a tuple of ids, the heaviest first) and `earliest` (the earliest
    known `first`, else `NEVER`).
    """
    if rows.empty:
        return rows.assign(count=0, facts=rows["fact"], earliest=rows["first"])
    ranked = rows.sort_values(
        ["identity", "exposure", "fact"], ascending=[True, False, True], kind="stable"
    ).reset_index(drop=True)
    begin = np.flatnonzero(np.diff(ranked["identity"].to_numpy(np.int64), prepend=-1))
    ends = np.append(begin, len(ranked))[1:]
    facts = ranked["fact"].to_numpy(object)
    known = np.where(ranked["first"] == NEVER, np.iinfo(np.int64).max, ranked["first"])
    earliest = np.minimum.reduceat(known, begin)
    heaviest = ranked.iloc[begin].reset_index(drop=True)
    groups = [tuple(facts[a:b]) for a, b in zip(begin, ends, strict=True)]
    return heaviest.assign(
        count=ends - begin,
        facts=pd.Series(groups, index=heaviest.index, dtype=object),
        earliest=np.where(earliest == np.iinfo(np.int64).max, NEVER, earliest),
    )


def findings_of_heaviest(
    posture: Posture, rows: pd.DataFrame, sentences: list[str], remedies: list[str]
) -> pd.DataFrame:
    """Build findings from the rows of `heaviest_of_each`: one for each identity."""
    return findings_of(
        posture,
        rows["identity"].to_numpy(np.int64),
        sentences,
        since=rows["earliest"].to_numpy(np.int64),
        weighs=rows["exposure"].to_numpy(float),
        evidence=list(rows["facts"]),
        remedy=remedies,
    )


def decided(posture: Posture) -> Reviews:
    """Return the review decisions so far, once for a posture."""
    return reviews(posture.graph)


# -- words -----------------------------------------------------------------------------------------


class GrantWords(NamedTuple):
    """A grant in words: `name` may do `may` to `resource`, held `through` another node or not.

    `levels` are those concerned, `caveat` is a sentence of `caveats`, or "". `alone`: no other
    identity can act as the `holder`.
    """

    name: str
    holder: str
    resource: str
    may: str
    levels: str
    through: str
    caveat: str
    alone: bool

    @property
    def taken_away(self) -> str:
        """The levels to remove from this identity and from no other, in words."""
        access = f"{self.levels} on {self.resource}"
        if self.alone:
            return f"{access} from {self.holder}"
        return f"{access} from {self.name}, and leave {self.holder} to the others"


def in_words(posture: Posture, rows: pd.DataFrame) -> list[GrantWords]:
    """Return the texts of grants from rows of `by_grant`."""
    if rows.empty:
        return []
    names = posture.graph.things["name"].to_numpy(object)
    columns = [rows[c].tolist() for c in ("identity", "holder", "resource", "levels")]
    alone = actors(posture).alone[rows["holder"]] == rows["identity"]
    return [
        GrantWords(
            names[identity],
            names[holder],
            names[resource],
            VERB_WORDS[bits],
            LEVEL_WORDS[bits],
            "" if identity == holder else f" through {names[holder]}",
            caveat,
            own,
        )
        for identity, holder, resource, bits, caveat, own in zip(
            *columns, caveats(posture, rows), alone.tolist(), strict=True
        )
    ]


def since(instant: int) -> str:
    """Format the time since which something has not happened.

    >>> since(0), since(NEVER)
    ('since 1970-01-01', 'ever')
    """
    return "ever" if instant == NEVER else f"since {day(instant)}"


def all_since(instants: np.ndarray) -> list[str]:
    """Format the times since which many things have not happened."""
    distinct, place = np.unique(instants, return_inverse=True)
    words = [since(instant) for instant in distinct.tolist()]
    return [words[n] for n in place.tolist()]


def caveats(posture: Posture, rows: pd.DataFrame) -> list[str]:
    """Return a sentence for each grant tagged seasonal or break-glass; tags change no severity."""
    on = np.zeros((len(rows), len(MARKS)), bool)
    for place, mark in enumerate(MARKS.values()):
        node, grant = tagged(posture, mark), _grants_tagged(posture, mark)
        on[:, place] = grant[rows["grant"]] | node[rows["holder"]] | node[rows["identity"]]
    words = [""] * len(rows)
    for row in np.flatnonzero(on.any(axis=1)).tolist():
        words[row] = _caveat(on[row].tolist())
    return words


@once
def _grants_tagged(posture: Posture, wanted: re.Pattern[str]) -> np.ndarray:
    return bears(posture.graph.frames[CAN_ACCESS]["tags"], wanted)


def _caveat(on: list[bool]) -> str:
    marks = [mark for mark, marked in zip(MARKS, on, strict=True) if marked]
    return f" It is marked as {joined(marks)}: ask before removing it."


def findings_of_grants(
    posture: Posture,
    rows: pd.DataFrame,
    sentence: list[str],
    since: np.ndarray | pd.Series,
    remedy: list[str],
) -> pd.DataFrame:
    """Build the findings of a rule, one for each grant of an identity."""
    return findings_of(
        posture,
        rows["identity"].to_numpy(np.int64),
        sentence,
        since=np.asarray(since, np.int64),
        other=rows["resource"].to_numpy(np.int64),
        weighs=rows["exposure"].to_numpy(float),
        evidence=[(fact,) for fact in rows["fact"]],
        key=list(rows["fact"]),
        remedy=remedy,
    )


def idle_from(rows: pd.DataFrame) -> np.ndarray:
    """Return when each grant was last used, or granted if never used (milliseconds)."""
    at = rows["last"].to_numpy(np.int64)
    return np.where(at == NEVER, NEVER, at - UNUSED_DAYS * DAY)
