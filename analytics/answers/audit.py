"""The audit pack of an identity and a window: its chain in order, proofs, and what was decided."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.assurance import assurance
from analytics.answers.coverage import coverage as coverage_of_sources
from analytics.answers.prove import prove
from analytics.answers.shape import plain, when
from analytics.answers.standards.ocsf import ocsf_events
from analytics.answers.standards.oscal import assessment_results
from analytics.answers.table import as_json
from analytics.debt.groups import keys
from analytics.evidence.coverage import coverage
from analytics.evidence.matching import DAY_ONLY, REASONS, STATES, UNKNOWN
from analytics.findings.rule import plural
from analytics.lineage.links import NAMES
from analytics.lineage.links import links as lineage
from analytics.posture import Posture
from analytics.proving.chain import DECISION, GRANT, REVIEW, USE, Links, links
from analytics.usage.actors import actors
from graph.frames import records
from graph.journal.entries import Acceptance
from graph.journal.hash_chain import sha256
from graph.receipts.canonical import canonical_bytes
from graph.schema import CAN_ACCESS, FACT_NODES, GROUP, HUMAN, LEVELS, TEAM
from graph.schema import REVIEW as REVIEWS
from graph.values import iso

AGELESS = "age_days"  # of sources: a pack says the same next year
RECORD = (
    *("identity", "on_behalf_of", "instance", "purpose", "task_id", "env", "tool"),
    *("delegation_chain", "correlation_id", "risk_score", "risk_signals", "decision"),
    *("policy_id", "policy_version", "engine", "justification", "approver"),
    *("justification_expires_at", "executed", "result", "prev_hash", "hash", "source"),
)


@dataclass(frozen=True)
class Window:
    """A window of an identity (a number): from `since` on, and before `until`."""

    identity: int
    since: pd.Timestamp
    until: pd.Timestamp


def audited(posture: Posture, thing: int) -> list[int]:
    """Return the identities to audit: a node itself, or all that a team or a person answers for."""
    label = posture.graph.labels[thing]
    by = {TEAM: "team", GROUP: "team", HUMAN: "owner"}.get(FACT_NODES[label])
    if by is None:
        return [thing]
    owned = [int(number) for number in posture.accountable[keys(posture, by) == thing]]
    return owned or ([thing] if FACT_NODES[label] is GROUP else [])


def audit_pack(posture: Posture, window: Window, story: dict[str, Any]) -> dict[str, bytes]:
    """Return the files of the audit pack of a window by their names; `story` is its `chain`."""
    made = links(posture, window.identity, window.since, window.until)
    documents = {
        "chain.json": story,
        "exceptions.json": _exceptions(posture, window),
        "reviews.json": _reviews(posture, made),
        "coverage.json": _coverage(posture, made),
        "assurance.json": as_json(assurance(posture, window.identity)),
        "oscal.json": assessment_results(posture, about=window.identity),
        "ocsf.json": ocsf_events(posture, window.identity),
    }
    for name, proof in _proofs(posture, window, made):
        documents[f"proofs/{name}.json"] = proof
    return {name: canonical_bytes(document) for name, document in documents.items()}


def chain(posture: Posture, window: Window) -> dict[str, Any]:
    """Return the chain of an identity in a window: entries in the order of time, with its gaps.

    `digest` is the SHA-256 of the canonical JSON (RFC 8785) of the rest.
    """
    made = links(posture, window.identity, window.since, window.until)
    body = {
        "chain": [_entry(posture, made, row) for row in made.rows.to_dict("records")],
        "gaps": list(_gaps(posture, window, made)),
        "identity": posture.graph.thing(window.identity),
        "parents": _parents(posture, window.identity),
        "since": iso(window.since),
        "until": iso(window.until),
    }
    return body | {"digest": sha256(canonical_bytes(body))}


# -- entries --------------------------------------------------------------------------------------


def _entry(posture: Posture, made: Links, row: Mapping[Any, Any]) -> dict[str, Any]:
    head = {"at": when(row["at"]), "kind": row["kind"], "id": str(row["id"])}
    details = {GRANT: _grant, REVIEW: _review, DECISION: _decision, USE: _use}[row["kind"]]
    return head | details(posture, made, int(row["place"]))


def _grant(posture: Posture, made: Links, place: int) -> dict[str, Any]:
    row = posture.graph.frames[CAN_ACCESS].iloc[place]
    holder, resource = (int(end[place]) for end in posture.graph.ends(CAN_ACCESS))
    names = ("grant_id", "expires_at", "approved_by", "policy_id", "task_id", "source")
    return {
        "holder": posture.graph.thing(holder),
        "resource": posture.graph.thing(resource),
        "levels": plain(row["levels"]),
    } | {name: plain(row[name]) for name in names}


def _review(posture: Posture, made: Links, place: int) -> dict[str, Any]:
    row, graph = made.reviews.iloc[place], posture.graph
    frame = graph.frames[REVIEWS]
    by = frame["decided_by"][frame["id"] == str(graph.ids[int(row["review"])])]
    return {
        "about": graph.thing(int(row["thing"])),
        "grant_id": plain(row["grant_id"]),
        "decision": plain(row["decision"]),
        "by": plain(by.iloc[0]) if len(by) else None,
    }


def _decision(posture: Posture, made: Links, place: int) -> dict[str, Any]:
    row = made.records.iloc[place]
    fields = {name: plain(row[name]) for name in RECORD}
    stated = {name: value for name, value in fields.items() if value is not None}
    return {"subject": str(row["subject"]), "resource": str(row["resource"]), **stated}


def _use(posture: Posture, made: Links, place: int) -> dict[str, Any]:
    row, graph = made.uses.iloc[place], posture.graph
    level = int(row["level"])
    return {
        "principal": graph.thing(int(row["principal"])),
        "resource": graph.thing(int(row["resource"])),
        "level": LEVELS[level] if level >= 0 else None,
        "count": int(row["count"]),
        "state": STATES[int(row["state"])],
        "because": REASONS[int(row["reason"])] or None,
        "decided_by": plain(row["decision"]),
    }


def _parents(posture: Posture, identity: int) -> list[dict[str, Any]]:
    """Return the parents of an identity, theirs after them; each once."""
    every, parents, seen = lineage(posture), [], {identity}
    front = [identity]
    while front:
        rows = np.flatnonzero(np.isin(every.child, front))
        front = []
        for row in rows.tolist():
            parent = int(every.parent[row])
            parents.append(
                {
                    "child": posture.graph.thing(int(every.child[row])),
                    "parent": posture.graph.thing(parent),
                    "as": NAMES[int(every.semantics[row])],
                    "since": when(int(every.since[row])),
                }
            )
            if parent not in seen:
                seen.add(parent)
                front.append(parent)
    return parents


def _gaps(posture: Posture, window: Window, made: Links) -> Iterator[dict[str, Any]]:
    """Yield what breaks the chain, and what could not have been seen."""
    graph = posture.graph
    for kind in ("grants", "usage", "decisions", "reviews"):
        if kind not in graph.declared:
            yield {"gap": f"no source declares {kind}", "id": None, "at": None}
    acted = int(actors(posture).of(np.array([window.identity]))[0])
    if acted != window.identity:
        text = f"what was done with it counts for {graph.thing(acted)['name']}: see its chain"
        yield {"gap": text, "id": None, "at": None}
    if graph.as_of < window.until:
        text = f"the snapshot is of {iso(graph.as_of)}, before the end of the window"
        yield {"gap": text, "id": None, "at": None}
    if made.undated:
        text = f"without a date, and so in no entry: {plural(made.undated, 'grant')}"
        yield {"gap": text, "id": None, "at": None}
    rows = made.rows[made.rows["kind"] == USE]
    states = made.uses["state"].to_numpy()[rows["place"].to_numpy(int)]
    reasons = made.uses["reason"].to_numpy()[rows["place"].to_numpy(int)]
    for row, state, reason in zip(rows.to_dict("records"), states, reasons, strict=True):
        if state:  # the first is explained
            text = "its decision is not known" if state == UNKNOWN else STATES[state]
            text = f"{text}: {REASONS[reason]}" if reason else text
            yield {"gap": text, "id": str(row["id"]), "at": when(row["at"])}
    for row in records(made.unplaced):
        text = f"the {row.kind} names {row.resource}, which no source states"
        yield {"gap": text, "id": str(row.id), "at": when(row.at)}


# -- the other files ------------------------------------------------------------------------------


def _proofs(posture: Posture, window: Window, made: Links) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a proof of the first use of each resource and level that is explained alike.

    Uses of which the log tells the day at most have no instant at which to prove them.
    """
    graph = posture.graph
    rows = made.rows[made.rows["kind"] == USE]
    own = made.uses.iloc[rows["place"].to_numpy(int)]
    own = own[((own["level"] >= 0) & (own["reason"] != DAY_ONLY)).to_numpy(bool)]
    first = own.drop_duplicates(["resource", "level", "state"])
    thing = str(graph.ids[window.identity])
    for number, row in enumerate(first.to_dict("records"), 1):
        at = pd.Timestamp(int(row["at"]), unit="ms", tz="UTC")
        resource = str(graph.ids[int(row["resource"])])
        level = LEVELS[int(row["level"])]
        proof = prove(posture, thing, at, resource, level, str(row["id"]))
        yield f"{number:04}", as_json(proof)


