"""Claims of ownership: which sources name which owners, since when, and with what confidence.

A claim counts by its origin, and for less the longer nobody has confirmed it:

* declared when the node was made: 1; declared later: 0.8; inferred by somebody: 0.4;
* of a team instead of a person: 0.8 of that, because nobody in particular answers;
* halved for every `HALF_LIFE` days since the owner was named or last accepted; a claim
  without a date counts as one half-life old;
* 0 for an owner who is gone, and for software.

Sources that name the same owner strengthen each other: the remaining doubt is that of all of them
together, 1 - (1 - a)(1 - b). A role is as sure as the surest of its owners. An owner whom another
source contradicts is shown with half of the confidence, and with the conflict.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.ownership.owners import NOBODY, ROLES, role_of
from analytics.posture import Posture
from graph.frames import records
from graph.instants import DAY, NEVER, milliseconds
from graph.once import once
from graph.rows.as_of import in_force
from graph.schema import OWNS
from graph.values import UNIT_SEPARATOR

HALF_LIFE = 365  # days: an owner that was not confirmed within a year is half as sure
HOW = {"declared": 1.0, "declared_later": 0.8, "inferred": 0.4}
BY_TEAM = 0.8
CONTRADICTED = 0.5


@dataclass(frozen=True)
class OwnerEvidence:
    """The claims of all sources about owners.

    `statements` has a row for each statement of a source and scope in force: `thing`, `owner`
    (numbers), `role` (`business` or `technical`), `evidence` (its origin), `source`, `scope`,
    `since`, `acknowledged`, `read_at` (when the source was read; milliseconds), `kind`, `active`,
    `ended`, `confidence` (0 to 1), `contradicted` (bool) and `id`. `conflicts` has a row for each
    two sources that disagree; see `_conflicts`. `roles` has the `confidence` of each (`thing`,
    `role`) for which somebody active is named.
    """

    statements: pd.DataFrame
    conflicts: pd.DataFrame
    roles: pd.DataFrame


@once
def owner_evidence(posture: Posture) -> OwnerEvidence:
    """Return the statements of ownership with their confidence (cached)."""
    statements = _statements(posture)
    conflicts = _conflicts(statements)
    less = conflicts.explode("contradicted")[["thing", "role", "contradicted"]].dropna()
    keys = pd.MultiIndex.from_frame(less.astype({"contradicted": np.int64}).drop_duplicates())
    named = pd.MultiIndex.from_frame(statements[["thing", "role", "owner"]])
    statements["contradicted"] = named.isin(keys)
    statements["confidence"] *= np.where(statements["contradicted"], CONTRADICTED, 1.0)
    return OwnerEvidence(statements, conflicts, _roles(statements))


def _statements(posture: Posture) -> pd.DataFrame:
    """Return the statements of each source and scope, with the known facts about each owner."""
    graph, owns = posture.graph, posture.ownership.owns
    stated = graph.then.frames[OWNS]
    known = owns.drop_duplicates("id").set_index("id")[
        ["owner", "thing", "kind", "active", "ended"]
    ]
    current = in_force(stated, OWNS, graph.now, graph.looks_back)
    rows = stated[current & stated["id"].isin(known.index).to_numpy(bool)]
    read = {c.key: int(milliseconds(pd.Series([c.taken_at]))[0]) for c in graph.coverage}
    keys = zip(rows["source"], rows["scope"], strict=True)
    statements = known.loc[rows["id"]].reset_index()
    statements["role"] = role_of(rows).to_numpy(object)
    statements["evidence"] = _how(posture, rows, statements["thing"].to_numpy())
    statements["source"] = rows["source"].to_numpy(object)
    statements["scope"] = rows["scope"].to_numpy(object)
    statements["since"] = milliseconds(rows["since"])
    statements["acknowledged"] = np.minimum(milliseconds(rows["acknowledged_at"]), graph.now)
    statements["read_at"] = [read.get(key, NEVER) for key in keys]
    dated = statements[["since", "acknowledged"]].max(axis=1)  # default without a read source
    statements["read_at"] = statements["read_at"].where(statements["read_at"] != NEVER, dated)
    statements["confidence"] = _confidence(statements, graph.now)
    order = ["thing", "role", "source", "scope", "owner"]
    return pd.DataFrame(statements).sort_values(order, ignore_index=True)


def _how(posture: Posture, rows: pd.DataFrame, thing: np.ndarray) -> np.ndarray:
    """Return the origin of each statement: as declared, by default from its date."""
    created, since = posture.created_at[thing], milliseconds(rows["since"])
    later = (created != NEVER) & (since != NEVER) & (since > created + DAY)
    by_date = np.where(later, "declared_later", "declared")
    return np.where(rows["evidence"].notna(), rows["evidence"].fillna(""), by_date).astype(object)


def _confidence(statements: pd.DataFrame, now: int) -> np.ndarray:
    """Return the confidence of each statement by itself (0 to 1)."""
    vouched = statements[["since", "acknowledged"]].max(axis=1).to_numpy()
    age = np.where(vouched == NEVER, HALF_LIFE, (now - vouched) / DAY)
    by_team = np.where(statements["kind"] == "team", BY_TEAM, 1.0)
    base = statements["evidence"].map(HOW).to_numpy(float) * by_team
    fresh = base * 0.5 ** (np.maximum(age, 0) / HALF_LIFE)
    return np.asarray(np.where(statements["active"].to_numpy(bool), fresh, 0.0))


def _conflicts(statements: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of sources that do not agree on the owner of a node in a role.

    Two sources `disagree` when both name somebody active and share no owner. A source is `outdated`
    when all owners that it names are gone, while another one names somebody active. The source that
    was read later wins: the owners of the other are `contradicted`; where both were read at the
    same time, neither is.

    Returns
    -------
    DataFrame
        `thing`, `role`, `conflict` (`disagree` or `outdated`), `says` and `against` (pairs of
        source and scope), `owners` and `others` (whom each names), `contradicted` (numbers).
    """
    human = statements[statements["kind"].ne("software") & statements["evidence"].ne("inferred")]
    conflicts = []
    for (thing, role), group in human[_split(human)].groupby(["thing", "role"]):
        parts = [_side(key, part) for key, part in group.groupby(["source", "scope"])]
        for place, first in enumerate(parts):
            for second in parts[place + 1 :]:
                if (row := _conflict(first, second)) is not None:
                    conflicts.append({"thing": thing, "role": role} | row)
    columns = ["thing", "role", "conflict", "says", "against", "owners", "others", "contradicted"]
    return pd.DataFrame(conflicts, columns=columns)


