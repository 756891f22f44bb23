"""Orphans: identities without an owner in a role, and what a departure would orphan."""

import math
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.evidence_of_owners import confidence, conflicts
from analytics.answers.shape import cut, when
from analytics.assumptions.model import NUMBER
from analytics.debt.owed import debt_of
from analytics.findings.families.ownership import departed, software_only, uncovered
from analytics.ownership.bus_factor import bus_factor, kept_by
from analytics.ownership.owners import NOBODY, ROLES, Ownership, ownership
from analytics.ownership.unowned_since import unowned_since
from analytics.posture import Posture
from analytics.remediation.succession import Succession, orphaned_by, secrets_known_to
from analytics.residue import judged
from graph.access import NEVER
from graph.frames import records
from graph.schema import CREDENTIAL, HUMAN

HALF = 0.5


class NoPerson(Exception):
    """A node given as leaving that is no person."""

    exit_code, code = 2, "no-person"


def orphans(
    posture: Posture, leaving: tuple[int, ...] = (), limit: int = 0, share: float = HALF
) -> dict[str, Any]:
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
    rows = orphaned(posture, posture.ownership)
    shown, left_out = cut(rows, limit)
    owed = _owed(posture)
    disputed, undisputed = cut(conflicts(posture), limit)
    left = _departure(posture, leaving, limit)
    left["not_shown"] |= {"conflicts": undisputed}
    return {
        "orphaned": [_row(posture, r, owed) for r in records(shown)],
        **left,
        "bus_factor": _bus_factor(posture, share, limit),
        "conflicts": disputed,
        "confidence": confidence(posture),
        "judged": len(judged(posture, np.ones(len(posture.in_service), bool))),
        "unknown": len(judged(posture, ~posture.ownership.known)),
        "left_out": left_out,
    }


def orphaned(posture: Posture, owned: Ownership) -> pd.DataFrame:
    """Return a row for each identity in service and each role in which it has no owner.

    Columns: `identity`, `role`, `rule` (the most specific ownership rule that explains it), `since`
    (milliseconds) and `last_owner` (number, -1 for none), the heaviest reach first.
    """
    parts = [_missing(posture, owned, role) for role in ROLES]
    rows = pd.concat(parts, ignore_index=True)
    rows["weighs"] = posture.heaviest[rows["identity"]]
    return rows.sort_values(
        ["weighs", "identity", "role"], ascending=[False, True, True], ignore_index=True
    )


def _missing(posture: Posture, owned: Ownership, role: str) -> pd.DataFrame:
    identity = judged(posture, owned.missing(role))
    other = ROLES[1 - ROLES.index(role)]
    rows = pd.DataFrame({"identity": identity, "role": role})
    halved = owned.covered[other][identity] != NOBODY
    spawned = owned.parent[identity] >= 0
    rows["rule"] = np.select([spawned, halved], ["OWN-05", "OWN-04"], "OWN-01")
    rows["since"] = unowned_since(posture, role)[identity]
    rows["last_owner"] = NOBODY
    gaps = uncovered(owned)
    teams = gaps[(gaps["kind"] == "team") & ~gaps["inferred"]]
    for rule, statements in (
        ("OWN-06", software_only(owned).assign(ended=lambda r: r["since"])),
        ("OWN-03", teams),
        ("OWN-02", departed(owned)),
    ):
        of_role = statements[statements["role"] == role].sort_values("ended")
        last = of_role.drop_duplicates("thing", keep="last").set_index("thing")
        mask = rows["identity"].isin(last.index)
        rows.loc[mask, "rule"] = rule
        rows.loc[mask, "last_owner"] = last["owner"].reindex(rows.loc[mask, "identity"]).to_numpy()
        ended = rows["identity"].map(last["ended"]).fillna(NEVER).astype(np.int64)
        rows["since"] = rows["since"].mask(mask & (ended != NEVER), ended)
    return rows


