"""A small estate with what was decided and what was seen, on one day."""

import pandas as pd

from analytics.evidence.matching import STATES, uses
from analytics.posture import Posture
from graph.schema import DECISION_RECORD, RESOURCE, USE_EVENT
from tests.support.estates.small_estates import Estate

DAY = "2026-07-20"


def at(clock: str) -> str:
    return f"{DAY}T{clock}:00Z" if clock.count(":") == 1 else f"{DAY}T{clock}Z"


class Log(Estate):
    """An agent, what it may read, and what was decided and seen."""

    def __init__(self, *args, **facts) -> None:
        super().__init__(*args, **facts)
        self.count = 0

    def decided(self, clock, decision="allow", subject="bot", resource="r", action="read", **more):
        """State a decision."""
        self.count += 1
        return self.add(
            DECISION_RECORD,
            **{"id": f"d{self.count}", "at": at(clock), "subject": subject, "action": action}
            | {"resource": resource, "decision": decision, "policy_id": "p"}
            | more,
        )

    def used(self, clock, principal="bot", resource="r", level="read", **more):
        """State a use."""
        self.count += 1
        return self.add(
            USE_EVENT,
            **{"id": f"u{self.count}", "at": at(clock), "principal": principal, "level": level}
            | {"resource": resource, "outcome": "success"}
            | more,
        )


def log(**facts) -> Log:
    made = Log(**facts)
    made.agent("bot").resource("r", "confidential").resource("r/part", "confidential")
    made.rows[RESOURCE][-1]["parent_id"] = "r"
    return made


def told(posture: Posture) -> list[tuple[str, str | None]]:
    """Return state and deciding record of each use, in the order of time."""
    rows = uses(posture)
    return [
        (STATES[s], None if pd.isna(d) else d)
        for s, d in zip(rows["state"], rows["decision"], strict=True)
    ]
