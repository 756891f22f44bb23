"""Orphans: identities without an owner in a role, and what a departure would orphan."""

import math
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analytics.answers.evidence_of_owners import confidence, conflicts
from analytics.answers.shape import cut, node_lists
from analytics.answers.table import Kind, Table, instants
from analytics.assumptions.entitlements import heaviest
from analytics.assumptions.model import NUMBER, model
from analytics.debt.owed import parts_of
from analytics.findings.families.ownership import (
    departed,
    in_role,
    leading,
    software_only,
    team_gaps,
)
from analytics.findings.rules import orphaning_rules
from analytics.kept.ahead import Ahead
from analytics.kept.answers import kept
from analytics.ownership.bus_factor import bus_factor, kept_by
from analytics.ownership.owners import NOBODY, ROLES, Ownership, ownership
from analytics.ownership.unowned_since import unowned_since
from analytics.posture import Posture
from analytics.remediation.succession import Succession, orphaned_by, secrets_known_to
from analytics.residue import judged
from graph.frames import records
from graph.schema import CREDENTIAL, HUMAN

HALF = 0.5


class NoPerson(Exception):
    """A node given as leaving that is no person."""

    exit_code, code = 2, "no-person"


@dataclass(frozen=True)
class Orphans:
    """The identities without an owner, and what departures would orphan; see `orphans`.

    `orphaned` has `identity` (a node), `rule`, `role`, `since`, `last_owner` (a node), `weighs` and
    `debt`. `would_orphan` has `identity`, `role`, `rule`, `since`, `nobody_left`, the lists
    `last_owners`, `successors` and `successors_gone`, `weighs`, `debt_at_once` and `debt_per_day`.
    `secrets_to_rotate` has, after the node `credential` itself, `action`, `because` (a list) and
    `storage`. `not_shown` counts the rows of the other lists that were cut. `lacking` counts the
    identities that lack an owner in a role, and `owed` is the debt for that, however many rows are
    shown.
    """

    orphaned: Table
    lacking: int
    owed: float
    would_orphan: Table
    secrets_to_rotate: Table
    debt_opening: dict[str, Any] | None
    not_shown: dict[str, int]
    bus_factor: dict[str, Any]
    conflicts: Table
    confidence: dict[str, Any]
    judged: int
    unknown: int
    left_out: int


@kept
def orphans(
    posture: Posture, leaving: tuple[int, ...] = (), limit: int = 0, share: float = HALF
) -> Orphans:
    """List the identities without an owner, by role, with the rule that explains it.

    `leaving` are people (numbers of nodes) assumed to be gone: `would_orphan` lists what they would
    leave behind and `debt_opening` what that would cost, `secrets_to_rotate` the credentials they
    could have copied. `bus_factor` is the fewest people whose departure leaves `share` of the
    weight that is owned today with no owner at all.

    Raises
    ------
    NoPerson
    """
    for number in leaving:
        if not posture.graph.has_label(HUMAN)[number]:
            raise NoPerson(f"{posture.graph.thing(number)['id']} is no person, so cannot leave")
    owed, every = _owed(posture), orphaned(posture, posture.ownership)
    shown, left_out = cut(every, limit)
    disputed = conflicts(posture)
    contested, hidden = cut(disputed.frame, limit)
    departures = _departures(posture, leaving, limit)
    return Orphans(
        orphaned=_orphaned(posture, shown, owed),
        lacking=int(every["identity"].nunique()),
        owed=math.fsum(_owed_for(every, owed)),
        would_orphan=departures.would_orphan,
        secrets_to_rotate=departures.secrets_to_rotate,
        debt_opening=departures.debt_opening,
        not_shown=departures.not_shown | {"conflicts": hidden},
        bus_factor=_bus_factor(posture, share, limit),
        conflicts=replace(disputed, frame=contested),
        confidence=confidence(posture),
        judged=len(judged(posture, np.ones(len(posture.in_service), bool))),
        unknown=len(judged(posture, ~posture.ownership.known)),
        left_out=left_out,
    )


