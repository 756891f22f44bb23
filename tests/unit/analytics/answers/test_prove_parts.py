"""Proofs of the use of a part: who had access to what contains it may have had it to the part."""

import pandas as pd
import pytest

from analytics.answers.prove import prove
from analytics.answers.table import as_json
from tests.support.estates.decision_log import Log, at
from tests.support.estates.small_estates import ago

USE = pd.Timestamp(at("10:05"))


def estate(*granted: str, **facts: str) -> Log:
    """Build a bot that was allowed all, and may read some of a bucket, its folder and a file."""
    made = Log(**facts).agent("bot", declared_scope=[{"resource": "bucket", "level": "read"}])
    made.resource("bucket").resource("folder", parent_id="bucket")
    made.resource("file", parent_id="folder").resource("other")
    for resource in granted:
        made.can("bot", "read", resource, granted_at=ago(20))
    for resource in ("bucket", "folder", "file"):
        made.decided("10:00", resource=resource, policy_version="3", justification="close")
    return made


@pytest.mark.parametrize(
    ("granted", "resource", "level", "state"),
    [
        ("file", "file", "read", "yes"),
        ("folder", "file", "read", "unknown"),
        ("bucket", "file", "read", "unknown"),
        ("other", "file", "read", "no"),
        ("folder", "file", "write", "no"),
        ("file", "folder", "read", "no"),
    ],
)
def test_access_to_what_contains_a_part_leaves_it_open(granted, resource, level, state) -> None:
    made = as_json(prove(estate(granted).posture(), "bot", USE, resource, level))
    entitlement = made["entitlement"]
    assert entitlement["state"] == state
    if state == "unknown":
        assert made["verdict"] == "unknown"
        assert f"access to {granted}, which contains it" in entitlement["because"]
        assert entitlement["path"][-1]["to"]["id"] == granted
        gaps = {gap["part"]: gap["settled_by"] for gap in made["gaps"]}
        assert "grants on the part" in gaps["entitlement"]


def test_access_to_the_part_itself_proves_it_whatever_else_there_is() -> None:
    made = as_json(prove(estate("bucket", "file").posture(), "bot", USE, "file", "read"))
    assert made["verdict"] == "proven"
    assert made["entitlement"]["path"][-1]["to"]["id"] == "file"


def test_a_container_that_another_identity_had_gives_nothing() -> None:
    made = estate().agent("child").link("bot", "SPAWNS", "child")
    made.can("child", "read", "bucket", granted_at=ago(20))
    proof = as_json(prove(made.posture(), "bot", USE, "file", "read"))
    assert (proof["verdict"], proof["entitlement"]["state"]) == ("not_proven", "no")
