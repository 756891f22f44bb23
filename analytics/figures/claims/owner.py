"""Owner: an active person or team answers for it, in business and in technical matters."""

import numpy as np
import pandas as pd

from analytics.figures.claim import Claim, Judged, facts_of
from analytics.ownership.owners import NOBODY, ROLES
from analytics.posture import Posture


def judge(posture: Posture) -> Judged:
    """Count the two roles of owners that are covered, missing or not known."""
    identities, owners = posture.accountable, posture.ownership
    names = posture.graph.things["name"].to_numpy(object)
    kept, failing, unknown = (np.zeros(len(identities), np.int64) for _ in range(3))
    words: list[list[str]] = [[] for _ in identities]
    for role in ROLES:
        owner, known = owners.covered[role][identities], owners.known_in[role][identities]
        nobody = owner == NOBODY
        kept += ~nobody
        failing += nobody & known
        unknown += nobody & ~known
        for place, number in enumerate(owner.tolist()):
            words[place].append(_word(role, names, number, bool(known[place])))
    because = np.array([f"{'; '.join(each)}." for each in words], object)
    return Judged(kept, failing, unknown, because, _facts(posture))


def _word(role: str, names: np.ndarray, owner: int, known: bool) -> str:
    if owner != NOBODY:
        return f"its {role} owner is {names[owner]}"
    return f"no active {role} owner" if known else f"its {role} owner is not known"


def _facts(posture: Posture) -> pd.DataFrame:
    """Return the statements of ownership of each identity; those of people who left fail."""
    owns = posture.ownership.owns
    thing = owns["thing"].to_numpy(np.int64)
    place = np.searchsorted(posture.accountable, thing)
    place = np.minimum(place, max(len(posture.accountable) - 1, 0))
    own = (posture.accountable[place] == thing) if len(posture.accountable) else thing < 0
    counting = (owns["active"] & ~owns["inferred"]).to_numpy(bool)
    return facts_of(place[own], owns["id"].to_numpy(object)[own], ~counting[own])


CLAIM = Claim(
    name="owner",
    order=1,
    says="An active person or team answers for it, in business and in technical matters.",
    needs=("owners",),
    otherwise="A statement of who owns it in the role that nobody states.",
    remedy="Assign an owner in each role that lacks one.",
    judge=judge,
)
