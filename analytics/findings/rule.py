"""The type of a finding rule, and the frame that it returns."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from analytics.assumptions.entitlements import heaviest
from analytics.findings.closing import REVIEWED, Closing
from analytics.findings.feeds import Feeds
from analytics.findings.kind import FindingKind
from analytics.ownership.owners import Ownership
from analytics.posture import Posture
from graph.instants import NEVER

COLUMNS = (
    "subject",
    "object",
    "since",
    "sentence",
    "weighs",
    "evidence",
    "key",
    "remedy",
    "floor",
    "closed_by",
    "closes",
)


@dataclass(frozen=True, slots=True)
class Orphaning:
    """How a rule explains that a role of an identity has no owner.

    `words` are its title in a few words. `explains` returns a mask of the nodes (bool) that it
    explains this of, given the owners and the role. Where several do, the highest `order` counts.
    """

    words: str
    order: int
    explains: Callable[[Posture, Ownership, str], np.ndarray]


@dataclass(frozen=True, slots=True)
class Rule:
    """A check that returns a row for each thing it finds wanting.

    `weight` is that of the assumption it feeds. `needs` are the kinds of fact without which
    the rule cannot be evaluated; `facts` are the labels, types, tables and properties it rests on,
    alternatives parted by `|` (see `analytics.findings.rule_facts`); `feeds` are the items of debt
    that its findings are about. `find` returns a frame with
    the columns of `COLUMNS`: `subject` and `object` (numbers of nodes, -1 for none), `since`
    (milliseconds), `sentence`, `weighs` (the heaviest entitlement concerned, alpha * s * lambda),
    `evidence` (ids of relationships, as a tuple), `key` (what tells it from others of the same
    rule, subject and object, "" where there can be none), `remedy` (what to do in this case, ""
    where the rule's own says it), `floor` (the severity that it has at least, "" where its
    weight alone decides), `closed_by` (ids of the facts that `closing` is on, () for those of
    `evidence`) and `closes` (False where `closing` does not close it in this case).
    `closing` is the change that closes a finding, `kind` what the findings are about. A `general`
    rule is listed after its more specific siblings. `part_of` is the id of a rule that adds up what
    this one finds grant by grant, "" for none. A rule `of_series` finds what only a series of
    snapshots shows. `family` is the heading that it is listed under, "" for the letters of its id.
    `orphaning` is for a rule that explains why a role of an identity has no owner. `unapplied` is
    for one on decisions to revoke that were not carried out.
    """

    id: str
    name: str
    title: str
    weight: float
    needs: tuple[str, ...]
    facts: tuple[str, ...]
    feeds: Feeds
    remedy: str
    references: tuple[str, ...]
    find: Callable[[Posture], pd.DataFrame]
    general: bool = False
    part_of: str = ""
    closing: Closing = REVIEWED
    kind: FindingKind = FindingKind.CONTROL
    of_series: bool = False
    family: str = ""
    orphaning: Orphaning | None = None
    unapplied: bool = False


def findings_of(
    posture: Posture,
    subject: np.ndarray,
    sentence: list[str],
    *,
    since: np.ndarray | None = None,
    other: np.ndarray | None = None,
    weighs: np.ndarray | None = None,
    evidence: list[tuple[str, ...]] | None = None,
    key: list[str] | None = None,
    remedy: list[str] | None = None,
    floor: list[str] | None = None,
    closed_by: list[tuple[str, ...]] | None = None,
    closes: np.ndarray | None = None,
) -> pd.DataFrame:
    """Build the frame of a rule's findings; the default weight is the heaviest entitlement."""
    count = len(subject)
    if not count:
        return nothing()
    return pd.DataFrame(
        {
            "subject": np.asarray(subject),
            "object": np.full(count, -1) if other is None else np.asarray(other),
            "since": np.full(count, NEVER) if since is None else np.asarray(since),
            "sentence": _text(sentence),
            "weighs": np.asarray(heaviest(posture)[subject] if weighs is None else weighs),
            "evidence": evidence or [()] * count,
            "key": _text(key or [""] * count),
            "remedy": _text(remedy or [""] * count),
            "floor": _text(floor or [""] * count),
            "closed_by": pd.Series(closed_by or [()] * count, dtype=object),
            "closes": np.ones(count, bool) if closes is None else np.asarray(closes, bool),
        }
    )


def nothing() -> pd.DataFrame:
    """Return the frame of a rule without findings."""
    return _nothing().copy(deep=False)


def _text(words: list[str]) -> ExtensionArray:
    return pd.array(words, dtype="string")


@cache
def _nothing() -> pd.DataFrame:
    """Return the empty frame of findings."""
    numbers, words, facts = np.zeros(0, np.int64), _text([]), np.zeros(0, object)
    numeric = {"subject": numbers, "object": numbers, "since": numbers, "weighs": np.zeros(0)}
    columns = dict.fromkeys(("sentence", "key", "remedy", "floor"), words)
    other = {"evidence": facts, "closed_by": facts, "closes": np.zeros(0, bool)}
    return pd.DataFrame(numeric | columns | other)[list(COLUMNS)]


def day(instant: int) -> str:
    """Format an instant in milliseconds as its day in UTC.

    >>> day(0)
    '1970-01-01'
    """
    return str(np.datetime64(int(instant), "ms").astype("datetime64[D]"))


def days(instants: np.ndarray | pd.Series) -> list[str]:
    """Format many instants as `day` does each."""
    stamps = np.asarray(instants, np.int64).astype("M8[ms]").astype("M8[D]")
    texts: list[str] = np.datetime_as_string(stamps).tolist()
    return texts


def plural(count: int, noun: str, nouns: str = "") -> str:
    """Format a count with its noun.

    >>> plural(1, "grant"), plural(2, "grant"), plural(3, "identity", "identities")
    ('1 grant', '2 grants', '3 identities')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {nouns or noun + 's'}"


def verb(count: int, one_does: str, many_do: str) -> str:
    """Return the form of a verb after a count, as in "1 of 3 grants ends".

    >>> verb(1, "ends", "end"), verb(0, "ends", "end")
    ('ends', 'end')
    """
    return one_does if count == 1 else many_do


def joined(words: list[str]) -> str:
    """Join words with commas and "and".

    >>> joined(["list", "read", "write"])
    'list, read and write'
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