def _split(statements: pd.DataFrame) -> np.ndarray:
    """Return a mask of the statements about roles without an owner that all scopes name."""
    role = [statements["thing"], statements["role"]]
    scope = statements["source"] + UNIT_SEPARATOR + statements["scope"]
    scopes = scope.groupby(role).transform("nunique")
    naming = scope.groupby([*role, statements["owner"]]).transform("nunique")
    return np.asarray(naming.groupby(role).transform("max") < scopes)


@dataclass(frozen=True)
class _Side:
    """The owners of a node in a role according to one source and scope."""

    key: tuple[str, str]
    read_at: int
    named: frozenset[int]
    active: frozenset[int]


def _side(key: object, part: pd.DataFrame) -> _Side:
    assert isinstance(key, tuple)
    active = part["owner"][part["active"].astype(bool)]
    return _Side(key, int(part["read_at"].max()), frozenset(part["owner"]), frozenset(active))


def _conflict(first: _Side, second: _Side) -> dict[str, object] | None:
    if first.read_at < second.read_at or not first.active:
        first, second = second, first
    if not first.active or first.named & second.named:
        return None
    late = first.read_at > second.read_at
    return {
        "conflict": "disagree" if second.active else "outdated",
        "says": first.key,
        "against": second.key,
        "owners": tuple(sorted(first.active)),
        "others": tuple(sorted(second.active or second.named)),
        "contradicted": tuple(sorted(second.active)) if late and second.active else (),
    }


def _roles(statements: pd.DataFrame) -> pd.DataFrame:
    """Return the confidence of each role of each node: that of the surest of its owners."""
    owners = [statements[name] for name in ("thing", "role", "owner")]
    doubt = (1 - statements["confidence"]).groupby(owners).prod()
    sure = (1 - doubt).groupby(level=["thing", "role"]).max()
    return sure[sure > 0].rename("confidence").reset_index()


def state_of(posture: Posture, number: int) -> dict[str, dict[str, object]]:
    """Return for each role how its owner is known, and with what confidence."""
    evidence, owned = owner_evidence(posture), posture.ownership
    about = evidence.statements[evidence.statements["thing"] == number]
    sure = evidence.roles[evidence.roles["thing"] == number].set_index("role")["confidence"]
    return {
        role: {
            "state": _state(about[about["role"] == role], bool(owned.known_in[role][number])),
            "inherited": bool(owned.inherited[role][number]),
            "covered": bool(owned.covered[role][number] != NOBODY),
            "confidence": float(sure.get(role, 0.0)),
        }
        for role in ROLES
    }


def _state(statements: pd.DataFrame, known: bool) -> str:
    """Return the best origin of a statement that names somebody active."""
    standing = statements[statements["active"].astype(bool)]
    for how in HOW:
        if (standing["evidence"] == how).any():
            return how
    return "none" if known else "unknown"


def statements_about(posture: Posture, number: int) -> list[Any]:
    """Return the statements about one node, as records."""
    statements = owner_evidence(posture).statements
    return list(records(statements[statements["thing"] == number]))
