"""Proof that access was justified at an instant: one document, with a digest of all it rests on."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import pandas as pd

from analytics.answers.shape import edge_step, grant_step, plain, sentence, when
from analytics.answers.show import value_of
from analytics.posture import Posture
from analytics.proving.decision import Decided, decided, named_use, single_uses, uses_at
from analytics.proving.entitlement import (
    NO,
    NOBODY_KNOWS,
    UNKNOWN,
    YES,
    AccessPath,
    Entitlement,
    entitlement,
)
from analytics.proving.envelope import Envelope, envelope_of
from analytics.proving.grounds import Ground, grounds
from analytics.proving.moments import Moments, moments
from analytics.proving.readings import Reading
from analytics.proving.standing import standing
from graph.access import UnknownThing
from graph.instants import millisecond
from graph.journal.hash_chain import sha256
from graph.receipts.canonical import canonical_bytes
from graph.schema import CAN_ACCESS, DECISION_RECORD, LEVELS, USE_EVENT, USED
from graph.values import iso

PROVEN, NOT_PROVEN = "proven", "not_proven"
STEP = (
    *("from", "relationship", "to", "levels", "id", "source", "rule", "support", "granted_at"),
    *("condition", "conditional", "derived", "assumed"),
)
GRANT = (
    *("id", "grant_id", "granted_at", "expires_at", "reviewed_at", "approved_by"),
    *("role_name", "policy_id", "task_id"),
)
APART = (
    *("id", "at", "decision", "policy_id", "policy_version", "engine", "justification"),
    *("approver", "justification_expires_at"),
)


@dataclass(frozen=True)
class Proof:
    """What is proven of an access at an instant; see `prove`.

    `claim` has `identity`, `resource` (nodes), `level`, `at` and `use` (the id of the recorded use,
    or null). `entitlement` has `state` (yes, no or unknown), `because`, `grant`, `path` (steps),
    `sentence`, `since`, `source` and `snapshot`; `decision` the same two, and the record; so has
    `envelope`, with `approved_by` (each with its `expires_at`) and `scope`. `posture_then` is what
    was `known_then` and what is `known_now` of the identity. `gaps` has `part`, `gap` and
    `settled_by`. `rests_on` has the `element`, `id`, `sha256` and `snapshot` of each fact. `digest`
    is the SHA-256 of the canonical JSON (RFC 8785) of all this, without itself and without the
    names of snapshots.
    """

    claim: dict[str, Any]
    verdict: str
    entitlement: dict[str, Any]
    decision: dict[str, Any]
    envelope: dict[str, Any]
    posture_then: dict[str, Any]
    gaps: list[dict[str, str]]
    rests_on: list[dict[str, Any]]
    snapshots: list[str]
    digest: str


class NothingToProve(ValueError):
    """The question names no single access; the message says what to name."""

    exit_code, code = 2, "usage"


def prove(
    posture: Posture,
    thing: str,
    at: pd.Timestamp,
    resource: str | None = None,
    level: str | None = None,
    use: str | None = None,
) -> Proof:
    """Return what is proven of the access of an identity at an instant.

    Without a resource, it is that of the recorded use at the very instant. `use` tells one of
    several uses at the instant by its id, else by its correlation id, else by the id of the
    credential or principal that the log names. `proven`: it had the
    access, a decision allowed it by a policy whose version is known and with a justification, and
    it was within what was approved. `not_proven`: a fact contradicts one of these. `unknown`: one
    of them is in no fact.

    Raises
    ------
    UnknownThing, AmbiguousThing, NothingToProve
    """
    known = _knowing(moments(posture, at), thing, resource)
    identity = known.latest.posture.graph.find(thing)
    wanted = _wanted(known, identity, resource, level, use)
    return _proof(known, identity, *wanted)


def _knowing(known: Moments, *names: str | None) -> Moments:
    """Return the moments with the latest posture that has all the nodes named."""
    for reading in (known.latest, *known):
        try:
            for name in names:
                if name is not None:
                    reading.posture.graph.find(name)
        except UnknownThing:
            continue
        return replace(known, latest=reading)
    return known


def _wanted(
    known: Moments, identity: int, resource: str | None, level: str | None, use: str | None
) -> tuple[int, int | None, str | None]:
    """Return the resource and level asked for, or those of the recorded use, and its id."""
    graph, asked = known.latest.posture.graph, LEVELS.index(level) if level is not None else None
    rows = uses_at(known.latest.posture, identity, millisecond(known.at))
    if asked is not None:
        rows = rows[rows["level"] == asked]
    wanted = graph.find(resource) if resource is not None else None
    if wanted is not None:
        rows = rows[rows["resource"] == wanted]
    name, instant = graph.thing(identity)["name"], iso(known.at)
    if use is not None:
        rows = named_use(known.latest.posture, rows, use)
        if rows.empty:
            raise NothingToProve(f"no such use by {name} at {instant} is recorded: {use}")
    else:
        rows = single_uses(known.latest.posture, rows)
    if len(rows["id"].unique()) > 1:
        raise NothingToProve(_several(known, identity, rows))
    if rows.empty and wanted is None:
        raise NothingToProve(f"no use by {name} at {instant} is recorded: name a --resource")
    if rows.empty:
        assert wanted is not None
        return wanted, asked, None
    row = rows.iloc[0]
    if wanted is not None:
        return wanted, asked, str(row["id"])
    at_level = int(row["level"])
    return int(row["resource"]), at_level if at_level >= 0 else None, str(row["id"])


def _several(known: Moments, identity: int, rows: pd.DataFrame) -> str:
    """Return what to name of several uses: the resource, or else the level, or else the use."""
    graph = known.latest.posture.graph
    used = sorted({graph.thing(number)["id"] for number in rows["resource"].tolist()})
    levels = sorted(set(rows["level"].tolist()))
    if len(used) > 1:
        of = f"--resource of {', '.join(used)}"
    elif len(levels) > 1 and levels[0] >= 0 and len(levels) == len(rows["id"].unique()):
        of = f"--level of {', '.join(LEVELS[level] for level in levels)}"
    else:
        of = f"--use of {', '.join(sorted(set(rows['id'].astype(str))))}"
    return f"{graph.thing(identity)['name']} used several at {iso(known.at)}: name a {of}"


def _proof(
    known: Moments, identity: int, resource: int, level: int | None, use: str | None
) -> Proof:
    had = entitlement(
        known, identity, resource, level, lambda path: _rank(known, identity, resource, level, path)
    )
    by = decided(known, identity, resource, level, use)
    within = envelope_of(known, identity, resource, level, had.path)
    body: dict[str, Any] = {
        "claim": _claim(known, identity, resource, level, by),
        "verdict": _verdict(had, by, within),
        "entitlement": _entitlement(had),
        "decision": _decision(by),
        "envelope": _envelope(within),
        "posture_then": standing(known, identity),
        "gaps": list(_gaps(known, had, by, within)),
        "rests_on": [asdict(each) for each in _grounds(known, identity, resource, had, by, within)],
    }
    readings = [r for r in (known.latest, *known, known.then) if r is not None]
    snapshots = {snapshot for reading in readings for snapshot in reading.snapshots.values()}
    return Proof(**body, snapshots=sorted(snapshots), digest=digest_of(body))


def command_of(claim: Mapping[str, Any]) -> list[str]:
    """Return the command that asks for the proof of a claim, word by word."""
    line = ["trustdebt", "prove", claim["identity"]["id"], "--at", claim["at"]]
    line += ["--resource", claim["resource"]["id"]]
    for name in ("level", "use"):
        line += [f"--{name}", claim[name]] if claim.get(name) else []
    return line


def digest_of(document: dict[str, Any]) -> str:
    """Return the digest of a proof as plain data; see `Proof`."""
    body = {name: value for name, value in document.items() if name not in ("digest", "snapshots")}
    body["entitlement"] = _without_snapshot(body["entitlement"])
    body["rests_on"] = [_without_snapshot(ground) for ground in body["rests_on"]]
    return sha256(canonical_bytes(body))


def _without_snapshot(part: dict[str, Any]) -> dict[str, Any]:
    """Leave out where a fact was found, which is no part of what is proven."""
    return {name: value for name, value in part.items() if name != "snapshot"}


def _rank(known: Moments, identity: int, resource: int, level: int | None, path: AccessPath) -> int:
    """Return the place of a path in the order in which proofs prefer them: approved ones first."""
    return (YES, UNKNOWN, NO).index(envelope_of(known, identity, resource, level, path).state)


def _verdict(had: Entitlement, by: Decided, within: Envelope) -> str:
    states = (had.state, by.state, within.state)
    if NO in states:
        return NOT_PROVEN
    return UNKNOWN if UNKNOWN in states or any(_lacking(by)) else PROVEN


def _lacking(by: Decided) -> Iterator[str]:
    """Yield what the record of a decision does not say and a proof needs."""
    for name, words in (
        ("policy_id", "the policy"),
        ("policy_version", "the version of the policy"),
        ("justification", "a justification"),
    ):
        if by.record is not None and plain(by.record[name]) is None:
            yield words


# -- the parts as plain data -----------------------------------------------------------------------


def _claim(
    known: Moments, identity: int, resource: int, level: int | None, by: Decided
) -> dict[str, Any]:
    graph = known.latest.posture.graph
    return {
        "identity": graph.thing(identity),
        "resource": graph.thing(resource),
        "level": LEVELS[level] if level is not None else None,
        "at": iso(known.at),
        "use": by.use,
    }


def _entitlement(had: Entitlement) -> dict[str, Any]:
    every = _every_step(had.path) if had.path is not None else []
    steps = _kept(every)
    last = steps[-1] if steps else {}
    return {
        "state": had.state,
        "because": had.because,
        "grant": _grant(had.path) if had.path is not None else None,
        "path": steps,
        "sentence": sentence(every) if every else None,
        "since": _since(had.path) if had.path is not None else None,
        "source": last.get("source"),
        "snapshot": _snapshot(had.path) if had.path is not None else None,
    }


def _snapshot(path: AccessPath) -> str | None:
    """Return the snapshot that has the grant; that of the newest reading for access without one."""
    row, every = int(path.posture.grants.row[path.grant]), path.reading.snapshots
    if row < 0:
        return max(every.values(), default=None)
    frame = path.posture.graph.frames[CAN_ACCESS]
    return every.get((str(frame["source"].iloc[row]), str(frame["scope"].iloc[row])))


def _since(path: AccessPath) -> str | None:
    return when(path.since) if path.since != NOBODY_KNOWS else None


def _every_step(path: AccessPath) -> list[dict[str, Any]]:
    steps = [edge_step(path.posture, edge) for edge in path.edges]
    return [*steps, grant_step(path.posture, path.grant, path.bits)]


def _kept(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return steps without what was seen of their use, which is no part of the entitlement."""
    return [{name: step[name] for name in STEP if name in step} for step in steps]


