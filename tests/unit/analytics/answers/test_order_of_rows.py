"""Lists of equals: the order of an export's rows decides nothing, also where a list is cut."""

from typing import Any

import pytest

from tests.support.estates.small_estates import Estate, ago
from tests.support.printed import debt, show


def stated(turned: bool) -> Estate:
    """State an account with keys and grants that are alike, from the first or from the last."""
    e = Estate().account("svc").resource("a", "restricted").resource("b", "restricted")
    for name in sorted(("first", "second", "third"), reverse=turned):
        e.thing("Credential", name, created_at=ago(300)).link(name, "AUTHENTICATES_AS", "svc")
    for resource, level in sorted(
        ((r, one) for r in "ab" for one in ("read", "write")), reverse=turned
    ):
        e.can("svc", level, resource, grant_id=f"{resource}-{level}", granted_at=ago(300))
    return e


@pytest.mark.parametrize("limit", [0, 3])
def test_items_of_debt_that_cost_the_same(limit: int) -> None:
    def listed(turned: bool) -> list[tuple[Any, ...]]:
        items = debt(stated(turned).posture(), items=True, limit=limit)["items"]
        return [(i["assumption"], i["resource"]["id"], i["level"], i["object"]) for i in items]

    assert listed(False) == listed(True)


def test_credentials_of_an_account() -> None:
    for turned in (False, True):
        posture = stated(turned).posture()
        keys = show(posture, posture.graph.number("svc"))["credentials"]
        assert [key["id"] for key in keys] == ["first", "second", "third"]
