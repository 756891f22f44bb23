"""One gate: who writes an entry has a role for it, whatever page or function asked."""

import ast
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from graph.journal import journal as module
from graph.journal import rights
from graph.journal.actor import By
from graph.journal.campaign_steps import Undertaking
from graph.journal.entries import FINAL, KINDS, STANDING
from graph.journal.journal import Journal
from graph.journal.rights import AUDIT, DEEDS, EXPLORE, LOOK, RIGHTS, UPLOAD, NotAllowed

NOW = pd.Timestamp("2026-08-10T12:00:00Z")
LATER = pd.Timestamp("2026-09-01", tz="UTC")
ABOUT = ("OWN-01", "bot", "")
EMPTY = Undertaking(name="c", snapshot="1", as_of=NOW, owner="ann", due=LATER, steps=())
WRITES: dict[str, Callable[[Journal, Any], object]] = {
    "acceptance": lambda j, by: j.accept("F-1", LATER, by, "x", None, ABOUT, answering=("ann",)),
    "confirmation": lambda j, by: j.confirm(1, by, "x", None),
    "attestation": lambda j, by: j.attest("bot", "ann", "business", by, "", None),
    "review": lambda j, by: j.review("bot", "approve", by, "x", None),
    "apart": lambda j, by: j.set_apart("a", "b", by, "x"),
    "campaign": lambda j, by: j.start_campaign(EMPTY, by, "x", None),
    "closing": lambda j, by: j.close_campaign(2, by, "x", NOW, ()),
}
# Worked out by hand: who may do what, as docs/people.md says it.
ALLOWED = {
    "viewer": set(),
    "analyst": {"apart", "campaign", "closing"},
    "owner": {"acceptance", "attestation", "review", "campaign", "closing"},
    "reviewer": {"confirmation", "review"},
    "auditor": set(),
    "admin": set(WRITES) | {UPLOAD},
}


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """Return a journal with an acceptance that waits, and a campaign under way."""
    book = Journal(tmp_path / "journal.sqlite", lambda: NOW)
    book.accept("F-0", LATER, "zed", "x", None, ABOUT, second=True)
    book.start_campaign(EMPTY, "zed", "x", None)
    return book


@pytest.fixture
def serving(journal: Journal) -> Iterator[None]:
    before = rights._Process.serves
    rights.serve_others()
    yield
    rights._Process.serves = before


def test_every_kind_of_entry_is_asked_here_and_is_a_right() -> None:
    assert {kind.kind for kind in STANDING} | {"confirmation"} == set(WRITES)
    assert {kind.kind for kind in FINAL} == {"confirmation", "withdrawal"}
    assert set(DEEDS) == set(WRITES) | {UPLOAD}
    assert set(KINDS) == set(WRITES) | {"withdrawal"}


def test_no_right_is_without_a_holder_and_no_role_has_an_unknown_one() -> None:
    assert set().union(*RIGHTS.values()) == {LOOK, EXPLORE, AUDIT, *DEEDS}
    assert {role: set(RIGHTS[role]) & set(DEEDS) for role in RIGHTS} == ALLOWED


@pytest.mark.parametrize(("role", "deed"), [*product(RIGHTS, WRITES)])
def test_a_role_writes_what_it_may_and_nothing_else(journal: Journal, role: str, deed: str) -> None:
    before = journal.mark()
    by = By("ann", roles=frozenset({role}))
    if deed in ALLOWED[role]:
        WRITES[deed](journal, by)
        assert journal.entries()[-1].kind == deed
    else:
        with pytest.raises(NotAllowed, match="needs the role"):
            WRITES[deed](journal, by)
        assert journal.mark() == before


@pytest.mark.parametrize(("role", "number"), [*product(RIGHTS, (1, 2))])
def test_who_may_add_an_entry_may_withdraw_it(journal: Journal, role: str, number: int) -> None:
    by = By("ann", roles=frozenset({role}))
    kind = journal.entries()[number - 1].kind
    if kind in ALLOWED[role]:
        journal.withdraw(number, by, "x", None)
    else:
        with pytest.raises(NotAllowed):
            journal.withdraw(number, by, "x", None)


