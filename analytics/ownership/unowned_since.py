"""Since when nobody answers for a node: by the dates of its owners, else by earlier snapshots."""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics.ownership.owners import NOBODY, ROLES, active_people, evidence_of, stated_in
from analytics.past import past, versions
from analytics.posture import Posture
from analytics.residue import ended_at
from graph.element import Node
from graph.instants import LATER, NEVER, milliseconds
from graph.once import once
from graph.schema import GROUP, HUMAN, OWNS, SPAWNS, TEAM
from graph.stores import SnapshotInfo

if TYPE_CHECKING:
    from analytics.history import History

GONE_UNDATED = np.iinfo(np.int64).max
KEPT_AS = "owned"


def unowned_since(posture: Posture, role: str) -> np.ndarray:
    """Return since when nobody answers for each node in `role`, for nodes without an owner now.

    In milliseconds: when the last of its owners left, or the last that it inherited from a parent,
    or that parent ended. Where none of them is dated, or stated any more: when that was by the last
    snapshot that states it, or when one last showed an owner; else when the node was created.
    `NEVER` where an owner left and none of it is dated.
    """
    since = _unowned_since(posture, role)
    return np.where(since == GONE_UNDATED, NEVER, since)


def vacant_since(posture: Posture, role: str) -> np.ndarray:
    """Return the same by what this snapshot states alone; `NEVER` where an owner left undated."""
    heir, since = _by_dates(posture, role)
    return np.where(heir == GONE_UNDATED, NEVER, since)


def unowned_whole_since(posture: Posture) -> np.ndarray:
    """Return since when nobody answers for each node in any role (milliseconds)."""
    since = last_answered(posture)
    return np.where(since == GONE_UNDATED, NEVER, since)


def last_answered(posture: Posture) -> np.ndarray:
    """Return the same, but `GONE_UNDATED` where an owner in any role left undated."""
    return np.asarray(np.maximum.reduce([_unowned_since(posture, role) for role in ROLES]))


def alone_since(since: np.ndarray, gone: np.ndarray) -> np.ndarray:
    """Return since when owners of one kind are the only ones (milliseconds).

    They own since `since`, and the others are gone since `gone`, which may be `GONE_UNDATED`.
    """
    return np.where(gone == GONE_UNDATED, NEVER, np.maximum(since, gone))


def last_person_left(posture: Posture) -> np.ndarray:
    """Return when the last person who owned each node in any role left (milliseconds).

    `NEVER` where none did, and `GONE_UNDATED` where one did and nobody says when.
    """
    return np.asarray(np.maximum.reduce([_departed(posture, role, (HUMAN,)) for role in ROLES]))


@once
def _unowned_since(posture: Posture, role: str) -> np.ndarray:
    heir, since = _by_dates(posture, role)
    undated = (heir == NEVER) | (heir == GONE_UNDATED)
    wanted = undated & posture.ownership.missing(role)
    last = _last_owned(posture, role, wanted, wanted & (heir == NEVER))
    dated = np.where(heir == GONE_UNDATED, last, np.maximum(last, since))
    return np.where(last != NEVER, dated, np.where(heir == GONE_UNDATED, GONE_UNDATED, since))


@once
def _by_dates(posture: Posture, role: str) -> tuple[np.ndarray, np.ndarray]:
    """Return when the last owner of each node left, and since when it has none by that.

    The first is that of its own or of a parent's owners, `NEVER` where none left and `GONE_UNDATED`
    where one did undated; the second is when the node was created where none left.
    """
    own = _departed(posture, role)
    heir = own.copy()
    parent, child, until = _handed_down(posture)
    answers = posture.ownership.covered[role][parent] != NOBODY
    while True:  # one round per generation
        before = heir.copy()
        np.maximum.at(heir, child, _lost(before[parent], answers, until))
        if np.array_equal(before, heir):
            break
    inherited = np.where(heir > own, np.maximum(heir, posture.created_at), NEVER)
    since = np.where(own != NEVER, np.maximum(own, inherited), inherited)
    return heir, np.where(heir == NEVER, posture.created_at, since)


