"""Credentials: each is a separate means of access, so it is judged for everything that it opens.

An identity's credentials are those it uses and those that authenticate as it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.assumptions import credential_states as states
from analytics.assumptions.judgement import Case, Part, Verdict
from analytics.assumptions.live_credentials import holdings
from analytics.gathered import spans
from analytics.posture import Posture
from graph.instants import NEVER
from graph.schema import CREDENTIAL

JUDGED = ("cred_storage", "cred_age", "cred_auth", "cred_shared", "cred_human")
BY_IDENTITY = True


@dataclass(frozen=True)
class CredentialPairs:
    """Pairs of accountable identity and credential, one position for each pair.

    `place` is a position in `Posture.accountable`, `row` one in the frame of credentials.
    """

    place: np.ndarray
    row: np.ndarray


def judge(case: Case) -> tuple[Verdict, ...]:
    """Judge the storage, age, strength, sharing and human use of each credential."""
    posture, rows = case.posture, holdings(case.posture)
    pairs = _of_units(case, credential_pairs(posture))
    count = np.bincount(pairs.place + 1, minlength=len(case.units.identities) + 1)[1:].astype(float)
    created, human = (rows[c].to_numpy(np.int64) for c in ("created", "human"))
    states_by_name = {
        "cred_storage": (states.storage(rows), created),
        "cred_age": states.age(rows, case.now, case.model.credential),
        "cred_auth": (states.strength(posture, rows), created),
        "cred_shared": (states.sharing(posture, rows), created),
        "cred_human": (states.human_use(posture, rows), human),
    }
    names = tuple(posture.graph.frames[CREDENTIAL]["id"].astype(str))
    return tuple(
        Verdict(name, count[case.units.place], (_spread(case, pairs, *state, names),))
        for name, state in states_by_name.items()
    )


def credential_pairs(posture: Posture) -> CredentialPairs:
    """Return the live credentials of each accountable identity."""
    rows, keys = holdings(posture), posture.graph.frames[CREDENTIAL]["id"]
    place = np.searchsorted(posture.accountable, rows["identity"].to_numpy(np.int64))
    row = np.full(len(posture.graph.ids), -1, np.int64)
    row[posture.graph.numbers(keys)] = np.arange(len(keys))
    return CredentialPairs(place, row[rows["number"].to_numpy(np.int64)])


def _of_units(case: Case, pairs: CredentialPairs) -> CredentialPairs:
    """Return the pairs with the place of each identity among those of the case, -1 for others."""
    identities = case.units.identities
    place = pd.Index(identities).get_indexer(pd.Index(case.posture.accountable[pairs.place]))
    return CredentialPairs(place, pairs.row)


def _spread(
    case: Case, pairs: CredentialPairs, state: np.ndarray, since: np.ndarray, names: tuple[str, ...]
) -> Part:
    """Return an item for each broken or unknown credential and each entitlement of its holder."""
    index = np.flatnonzero((state != states.KEPT) & (pairs.place >= 0))  # broken, or unknown
    place = pairs.place[index]
    begin = case.units.first[place]
    count = case.units.first[place + 1] - begin
    degree, row = np.repeat(state[index], count), np.repeat(pairs.row[index], count)
    return Part(
        spans(begin, count).astype(np.int32),
        degree,
        np.where(np.isnan(degree), NEVER, np.repeat(since[index], count)),
        row.astype(np.int32),
        names,
    )
