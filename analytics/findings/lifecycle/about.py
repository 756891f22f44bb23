"""Accepted findings by the ids they are about, with the time spans of their acceptance."""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from analytics.findings.evaluation import RANK, find_all
from analytics.findings.lifecycle.accepted import revived
from analytics.findings.lifecycle.states import LISTED, STATES, Lives, listed, lives
from analytics.posture import Posture
from graph.access import AccessGraph
from graph.frames import records
from graph.instants import NEVER, milliseconds
from graph.journal.entries import Acceptance
from graph.once import once
from graph.values import UNIT_SEPARATOR

Span = tuple[int, int]  # start and end, in milliseconds
Parts = tuple[str, ...]  # the parts that the id of a finding is hashed from


@dataclass(frozen=True)
class Accepted:
    """A finding by the parts of its id, with the time `spans` in which it was accepted.

    `subject` and `object` are ids of nodes ("" for no object), `key` holds the parts of its key.
    """

    rule: str
    subject: str
    object: str
    key: Parts
    spans: tuple[Span, ...]


def what_it_is_about(posture: Posture, finding: str) -> Parts:
    """Return rule, subject, object and key of a finding ever seen, as ids; else ()."""
    return _of_rows(posture, listed(posture, STATES, finding)).get(finding, ())


def takes_two(posture: Posture, finding: str) -> bool:
    """Return whether a finding is critical, so that accepting it takes two people.

    It is so if it is critical at the moment looked at, or in the newest snapshot, for which what is
    accepted as of an earlier moment counts, too.
    """
    if _critical(listed(posture, STATES, finding)):
        return True
    history, graph = posture.history, posture.graph
    if history is None or graph.snapshot is None:
        return False
    newest = max((*history.infos, graph.snapshot), key=lambda info: info.order)
    if newest == graph.snapshot and graph.as_of >= newest.taken_at:
        return False
    latest = history.posture(newest.id)
    return _critical(listed(latest, LISTED, lives(latest).called(finding)))


def _critical(rows: pd.DataFrame) -> bool:
    return bool((rows["rank"] == RANK["critical"]).any())


@once
def accepted_findings(posture: Posture) -> list[Accepted]:
    """List all findings accepted until now, computed once for a posture.

    A span ends with its acceptance, and has a gap while the finding was resolved. An acceptance
    from before the id of the subject or object was reused for a new node is left out.
    """
    as_of = posture.graph.as_of
    every = posture.journal.acceptances() if posture.journal else ()
    acceptances = [
        acceptance
        for acceptance in every
        if acceptance.since <= as_of and acceptance.since < acceptance.ends
    ]
    if not acceptances:
        return []
    life = lives(posture)
    names = _names(life, acceptances)
    findings = find_all(posture)
    known = _of_rows(posture, findings[findings["id"].isin(names)])
    again = revived(posture)
    since, ends = (
        _ms(acceptance.since for acceptance in acceptances),
        _ms(acceptance.ends for acceptance in acceptances),
    )
    spans: dict[Parts, list[Span]] = {}
    for acceptance, name, begun, over in zip(acceptances, names, since, ends, strict=True):
        about = known.get(name) or _now(posture.graph, acceptance.about)
        if begun >= max((int(again[n]) for n in _things(posture, about)), default=NEVER):
            spans.setdefault(about, []).extend(_without((begun, over), life.gone(name)))
    named = ((rule, subject, other, key, s) for (rule, subject, other, *key), s in spans.items())
    return [
        Accepted(rule, subject_id, object_id, tuple(key), tuple(s))
        for rule, subject_id, object_id, key, s in named
    ]


def _names(life: Lives, acceptances: list[Acceptance]) -> list[str]:
    """Return the current id of each accepted finding."""
    known = set(life.rows["id"])
    ids = [
        [life.called(finding) for finding in (acceptance.finding, *acceptance.also)]
        for acceptance in acceptances
    ]
    return [next((i for i in own_ids if i in known), own_ids[0]) for own_ids in ids]


def _of_rows(posture: Posture, findings: pd.DataFrame) -> dict[str, Parts]:
    """Return the parts of each finding by its id; rows may come from different steps."""
    life = lives(posture)
    parts: dict[str, Parts] = {}
    for row in records(findings):
        graph = life.posture(row.step).graph if "step" in findings else posture.graph
        ends = [str(graph.ids[int(n)]) if n >= 0 else "" for n in (row.subject, row.object)]
        about = (str(row.rule), *ends, *(str(row.key).split(UNIT_SEPARATOR) if row.key else ()))
        parts[str(row.id)] = about if graph is posture.graph else _now(posture.graph, about)
    return parts


def _now(graph: AccessGraph, about: Parts) -> Parts:
    """Return the parts with the canonical ids of nodes in `graph`."""
    return (*about[:1], *(graph.identities.canonical.get(part, part) for part in about[1:]))


def _things(posture: Posture, about: Parts) -> list[int]:
    """Return the numbers of subject and object, without those that are not in the graph."""
    numbers = (posture.graph.number(end) for end in about[1:3])
    return [n for n in numbers if n >= 0]


def _ms(instants: Iterable[pd.Timestamp]) -> list[int]:
    return [int(n) for n in milliseconds(pd.Series(list(instants)))]


def _without(span: Span, gone: list[Span]) -> list[Span]:
    """Return what is left of a time span without the spans `gone`, which are in order.

    >>> _without((0, 9), [(2, 4), (7, 20)])
    [(0, 2), (4, 7)]
    """
    left, (begun, over) = [], span
    for away, back in gone:
        if begun < min(away, over):
            left.append((begun, min(away, over)))
        begun = max(begun, back)
    return [*left, (begun, over)] if begun < over else left
