"""Posture for leadership, people who leave, and findings over time, as their pages show them."""

import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from analytics.findings.lifecycle.about import what_it_is_about
from analytics.history import open_posture
from graph.facts import Facts
from graph.journal.journal import journal_of
from graph.schema import DECLARABLE, HUMAN, OWNS
from graph.stores.parquet.store import ParquetStore
from tests.e2e.conftest import Open
from tests.e2e.estate import AS_OF, World, estate, publish
from tests.e2e.said import figures, texts
from tests.support.printed import debt, findings


def table(test: AppTest, *columns: str) -> pd.DataFrame:
    """Return the first table that has these columns, a label in a cell as its text."""
    found: pd.DataFrame = next(f.value for f in test.dataframe if set(columns) <= set(f.value))
    return found.map(
        lambda cell: cell[0] if isinstance(cell, np.ndarray) and len(cell) == 1 else cell
    )


def choose(test: AppTest, key: str, *rows: int) -> AppTest:
    """Choose rows of a table, as a click would."""
    test.session_state[key] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    return test.run()


def owned() -> World:
    """Return the estate a month later, in which somebody took `orphan` over."""
    world = estate()
    for role in ("business", "technical"):
        world.link(OWNS, "ann", "orphan", role=role, since="2026-08-05T00:00:00Z")
    return world


