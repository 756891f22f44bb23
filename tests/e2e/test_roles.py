"""What each role sees and does on the pages: on all of them, whatever a page forgets."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from analytics.answers import journal as decisions
from analytics.history import open_posture
from app.web.server import door, upload
from app.web.views import audit
from graph.journal.actor import By
from graph.journal.entries import KINDS
from graph.journal.journal import journal_of
from graph.journal.rights import PAGES, RIGHTS, NotAllowed
from tests.e2e.said import texts
from tests.e2e.visiting import DRAWN, VIEWS, Visit, buttons, claims, fill
from tests.support.search import searching


@pytest.mark.usefixtures("stubs")
@pytest.mark.parametrize("role", RIGHTS)
def test_each_role_sees_its_pages_and_no_other(visit: Visit, store: Path, role: str) -> None:
    of_each_right = {view.right: page for page, view in VIEWS.items()}
    for page in VIEWS if searching() or role == "viewer" else of_each_right.values():
        view = VIEWS[page]
        test = visit(store, page, role)
        assert not test.exception
        assert test.title[0].value == view.title
        drawn = DRAWN in texts(test)
        assert drawn == (view.right in RIGHTS[role]), (role, page)
        assert drawn or "This page is for the role" in texts(test)


def test_every_page_needs_a_right_and_a_viewer_sees_those_for_leadership() -> None:
    assert {view.right for view in VIEWS.values()} == set(PAGES)
    open_ = {name for name, view in VIEWS.items() if view.right in RIGHTS["viewer"]}
    assert open_ == {"posture", "trust_debt", "compare"}


def sees_nothing(test: AppTest, title: str) -> bool:
    """Return whether only the title is there: not even which snapshots there are."""
    assert not test.exception
    bare = DRAWN not in texts(test) and len(test.sidebar.selectbox) == 0
    return bare and test.title[0].value == title


@pytest.mark.usefixtures("stubs")
def test_who_has_no_role_sees_nothing_on_any_page(visit: Visit, store: Path) -> None:
    for page in VIEWS:
        assert sees_nothing(visit(store, page, "king"), "You have no role here"), page


@pytest.mark.usefixtures("stubs")
def test_who_signed_in_too_long_ago_has_to_again(visit: Visit, store: Path) -> None:
    test = visit(store, "audit", "admin", age=9 * 3600.0)
    assert sees_nothing(test, "Sign in")
    assert "8 hours" in texts(test)
    test.user = {"is_logged_in": False}
    assert sees_nothing(test.run(), "Sign in")


@pytest.mark.usefixtures("stubs")
def test_without_the_age_an_old_sign_in_opens_the_page(
    visit: Visit, store: Path, tmp_path: Path
) -> None:
    """The twin: a file that lets a sign-in count longer."""
    (tmp_path / "people.toml").write_text('[roles]\nclaim = "roles"\n[session]\nmax_age = "10h"\n')
    assert DRAWN in texts(visit(store, "audit", "admin", age=9 * 3600.0))


@pytest.mark.parametrize("role", [role for role in RIGHTS if role != "viewer"])
def test_the_form_is_drawn_for_whom_it_is(
    visit: Visit, own: Path, critical: str, role: str
) -> None:
    test = visit(own, "findings", role, finding=critical)
    assert not test.exception
    assert ("Accept" in buttons(test)) == ("acceptance" in RIGHTS[role])
    assert ("takes the role owner or admin" in texts(test)) == ("Accept" not in buttons(test))


@pytest.mark.parametrize(
    ("role", "written"), [("auditor", False), ("analyst", False), ("owner", True)]
)
def test_a_page_that_forgets_to_ask_writes_nothing(
    visit: Visit,
    own: Path,
    critical: str,
    monkeypatch: pytest.MonkeyPatch,
    role: str,
    written: bool,
) -> None:
    monkeypatch.setattr(door, "ask", lambda *_, **__: True)
    test = fill(visit(own, "findings", role, finding=critical), "Accept")
    assert not test.exception
    assert len(journal_of(str(own)).entries()) == written
    assert any("needs the role owner or admin" in e.value for e in test.error) != written


@pytest.mark.parametrize("role", RIGHTS)
def test_only_who_may_upload_puts_anything_into_the_store(role: str, tmp_path: Path) -> None:
    """Neither a file nor the example, whatever the page asked."""
    by, uri = By("ann", roles=frozenset({role})), str(tmp_path / "s")
    refused = upload.Refused if role == "admin" else NotAllowed
    with pytest.raises(refused):
        upload.ingest(upload.Asked("a2a"), [], uri, by)
    if role != "admin":
        with pytest.raises(NotAllowed):
            upload.example(uri, by)


@pytest.mark.parametrize(
    ("role", "email", "subject", "written"),
    [
        ("owner", "ann@acme.test", "orphan", False),
        ("owner", "bob@elsewhere.test", "wide", False),
        ("admin", "ann@acme.test", "orphan", True),
    ],
)
def test_an_owner_accepts_what_is_their_own_whatever_the_page_asks(
    visit: Visit,
    own: Path,
    listed: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    role: str,
    email: str,
    subject: str,
    written: bool,
) -> None:
    """Ann owns the wide agent, nobody the orphan, and Bob is nobody whom the snapshot knows."""
    finding = next(row["id"] for row in listed if row["subject"]["id"] == subject)
    test = visit(own, "findings", role, finding=finding)
    test.user = claims(role, email=email)
    test.run()
    assert ("Accept" in buttons(test)) == written
    assert ("what others answer for" in texts(test)) != written
    monkeypatch.setattr(decisions, "may_accept", lambda *_: True)  # a page that forgets to ask
    fill(test.run(), "Accept")
    assert len(journal_of(str(own)).entries()) == written


def test_a_role_that_is_gone_between_two_clicks_decides_nothing(
    visit: Visit, own: Path, critical: str
) -> None:
    test = visit(own, "findings", "owner", finding=critical)
    test.user = claims("analyst")
    test = fill(test, "Accept")
    assert journal_of(str(own)).entries() == ()
    assert "Accept" not in buttons(test)


def test_who_signed_in_decides_and_a_second_person_confirms(
    visit: Visit, own: Path, critical: str
) -> None:
    """The journal holds the person whom the snapshot knows by the e-mail, and the account."""
    test = fill(visit(own, "findings", "owner", finding=critical), "Accept")
    assert not test.error
    assert not [box for box in test.selectbox if box.label == "Who decides"]
    (entry,) = journal_of(str(own)).entries()
    assert (entry.by, entry.verified, entry.signed_in) == ("ann", True, True)
    assert entry.account == "https://idp.test|ann"
    assert "Pending" in texts(test)
    assert "accepted" not in test.dataframe[0].value["State"].tolist()

    test.user = claims("reviewer")  # the same person, in another role
    test = fill(test.run(), "Confirm")
    assert "another person has to confirm it" in test.error[0].value
    test.user = claims("reviewer", email="bob@elsewhere.test")
    test = fill(test.run(), "Confirm", "agreed")
    assert not test.error
    entry, second = journal_of(str(own)).entries()
    assert (second.by, second.verified, second.signed_in) == ("bob@elsewhere.test", False, True)
    assert "accepted" in test.dataframe[0].value["State"].tolist()
    assert decisions.waiting(open_posture(str(own))) == {}


def test_who_left_decides_nothing_although_the_provider_lets_in(
    visit: Visit, own: Path, critical: str
) -> None:
    """Zed is known by name alone, and that is what this provider's claim holds."""
    (own.parent / "people.toml").write_text('[roles]\nclaim = "roles"\n[person]\nclaim = "name"\n')
    test = visit(own, "findings", "owner", finding=critical)
    test.user = claims("owner") | {"name": "Zed"}
    test = fill(test.run(), "Accept")
    assert "no longer here" in test.error[0].value
    assert journal_of(str(own)).entries() == ()


@pytest.mark.parametrize(("page", "role"), [*product(["audit"], ["auditor", "admin"])])
def test_the_trail_says_who_did_what(visit: Visit, own: Path, page: str, role: str) -> None:
    posture = open_posture(str(own))
    decisions.review(posture, "wide", "approve", "ann", "still needed")
    decisions.attest(posture, "orphan", "ann", "business", "ann")
    test = visit(own, page, role)
    assert not test.exception
    rows = test.dataframe[0].value
    assert rows["Did"].tolist() == ["attested an owner", "reviewed access"]
    assert rows["Who"].tolist() == ["Ann · not signed in"] * 2
    assert rows["About"].tolist() == ["orphan-bot", "wide-bot"]
    assert "The chain is whole" in "".join(s.value for s in test.success)
    assert journal_of(str(own)).mark() in "".join(s.value for s in test.success)
    test.text_input(key="audit:about").set_value("WIDE")
    assert test.run().dataframe[0].value["Did"].tolist() == ["reviewed access"]


def test_every_kind_of_entry_has_words_on_the_page() -> None:
    assert audit.DEEDS.keys() == KINDS.keys()
