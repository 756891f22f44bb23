"""A proof checked again: its digest, the facts that it rests on, and the question asked anew."""

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.prove import NothingToProve, command_of, digest_of, prove
from analytics.answers.table import Table, as_json
from analytics.posture import Posture
from analytics.proving.grounds import digests
from graph.schema import ELEMENTS
from graph.stores import NoSuchSnapshot, StoreError
from graph.values import WrongValue, instant

BY_NAME = {element.name: element for element in ELEMENTS}
GROUND = ("element", "id", "source", "scope", "sha256")
HOLDS, BROKEN, UNKNOWN = "holds", "broken", "unknown"


@dataclass(frozen=True)
class CheckedProof:
    """Whether a proof holds; see `check_proof`.

    `facts` counts what it rests on, `checked` those that were found as they were. `breaks` has
    `element`, `id`, `snapshot` and `reason` of the others, the document itself among them.
    `not_kept` are the snapshots that are not kept any more, in which nothing can be checked.
    `because` says what to do where a proof was cut; null of a complete one.
    """

    verdict: str
    facts: int
    checked: int
    breaks: Table
    not_kept: list[str]
    asked_again: str | None
    because: str | None

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
    if a snapshot under it is damaged. It is `unknown` if a snapshot is not kept any more, or if the
    document was cut by a limit, as its digest is of all rows. Otherwise the question is asked again
    of the newest snapshot named: `asked_again` is `same`, `other`, or null where that was not
    possible.

    Raises
    ------
    NoProof
    """
    proof = _checked_form(document)
    breaks: list[Break] = []
    differs = digest_of(proof) != proof["digest"]
    because = _cut_words(document, proof) if differs else None
    if differs and because is None:
        breaks.append(("Proof", "", None, "its digest is not that of its text"))
    at = instant(proof["claim"]["at"])
    grounds, not_kept, checked = list(proof["rests_on"]), [], 0
    grounds.sort(key=lambda ground: (ground["snapshot"] or "", ground["element"], ground["id"]))
    for snapshot, facts in groupby(grounds, key=lambda ground: ground["snapshot"]):
        wanted = list(facts)
        try:
            broken = list(_differing(posture, snapshot, wanted))
        except NoSuchSnapshot:
            not_kept.append(snapshot)
            continue
        except StoreError as error:  # nothing in it can be checked
            breaks.append(("Snapshot", "", snapshot, str(error)))
            continue
        breaks += broken
        checked += len(wanted) - len(broken)
    again = None if breaks or not_kept else _asked_again(posture, proof, at)
    if again == "other":
        breaks.append(("Proof", "", None, "asked again, the answer is another"))
    verdict = BROKEN if breaks else UNKNOWN if not_kept or because else HOLDS
    listed = _listed(posture, breaks)
    return CheckedProof(verdict, len(grounds), checked, listed, not_kept, again, because)


def _cut_words(document: dict[str, Any], proof: dict[str, Any]) -> str | None:
    """Return what to do about a proof of which an answer left out rows; None if it did not."""
    count = document.get("left_out")
    if not isinstance(count, int) or isinstance(count, bool) or count <= 0:
        return None
    rows = "1 row is" if count == 1 else f"{count:,} rows are"
    command = shlex.join([*command_of(proof["claim"]), "--out", "proof.json"])
    return f"the proof was cut: {rows} left out, and its digest is of all; write it with {command}"


def _checked_form(document: Any) -> dict[str, Any]:
    """Return the proof of a document, which may be in the envelope of an answer."""
    try:
        proof: dict[str, Any] = document.get("result", document)
        texts = list(_texts_of(proof))
        instant(proof["claim"]["at"])
    except (AttributeError, KeyError, TypeError, WrongValue):
        texts, proof = [None], {}
    if not all(isinstance(text, str) for text in texts):
        raise NoProof("is no proof: it lacks a claim, a digest or what it rests on")
    return proof


def _texts_of(proof: dict[str, Any]) -> Iterator[Any]:
    """Yield what must be text in a proof."""
    claim = proof["claim"]
    yield from (claim["identity"]["id"], claim["resource"]["id"], proof["digest"])
    yield from proof["snapshots"]
    yield from (proof["entitlement"]["state"], claim.get("use") or "", claim.get("level") or "")
    for ground in proof["rests_on"]:
        yield from (ground[name] for name in GROUND)
        yield ground["snapshot"] or ""


def _differing(
    posture: Posture, snapshot: str | None, grounds: Iterable[dict[str, Any]]
) -> Iterator[Break]:
    """Yield the facts that a snapshot does not have as the proof has them."""
    facts = _posture(posture, snapshot).graph.facts
    for name, own in groupby(grounds, key=lambda ground: ground["element"]):
        wanted, element = list(own), BY_NAME.get(name)
        if element is None:
            yield from ((name, g["id"], snapshot, "there is no such kind of fact") for g in wanted)
            continue
        by_fact = dict(digests(facts, element, sorted({g["id"] for g in wanted})))
        for ground in wanted:
            digest = by_fact.get((ground["id"], ground["source"], ground["scope"]))
            if digest != ground["sha256"]:
                reason = "it is not there" if digest is None else "it says something else"
                yield name, ground["id"], snapshot, reason


def _posture(posture: Posture, snapshot: str | None) -> Posture:
    """Return a snapshot of the store; what no snapshot has is in the journal beside it."""
    history = posture.history
    if history is None or snapshot is None:
        return posture
    if snapshot not in {info.id for info in history.every}:
        raise NoSuchSnapshot(snapshot)
    return history.posture(snapshot)


def _asked_again(posture: Posture, proof: dict[str, Any], at: pd.Timestamp) -> str | None:
    """Ask the question of a proof again; tell whether the answer is the same."""
    claim = proof["claim"]
    newest = _posture(posture, max(proof["snapshots"], default=None))
    names = claim["identity"]["id"], at, claim["resource"]["id"], claim["level"]
    try:
        again = as_json(prove(newest, *names, use=claim.get("use")))
    except NothingToProve:
        return "other"  # the use that it names is none
    return "same" if again["digest"] == proof["digest"] else "other"


def _listed(posture: Posture, breaks: list[Break]) -> Table:
    columns = ["element", "id", "snapshot", "reason"]
    frame = pd.DataFrame(np.array(breaks, object).reshape(-1, 4), columns=columns)
    return Table(frame, posture.graph.things)