def _handed_down(posture: Posture) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return parents and children, and until when ownership was inherited (milliseconds).

    `LATER` where it still is, because the parent is in service; `NEVER` where it ended undated.
    """
    graph = posture.graph
    parent, child = graph.ends(SPAWNS)
    parted = milliseconds(graph.frames[SPAWNS]["valid_to"])
    over = (parted != NEVER) & (parted <= graph.now)
    until = np.where(posture.in_service, LATER, ended_at(posture))[parent]
    until = np.minimum(until, np.where(over, parted, LATER))
    kept = (graph.in_force(SPAWNS) | over) & (parent != child)
    return parent[kept], child[kept], until[kept]


def _lost(heir: np.ndarray, answers: np.ndarray, until: np.ndarray) -> np.ndarray:
    """Return when each child lost the owner of its parent; see `_departed` and `_handed_down`.

    `heir` is when the parent lost its own, `answers` says whether somebody still answers for it.
    """
    owned, undated = answers | (heir != NEVER), (heir == GONE_UNDATED) & ~answers
    dated = np.where(answers, until, np.minimum(heir, until))
    ended = np.where(undated | (until == NEVER), GONE_UNDATED, dated)
    still = np.where(answers, NEVER, heir)
    return np.where(until == LATER, still, np.where(owned, ended, NEVER))


def _departed(
    posture: Posture, role: str, labels: tuple[Node, ...] = (HUMAN, TEAM, GROUP)
) -> np.ndarray:
    """Return when the last owner of each node in `role` left; `NEVER` where none did.

    Only owners of some `labels` are looked at; where one left undated, it is `GONE_UNDATED`.
    """
    graph = posture.graph
    owns = posture.ownership.owns
    departed = np.full(len(graph.ids), NEVER)
    left = ~owns["active"].to_numpy(bool) & ~owns["inferred"].to_numpy(bool)
    if left.any():
        gone = owns[left & (owns["role"] == role).to_numpy(bool)]
        gone = gone[graph.has_label(*labels)[gone["owner"]]]
        went = np.where(gone["ended"] == NEVER, GONE_UNDATED, gone["ended"])
        np.maximum.at(departed, gone["thing"].to_numpy(), went)
    np.maximum.at(departed, *_statements_ended(posture, role, labels))
    return departed


def _statements_ended(
    posture: Posture, role: str, labels: tuple[Node, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Return things of which statements of ownership by some labels ended, or their owner left.

    The second is when that was.
    """
    graph, frame = posture.graph, posture.graph.frames[OWNS]
    valid_to = milliseconds(frame["valid_to"])
    if not (over := (valid_to != NEVER) & (valid_to <= graph.now)).any():
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    owner, thing = graph.ends(OWNS)
    person, left_at = active_people(graph)
    left = left_at[owner]
    at = np.where((left != NEVER) & ~person[owner], np.minimum(valid_to, left), valid_to)
    over &= stated_in(frame.assign(evidence=evidence_of(graph)), role)
    over &= graph.has_label(*labels)[owner]
    return thing[over], at[over]


# -- what snapshots showed -------------------------------------------------------------------------


@dataclass(frozen=True)
class _Shown:
    """What a snapshot shows of one role: hashes (uint64) of the ids of nodes.

    `owned` have an owner; `vacant` had one who left, `since` when (`GONE_UNDATED` if unknown).
    """

    owned: np.ndarray
    vacant: np.ndarray
    since: np.ndarray


