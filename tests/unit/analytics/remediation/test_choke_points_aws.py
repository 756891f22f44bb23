"""Choke points and cuts where the ways are derived, against rules that are run anew."""

import numpy as np
import pytest

from analytics.answers.what_if import posture_without
from analytics.posture import Posture
from analytics.reach.spread import spread
from tests.support.estates.escalating import ACCOUNT, ROOT, Aws, aws
from tests.support.printed import choke_points, cut

PASSES = ("iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction")


def _estate() -> Aws:
    """Let two users come to admin and to a jewel by passed roles, new keys and rewritten policies.

    Ann passes the role `job`, or makes a key for root-like `adm`; so may Ben, who also takes the
    role `ops`, which may pass `job` too. Only `adm` rewrites policies, and only `job` reads.
    """
    e = aws(users="ann ben adm", roles="job ops")
    e.resource("jewel", "restricted").trust("job", "lambda.amazonaws.com")
    for who in ("ann", "ops"):
        for action in PASSES:
            e.may(who, action, "job" if action == PASSES[0] else ACCOUNT)
    e.takes("ben", "ops")
    for who in ("ann", "ben"):
        e.may(who, "iam:CreateAccessKey", "adm")
    e.may("adm", "iam:PutUserPolicy", "adm")
    e.can(e.known("job"), "read", "jewel", id="g")
    return e


def _ends(posture: Posture, *names: str) -> np.ndarray:
    return np.array(sorted(posture.graph.number(n) for n in names))


def _with_access(posture: Posture, starts: list[str], targets: list[str]) -> set[str]:
    wanted, found = set(_ends(posture, *targets).tolist()), set()
    for start in starts:
        number = posture.graph.number(start)
        if number >= 0 and wanted & set(spread(posture.network(), number).reached()["resource"]):
            found.add(start)
    return found


@pytest.mark.parametrize("targets", [["jewel"], [ROOT], ["jewel", ROOT]])
def test_what_each_removal_frees_is_what_the_rules_say_without_it(targets):
    e = _estate()
    posture, starts = e.posture(), [e.known(n) for n in ("ann", "ben", "job")]
    before = _with_access(posture, starts, targets)
    assert before >= {e.known("ann"), e.known("ben")}
    found = choke_points(posture, _ends(posture, *starts), _ends(posture, *targets))
    assert any(row["rules"] for row in found["edges"])
    for row in found["edges"]:
        item = f"{row['from']['id']},{row['relationship']},{row['to']['id']}"
        left = _with_access(posture_without(posture, [item]), starts, targets)
        assert row["exclusive_exposure"] == len(before - left), item
    for row in found["nodes"]:
        left = _with_access(posture_without(posture, [row["id"]]), starts, targets)
        assert row["exclusive_exposure"] == len(before - left), row["id"]


@pytest.mark.parametrize("targets", [["jewel"], [ROOT], ["jewel", ROOT]])
def test_the_rules_conclude_no_way_past_a_cut(targets):
    e = _estate()
    posture, starts = e.posture(), [e.known(n) for n in ("ann", "ben")]
    found = cut(posture, _ends(posture, *starts), _ends(posture, *targets))
    items = [f"{r['from']['id']},{r['relationship']},{r['to']['id']}" for r in found["edges"]]
    assert found["exact"]
    assert found["cost"] == found["max_flow"] == len(items)
    assert not _with_access(posture_without(posture, items), starts, targets)
    for spared in items:
        fewer = [item for item in items if item != spared]
        assert _with_access(posture_without(posture, fewer), starts, targets), spared


def test_alternatives_that_are_not_all_listed_leave_the_cut_unproven():
    """Twenty ways to start compute, of which sixteen are told apart."""
    e = aws(users="ann", roles="job").resource("jewel", "restricted")
    e.trust("job", "lambda.amazonaws.com")
    for n in range(20):
        e.resource(f"arn:aws:lambda:eu:{ACCOUNT}:part{n}", parent_id=ROOT)
        e.may("ann", "iam:PassRole", "job")
    e.may("ann", "lambda:InvokeFunction", ACCOUNT)
    for n in range(20):
        e.may("ann", "lambda:CreateFunction", f"arn:aws:lambda:eu:{ACCOUNT}:part{n}")
    e.can(e.known("job"), "read", "jewel", id="g")
    posture = e.posture()
    ends = _ends(posture, e.known("ann")), _ends(posture, "jewel")
    assert choke_points(posture, *ends)["truncated"]
    found = cut(posture, *ends)
    assert not found["exact"]
    assert "what-if" in found["certificate"]