def orphaned(posture: Posture, owned: Ownership) -> pd.DataFrame:
    """Return a row for each identity in service and each role in which it has no owner.

    Columns: `identity`, `role`, `rule` (the most specific ownership rule that explains it), `since`
    (milliseconds), `last_owner` (number, -1 for none) and `departed` (whether that is a person who
    left), the heaviest reach first.
    """
    parts = [_missing(posture, owned, role) for role in ROLES]
    rows = pd.concat(parts, ignore_index=True)
    rows["weighs"] = heaviest(posture)[rows["identity"]]
    return rows.sort_values(
        ["weighs", "identity", "role"], ascending=[False, True, True], ignore_index=True
    )


def _missing(posture: Posture, owned: Ownership, role: str) -> pd.DataFrame:
    identity = judged(posture, owned.missing(role))
    rows = pd.DataFrame({"identity": identity, "role": role, "rule": "", "last_owner": NOBODY})
    for rule, orphaning in orphaning_rules().items():
        mask = orphaning.explains(posture, owned, role)[identity]
        rows.loc[mask, "rule"] = rule.id
    rows["since"] = unowned_since(posture, role)[identity]
    for kind, statements in (
        ("software", software_only(owned)),
        ("team", team_gaps(owned)),  # also where a person or another team has the other role
        ("human", departed(owned)),
    ):
        last = leading(statements[statements["role"] == role], kind, "thing").set_index("thing")
        mask = rows["identity"].isin(last.index)
        rows.loc[mask, "last_owner"] = last["owner"].reindex(rows.loc[mask, "identity"]).to_numpy()
    rows["departed"] = in_role(owned, departed(owned), role)[identity]
    return rows


def _owed(posture: Posture) -> dict[tuple[int, str], float]:
    """Return the debt of each identity and role without an owner."""
    owed: dict[tuple[int, str], float] = {}
    for part in parts_of(posture):
        rows = part.rows
        mask = (rows.assumption == NUMBER["owner"]) & (rows.debt > 0)
        table = pd.DataFrame(
            {
                "identity": part.units.identity[rows.entitlement[mask]],
                "role": rows.names[rows.object[mask]],
                "debt": rows.debt[mask],
            }
        )
        owed |= table.groupby(["identity", "role"])["debt"].sum().to_dict()  # type: ignore[arg-type]
    return owed


def _owed_for(rows: pd.DataFrame, owed: dict[tuple[int, str], float]) -> np.ndarray:
    """Return the debt of each row of an identity and a role."""
    keys = zip(rows["identity"].tolist(), rows["role"].tolist(), strict=True)
    return np.array([owed.get(key, 0.0) for key in keys], np.float64)


def _orphaned(posture: Posture, rows: pd.DataFrame, owed: dict[tuple[int, str], float]) -> Table:
    columns = {
        "identity": rows["identity"].to_numpy(np.int64),
        "rule": rows["rule"].array,
        "role": rows["role"].array,
        "since": instants(rows["since"]),
        "last_owner": rows["last_owner"].to_numpy(np.int64),
        "weighs": rows["weighs"].to_numpy(np.float64),
        "debt": _owed_for(rows, owed),
    }
    kinds = dict.fromkeys(("identity", "last_owner"), Kind.NODE)
    return Table(pd.DataFrame(columns), posture.graph.things, kinds)


# -- departures -------------------------------------------------------------------------------


class _Departures(NamedTuple):
    """The parts of `Orphans` that are about people who leave."""

    would_orphan: Table
    secrets_to_rotate: Table
    debt_opening: dict[str, Any] | None
    not_shown: dict[str, int]


