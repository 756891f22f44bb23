"""Pages as people who signed in open them, each with some roles; and a store with a history."""

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from analytics.history import open_posture
from app.sign_in import SignIn
from app.web.page import first_sight
from app.web.server import door
from app.web.views import all_views
from graph.schema import CAN_ACCESS, CREDENTIAL
from tests.e2e.estate import AS_OF, estate, publish
from tests.support.printed import findings

MAIN = Path(__file__).parents[2] / "app" / "web" / "main.py"
VIEWS = dict(all_views())
Visit = Callable[..., AppTest]
Downloads = dict[str, Callable[[], Any]]


@pytest.fixture(scope="module")
def leaked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish the estate with a leaked key, so that Ann owns something that is critical."""
    world, folder = estate(), tmp_path_factory.mktemp("roles") / "s"
    world.rows[CREDENTIAL][0]["status"] = "leaked"
    publish(world, folder)
    return folder


@pytest.fixture
def own(leaked: Path, tmp_path: Path) -> Path:
    """Copy the estate, to write beside it."""
    return Path(shutil.copytree(leaked, tmp_path / "s"))


@pytest.fixture(scope="module")
def listed(leaked: Path) -> list[dict[str, Any]]:
    """List the findings of the estate."""
    rows: list[dict[str, Any]] = findings(open_posture(str(leaked)))["findings"]
    return rows


@pytest.fixture(scope="module")
def critical(listed: list[dict[str, Any]]) -> str:
    """Return a critical finding of what is Ann's."""
    hers = [row for row in listed if row["subject"]["id"] in ("wide", "key-1")]
    return next(str(row["id"]) for row in hers if row["severity"] == "critical")


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Visit:
    """Open a page as somebody who signed in with some roles, or as nobody."""
    setup = tmp_path / "people.toml"
    setup.write_text('[roles]\nclaim = "roles"\n')
    monkeypatch.setattr(first_sight, "HEAD_START", 0.0)  # there is no browser to wait for
    monkeypatch.setattr(door._Door, "sign_in", SignIn(setup, "", "", "", "", {}))

    def at(store: Path, page: str, *roles: str, age: float = 0.0, **address: str) -> AppTest:
        monkeypatch.setenv("TRUSTDEBT_STORE", str(store))
        test = AppTest.from_file(str(MAIN), default_timeout=60)
        test.query_params.update(address)
        test._page_hash = "" if page == next(iter(VIEWS)) else calc_hash(page)
        test.user = claims(*roles, age=age)
        return test.run()

    return at


def claims(*roles: str, age: float = 0.0, email: str = "ann@acme.test") -> dict[str, Any]:
    return {
        "is_logged_in": True,
        "iss": "https://idp.test",
        "sub": email.partition("@")[0],
        "email": email,
        "iat": time.time() - age,
        "roles": list(roles),
    }


def buttons(test: AppTest) -> set[str]:
    return {button.label for button in test.button}


def fill(test: AppTest, label: str, why: str = "known") -> AppTest:
    """Fill in the form with a button, whatever other forms there are, and send it."""
    button = next(button for button in test.button if button.label == label)
    days = [field for field in test.date_input if "Until" in field.label]
    if days:
        days[0].set_value(date(2035, 1, 1))
    form = button.form_id
    next(a for a in test.text_area if (a.label, a.form_id) == ("Why", form)).set_value(why)
    button.click()
    return test.run()


@pytest.fixture
def downloads(monkeypatch: pytest.MonkeyPatch) -> Downloads:
    """Collect what the pages offer to download, by the name of the file."""
    offered: Downloads = {}
    draw = DeltaGenerator.download_button

    def collect(self: Any, label: str, data: Any, file: str, *rest: Any, **named: Any) -> Any:
        offered[file] = data
        return draw(self, label, data, file, *rest, **named)

    monkeypatch.setattr(DeltaGenerator, "download_button", collect)
    return offered


DRAWN = "a page was drawn"


@pytest.fixture
def stubs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw one line for each page, since not what a page draws but what is around it is asked."""

    def draw(posture: object) -> None:
        st.markdown(DRAWN)

    views = {name: replace(view, draw=draw, query=None) for name, view in VIEWS.items()}
    monkeypatch.setattr("app.web.views.all_views", lambda: views)


def links(test: AppTest) -> list[tuple[str, str]]:
    """Return the links of the page and of its sidebar: the words, and the page they lead to."""
    protos = [link.proto for link in test.get("page_link")]
    return [(proto.label.replace("\\", ""), proto.page or "posture") for proto in protos]


@pytest.fixture
def two_months(tmp_path: Path) -> tuple[Path, list[str]]:
    """Publish two snapshots: db-39 opens in the second, and db-38 is closed in it."""
    snapshots = []
    for month, missing in ((1, "db-39"), (0, "db-38")):
        world = estate()
        world.rows[CAN_ACCESS] = [
            row for row in world.rows[CAN_ACCESS] if row["target_id"] != missing
        ]
        at = AS_OF - pd.Timedelta(days=31 * month)
        snapshots.append(publish(world, tmp_path / "s", at))
    return tmp_path / "s", snapshots