def _exceptions(posture: Posture, window: Window) -> dict[str, Any]:
    """Return the accepted findings about an identity that were in force in the window."""
    thing, journal = str(posture.graph.ids[window.identity]), posture.journal
    entries = journal.entries() if journal is not None else ()
    accepted = [
        entry.record()
        for entry in entries
        if isinstance(entry, Acceptance)
        and entry.counts
        and max(entry.begins, window.since) < min(entry.ends, window.until)
        and thing in entry.about
    ]
    return {"exceptions": accepted, "journal": journal is not None}


def _reviews(posture: Posture, made: Links) -> dict[str, Any]:
    """Return every review of the identity and its grants so far, also before the window."""
    order = made.reviews["at"].to_numpy().argsort(kind="stable")
    at = made.reviews["at"].tolist()
    reviews = [{"at": when(at[n]), **_review(posture, made, n)} for n in order.tolist()]
    return {"reviews": reviews, "stated": "reviews" in posture.graph.declared}


def _coverage(posture: Posture, made: Links) -> dict[str, Any]:
    """Return what the sources could say, and the share of sensitive uses that is explained."""
    rows = made.rows[made.rows["kind"] == USE]
    sources = coverage_of_sources(posture, posture.graph.as_of)
    for row in sources["sources"]:
        del row[AGELESS]
    return {
        "snapshot": posture.graph.snapshot.id if posture.graph.snapshot else None,
        "as_of": iso(posture.graph.as_of),
        "sources": sources,
        "evidence": coverage(made.uses.iloc[rows["place"].to_numpy(int)]),
    }
