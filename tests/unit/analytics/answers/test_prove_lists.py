"""Reviews that list what they approve: the last list that holds counts, in every answer alike."""

from typing import Any

import pandas as pd
import pytest

from analytics.answers.assurance import assurance
from analytics.answers.drift import drift
from analytics.answers.lineage import lineage
from analytics.answers.prove import prove
from analytics.answers.table import as_json
from graph.schema import COVERS, REVIEW
from tests.support.estates.decision_log import Log, at
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.histories.small_history import history_of

RIGHT, OTHER, BOTH = ["r"], ["vault"], ["r", "vault"]


def reviewed(made: Estate, *reviews: tuple[float, list[str] | None, float | None]) -> Estate:
    """Add approving reviews of the bot: days ago, what they list, and days ago that they ended."""
    for number, (days, what, ended) in enumerate(reviews):
        lists = None if what is None else [{"resource": r, "level": "read"} for r in what]
        end = None if ended is None else ago(ended)
        made.add(REVIEW, id=f"rev{number}", decision="approve", decided_at=ago(days),
                 decided_by="ann", baseline=lists, expires_at=end)  # fmt: skip
        made.add(COVERS, source_id=f"rev{number}", target_id="bot")
    return made


def estate() -> Estate:
    """Build a bot with read on r, by a parent that may not."""
    made = Estate().person("ann").agent("bot", "parent").resource("r", "confidential")
    made.resource("vault").link("parent", "SPAWNS", "bot", valid_from=ago(200))
    return made.can("bot", "read", "r", granted_at=ago(200))


CASES = {
    "in the last list": ([(18, OTHER, None), (14, RIGHT, None)], True),
    "in the earlier list only": ([(18, RIGHT, None), (14, OTHER, None)], False),
    "in each": ([(18, RIGHT, None), (14, BOTH, None)], True),
    "in none": ([(18, OTHER, None), (14, OTHER, None)], False),
    "the last list ended": ([(18, RIGHT, None), (14, OTHER, 3)], True),
    "the earlier list ended": ([(18, RIGHT, 3), (14, OTHER, None)], False),
}


@pytest.mark.parametrize("name", CASES)
def test_every_answer_goes_by_the_last_list_that_holds(name: str) -> None:
    reviews, inside = CASES[name]
    posture = reviewed(estate(), *reviews).posture()
    bot = posture.graph.number("bot")
    envelope = as_json(prove(posture, "bot", AS_OF, "r", "read"))["envelope"]
    (row,) = as_json(assurance(posture, about=bot))["statements"]
    (boundary,) = (claim for claim in row["claims"] if claim["claim"] == "boundary")
    (widening,) = as_json(lineage(posture))["widenings"]
    drifted = bool(as_json(drift(posture, bot))["drift"])
    assert (envelope["state"] == "yes") is inside, envelope
    assert (boundary["verdict"] == "proven") is inside, boundary
    assert widening["approved"] is inside
    assert drifted is not inside


@pytest.mark.parametrize(
    ("reviews", "inside"),
    [
        ([(18, None, None), (14, OTHER, None)], False),
        ([(18, OTHER, None), (14, None, None)], True),
        ([(18, None, None), (14, OTHER, 3)], True),
    ],
)
def test_a_list_replaces_an_earlier_approval_of_everything_and_not_a_later_one(
    reviews: Any, inside: bool
) -> None:
    posture = reviewed(estate(), *reviews).posture()
    envelope = as_json(prove(posture, "bot", AS_OF, "r", "read"))["envelope"]
    (widening,) = as_json(lineage(posture))["widenings"]
    assert (envelope["state"] == "yes", widening["approved"]) == (inside, inside)


def test_the_proof_says_that_the_last_list_lacks_the_access() -> None:
    posture = reviewed(estate(), (18, RIGHT, None), (14, OTHER, None)).posture()
    made = as_json(prove(posture, "bot", AS_OF, "r", "read"))
    assert made["envelope"]["because"] == "it is outside what its last review lists"
    assert [each["id"] for each in made["envelope"]["approved_by"]] == ["rev1", "rev0"]


@pytest.mark.parametrize(("days", "verdict"), [(14, "not_proven"), (5, "proven")])
def test_a_list_of_between_two_readings_counts_from_its_date(days: float, verdict: str) -> None:
    """The use was 12 days ago; the readings are of 16 days ago and of today."""
    history = history_of(
        _read_at(16, (40, RIGHT, None)), _read_at(0, (40, RIGHT, None), (days, OTHER, None))
    )
    posture = history.posture(history.infos[-1].id)
    made = as_json(prove(posture, "bot", pd.Timestamp(at("10:05")), "r", "read"))
    assert made["verdict"] == verdict, made["envelope"]


def _read_at(days: float, *reviews: tuple[float, list[str] | None, float | None]) -> Log:
    made = Log(at=pd.Timestamp(ago(days))).agent("bot").resource("r", "confidential")
    made.resource("vault").person("ann").can("bot", "read", "r", granted_at=ago(60))
    reviewed(made, *reviews)
    return made.decided("10:00", policy_version="3", justification="close").used("10:05")
