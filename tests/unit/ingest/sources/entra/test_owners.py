"""Who owns and sponsors what in a tenant, and of which kind of owner nothing can be known.

https://learn.microsoft.com/en-us/entra/agent-id/agent-owners-sponsors-managers
"""

import pytest

from graph.schema import OWNS
from tests.unit.ingest.sources.entra.test_pages import (
    AGENT_ID,
    ANN,
    APP,
    BOT,
    OPS,
    coverage,
    page,
    principal,
    read,
)

__all__ = ["read"]


def test_owners_and_sponsors(read):
    """Expanded within the object, or in a file that is named as the address it came from."""
    user = {"@odata.type": "#microsoft.graph.user"} | principal(ANN, "Ann")
    group = {"@odata.type": "#microsoft.graph.group"} | principal(OPS, "Ops")
    bot = {"@odata.type": "#microsoft.graph.servicePrincipal"} | principal(BOT, "Bot")
    found = read(
        page("servicePrincipals", principal(BOT, "Bot", owners=[]),
             principal(AGENT_ID, "Planner", owners=[user, bot])
             | {"@odata.type": "#microsoft.graph.agentIdentity"}),
        (f"servicePrincipals_{AGENT_ID}_sponsors.json", page("directoryObjects", group)),
    )  # fmt: skip
    rows = {(r["source_id"], r["role"]) for r in found.rows(OWNS)}
    assert rows == {
        (f"entra:{ANN}", "technical"), (f"entra:{BOT}", "technical"), (f"entra:{OPS}", "sponsor")
    }  # fmt: skip
    assert "owners" in coverage(found).declares
    assert coverage(found).owner_roles == (
        ("Agent", ("business", "technical")),
        ("Role", ()),
        ("ServiceAccount", ("technical",)),
    )


@pytest.mark.parametrize("sponsored", [True, False])
def test_an_application_lacks_no_business_owner_that_entra_has_no_word_for(read, sponsored):
    """Only agents have sponsors, and they lack one only where sponsors were asked for."""
    user = {"@odata.type": "#microsoft.graph.user"} | principal(ANN, "Ann")
    agent = {"@odata.type": "#microsoft.graph.agentIdentity"}
    pages = [
        page(
            "servicePrincipals",
            principal(BOT, "Bot", owners=[user]),
            principal(AGENT_ID, "Planner", owners=[user]) | agent,
        )
    ]
    if sponsored:
        pages.append((f"servicePrincipals_{AGENT_ID}_sponsors.json", page("directoryObjects")))
    found = read(*pages)
    owned, at = found.posture.ownership, found.graph.find
    lacking = {name: bool(owned.missing("business")[at(name)]) for name in ("Bot", "Planner")}
    assert lacking == {"Bot": False, "Planner": sponsored}


def test_owners_are_declared_only_if_all_were_asked_for(read):
    """Else whoever was not asked for would look like an orphan."""
    found = read(page("servicePrincipals", principal(BOT, "Bot"), principal(APP, "X", owners=[])))
    assert "owners" not in coverage(found).declares
    assert any("1 of 2 service principals" in said for said in found.done.warnings)
