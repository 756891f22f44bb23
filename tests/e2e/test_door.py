"""Looking is for whoever reaches the app; deciding is for whoever was told the token."""

import os
import pwd
import re
import subprocess
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest
import streamlit as st
from hypothesis import given
from hypothesis import strategies as texts_of
from streamlit.testing.v1 import AppTest

from analytics.answers.journal import accept
from analytics.history import open_posture
from app.isolation import isolated
from app.web.server import door
from graph.journal.journal import journal_of
from tests.e2e.conftest import TOKEN, Open, Watched, is_up
from tests.e2e.said import texts
from tests.support.printed import findings
from tests.support.search import some

WRONG = ["", " ", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), TOKEN[::-1], "None", "\ud800", "0"]


@pytest.fixture
def own(own_copy: Path) -> Path:
    return own_copy


@pytest.fixture(scope="module")
def one(store: Path) -> str:
    rows = findings(open_posture(str(store)))["findings"]
    return next(str(row["id"]) for row in rows if row["severity"] == "high")


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only this machine reaches the app, and its start printed a token."""
    monkeypatch.setattr(door, "HERE", (st.get_option("server.address"),))
    monkeypatch.setattr(door._Door, "token", TOKEN)


def can_decide(test: AppTest) -> bool:
    assert not test.exception
    return any(button.label == "Accept" for button in test.button)


def unlock(test: AppTest, said: str) -> AppTest:
    next(field for field in test.text_input if field.label == "Token").set_value(said)
    next(button for button in test.button if button.label == "Unlock").click()
    return test.run()


@pytest.mark.usefixtures("home")
def test_looking_needs_no_token_and_deciding_asks_once(
    open_page: Open, own: Path, one: str
) -> None:
    test = open_page(own, "findings", finding=one)
    assert not can_decide(test)
    assert len(test.dataframe) == 2  # the findings, and what to change
    test = unlock(test, f" {TOKEN} ")
    assert can_decide(test)
    assert can_decide(test.run())


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("said", some([said for said in WRONG if said != "\ud800"], 3))
def test_another_token_opens_nothing(open_page: Open, own: Path, one: str, said: str) -> None:
    test = open_page(own, "findings", finding=one, token=said)
    assert not can_decide(test)
    assert "token" not in test.query_params
    test = unlock(test, said)
    assert not can_decide(test)
    assert "not the token" in test.error[0].value


@given(texts_of.text() | texts_of.sampled_from(WRONG))
def test_only_the_very_token_is_right(said: str) -> None:
    before = door._Door.token
    try:
        door._Door.token = TOKEN
        assert not door._try(said)
        door._Door.token = None
        assert not door._try(said)
    finally:
        door._Door.token = before


def test_a_token_in_the_address_opens_and_is_taken_out(
    open_deciding: Open, own: Path, one: str
) -> None:
    test = open_deciding(own, "findings", finding=one)
    assert can_decide(test)
    assert door.PARAMETER not in test.query_params


def test_nobody_decides_where_others_reach_the_app(
    open_deciding: Open, own: Path, one: str, around: pytest.MonkeyPatch
) -> None:
    """Not even with the token, nor in a session that was open."""
    test = open_deciding(own, "findings", finding=one)
    around.setattr(door, "HERE", ())
    assert not can_decide(test.run())
    assert "open to this machine alone" in texts(test)
    assert not can_decide(open_deciding(own, "findings", finding=one))


@pytest.mark.usefixtures("home")
def test_nobody_decides_where_no_token_was_told(
    open_page: Open, own: Path, one: str, around: pytest.MonkeyPatch
) -> None:
    around.setattr(door._Door, "token", None)
    for said in ("", "None"):
        test = open_page(own, "findings", finding=one, token=said)
        assert not can_decide(test)
        assert "trustdebt app" in texts(test)


def test_an_entry_says_from_where_it_came(open_deciding: Open, own: Path, one: str) -> None:
    """Nobody signs in, so it is the account of the app, and one session of it or another."""
    for _ in range(2):
        test = open_deciding(own, "findings", finding=one)
        label = "Accept" if can_decide(test) else "Withdraw"
        if label == "Accept":
            next(d for d in test.date_input if "Until" in d.label).set_value(date(2035, 1, 1))
        next(box for box in test.selectbox if box.label == "Who decides").set_value("ann")
        test.text_area[0].set_value("known")
        next(button for button in test.button if button.label == label).click()
        assert not test.run().error
    first, second = (entry.record() for entry in journal_of(str(own)).entries())
    assert (first["by"], first["signed_in"], second["signed_in"]) == ("ann", False, False)
    assert first["os_user"] == second["os_user"] == pwd.getpwuid(os.getuid()).pw_name
    assert first["session"] != second["session"]


def test_a_command_says_from_where_it_came(own: Path, one: str) -> None:
    until = pd.Timestamp("2035-01-01", tz="UTC")
    said = accept(open_posture(str(own)), one, until, "ann", "known")
    assert (said["signed_in"], said["os_user"]) == (False, pwd.getpwuid(os.getuid()).pw_name)
    assert "session" not in said


@pytest.fixture
def started(own: Path, tmp_path: Path) -> Iterator[str]:
    """Start the app and return all that it prints before it serves."""
    words = isolated("trustdebt", "app", "--port", "0", "--store", str(own))
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            plain = process.stdout.readline().decode()
            assert is_up(process, re.findall(r"http://\S+", plain)[0])
            yield plain + process.stdout.readline().decode()
        finally:
            process.terminate()
            process.wait(20)


def test_the_printed_address_opens_in_a_browser(
    started: str, open_window: Callable[..., Watched], one: str
) -> None:
    plain, told = re.findall(r"http://\S+", started)
    token = parse_qs(urlsplit(told).query)[door.PARAMETER][0]
    assert len(token) >= 32
    window = open_window(plain)
    page = window.go(f"{plain}/findings?finding={one}")
    assert page.get_by_text("Accept this risk for a time").count() == 0
    page = window.go(f"{plain}/findings?finding={one}&{door.PARAMETER}={token}")
    page.get_by_text("Accept this risk for a time").wait_for()
    assert token not in page.url
