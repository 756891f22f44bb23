"""Whoever may read a secret store, or administers it, holds the credentials kept in it."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from analytics.escalation.rule import Derivation, EscalationRule, Known
from graph.access import NEVER, Grants
from graph.frames import records
from graph.schema import CAN_ACCESS, LEVELS, STORED_IN

YIELDS = 1 << LEVELS.index("read") | 1 << LEVELS.index("admin")


def derive(known: Known) -> Iterator[Derivation]:
    """Conclude CONTROLS from each holder of a reading grant to each credential in the store."""
    graph = known.graph
    kept = graph.frames[STORED_IN]
    if kept.empty:
        return
    credential, store = graph.ends(STORED_IN)
    stored = pd.DataFrame({"credential": credential, "store": store, "fact": kept["id"]})
    stored = stored[graph.in_force(STORED_IN)]
    grants = known.so_far.grants
    yields = grants.levels & YIELDS > 0
    held = pd.DataFrame(
        {
            "holder": grants.holder[yields],
            "store": grants.resource[yields],
            "row": grants.row[yields],
            "eligible": grants.eligible[yields],
            "assumed": grants.assumed[yields],
            "telemetry": grants.telemetry[yields],
            "last_used": _last_read(grants)[yields],
            "since": grants.since[yields],
        }
    )
    frame = graph.frames[CAN_ACCESS]
    for way in records(held.merge(stored, on="store")):
        stated = way.row >= 0  # an account that is taken over holds grants that nobody stated
        condition = frame["condition"].iloc[way.row] if stated else pd.NA
        yield Derivation(
            int(way.holder),
            int(way.credential),
            "X1",
            (*((str(frame["id"].iloc[way.row]),) if stated else ()), str(way.fact)),
            "" if pd.isna(condition) else str(condition),
            bool(way.eligible),
            bool(way.assumed),
            bool(way.telemetry),
            int(way.last_used),
            int(way.since),
        )


def _last_read(grants: Grants) -> np.ndarray:
    """Return the last use of each grant at a level that yields secrets (milliseconds)."""
    yielding = (grants.levels & YIELDS)[:, None] >> np.arange(len(LEVELS)) & 1 == 1
    latest: np.ndarray = np.where(yielding, grants.last_used, NEVER).max(axis=1, initial=NEVER)
    return latest


RULES = (
    EscalationRule(
        "X1",
        "Reads the store in which a credential is kept",
        ("credentials",),
        ("MITRE ATT&CK T1552 Unsecured Credentials", "BloodHound AZGetSecrets"),
        derive,
    ),
)