def _departures(posture: Posture, leaving: tuple[int, ...], limit: int) -> _Departures:
    """Return what `leaving` would leave behind; `not_shown` counts the rows that are cut."""
    if not leaving:
        nothing = Table(pd.DataFrame(), posture.graph.things)
        return _Departures(nothing, nothing, None, {})
    lost, secrets = orphaned_by(posture, leaving), secrets_known_to(posture, leaving)
    shown, hidden = cut(lost, limit)
    rotate, unrotated = cut(_secrets(posture, secrets), limit)
    then = orphaned(posture, ownership(posture.graph, leaving))
    explained = shown.merge(then, on=["identity", "role"], how="left")
    debt_opening = {
        "at_once": math.fsum(lost["principal"]),
        "per_day": math.fsum(lost["interest"]),
        "identities": int(lost["identity"].nunique()),
        "without_any_owner": int(lost["identity"][lost["nobody"]].nunique()),
        "model": {"id": model().id, "hash": model().hash},
    }
    return _Departures(
        _would_orphan(posture, explained, leaving),
        Table(rotate, posture.graph.things, {"credential": Kind.ITSELF}),
        debt_opening,
        {"would_orphan": hidden, "secrets_to_rotate": unrotated},
    )


def _would_orphan(posture: Posture, rows: pd.DataFrame, leaving: tuple[int, ...]) -> Table:
    identities = rows["identity"].to_numpy(np.int64)
    succession = Succession(posture, leaving, identities)
    pairs = zip(identities.tolist(), rows["role"].tolist(), strict=True)
    heirs = [succession.heirs(identity, role) for identity, role in pairs]
    columns = {
        "identity": identities,
        "role": rows["role"].array,
        "rule": rows["rule"].array,
        "since": instants(np.full(len(rows), posture.graph.now)),
        "nobody_left": rows["nobody"].to_numpy(bool),
        "last_owners": node_lists(posture, (each.last for each in heirs)),
        "successors": node_lists(posture, (each.stay for each in heirs)),
        "successors_gone": node_lists(posture, (each.gone for each in heirs)),
        "weighs": rows["weighs"].to_numpy(np.float64),
        "debt_at_once": rows["principal"].to_numpy(np.float64),
        "debt_per_day": rows["interest"].to_numpy(np.float64),
    }
    return Table(pd.DataFrame(columns), posture.graph.things, {"identity": Kind.NODE})


ACTIONS_AND_REASONS = {
    "holds": ("revoke", "{person} holds it"),
    "owns": ("rotate", "{person} runs {through}"),
    "reads": ("rotate", "{person} can read {through}"),
}


def _secrets(posture: Posture, rows: pd.DataFrame) -> pd.DataFrame:
    """Return each credential once, with every reason why a leaving person may know it."""
    graph, names = posture.graph, posture.graph.things["name"]
    stored = graph.frames[CREDENTIAL].set_index("id")["storage"]
    secrets = []
    for number, ways in rows.groupby("credential"):
        credential = int(str(number))
        reasons = [
            ACTIONS_AND_REASONS[r.because][1].format(
                person=names[r.person], through=names[r.through]
            )
            for r in records(ways)
        ]
        actions = {ACTIONS_AND_REASONS[because][0] for because in ways["because"]}
        action = "rotate" if "rotate" in actions else "revoke"
        storage = stored.get(graph.thing(credential)["id"])
        secrets.append((credential, action, list(dict.fromkeys(reasons)), storage))
    columns = ["credential", "action", "because", "storage"]
    frame = pd.DataFrame(secrets, columns=columns, dtype=object)
    return frame.astype({"credential": np.int64, "action": "string", "storage": "string"})


def _bus_factor(posture: Posture, share: float, limit: int) -> dict[str, Any]:
    """Return the people who own most of the reach; if nothing is owned, the reason for none."""
    kept = kept_by(posture)
    factor = bus_factor(kept, share)
    because = "nothing that anybody is known to own reaches a resource" if factor is None else None
    shown, left_out = cut(list(factor.people) if factor else [], limit)
    return {
        "people": [posture.graph.thing(n) for n in shown],
        "departures": len(factor.people) if factor else None,
        "share": factor.share if factor else None,
        "of": share,
        "exact": factor.exact if factor else None,
        "bound": factor.bound if factor else None,
        "owners": len(kept.people),
        "not_measured_because": because,
        "left_out": left_out,
    }


AHEAD = (Ahead(120, "owners", orphans),)
