"""An agent and a resource that a code host knows by one id, and the cloud by another."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analytics.findings.lifecycle.states import STATES
from analytics.history import History
from analytics.posture import Posture
from graph.identity.match import Identities
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.few_rules import only_families, only_rules
from tests.support.histories.small_history import history_of
from tests.support.printed import findings

ARN = "arn:aws:iam::111122223333:role/bot"
BUCKET = "arn:aws:s3:::crm"
OWNERS = ("owners",)
RULES = (
    *("no_accountable_owner", "unused_grant", "review_overdue", "standing_access"),
    *("revocation_not_executed", "separation_of_duties"),
)
NEXT_YEAR = AS_OF + pd.Timedelta(days=365)


@pytest.fixture(autouse=True, scope="module")
def few_rules() -> Iterator[None]:
    """Keep to a few rules: how a finding is followed does not depend on the others."""
    with (
        only_rules(*RULES),
        only_families("ownership", "necessity", "review", "term", "separation"),
    ):
        yield


def day(number: float) -> pd.Timestamp:
    return AS_OF + pd.Timedelta(days=number)


def hub(at: float = 0, **facts: Any) -> Estate:
    """State an agent that nobody owns and what it may do, as a code host sees it."""
    e = Estate(at=day(at), source="hub")
    known = [f"arn:{ARN}"]
    e.agent("gh-bot", external_ids=known, kind="workload", created_at=ago(200), env="prod", **facts)
    e.resource("crm", "internal", external_ids=[f"arn:{BUCKET}"])
    e.person("ann", name="Ann")
    grant = {"granted_at": ago(100), "grant_id": "g1", "telemetry": "true"}
    return e.can("gh-bot", "read", "crm", **grant)


def cloud(at: float = 0, *things: str, declares: tuple[str, ...] = ()) -> Estate:
    """State the same agent and the same resource, or only some of these, as the cloud does."""
    e = Estate(at=day(at), source="cloud", declares=declares)
    for thing in things or (ARN, BUCKET):
        e.thing("Agent", ARN) if thing == ARN else e.resource(BUCKET)
    return e


def now(history: History) -> Posture:
    return history.posture(history.infos[-1].id)


def listed(posture: Posture, **asked: Any) -> list[dict[str, Any]]:
    return findings(posture, states=STATES, **asked)["findings"]


def one(posture: Posture, rule: str) -> dict[str, Any]:
    (found,) = [f for f in listed(posture) if f["rule"] == rule]
    return found


def connected(
    *later: list[Estate], journal: Path | None = None, declares: tuple[str, ...] = ()
) -> History:
    """Know the agent from the code host first, and from the cloud too a month later."""
    both = [hub(30), cloud(30, declares=declares)]
    return history_of([hub(0)], both, *later, journal=journal)


def unfollowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away that anything is known under another id, as the twin of what follows names."""
    monkeypatch.setattr(Identities, "grouped", {})
    monkeypatch.setattr(
        "graph.identity.renamed_ids.names_in", lambda later, steps: dict(steps[0].canonical)
    )
