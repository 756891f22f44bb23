"""The retirement of an identity on its page: phases, copyable commands, downloads, refusals."""

import csv
import io
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.e2e.conftest import Open
from tests.e2e.said import figures, texts
from tests.e2e.visiting import Downloads
from tests.support.estates.small_estates import Estate, ago

USER = "arn:aws:iam::123456789012:user/bot"


def family() -> Estate:
    e = Estate().agent("root", "child", "peer").thing("Credential", "AKIAIOSFODNN7EXAMPLE")
    e.account(USER, "shared").resource("db", "restricted").person("ann")
    e.link("root", "SPAWNS", "child").link("root", "USES", "AKIAIOSFODNN7EXAMPLE")
    e.link("AKIAIOSFODNN7EXAMPLE", "AUTHENTICATES_AS", USER).can(USER, "read", "db")
    e.link("child", "RUNS_AS", "shared").link("peer", "RUNS_AS", "shared", last_used_at=ago(1))
    return e.can("shared", "read", "db")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish the family."""
    folder = tmp_path_factory.mktemp("retire") / "own"
    ingest(ParquetStore(folder), [family().job()])
    return folder


def steps(test: AppTest) -> list[str]:
    return [box.label for box in test.checkbox]


def test_the_button_shows_the_phases_and_close_hides_them(open_page: Open, own: Path) -> None:
    test = open_page(own, "blast_radius", thing="root")
    assert not steps(test)
    test.button(key="retire:open").click().run()
    assert test.query_params["retire"] == "True"
    assert [e.label.partition(":")[0] for e in test.expander if e.label.startswith("Phase")] == [
        f"Phase {n}" for n in range(7)
    ]
    assert "**Stop** root" in steps(test)
    assert "Nothing is executed" in texts(test)
    assert figures(test)["Identities that end"] == "3"
    assert figures(test)["Things that others still use"] == "1"
    test.button(key="retire:close").click().run()
    assert not steps(test)
    assert "retire" not in test.query_params


def test_commands_can_be_copied(open_page: Open, own: Path) -> None:
    test = open_page(own, "blast_radius", thing="root", retire="True")
    commands = "\n".join(block.value for block in test.code)
    assert (
        "aws iam update-access-key --user-name bot --access-key-id AKIAIOSFODNN7EXAMPLE" in commands
    )
    assert "aws iam delete-user --user-name bot" in commands


def test_the_checklist_is_downloaded(open_page: Open, own: Path, downloads: Downloads) -> None:
    open_page(own, "blast_radius", thing="root", retire="True")
    rows = list(csv.DictReader(io.StringIO(downloads["retirement.csv"]())))
    assert [r["target"] for r in rows if r["action"] == "stop"] == ["root", "child"]
    text = downloads["retirement.md"]()
    assert text.startswith("# Retire root\n")
    assert text.count("## Phase ") == 7
    assert "- [ ] **Stop** root" in text
    assert "* shared stays: used by peer" in text


def test_another_thing_closes_it(open_page: Open, own: Path) -> None:
    test = open_page(own, "blast_radius", thing="root", retire="True")
    test.selectbox(key="thing").set_value("peer").run()
    assert not steps(test)


def test_who_is_not_retired_has_no_button(open_page: Open, own: Path) -> None:
    for thing in ("db", "ann", "AKIAIOSFODNN7EXAMPLE"):
        test = open_page(own, "blast_radius", thing=thing)
        assert "retire:open" not in [button.key for button in test.button]
    test = open_page(own, "blast_radius", thing="shared", retire="True")
    assert "is acted as by child and peer" in "".join(w.value for w in test.warning)


def test_hostile_names_stay_text(
    open_page: Open, hostile_store: Path, downloads: Downloads
) -> None:
    test = open_page(hostile_store, "blast_radius", thing="wide", retire="True")
    assert not test.exception
    assert steps(test)
    rows = list(csv.reader(io.StringIO(downloads["retirement.csv"]())))
    assert all(not cell.startswith(("=", "+", "@")) for row in rows for cell in row)
    text = downloads["retirement.md"]()
    assert "<img" not in text.replace("\\<img", "")
    assert "](" not in text
