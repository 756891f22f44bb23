"""Credentials: each one is a way in of its own, so each is judged for all that it opens.

Those of an identity are the ones it uses, and the ones that are taken for it itself.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.debt.case import Case, Part, Verdict
from analytics.debt.entitlements import identity_edges
from analytics.ownership import DAY
from analytics.posture import Posture
from graph.access import NEVER, milliseconds
from graph.schema import AUTHENTICATES_AS, CREDENTIAL, USES

SECRETLESS = ("federated", "workload")  # types that hold no secret
KEPT, BROKEN, UNKNOWN = 0.0, 1.0, np.nan


@dataclass(frozen=True)
class Held:
    """Which accountable identity holds which credential, one position for each pair.

    `place` is a position in `Posture.accountable`, `row` one in the frame of credentials.
    """

    place: np.ndarray
    row: np.ndarray


def judge(case: Case) -> tuple[Verdict, ...]:
    """Judge where each is kept, its age, its strength, who shares it and whether people use it."""
    posture, pairs = case.posture, held(case.posture)
    frame = posture.graph.frames[CREDENTIAL]
    count = np.bincount(pairs.place, minlength=len(case.units.identities)).astype(float)
    secret = ~frame["type"].isin(SECRETLESS).to_numpy(bool)
    created = milliseconds(frame["created_at"])
    human = milliseconds(frame["human_used_at"])
    states = {
        "cred_storage": (np.where(secret, _storage(frame), KEPT), created),
        "cred_age": _age(case, frame, secret),
        "cred_auth": (np.where(secret, _strength(frame), KEPT), created),
        "cred_shared": (np.where(_shared(pairs, len(frame)), BROKEN, KEPT), created),
        "cred_human": (np.where((human != NEVER) & (human <= case.now), BROKEN, KEPT), human),
    }
    names = tuple(frame["id"].astype(str))
    return tuple(
        Verdict(name, count[case.units.place], (_spread(case, pairs, *state, names),))
        for name, state in states.items()
    )


def held(posture: Posture) -> Held:
    """Return the credentials of each accountable identity, without those that somebody ended."""
    graph = posture.graph
    place = np.full(len(graph.ids), -1, np.int64)
    place[posture.accountable] = np.arange(len(posture.accountable))
    row = np.full(len(graph.ids), -1, np.int64)
    row[graph.numbers(graph.frames[CREDENTIAL]["id"])] = np.arange(len(graph.frames[CREDENTIAL]))
    user, used = (end[identity_edges(posture, USES)] for end in graph.ends(USES))
    key, taken_for = (
        end[identity_edges(posture, AUTHENTICATES_AS)] for end in graph.ends(AUTHENTICATES_AS)
    )
    who, what = np.concatenate([user, taken_for]), np.concatenate([used, key])
    pairs = np.stack([place[who], row[what]], axis=1)
    pairs = np.unique(pairs[(pairs >= 0).all(axis=1)], axis=0)
    return Held(pairs[:, 0], pairs[:, 1])


def _storage(frame: pd.DataFrame) -> np.ndarray:
    said = frame["storage"].fillna("unknown")
    return np.asarray(
        np.select([(said == "vault").to_numpy(bool), (said == "unknown").to_numpy(bool)],
                  [KEPT, UNKNOWN], BROKEN)
    )  # fmt: skip


def _strength(frame: pd.DataFrame) -> np.ndarray:
    said = frame["strength"]
    return np.asarray(
        np.select([(said == "strong").fillna(False).to_numpy(bool),
                   (said == "weak").fillna(False).to_numpy(bool)], [KEPT, BROKEN], UNKNOWN)
    )  # fmt: skip


def _age(case: Case, frame: pd.DataFrame, secret: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Judge by the last change of its value, and by how long that is valid."""
    days = int(case.model.credential * DAY)
    rotated = milliseconds(frame["rotated_at"])
    rotated = np.where(rotated <= case.now, rotated, NEVER)
    last = np.maximum(milliseconds(frame["created_at"]), rotated)
    expires, known = milliseconds(frame["expires_at"]), last != NEVER
    last = np.where(known, last, 0)
    long = ((expires == NEVER) | (expires - last > days)) & (case.now - last > days)
    state = np.where(known, np.where(long, BROKEN, KEPT), UNKNOWN)
    return np.where(secret, state, KEPT), np.where(known, last + days, NEVER)


def _shared(pairs: Held, credentials: int) -> np.ndarray:
    return np.bincount(pairs.row, minlength=credentials) > 1


def _spread(
    case: Case, pairs: Held, state: np.ndarray, since: np.ndarray, names: tuple[str, ...]
) -> Part:
    """Put what is wrong with a credential on every entitlement of who holds it."""
    mine = np.flatnonzero(state[pairs.row] != KEPT)  # broken, or unknown
    place, row = pairs.place[mine], pairs.row[mine]
    begin = case.units.first[place]
    count = case.units.first[place + 1] - begin
    offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    row = np.repeat(row, count)
    return Part(
        (np.repeat(begin, count) + offset).astype(np.int32),
        state[row],
        np.where(np.isnan(state[row]), NEVER, since[row]),
        row.astype(np.int32),
        names,
    )