def test_roles_add_up_and_unknown_ones_are_none(journal: Journal) -> None:
    both = By("ann", roles=frozenset({"analyst", "reviewer", "king"}))
    WRITES["review"](journal, both)
    WRITES["apart"](journal, both)
    with pytest.raises(NotAllowed):
        WRITES["review"](journal, By("ann", roles=frozenset({"king"})))


@pytest.mark.usefixtures("serving")
@pytest.mark.parametrize("by", ["ann", By("ann"), By("ann", roles=frozenset())])
def test_a_process_that_serves_takes_no_author_without_roles(journal: Journal, by: Any) -> None:
    for write in WRITES.values():
        with pytest.raises(NotAllowed):
            write(journal, by)
    assert len(journal.entries()) == 2


def test_without_the_gate_a_page_that_forgets_the_roles_decides(journal: Journal) -> None:
    """The twin: a command is such a process."""
    assert not rights._Process.serves
    for write in WRITES.values():
        write(journal, "ann")
    assert len(journal.entries()) == 9


def test_one_function_writes_entries_and_it_asks_first() -> None:
    tree = ast.parse(Path(module.__file__ or "").read_text())
    functions = [f for f in ast.walk(tree) if isinstance(f, ast.FunctionDef)]
    writing = [f.name for f in functions if "INSERT INTO entry" in ast.unparse(f)]
    assert writing == ["_add"]
    (add,) = (f for f in functions if f.name == "_add")
    lines = [ast.unparse(line) for line in add.body[1:]]
    assert lines[:2] == ["author = By.of(by)", "require(author, right or kind.kind)"]


def test_the_table_in_the_documentation_is_the_one_that_counts() -> None:
    page = Path(__file__).parents[4] / "docs" / "people.md"
    rows = [line.split("|")[1:4] for line in page.read_text().splitlines() if line.startswith("|")]
    table = {cells[0].strip(): (cells[1].strip(), cells[2]) for cells in rows}
    words = {
        "acceptance": "accept what",
        "confirmation": "confirm acceptances",
        "attestation": "attest owners",
        "review": "review",
        "apart": "keep ids apart",
        "campaign": "begin and close campaigns",
        "closing": "begin and close campaigns",
    }
    for role, deeds in ALLOWED.items():
        pages, may = table[role]
        assert (pages == "all") == (AUDIT in RIGHTS[role])
        assert pages.startswith("all") == (EXPLORE in RIGHTS[role])
        if role != "admin":
            assert {deed for deed, phrase in words.items() if phrase in may} == deeds, role


@pytest.mark.parametrize(
    ("roles", "name", "written"),
    [
        ({"owner"}, "ann", True),
        ({"owner"}, "bob", False),
        ({"owner", "reviewer"}, "bob", False),
        ({"owner", "admin"}, "bob", True),
        ({"admin"}, "bob", True),
        (None, "bob", True),
    ],
)
def test_an_owner_accepts_only_what_is_their_own(
    journal: Journal, roles: set[str] | None, name: str, written: bool
) -> None:
    by = By(name, roles=None if roles is None else frozenset(roles))
    before = journal.mark()
    if written:
        WRITES["acceptance"](journal, by)
    else:
        with pytest.raises(NotAllowed, match=f"{name} does not answer for this"):
            WRITES["acceptance"](journal, by)
    assert (journal.mark() != before) == written


def test_who_is_not_known_to_be_the_owner_is_not(journal: Journal) -> None:
    """Neither a name that nobody vouches for, nor a caller that does not say who answers."""
    with pytest.raises(NotAllowed):
        WRITES["acceptance"](journal, By("ann", verified=False, roles=frozenset({"owner"})))
    with pytest.raises(NotAllowed):
        journal.accept("F-1", LATER, By("ann", roles=frozenset({"owner"})), "x", None, ABOUT)


def test_without_the_gate_an_owner_accepts_anything(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin."""
    monkeypatch.setattr(rights, "OWN_ONLY", {})
    WRITES["acceptance"](journal, By("bob", roles=frozenset({"owner"})))
    assert journal.entries()[-1].by == "bob"
