"""A proof says of an approval who gave it, and from when until when it holds."""

import pytest

from analytics.answers.prove import prove
from analytics.answers.table import as_json
from graph.schema import COVERS, REVIEW
from tests.support.estates.small_estates import AS_OF, Estate, ago


@pytest.mark.parametrize("ends", [None, ago(13), ago(-30)])
def test_a_proof_says_until_when_an_approval_holds(ends: str | None) -> None:
    made = Estate().agent("bot").resource("r", "confidential").can("bot", "read", "r")
    made.add(REVIEW, id="rev", decision="approve", decided_at=ago(15), decided_by="ann",
             expires_at=ends)  # fmt: skip
    made.add(COVERS, source_id="rev", target_id="bot")
    proof = as_json(prove(made.posture(), "bot", AS_OF, "r", "read"))
    (approval,) = proof["envelope"]["approved_by"]
    assert approval == {
        "on": "identity",
        "by": "ann",
        "at": ago(15),
        "expires_at": ends,
        "id": "rev",
    }