@pytest.fixture(scope="module")
def once(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish the estate, and a month later with one orphan less."""
    folder = Path(shutil.copytree(store, tmp_path_factory.mktemp("two") / "s"))
    publish(owned(), folder, AS_OF + pd.Timedelta(days=30))
    return folder


@pytest.fixture
def two(once: Path, tmp_path: Path) -> Path:
    """Copy both snapshots, to write beside them; what is kept beside them is not judged anew."""
    return Path(shutil.copytree(once, tmp_path / "s"))


# -- Posture ----------------------------------------------------------------------------------


def test_the_pillars_add_up_and_lead_to_what_is_broken(open_page: Open, store: Path) -> None:
    test = open_page(store)
    rows = table(test, "In evidence", "Shown").set_index("What")
    assert list(rows.index) == ["Discovery", "Life cycle", "Policy", "Monitoring", "Ownership"]
    assert (rows["Shown"] + rows["Unknown"] <= rows["Of"] + 1).all()
    # Of five facts about each of six agents, two are known: that it is there, and its last use.
    assert (rows.loc["Discovery", "Of"], rows.loc["Discovery", "Unknown"]) == (30, 18)
    test = choose(test, "pillar-rows:5", 0)
    assert not test.exception
    assert set(table(test, "Identity", "Purpose")["Purpose"]) == {"unknown"}
    test = choose(choose(test, "pillar-rows:5", 4), "parts:ownership:1", 0)
    assert not test.exception
    assert test.title[0].value == "Trust debt"
    assert set(table(test, "Identity", "Debt")["Assumption"]) == {"No owner"}


def test_debt_is_measured_against_a_target(open_page: Open, store: Path) -> None:
    owed = debt(open_posture(str(store)))
    above = texts(open_page(store, target="1.0"))
    assert f"**{owed['tdr']:.1%}** is above the target of 1.0%" in above
    assert "meets the target of 90.0%" in texts(open_page(store, target="90"))
    for nonsense in ("much", "0", "-5", "nan", "1e9"):
        test = open_page(store, target=nonsense)
        assert not test.exception
        assert test.number_input(key="target").value == 5.0


@pytest.mark.usefixtures("no_plan")
def test_every_figure_has_its_terms_or_says_why_not(open_page: Open, tmp_path: Path) -> None:
    publish(estate(declares=[d for d in DECLARABLE if d != "reviews"]), tmp_path / "s")
    rows = table(open_page(tmp_path / "s"), "Figure", "Value")
    silent = rows["Value"] == "not measured"
    assert silent.any()
    assert (rows.loc[silent, "Not measured, because"] != "").all()
    assert rows.loc[~silent, ["Numerator", "Denominator"]].notna().all(axis=None)


@pytest.mark.parametrize("name", ["sensitive_reach", "time_to_revoke", "unowned_access"])
def test_a_figure_shows_its_definition_and_rows(open_page: Open, store: Path, name: str) -> None:
    test = open_page(store, figure=name)
    assert not test.exception
    assert "**Denominator**" in texts(test)
    if name == "sensitive_reach":
        # Ten of the databases are confidential or more; all six agents read one of those.
        assert len(table(test, "Identity", "Heaviest access")) == 6


# -- Ownership --------------------------------------------------------------------------------


def test_who_leaves_leaves_something_behind(open_page: Open, store: Path) -> None:
    test = open_page(store, "ownership", leaving="ann")
    # Ann alone owns wide and the three clean ones, in both roles, and runs key-1.
    assert figures(test)["Would lose an owner"] == "4 of 6"
    assert figures(test)["With no owner at all"] == "4 of 4"
    assert figures(test)["Secrets to replace"] == "1"
    rows = table(test, "Owner left", "Could take over")
    assert set(rows["Identity"]) == {"wide-bot", "clean-1-bot", "clean-2-bot", "clean-3-bot"}
    assert set(rows["Could take over"]) == {"nobody known"}
    assert table(test, "Credential", "Because")["Do"].tolist() == ["rotate"]
    nobody = open_page(store, "ownership", leaving="zed")
    assert figures(nobody)["Would lose an owner"] == "0 of 6"
    assert "Nothing would lose its last owner." in texts(nobody)


def test_the_bus_factor_can_be_asked_what_it_leaves(open_page: Open, store: Path) -> None:
    test = open_page(store, "ownership")
    assert "Bus factor: **1 departure** of 1 person" in texts(test)
    next(b for b in test.button if b.label == "The bus factor").click()
    test = test.run()
    assert not test.exception
    assert test.query_params["leaving"] == "ann"
    assert figures(test)["Would lose an owner"] == "4 of 6"


@pytest.mark.parametrize("stranger", ["nobody", "wide", "<b>", ""])
def test_a_stranger_cannot_leave(open_page: Open, store: Path, stranger: str) -> None:
    test = open_page(store, "ownership", leaving=["ann", stranger])
    assert not test.exception
    assert "Nobody in this snapshot has the id" in test.warning[0].value
    assert test.query_params["leaving"] == "ann"


def test_what_is_known_of_owners_is_shown_with_its_source(open_page: Open, store: Path) -> None:
    test = open_page(store, "ownership")
    rows = table(test, "Identity", "Sure")
    assert rows.set_index("Identity").loc["left-bot", "Sure"] == "0%"
    test = choose(test, "owners:6", rows["Identity"].tolist().index("left-bot"))
    assert not test.exception
    said = table(test, "Known by", "Confidence")
    assert set(said["Owner"]) == {"Zed"}
    assert set(said["Is"]) == {"gone"}
    assert set(said["Source"]) == {"estate/acme"}


def test_sources_that_disagree_are_listed(open_page: Open, tmp_path: Path) -> None:
    one, other = estate().facts(), World(scope="tags")
    other.add(HUMAN, id="bob", name="Bob", status="active")
    other.link(OWNS, "bob", "wide", role="business", since="2026-01-01T00:00:00Z")
    frames = {
        element: pd.concat([one.frames[element], frame], ignore_index=True)
        for element, frame in other.facts().frames.items()
    }
    both = Facts.of(frames, (*one.coverage, *other.facts().coverage))
    store = ParquetStore(tmp_path / "s")
    with store.lease() as lease:
        store.publish(both, lease)
    rows = table(open_page(tmp_path / "s", "ownership"), "One source", "Conflict")
    assert set(rows["Thing"]) == {"wide-bot"}
    assert {*rows["names"], *rows["names instead"]} == {"Ann", "Bob"}


# -- Findings ---------------------------------------------------------------------------------


def test_what_was_resolved_is_shown_when_asked_for(open_page: Open, once: Path) -> None:
    now = table(open_page(once, "findings"), "State", "Rule")
    assert "orphan-bot" not in set(now[now["Rule"] == "OWN-01"]["About"])
    gone = table(open_page(once, "findings", state="resolved"), "State", "Rule")
    assert set(gone["State"]) == {"resolved"}
    assert ("OWN-01", "orphan-bot") in set(zip(gone["Rule"], gone["About"], strict=True))
    assert set(gone["First seen"]) == set(gone["Last seen"]) == {"1 Aug 2026"}
    test = open_page(once, "findings", state=["open,resolved"])
    assert len(table(test, "State", "Rule")) > max(len(now[now["State"] == "open"]), len(gone))
    one = findings(open_posture(str(once)), rule="OWN-01", states=("resolved",))["findings"]
    said = texts(open_page(once, "findings", state="resolved", finding=one[0]["id"]))
    assert "**Resolved** 31 Aug 2026" in said
    assert "**Resolved by**" in said


def test_several_findings_are_accepted_together(open_deciding: Open, two: Path) -> None:
    def fill(until: date | None, by: str, why: str) -> AppTest:
        test = open_deciding(two, "findings", about="left", severity="high,medium,low")
        key = next(k for k in _keys(test) if k.startswith("findings:{"))
        test = choose(test, key, 0, 1)
        assert "2 findings selected" in texts(test)
        next(d for d in test.date_input if "Until" in d.label).set_value(until)
        next(b for b in test.selectbox if b.label == "Who decides").set_value(by or None)
        test.text_area[0].set_value(why)
        next(b for b in test.button if b.label == "Accept").click()
        return test.run()

    for until, by, why in (
        (None, "ann", "known"),
        (date(2035, 1, 1), "", "known"),
        (date(2035, 1, 1), "ann", ""),
    ):
        assert fill(until, by, why).error
        assert journal_of(str(two)).entries() == ()
    test = fill(date(2035, 1, 1), "ann", "known")
    assert not test.error
    assert len(journal_of(str(two)).acceptances()) == 2
    assert table(test, "State", "Rule")["State"].tolist().count("accepted") == 2


def _keys(test: AppTest) -> list[str]:
    return [str(key) for key in test.session_state._state.filtered_state]


def test_what_is_accepted_already_is_not_accepted_again(open_page: Open, two: Path) -> None:
    posture = open_posture(str(two))
    for one in findings(posture, about=posture.graph.number("left"))["findings"]:
        about, until = what_it_is_about(posture, one["id"]), pd.Timestamp("2035-01-01", tz="UTC")
        journal_of(str(two)).accept(one["id"], until, "ann", "known", AS_OF, about)
    test = open_page(two, "findings", about="left")
    test = choose(test, next(k for k in _keys(test) if k.startswith("findings:{")), 0, 1)
    assert "2 are accepted or resolved already" in texts(test)
    assert not [b for b in test.button if b.label == "Accept"]