def _owed(posture: Posture) -> dict[tuple[int, str], float]:
    """Return the debt of each identity and role without an owner."""
    debt = debt_of(posture)
    rows = debt.rows
    mask = (rows.assumption == NUMBER["owner"]) & (rows.debt > 0)
    table = pd.DataFrame(
        {
            "identity": debt.units.identity[rows.entitlement[mask]],
            "role": rows.about[mask],
            "debt": rows.debt[mask],
        }
    )
    return table.groupby(["identity", "role"])["debt"].sum().to_dict()  # type: ignore[return-value]


def _row(posture: Posture, row: Any, owed: dict[tuple[int, str], float]) -> dict[str, Any]:
    thing = posture.graph.thing
    return {
        "identity": thing(int(row.identity)),
        "rule": row.rule,
        "role": row.role,
        "since": when(int(row.since)) if row.since != NEVER else None,
        "last_owner": thing(int(row.last_owner)) if row.last_owner != NOBODY else None,
        "weighs": float(row.weighs),
        "debt": float(owed.get((int(row.identity), row.role), 0.0)),
    }


# -- departures -------------------------------------------------------------------------------


def _departure(posture: Posture, leaving: tuple[int, ...], limit: int) -> dict[str, Any]:
    """Return what `leaving` would leave behind; `not_shown` counts the rows that are cut."""
    if not leaving:
        nothing: dict[str, Any] = {"would_orphan": [], "secrets_to_rotate": []}
        return nothing | {"debt_opening": None, "not_shown": {}}
    lost, secrets = orphaned_by(posture, leaving), secrets_known_to(posture, leaving)
    shown, hidden = cut(lost, limit)
    rotate, unrotated = cut(_secrets(posture, secrets), limit)
    heirs = Succession(posture, leaving, shown["identity"].to_numpy())
    then = orphaned(posture, ownership(posture.graph, leaving))
    explained = shown.merge(then, on=["identity", "role"], how="left")
    return {
        "would_orphan": [_would(posture, r, heirs) for r in records(explained)],
        "secrets_to_rotate": rotate,
        "debt_opening": {
            "at_once": math.fsum(lost["principal"]),
            "per_day": math.fsum(lost["interest"]),
            "identities": int(lost["identity"].nunique()),
            "without_any_owner": int(lost["identity"][lost["nobody"]].nunique()),
            "model": {"id": debt_of(posture).model.id, "hash": debt_of(posture).model.hash},
        },
        "not_shown": {"would_orphan": hidden, "secrets_to_rotate": unrotated},
    }


def _would(posture: Posture, row: Any, succession: Succession) -> dict[str, Any]:
    thing, identity = posture.graph.thing, int(row.identity)
    heirs = succession.heirs(identity, row.role)
    return {
        "identity": thing(identity),
        "role": row.role,
        "rule": row.rule,
        "since": when(int(row.since)),
        "nobody_left": bool(row.nobody),
        "last_owners": [thing(n) for n in heirs.last],
        "successors": [thing(n) for n in heirs.stay],
        "successors_gone": [thing(n) for n in heirs.gone],
        "weighs": float(row.weighs),
        "debt_at_once": float(row.principal),
        "debt_per_day": float(row.interest),
    }


ACTIONS_AND_REASONS = {
    "holds": ("revoke", "{person} holds it"),
    "owns": ("rotate", "{person} runs {through}"),
    "reads": ("rotate", "{person} can read {through}"),
}


def _secrets(posture: Posture, rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return each credential once, with every reason why a leaving person may know it."""
    graph, names = posture.graph, posture.graph.things["name"]
    stored = graph.frames[CREDENTIAL].set_index("id")["storage"]
    secrets = []
    for number, ways in rows.groupby("credential"):
        thing = graph.thing(int(str(number)))
        reasons = [
            ACTIONS_AND_REASONS[r.because][1].format(
                person=names[r.person], through=names[r.through]
            )
            for r in records(ways)
        ]
        actions = {ACTIONS_AND_REASONS[because][0] for because in ways["because"]}
        storage = stored.get(thing["id"])
        secrets.append(
            thing
            | {
                "action": "rotate" if "rotate" in actions else "revoke",
                "because": list(dict.fromkeys(reasons)),
                "storage": None if pd.isna(storage) else storage,
            }
        )
    return secrets


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