def _last_owned(
    posture: Posture, role: str, wanted: np.ndarray, unstated: np.ndarray
) -> np.ndarray:
    """Return the instant of the last earlier snapshot with an owner in `role` (milliseconds).

    Only for the nodes `wanted` (bool); `NEVER` for others, and where no snapshot shows one. Of
    those of which no owner is stated any more (`unstated`), what a snapshot after that says of when
    the last one left counts. A node is found under any of its merged ids.
    """
    last, undated = np.full(len(wanted), NEVER), np.zeros(len(wanted), bool)
    infos = past(posture) if wanted.any() else ()
    if not infos:
        return last
    owned, (hashes, node) = _owned(posture, infos), _hashes_of_nodes(posture)
    sought = wanted[node]
    for info in reversed(infos):
        sought &= last[node] == NEVER
        shown = owned[info.id][ROLES.index(role)]
        here = node[sought][np.isin(hashes[sought], shown.owned)]
        left, since = _left(shown, hashes, np.flatnonzero(sought & unstated[node]))
        dated = (since != GONE_UNDATED) & ~undated[node[left]]
        undated[node[left[since == GONE_UNDATED]]] = True
        np.maximum.at(last, node[left[dated]], since[dated])
        last[here] = int(milliseconds(pd.Series([info.taken_at]))[0])
    return np.where(undated & (last == NEVER), GONE_UNDATED, last)


def _left(shown: _Shown, hashes: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return those of some rows of `hashes` that were vacant, and since when (milliseconds)."""
    order = np.argsort(shown.vacant)
    vacant, wanted = shown.vacant[order], hashes[rows]
    place = np.searchsorted(vacant, wanted)
    match = np.append(vacant, np.uint64(0))[place] == wanted
    match &= place < len(vacant)
    return rows[match], shown.since[order][place[match]]


@once
def _hashes_of_nodes(posture: Posture) -> tuple[np.ndarray, np.ndarray]:
    """Return the hash (uint64) of every id of every node, merged ones included, and the node."""
    ids, merged = posture.graph.things["id"].tolist(), posture.graph.identities.merged
    names = [merged.get(id_, (id_,)) for id_ in ids]
    hashes = np.array([_hash(each) for every in names for each in every], np.uint64)
    return hashes, np.repeat(np.arange(len(ids)), [len(every) for every in names])


def _owned(posture: Posture, infos: tuple[SnapshotInfo, ...]) -> dict[str, list[_Shown]]:
    """Return for each snapshot what it shows of each role.

    They are read from the journal, else computed again.
    """
    history, journal = posture.history, posture.journal
    assert history is not None
    known = _looked_up(history)
    lacking = [info for info in infos if info.id not in known]
    version, fresh = versions(journal, lacking), {}
    for info in lacking:
        data = journal.seen(info.id, version[info.id], KEPT_AS) if journal is not None else None
        if data is None:
            data = _encoded(history.posture(info.id))
            fresh[info.id] = version[info.id], data
        known[info.id] = _decoded(data)
    if fresh and journal is not None:
        journal.keep_seen(fresh, [info.id for info in history.every], KEPT_AS)
    return known


@once
def _looked_up(history: "History") -> dict[str, list[_Shown]]:
    """Return the cache of what each snapshot shows, empty at first."""
    return {}


def _encoded(posture: Posture) -> bytes:
    """Return what a snapshot shows as bytes: of each role the counts, the hashes, the instants."""
    ids, parts = posture.graph.things["id"].to_numpy(object), list[bytes]()
    for role in ROLES:
        heir, since = _by_dates(posture, role)
        owned = np.flatnonzero(posture.ownership.covered[role] != NOBODY)
        vacant = np.flatnonzero(posture.ownership.missing(role) & (heir != NEVER))
        hashes = [_hash(ids[n]) for n in (*owned, *vacant)]
        parts.append(np.array([len(owned), len(vacant), *hashes], "<u8").tobytes())
        parts.append(since[vacant].astype("<i8").tobytes())
    return b"".join(parts)


def _decoded(data: bytes) -> list[_Shown]:
    values, shown = np.frombuffer(data, "<u8"), list[_Shown]()
    for _ in ROLES:
        owned, vacant = values[:2].astype(int).tolist()
        parts = np.split(values[2:], np.cumsum([owned, vacant, vacant]))
        shown.append(_Shown(parts[0], parts[1], parts[2].view("<i8")))
        values = parts[3]
    return shown


def _hash(id_: str) -> int:
    """Return a number for an id, the same in every process."""
    return int.from_bytes(hashlib.blake2b(id_.encode(), digest_size=8).digest(), "big")