def _grant(path: AccessPath) -> dict[str, Any] | None:
    """Return the grant as its source states it; None for access without one."""
    row = int(path.posture.grants.row[path.grant])
    if row < 0:
        return None
    frame = path.posture.graph.frames[CAN_ACCESS]
    return {name: plain(frame[name].iloc[row]) for name in GRANT}


def _decision(by: Decided) -> dict[str, Any]:
    head = {"state": by.state, "because": by.because}
    if by.record is None:
        return head | dict.fromkeys(("id", "at", "decision", "policy", "justification"))
    row = by.record
    fields = {p.name: value_of(row, p) for p in DECISION_RECORD.properties if p.name not in APART}
    return head | {
        "id": plain(row["id"]),
        "at": plain(row["at"]),
        "decision": plain(row["decision"]),
        "policy": {
            "id": plain(row["policy_id"]),
            "version": plain(row["policy_version"]),
            "engine": plain(row["engine"]),
        },
        "justification": {
            "text": plain(row["justification"]),
            "approver": plain(row["approver"]),
            "expires_at": plain(row["justification_expires_at"]),
        },
        **{name: value for name, value in fields.items() if value is not None},
        "source": plain(row["source"]),
    }


def _envelope(within: Envelope) -> dict[str, Any]:
    approvals = [
        {
            "on": each.on,
            "by": each.by,
            "at": when(each.at),
            "expires_at": when(each.ends),
            "id": each.fact,
        }
        for each in within.approvals
    ]
    return {
        "state": within.state,
        "because": within.because,
        "approved_by": approvals,
        "scope": within.scope,
    }


