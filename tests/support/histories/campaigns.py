"""Campaigns in tests: an agent with one grant that owes a little, and steps about it."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from analytics.answers.undertaking import start, steps_of_file
from analytics.history import History
from analytics.posture import Posture
from graph.schema import RELATIONSHIPS
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.histories.small_history import history_of
from tests.support.printed import campaigns

DAY = pd.Timedelta(days=1)
OWED = 3.0 * 0.75 * (1 + 10 / 90)  # read on what is internal, without an approval for 10 days
TYPES = {r.name: r for r in RELATIONSHIPS}


def day(number: float) -> pd.Timestamp:
    return AS_OF + number * DAY


def world(at: float = 0, **options: Any) -> Estate:
    """State an agent with two owners and nothing that it may do."""
    e = Estate(at=day(at), **options)
    scope = [{"resource": "crm", "level": "read"}]
    e.agent("bot", kind="workload", env="prod", created_at=ago(200), declared_scope=scope)
    return e.resource("crm", "internal", env="prod").person("ann", "bob").owned("bot", "ann", "bob")


def granted(e: Estate, grant_id: str = "g1", **facts: Any) -> Estate:
    """State a grant of which the last approval is 100 days old, and nothing else is wrong."""
    usual = {"granted_at": ago(200), "expires_at": ago(-400), "reviewed_at": ago(100)}
    usual |= {"last_used_at": {"read": ago(5)}, "telemetry": "true", "grant_id": grant_id}
    return e.can("bot", "read", "crm", **usual | facts)


def kept(tmp_path: Path, *states: Estate) -> History:
    return history_of(*states, journal=tmp_path / "journal.sqlite")


def at(history: History, place: int, as_of: pd.Timestamp | None = None) -> Posture:
    return history.posture(history.infos[place].id, as_of)


def plan_file(tmp_path: Path, *steps: dict[str, Any]) -> Path:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps({"steps": list(steps)}))
    return path


def on_links(posture: Posture, action: str, kind: str, *ends: str, **more: Any) -> dict[str, Any]:
    """Write a step on all relationships of a type between two nodes."""
    frame = posture.graph.frames[TYPES[kind]]
    mask = (frame["source_id"] == ends[0]) & (frame["target_id"] == ends[1])
    target = {"relationship": kind, "ids": frame["id"][mask].tolist()}
    return {"action": action, "target": target, **more}


def on_node(action: str, node: str, **more: Any) -> dict[str, Any]:
    return {"action": action, "target": {"id": node, "ids": [node]}, **more}


def begin(posture: Posture, tmp_path: Path, *steps: dict[str, Any], **options: Any) -> None:
    asked = steps_of_file(posture, plan_file(tmp_path, *steps))
    start(posture, asked, **{"name": "tidy", "by": "ann"} | options)


def begun(tmp_path: Path, history: History, **options: Any) -> None:
    """Start a campaign on the first snapshot, to take the one grant away."""
    posture = at(history, 0)
    step = on_links(posture, "remove_grant", "CAN_ACCESS", "bot", "crm", findings=["F-1"])
    begin(posture, tmp_path, step, **options)


def shown(posture: Posture, **asked: Any) -> dict[str, Any]:
    (row,) = campaigns(posture, **asked)["campaigns"]
    return row


def only_step(posture: Posture) -> dict[str, Any]:
    (step,) = shown(posture)["steps"]
    return step
