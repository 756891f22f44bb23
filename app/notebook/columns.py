"""The columns of the frames that notebooks get: their names, order and types."""

from collections.abc import Mapping

import pandas as pd

from analytics.answers.table import Table

TEXT, COUNT, NUMBER, FLAG, WHEN = "string", "Int64", "Float64", "boolean", "datetime64[ms, UTC]"
IDENTITY = {
    "id": TEXT,
    "label": TEXT,
    "name": TEXT,
    "kind": TEXT,
    "business_owner": TEXT,
    "technical_owner": TEXT,
    "owner_state": TEXT,
    "resources": COUNT,
    "weighted": NUMBER,
    "last_active_at": WHEN,
}
FINDING = {
    "id": TEXT,
    "rule": TEXT,
    "severity": TEXT,
    "subject": TEXT,
    "object": TEXT,
    "sentence": TEXT,
    "since": WHEN,
    "state": TEXT,
    "first_seen": WHEN,
    "accountable": TEXT,
    "accountability": TEXT,
    "remediation": TEXT,
}
CHANGE = {
    "id": TEXT,
    "action": TEXT,
    "sentence": TEXT,
    "findings": "object",
    "count": COUNT,
    "remaining": "object",
    "identities": COUNT,
    "severity": TEXT,
    "debt": NUMBER,
    "decides": TEXT,
    "closes": FLAG,
}
STALE = {
    "identity": TEXT,
    "resource": TEXT,
    "level": TEXT,
    "state": TEXT,
    "unused_days": NUMBER,
    "weight": NUMBER,
    "sentence": TEXT,
}
ORPHAN = {"identity": TEXT, "role": TEXT, "rule": TEXT, "since": WHEN}
REACHED = {
    "id": TEXT,
    "sensitivity": TEXT,
    "levels": "object",
    "hops": COUNT,
    "weight": NUMBER,
    "derived": FLAG,
}
OWED = {
    "key": TEXT,
    "debt": NUMBER,
    "principal": NUMBER,
    "interest_per_day": NUMBER,
    "max_debt": NUMBER,
    "tdr": NUMBER,
    "unverified": NUMBER,
    "grade": TEXT,
}
ITEM = {
    "identity": TEXT,
    "assumption": TEXT,
    "state": TEXT,
    "resource": TEXT,
    "level": TEXT,
    "grant": TEXT,
    "object": TEXT,
    "exposure": NUMBER,
    "degree": NUMBER,
    "since": WHEN,
    "cycles": NUMBER,
    "principal": NUMBER,
    "debt": NUMBER,
    "unverified": NUMBER,
    "why": TEXT,
}
USE = {
    "id": TEXT,
    "at": WHEN,
    "identity": TEXT,
    "resource": TEXT,
    "level": TEXT,
    "count": COUNT,
    "state": TEXT,
    "reason": TEXT,
    "decision": TEXT,
}
ASSURED = {
    "id": TEXT,
    "name": TEXT,
    "proven": COUNT,
    "not_proven": COUNT,
    "unknown": COUNT,
    "evaluation_age_days": NUMBER,
}
PUBLISHED = {
    "id": TEXT,
    "taken_at": WHEN,
    "recorded_at": WHEN,
    "nodes": COUNT,
    "relationships": COUNT,
    "sources": COUNT,
}
DIFFERENCE = {"change": TEXT, "id": TEXT, "label": TEXT, "name": TEXT, "why": TEXT}


def readable(table: Table, columns: Mapping[str, str], **names: str) -> pd.DataFrame:
    """Return columns of a table, some under other `names`, in the given types."""
    return table.readable().rename(columns=names)[list(columns)].astype(dict(columns))