def _gaps(
    known: Moments, had: Entitlement, by: Decided, within: Envelope
) -> Iterator[dict[str, str]]:
    """Yield what is not known, and what would settle it."""
    if had.state == UNKNOWN:
        yield _gap("entitlement", had.because, had.settled_by)
    if by.state == UNKNOWN:
        yield _gap("decision", by.because, "the decision records of what guards the resource")
    for words in _lacking(by):
        yield _gap("decision", f"the record does not say {words}", "an engine that records it")
    if within.state == UNKNOWN:
        yield _gap("envelope", within.because, "a declared scope, or a review")
    if known.after is None and known.before is not None:
        newest = known.before.posture.graph.facts.taken_at
        if newest < known.at:
            text = f"the newest snapshot is of {iso(newest)}: nothing later shows the access"
            yield _gap("entitlement", text, "a later export")
    if known.then is None:
        text = "no snapshot had been recorded by then: what was known then is not known"
        yield _gap("posture_then", text, "nothing: it was not read in time")


def _gap(part: str, gap: str | None, settled_by: str) -> dict[str, str]:
    return {"part": part, "gap": gap or "", "settled_by": settled_by}


def _grounds(
    known: Moments,
    identity: int,
    resource: int,
    had: Entitlement,
    by: Decided,
    within: Envelope,
) -> list[Ground]:
    """Return the facts that the parts rest on, of the snapshot that each was taken from."""
    own_reading = had.path.reading if had.path is not None else None
    first = next(iter(known), known.latest)  # a path by what may have been live is in none of them
    reading = next((each for each in known if each is own_reading), first)
    ids = [str(known.latest.posture.graph.ids[number]) for number in (identity, resource)]
    for step in _every_step(had.path) if had.path is not None else ():
        ids += [step["from"]["id"], step["to"]["id"], *step["support"]]
        ids += [step["id"]] if step["id"] else []
    approving = {each.fact for each in within.approvals}
    own = grounds(reading, [*ids, *approving])
    lacking = approving - {fact.id for fact in own}  # approved between the two readings
    more = grounds(known.after, lacking) if known.after is not None else []
    return sorted({*own, *more, *_of_decision(known.latest, by)})


def _of_decision(latest: Reading, by: Decided) -> Iterator[Ground]:
    """Yield the deciding record and the recorded use; others may have the same ids elsewhere."""
    if by.record is not None:
        own = DECISION_RECORD.name, str(by.record["source"]), str(by.record["scope"])
        for fact in grounds(latest, [str(by.record["id"])]):
            if (fact.element, fact.source, fact.scope) == own:
                yield fact
    uses = (USE_EVENT.name, USED.name)
    yield from (f for f in grounds(latest, [by.use] if by.use else []) if f.element in uses)
