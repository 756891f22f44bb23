"""What each role decides on the pages, for each page with a form: the matrix of docs/people.md."""

import shutil
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analytics.answers import journal as decisions
from analytics.answers.reviews import reviews
from analytics.history import open_posture
from app.web.server import door
from graph.journal.actor import By
from graph.journal.journal import journal_of
from graph.journal.rights import RIGHTS
from tests.e2e.said import texts
from tests.e2e.visiting import Visit, buttons, fill
from tests.support.search import some

# The button of each form, and by hand from docs/people.md who may press it.
DEEDS = {
    "accept": ("Accept", {"owner", "admin"}),
    "withdraw": ("Withdraw", {"owner", "admin"}),
    "confirm": ("Confirm", {"reviewer", "admin"}),
    "attest": ("Assign", {"owner", "admin"}),
    "campaign": ("Begin the campaign", {"analyst", "owner", "admin"}),
    "review": ("Record the decision", {"owner", "reviewer", "admin"}),
}
CLOSED = "viewer"  # who opens none of these pages
UNTIL = pd.Timestamp("2035-01-01", tz="UTC")
BOB = By("bob@elsewhere.test", False, roles=frozenset({"admin"}), account="https://idp.test|bob")
Place = tuple[str, dict[str, str]]


def each_way() -> list[tuple[str, str]]:
    """List each deed with a role that may do it and with one that may not, each time others."""
    cases = []
    for at, (deed, (_, allowed)) in enumerate(DEEDS.items()):
        for may in (True, False):
            roles = [role for role in RIGHTS if (role in allowed) == may]
            first = at % len(roles)
            cases += [(deed, role) for role in some([*roles[first:], *roles[:first]], 1)]
    return cases


@pytest.fixture(scope="module")
def decided(leaked: Path, listed: list[dict[str, Any]], critical: str) -> dict[str, Place]:
    """Have Bob accept a critical finding, which waits, and a lesser one; return where each form is.

    All of it is about what is Ann's, who signs in on the pages.
    """
    posture = open_posture(str(leaked))
    hers = [r["id"] for r in listed if r["subject"]["id"] == "wide" and r["severity"] != "critical"]
    decisions.accept(posture, critical, UNTIL, BOB, "until it is replaced")
    decisions.accept(posture, hers[0], UNTIL, BOB, "until it is replaced")
    packet = str(reviews(posture).packets.readable()["id"].iloc[0])
    return {
        "accept": ("findings", {"finding": hers[1]}),
        "withdraw": ("findings", {"finding": hers[0]}),
        "confirm": ("findings", {"finding": critical}),
        "attest": ("identity", {"id": "orphan"}),
        "campaign": ("plan", {"plan": "shown"}),
        "review": ("reviews", {"packet": packet}),
    }


@pytest.mark.parametrize(("deed", "role"), [*product(DEEDS, RIGHTS)])
def test_a_form_is_there_for_whom_it_is(
    visit: Visit, leaked: Path, decided: dict[str, Place], deed: str, role: str
) -> None:
    """Whoever else opens the page reads which role it takes."""
    page, address = decided[deed]
    label, allowed = DEEDS[deed]
    test = visit(leaked, page, role, **address)
    assert not test.exception
    assert (label in buttons(test)) == (role in allowed)
    if role == CLOSED:
        assert "This page is for the role" in texts(test)
    elif role not in allowed:
        assert f"takes the role {' or '.join(r for r in RIGHTS if r in allowed)}" in texts(test)


@pytest.mark.parametrize(("deed", "role"), each_way())
def test_pages_that_forget_to_ask_write_what_the_role_may(
    visit: Visit,
    leaked: Path,
    tmp_path: Path,
    decided: dict[str, Place],
    monkeypatch: pytest.MonkeyPatch,
    deed: str,
    role: str,
) -> None:
    """Every page is open and every form is there; the journal is asked by nobody but itself."""
    for question in ("sees", "may", "ask"):
        monkeypatch.setattr(door, question, lambda *_, **__: True)
    label, allowed = DEEDS[deed]
    store = leaked
    if role in allowed:
        store = Path(shutil.copytree(leaked, tmp_path / "s"))
    before = journal_of(str(store)).mark()
    page, address = decided[deed]
    test = visit(store, page, role, **address)
    for box in [box for box in test.selectbox if box.label == "Who answers for it"]:
        box.set_value("ann")
    for choice in [choice for choice in test.segmented_control if choice.label == "Decision"]:
        choice.set_value("approve")
    test = fill(test, label)
    assert not test.exception
    assert (journal_of(str(store)).mark() != before) == (role in allowed)
    refused = f"needs the role {' or '.join(r for r in RIGHTS if r in allowed)}"
    assert any(refused in error.value for error in test.error) == (role not in allowed)
