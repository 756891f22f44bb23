"""A proof checked again: its digest, the facts that it rests on, and the question asked anew."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analytics.answers.prove import as_document, digest_of, prove
from analytics.answers.table import Table
from analytics.evidence.proving.grounds import digest_of as digest_of_rows
from analytics.history import History
from analytics.posture import Posture
from graph.element import Table as Records
from graph.schema import ELEMENTS
from graph.stores import NoSuchSnapshot, StoreError
from graph.values import WrongValue, instant, text_array

BY_NAME = {element.name: element for element in ELEMENTS}
HOLDS, BROKEN, UNKNOWN = "holds", "broken", "unknown"


@dataclass(frozen=True)
class CheckedProof:
    """Whether a proof holds; see `check_proof`.

    `facts` counts what it rests on, `checked` those that were found as they were. `breaks` has
    `element`, `id`, `snapshot` and `reason` of the others, the document itself among them.
    `not_kept` are the snapshots that are not kept any more, in which nothing can be checked.
    """

    verdict: str
    facts: int
    checked: int
    breaks: Table
    not_kept: list[str]
    asked_again: str | None

    @property
    def broken(self) -> bool:
        """Whether anything is not as the proof says."""
        return self.verdict == BROKEN


class NoProof(ValueError):
    """A document that is no proof; the message says why."""


Break = tuple[str, str, str | None, str]


def check_proof(posture: Posture, document: Any) -> CheckedProof:
    """Check a proof, as plain data, against the store of a posture.

    It is `broken` if its digest is another, if a fact that it rests on is not there or differs, or
    if a snapshot under it is damaged. It is `unknown` if a snapshot is not kept any more. Otherwise
    the question is asked again of the newest snapshot named: `asked_again` is `same`, `other`, or
    null where that was not possible.

    Raises
    ------
    NoProof
    """
    proof = _checked_form(document)
    breaks: list[Break] = []
    if digest_of(proof) != proof["digest"]:
        breaks.append(("Proof", "", None, "its digest is not that of its text"))
    at = instant(proof["claim"]["at"])
    grounds, not_kept, checked = list(proof["rests_on"]), [], 0
    grounds.sort(key=lambda ground: (ground["snapshot"] or "", ground["element"], ground["id"]))
    for snapshot, facts in groupby(grounds, key=lambda ground: ground["snapshot"]):
        wanted = list(facts)
        try:
            broken = list(_differing(posture, snapshot, at, wanted))
        except NoSuchSnapshot:
            not_kept.append(snapshot)
            continue
        except StoreError as error:
            broken = [("Snapshot", "", snapshot, str(error))]
        breaks += broken
        checked += max(len(wanted) - len(broken), 0)
    again = None if breaks or not_kept else _asked_again(posture, proof, at)
    if again == "other":
        breaks.append(("Proof", "", None, "asked again, the answer is another"))
    verdict = BROKEN if breaks else UNKNOWN if not_kept else HOLDS
    return CheckedProof(verdict, len(grounds), checked, _listed(posture, breaks), not_kept, again)


def _checked_form(document: Any) -> dict[str, Any]:
    """Return the proof of a document, which may be in the envelope of an answer."""
    proof = document.get("result", document) if isinstance(document, dict) else None
    try:
        assert isinstance(proof, dict)
        instant(proof["claim"]["at"])
        facts = [(g["element"], g["id"], g["sha256"], g["snapshot"]) for g in proof["rests_on"]]
        names = [proof["claim"]["identity"]["id"], proof["claim"]["resource"]["id"]]
        assert all(isinstance(text, str) for text in (*names, proof["digest"]))
        assert all(isinstance(text, str) for fact in facts for text in fact[:3])
        return proof
    except (AssertionError, KeyError, TypeError, WrongValue):
        raise NoProof("is no proof: it lacks a claim, a digest or what it rests on") from None


def _differing(
    posture: Posture, snapshot: str | None, at: pd.Timestamp, facts: Iterable[dict[str, Any]]
) -> Iterator[Break]:
    """Yield the facts that a snapshot does not have as the proof has them."""
    for name, own in groupby(facts, key=lambda fact: fact["element"]):
        wanted = list(own)
        element = BY_NAME.get(name)
        if element is None:
            yield from ((name, f["id"], snapshot, "there is no such kind of fact") for f in wanted)
            continue
        # Records are of the snapshot itself; everything else is as of the instant.
        moment = None if isinstance(element, Records) else at
        frame = _posture(posture, snapshot, moment).graph.frames[element]
        ids = pa.array([f["id"] for f in wanted], pa.string())
        rows = frame[pc.is_in(text_array(frame["id"]), ids).to_numpy(zero_copy_only=False)]
        digests = {str(id_): digest_of_rows(element, same) for id_, same in rows.groupby("id")}
        for fact in wanted:
            digest = digests.get(fact["id"])
            if digest != fact["sha256"]:
                reason = "it is not there" if digest is None else "it says something else"
                yield name, fact["id"], snapshot, reason


def _posture(posture: Posture, snapshot: str | None, at: pd.Timestamp | None) -> Posture:
    history = posture.history
    if history is None or snapshot is None:
        return posture
    info = _info(history, snapshot)
    return history.posture(info.id, None if at == info.taken_at else at)


def _info(history: History, snapshot: str) -> Any:
    infos = [info for info in history.every if info.id == snapshot]
    if not infos:
        raise NoSuchSnapshot(snapshot)
    return infos[0]


def _asked_again(posture: Posture, proof: dict[str, Any], at: pd.Timestamp) -> str | None:
    """Ask the question of a proof again; tell whether the answer is the same."""
    history, claim = posture.history, proof["claim"]
    newest = _posture(posture, max(proof["snapshots"], default=None), None)
    names = claim["identity"]["id"], at, claim["resource"]["id"], claim["level"]
    if history is not None:
        newest.history = history
    again = as_document(prove(newest, *names))
    return "same" if again["digest"] == proof["digest"] else "other"


def _listed(posture: Posture, breaks: list[Break]) -> Table:
    columns = ["element", "id", "snapshot", "reason"]
    frame = pd.DataFrame(np.array(breaks, object).reshape(-1, 4), columns=columns)
    return Table(frame, posture.graph.things)
