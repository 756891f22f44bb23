"""A campaign is begun with the steps of the plan and closed on the page, as its command does it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import trustdebt
from graph.journal.entries import Campaign, Closing
from graph.journal.journal import journal_of
from tests.e2e.conftest import Open
from tests.e2e.said import texts


@pytest.fixture
def own(store: Path, tmp_path: Path) -> Path:
    """Copy the estate, to write beside it."""
    return Path(shutil.copytree(store, tmp_path / "s"))


def entries(store: Path) -> list[Any]:
    """Return what is in the journal of a store."""
    return list(journal_of(str(store)).entries())


def begun(open_deciding: Open, store: Path, **fields: str) -> AppTest:
    """Open the plan and press the button that begins a campaign."""
    page = open_deciding(store, "plan", plan="shown")
    assert not page.exception
    page.text_input(key="campaign:name").set_value(fields.get("name", ""))
    box = next(b for b in page.selectbox if b.label == "Who decides")
    box.set_value(fields.get("by", "ann"))
    next(b for b in page.button if b.label == "Begin the campaign").click().run()
    assert not page.exception
    return page


def test_the_steps_of_the_plan_become_a_campaign(
    open_deciding: Open, own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = begun(open_deciding, own, name="keys of wide")
    (entry,) = entries(own)
    assert isinstance(entry, Campaign)
    assert (entry.name, entry.by, entry.owner) == ("keys of wide", "ann", "ann")
    assert not entry.signed_in
    rows = next(f.value for f in page.dataframe if "Leads it" in f.value)
    assert rows["Campaign"].tolist() == ["keys of wide"]
    assert trustdebt.main(["campaign", "--store", str(own), "--json"]) == 0
    (shown,) = json.loads(capsys.readouterr().out)["result"]["campaigns"]
    plan = next(f.value for f in page.dataframe if "To undo it" in f.value)
    assert len(shown["steps"]) == len(plan)


def test_nobody_in_particular_begins_none(open_deciding: Open, own: Path) -> None:
    page = open_deciding(own, "plan", plan="shown")
    next(b for b in page.button if b.label == "Begin the campaign").click().run()
    assert page.error
    assert entries(own) == []


def test_a_campaign_is_closed_with_a_reason_only(open_deciding: Open, own: Path) -> None:
    begun(open_deciding, own, name="keys")
    page = open_deciding(own, "plan")
    page.session_state["campaigns:1"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    page.run()
    assert "Close the campaign" in [b.label for b in page.button]
    next(b for b in page.selectbox if b.label == "Who decides").set_value("ann")
    next(b for b in page.button if b.label == "Close the campaign").click().run()
    assert page.error, "a reason is needed"
    assert len(entries(own)) == 1
    next(b for b in page.text_area if b.label == "Why").set_value("the rest waits")
    next(b for b in page.button if b.label == "Close the campaign").click().run()
    _, closing = entries(own)
    assert isinstance(closing, Closing)
    assert closing.by == "ann"
    assert "Close the campaign" not in [b.label for b in page.button]
    assert "closed" in str(next(f.value for f in page.dataframe if "Leads it" in f.value)["State"])


def test_without_the_token_nobody_begins_one(open_page: Open, own: Path) -> None:
    page = open_page(own, "plan", plan="shown")
    assert "Begin the campaign" not in [b.label for b in page.button]
    assert "Decisions are taken only where" in texts(page)
