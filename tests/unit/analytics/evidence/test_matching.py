"""Which decision explains a use: one example for each thing that counts, and its near miss."""

import pytest

from analytics.evidence.matching import REASONS, uses
from tests.support.estates.decision_log import at, log, told

VECTORS = {  # what was decided and seen -> the state of each use, and the record that settled it
    "in time": (
        lambda e: e.decided("10:00").used("10:05"),
        [("explained", "d1")],
    ),
    "at the very end of the window": (
        lambda e: e.decided("10:00").used("10:15"),
        [("explained", "d1")],
    ),
    "a millisecond too late": (
        lambda e: e.decided("10:00").used("10:15:00.001"),
        [("unexplained", None)],
    ),
    "at the same instant": (lambda e: e.decided("10:00").used("10:00"), [("explained", "d1")]),
    "too late": (
        lambda e: e.decided("10:00").used("10:16"),
        [("unexplained", None)],
    ),
    "nothing decided": (lambda e: e.used("10:05"), [("unexplained", None)]),
    "denied": (
        lambda e: e.decided("11:00", "deny").used("11:01"),
        [("denied_but_happened", "d1")],
    ),
    "denied long ago": (
        lambda e: e.decided("11:00", "deny").used("11:16"),
        [("unexplained", None)],
    ),
    "denied, then allowed": (
        lambda e: e.decided("11:00", "deny").decided("11:02").used("11:03"),
        [("explained", "d2")],
    ),
    "allowed, then denied": (
        lambda e: e.decided("11:00").decided("11:02", "deny").used("11:03"),
        [("denied_but_happened", "d2")],
    ),
    "denied and allowed at once": (
        lambda e: e.decided("11:00", "deny").decided("11:00").used("11:03"),
        [("denied_but_happened", "d1")],
    ),
    "a higher level denied": (
        lambda e: e.decided("11:00").decided("11:02", "deny", action="write").used("11:03"),
        [("explained", "d1")],
    ),
    "asked a person, who did not answer": (
        lambda e: e.decided("11:00").decided("11:02", "escalate").used("11:03"),
        [("unexplained", "d2")],
    ),
    "allowed afterwards": (
        lambda e: e.used("12:00").decided("12:01"),
        [("after_the_fact", "d2")],
    ),
    "allowed long afterwards": (
        lambda e: e.used("12:00").decided("12:16"),
        [("unexplained", None)],
    ),
    "denied afterwards": (
        lambda e: e.used("12:00").decided("12:01", "deny"),
        [("unexplained", None)],
    ),
    "a higher level allowed": (
        lambda e: e.decided("10:00", action="admin").used("10:05", level="write"),
        [("explained", "d1")],
    ),
    "a lower level allowed": (
        lambda e: e.decided("10:00", action="read").used("10:05", level="write"),
        [("unexplained", None)],
    ),
    "the whole of which it is a part": (
        lambda e: e.decided("10:00").used("10:05", resource="r/part"),
        [("explained", "d1")],
    ),
    "a part of it": (
        lambda e: e.decided("10:00", resource="r/part").used("10:05"),
        [("unexplained", None)],
    ),
    "the whole denied, the part allowed later": (
        lambda e: (
            e.decided("10:00", "deny")
            .decided("10:01", resource="r/part")
            .used("10:05", resource="r/part")
        ),
        [("explained", "d2")],
    ),
    "another agent": (
        lambda e: e.agent("other").decided("10:00", subject="other").used("10:05"),
        [("unexplained", None)],
    ),
    "one transaction, an hour later": (
        lambda e: e.decided("10:00", correlation_id="tx").used("11:00", correlation_id="tx"),
        [("explained", "d1")],
    ),
    "another transaction, an hour later": (
        lambda e: e.decided("10:00", correlation_id="tx").used("11:00", correlation_id="ty"),
        [("unexplained", None)],
    ),
    "its own transaction allowed, another denied": (
        lambda e: (
            e.decided("10:00", correlation_id="tx")
            .decided("10:01", "deny", correlation_id="ty")
            .used("10:02", correlation_id="tx")
        ),
        [("explained", "d1")],
    ),
    "its own transaction denied, an hour later": (
        lambda e: e.decided("10:00", "deny", correlation_id="tx").used(
            "11:00", correlation_id="tx"
        ),
        [("denied_but_happened", "d1")],
    ),
    "its own transaction denied, then allowed": (
        lambda e: (
            e.decided("10:00", "deny", correlation_id="tx")
            .decided("10:58")
            .used("11:00", correlation_id="tx")
        ),
        [("explained", "d2")],
    ),
    "one transaction, another agent": (
        lambda e: (
            e.agent("other")
            .decided("10:00", subject="other", correlation_id="tx")
            .used("10:01", correlation_id="tx")
        ),
        [("unexplained", None)],
    ),
    "the reason has expired": (
        lambda e: e.decided("10:00", justification_expires_at=at("10:04")).used("10:05"),
        [("after_the_fact", "d1")],
    ),
    "the reason expires that very instant": (
        lambda e: e.decided("10:00", justification_expires_at=at("10:05")).used("10:05"),
        [("explained", "d1")],
    ),
    "the reason of the transaction has expired": (
        lambda e: e.decided(
            "10:00", correlation_id="tx", justification_expires_at=at("10:30")
        ).used("11:00", correlation_id="tx"),
        [("after_the_fact", "d1")],
    ),
    "a policy that had been replaced": (
        lambda e: (
            e.decided("09:00", resource="r/part", policy_version="10")
            .decided("10:00", policy_version="9")
            .used("10:05")
        ),
        [("after_the_fact", "d2")],
    ),
    "a policy that was replaced later": (
        lambda e: (
            e.decided("10:00", policy_version="9")
            .decided("10:02", resource="r/part", policy_version="10")
            .used("10:05")
        ),
        [("explained", "d1")],
    ),
    "a policy that was replaced in the same instant": (
        lambda e: (
            e.decided("10:00", resource="r/part", policy_version="10")
            .decided("10:00", policy_version="9")
            .used("10:05")
        ),
        [("explained", "d2")],
    ),
    "the same version, written in another way": (
        lambda e: (
            e.decided("09:00", policy_version="2.0")
            .decided("09:30", policy_version="2")
            .decided("10:00", policy_version="v2.0")
            .used("10:05")
        ),
        [("explained", "d3")],
    ),
    "a version of very many digits": (
        lambda e: e.decided("10:00", policy_version="9" * 5000).used("10:05"),
        [("explained", "d1")],
    ),
    "the newer digest": (
        lambda e: (
            e.decided("09:00", resource="r/part", policy_version="f0")
            .decided("10:00", policy_version="0a")
            .used("10:05")
        ),
        [("explained", "d2")],
    ),
    "the older digest": (
        lambda e: (
            e.decided("09:00", resource="r/part", policy_version="f0")
            .decided("09:30", resource="r/part", policy_version="0a")
            .decided("10:00", policy_version="f0")
            .used("10:05")
        ),
        [("after_the_fact", "d3")],
    ),
    "once only": (
        lambda e: e.decided("10:00", single_use="true").used("10:01").used("10:02"),
        [("explained", "d1"), ("unexplained", None)],
    ),
    "once each": (
        lambda e: (
            e.decided("10:00", single_use="true")
            .decided("10:00", single_use="true")
            .used("10:01")
            .used("10:02")
            .used("10:03")
        ),
        [("explained", "d2"), ("explained", "d1"), ("unexplained", None)],
    ),
    "any number of times": (
        lambda e: e.decided("10:00").used("10:01").used("10:02"),
        [("explained", "d1"), ("explained", "d1")],
    ),
    "an attempt that failed is no use": (
        lambda e: e.decided("11:00", "deny").used("11:01", outcome="denied"),
        [],
    ),
    "the same action, whatever its level": (
        lambda e: e.decided("10:00", action="frob").used("10:05", level=None, action="Frob"),
        [("explained", "d1")],
    ),
    "a use of unknown level": (
        lambda e: e.decided("10:00").used("10:05", level=None, action="frob"),
        [("unknown", None)],
    ),
    "actions as a provider names them": (
        lambda e: (
            e.decided("10:00", action="s3:GetObject").used("10:05").used("10:06", level="write")
        ),
        [("explained", "d1"), ("unexplained", None)],
    ),
    "one event logged twice": (
        lambda e: e.decided("10:00").used("10:05", id="same").used("10:05", id="same"),
        [("explained", "d1")],
    ),
}


@pytest.mark.parametrize("case", VECTORS)
def test_vectors(case):
    make, expected = VECTORS[case]
    assert told(make(log()).posture()) == expected


@pytest.mark.parametrize("case", VECTORS)
def test_the_order_of_rows_does_not_matter(case):
    make, expected = VECTORS[case]
    estate = make(log())
    for rows in estate.rows.values():
        rows.reverse()
    assert told(estate.posture()) == expected


def test_why_a_decision_does_not_hold():
    e = log().used("08:00").decided("08:01")
    e.decided("09:00", justification_expires_at=at("09:01")).used("09:02")
    e.decided("09:30", resource="r/part", policy_version="2")
    e.decided("10:00", policy_version="1").used("10:01")
    assert [REASONS[r] for r in uses(e.posture())["reason"]] == [
        "decided afterwards",
        "justification expired",
        "policy out of date",
    ]
