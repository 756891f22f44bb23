"""Proofs of one of several uses at the same instant: each can be named."""

import pandas as pd
import pytest

from analytics.answers.evidence import evidence
from analytics.answers.proof_again import check_proof
from analytics.answers.prove import NothingToProve, prove
from analytics.answers.table import as_json
from graph.schema import USE_EVENT
from tests.support.estates.decision_log import Log, at

USE = pd.Timestamp(at("10:05"))
GRANTED = "2026-07-12T00:00:00Z"
REASONS = {"policy_version": "3", "justification": "monthly close"}


def estate(held=True, decision=None) -> Log:
    """Build a bot that reads r at 10:05, five minutes after it was allowed to where decided."""
    made = Log()
    made.agent("bot", declared_scope=[{"resource": "r", "level": "read"}])
    made.resource("r", "confidential").resource("vault")
    if held:
        made.can("bot", "read", "r", granted_at=GRANTED)
    if decision is not None:
        made.decided("10:00", **REASONS)
    return made.used("10:05")


def at_once() -> Log:
    """Build one use that was allowed by its correlation id only, and one that nothing allowed.

    Both read r at 10:05 as bot, the first by k1 and the second by k2; the decision is of the day
    before, so that it explains no use but that of its correlation id.
    """
    made = estate(held=False)
    made.rows.pop(USE_EVENT)
    made.thing("Credential", "k1", "k2").can("bot", "read", "r", granted_at=GRANTED)
    made.link("bot", "USES", "k1").link("bot", "USES", "k2")
    made.decided("08:00", correlation_id="c1", **REASONS)
    made.used("10:05", principal="k2", id="ub", correlation_id="c2")
    return made.used("10:05", principal="k1", id="ua", correlation_id="c1")


@pytest.mark.parametrize(
    ("use", "name", "verdict"),
    [
        *(("ua", name, "proven") for name in ("ua", "c1", "k1")),
        *(("ub", name, "not_proven") for name in ("ub", "c2", "k2")),
    ],
)
def test_each_of_two_uses_alike_at_one_instant_is_proven(use, name, verdict):
    posture = at_once().posture()
    made = as_json(prove(posture, "bot", USE, "r", "read", name))
    assert (made["claim"]["use"], made["verdict"]) == (use, verdict)
    assert made["decision"]["id"] == ("d2" if use == "ua" else None)
    checked = check_proof(posture, made)
    assert (checked.verdict, checked.asked_again) == ("holds", "same")


def test_of_two_uses_alike_at_one_instant_the_use_must_be_named():
    posture = at_once().posture()
    for named in ((), ("r",), ("r", "read")):
        with pytest.raises(NothingToProve, match="--use of ua, ub"):
            prove(posture, "bot", USE, *named)
    with pytest.raises(NothingToProve, match="no such use by bot"):
        prove(posture, "bot", USE, "r", "read", "ux")


def test_a_use_of_unknown_level_is_told_from_another_at_the_same_instant():
    """Without a level there is nothing that --level could name."""
    posture = estate(decision={}).used("10:05", id="ux", level=None).posture()
    with pytest.raises(NothingToProve, match="--use of u2, ux"):
        prove(posture, "bot", USE, "r")
    claim = prove(posture, "bot", USE, "r", None, "ux").claim
    assert (claim["use"], claim["level"]) == ("ux", None)


def test_every_use_that_is_listed_is_proven_as_itself():
    posture = at_once().used("10:05", resource="vault").used("10:05", id="w").posture()
    rows = as_json(evidence(posture).uses)
    assert len(rows) == 4
    for row in rows:
        named = row["identity"]["id"], pd.Timestamp(row["at"]), row["resource"]["id"]
        made = prove(posture, *named, row["level"], row["id"])
        assert made.claim["use"] == row["id"]


def test_an_event_is_meant_where_a_sum_ends_at_its_instant():
    """The log also sums up three reads, the last of them the one at 10:05: it is no second use."""
    made = estate(decision={})
    made.link("bot", "USED", "r", level="read", count=3, first_at=at("09:00"), last_at=at("10:05"))
    assert prove(made.posture(), "bot", USE, "r", "read").claim["use"] == "u2"
