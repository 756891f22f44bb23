"""Access: each row names what the snapshot knows, says why, and until when."""

from collections.abc import Iterator

from analytics.remediation.gate.check import Case, Check, Problem, blocked, not_known, unknown
from analytics.remediation.gate.overlay import ROLES
from graph.rows.planned import PlannedAccess
from graph.schema import CAN_ACCESS, GROUP, RESOURCE
from graph.values import iso


def find(case: Case) -> Iterator[Problem]:
    """Find rows of unknown names, without a reason or an end, or with a wrong end."""
    for number, row in enumerate(case.planned.access):
        yield from _names(case, number, row)
        yield from _reason(case, number, row)
        yield from _end(case, number, row)
    yield from _beyond_snapshot(case)


def _names(case: Case, number: int, row: PlannedAccess) -> Iterator[Problem]:
    parts = (("resource", (RESOURCE,)), ("role", ROLES), ("group", (GROUP,)))
    for part, labels in parts:
        name = getattr(row, part)
        match = case.names.find(name, *labels) if name is not None else None
        if match is not None and match.number is None:
            yield not_known(match, f"access.{number}.{part}")


def _subject(row: PlannedAccess) -> str:
    return str(row.role or row.group or row.resource)


def _reason(case: Case, number: int, row: PlannedAccess) -> Iterator[Problem]:
    direct = row.role is None and row.group is None
    if direct and case.policy.access_reasons and row.why is None:
        why = f"no reason is stated for the access to {_subject(row)}"
        yield blocked(why, f"state access.{number}.why")


def _end(case: Case, number: int, row: PlannedAccess) -> Iterator[Problem]:
    direct = row.role is None and row.group is None
    place, name = f"access.{number}.until", _subject(row)
    ends = case.planned.expires_at
    if row.until is None:
        if direct and case.policy.access_until:
            yield blocked(f"the access to {name} has no end", f"state {place}")
    elif row.until <= case.posture.graph.as_of:
        why = f"the access to {name} ended at {iso(row.until)}, before the agent exists"
        yield blocked(why, f"state in {place} an instant to come")
    elif ends is not None and row.until > ends:
        why = f"the access to {name} ends after the agent does, at {iso(row.until)}"
        yield blocked(why, f"let {place} be at most {iso(ends)}")


def _beyond_snapshot(case: Case) -> Iterator[Problem]:
    """Find grants of a file that states rows itself on resources that are not in the snapshot."""
    rows = case.planned.rows
    if CAN_ACCESS not in rows or RESOURCE not in rows:
        return
    own = rows[CAN_ACCESS]["source_id"] == case.planned.id
    targets = set(rows[CAN_ACCESS]["target_id"][own.to_numpy(bool)])
    for name in sorted(targets & set(rows[RESOURCE]["id"])):
        why = f"the snapshot does not know {name}"
        yield unknown(why, "ingest the account with its resources, so that its class is known")


def _passed(case: Case) -> str:
    rows = len(case.planned.access)
    if case.planned.rows:
        return "all that its policies name is known"
    return f"all {rows} rows are known, with reason and end" if rows else "it asks for no access"


CHECK = Check("access", 50, "The access", "access", find, _passed)
