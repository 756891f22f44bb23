"""The teams that identities which are gone by now were last of."""

from analytics.debt.groups import NONE, keys
from analytics.history import Unread
from analytics.kept.walk import walked
from analytics.past import past
from analytics.posture import Posture
from graph.identity.renamed_ids import names_in

Teams = dict[str, str]  # the id of a team by that of an identity; "" for those of none


def of_team(posture: Posture, team: int) -> frozenset[str]:
    """Return the ids of the identities of a team: those it has, and those that were last of it.

    `team` is the number of a node, or `NONE` for the identities of no team. Whoever is accountable
    now is of the team of today, others are of that in the last snapshot in which they were.
    """
    history = posture.history
    chain = [Unread(history, i, i.taken_at) for i in past(posture)] if history is not None else []
    before = chain[-1].posture if chain else None
    last = _next(walked(_after, chain), before, posture) | _teams(posture)
    wanted = "" if team == NONE else posture.graph.thing(team)["id"]
    return frozenset(identity for identity, of in last.items() if of == wanted)


def _after(gone: Teams | None, before: Unread | None, snapshot: Unread) -> Teams:
    return _next(gone, before.posture if before is not None else None, snapshot.posture)


def _next(gone: Teams | None, before: Posture | None, now: Posture) -> Teams:
    """Return the last teams of who is gone after a posture, under its ids."""
    if before is None:
        return {}
    names = names_in(now.graph, [before.graph.identities])
    known = ((gone or {}) | _teams(before)).items()
    here = set(now.graph.things["id"].iloc[now.accountable])
    last = {names.get(identity, identity): names.get(of, of) for identity, of in known}
    return {identity: of for identity, of in last.items() if identity not in here}


def _teams(posture: Posture) -> Teams:
    """Return the team of each accountable identity."""
    ids = posture.graph.things["id"].to_numpy(object)
    of = [ids[number] if number != NONE else "" for number in keys(posture, "team").tolist()]
    return dict(zip(ids[posture.accountable].tolist(), of, strict=True))
