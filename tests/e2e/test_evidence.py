"""The page of evidence: what is explained, a use opened into its proof, and policies tried."""

from pathlib import Path

import pytest

from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.e2e.conftest import Open
from tests.e2e.said import figures, texts
from tests.support.estates.decision_log import at, log

SCOPE = [{"resource": "r", "level": "read"}]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish four uses of confidential data: two explained, one denied, one of nobody's."""
    made = log().person("ann").owned("bot", "ann", "ann")
    made.can("bot", "read", "r", granted_at=at("09:00"))
    made.decided("10:00", policy_version="3", justification="monthly close").used("10:05")
    made.decided("11:00", policy_version="3").used("11:05")
    made.decided("12:00", "deny").used("12:01").used("15:00")
    folder = tmp_path_factory.mktemp("evidence") / "store"
    ingest(ParquetStore(folder), [made.job()])
    return folder


def test_the_figures_have_their_denominators(open_page: Open, said: Path) -> None:
    test = open_page(said, "evidence")
    told = figures(test)
    assert (told["Explained beforehand"], told["No decision"]) == ("50%", "1")
    assert told["Denied, and done"] == "1"
    assert "2 of 4 sensitive uses" in texts(test)


def test_the_worst_uses_come_first(open_page: Open, said: Path) -> None:
    uses = next(f.value for f in open_page(said, "evidence").dataframe if "Explained" in f.value)
    assert uses["Explained"].tolist() == [
        "no decision",
        "denied, and done",
        "explained",
        "explained",
    ]


def test_a_use_is_opened_into_its_proof(open_page: Open, said: Path) -> None:
    """The first was allowed with a reason; nothing said what may be approved, so it is open."""
    test = open_page(said, "evidence", use="u2")
    words = texts(test)
    assert "Was it justified at that moment?" in words
    assert "monthly close" in words
    assert "Access then: yes" in words
    assert any("no scope is declared" in str(error.value) for error in test.error)
    denied = open_page(said, "evidence", use="u6")
    assert any("it was denied" in str(error.value) for error in denied.error)


def test_without_uses_the_page_says_what_would_tell_them(open_page: Open, tmp_path: Path) -> None:
    ingest(ParquetStore(tmp_path / "store"), [log().job()])
    assert "No use is recorded" in texts(open_page(tmp_path / "store", "evidence"))


def test_a_policy_file_is_tried_on_what_is_recorded(open_page: Open, said: Path) -> None:
    """Every use is denied by a policy that forbids everything."""
    test = open_page(said, "evidence")
    forbid = b'@id("closed") forbid(principal, action, resource);'
    test.file_uploader[0].set_value([("closed.cedar", forbid, "text/plain")]).run()
    told = figures(test)
    assert told["Uses denied"] == "4"
    assert "of 4 recorded uses" in texts(test)


@pytest.mark.parametrize("content", [b"permit(", b"\xff\xfe", b""])
def test_a_policy_file_that_is_none_is_refused(open_page: Open, said: Path, content: bytes) -> None:
    test = open_page(said, "evidence")
    test.file_uploader[0].set_value([("broken.cedar", content, "text/plain")]).run()
    assert len(test.error) == 1
    assert "Uses denied" not in figures(test)


def test_the_assurance_of_an_identity_is_beside_its_reach(open_page: Open, said: Path) -> None:
    test = open_page(said, "blast_radius", thing="bot")
    titles = [expander.label for expander in test.expander]
    assert any(title.startswith("Assurance: ") for title in titles), titles


def test_the_command_that_says_the_same_is_shown(open_page: Open, said: Path) -> None:
    words = texts(open_page(said, "evidence", use="u2"))
    at_ = "2026-07-20T10:05:00Z"
    assert f"trustdebt prove bot --at {at_} --resource r --level read" in words


def test_a_use_that_is_none_is_told(open_page: Open, said: Path) -> None:
    assert "No use `u-99` is recorded" in texts(open_page(said, "evidence", use="u-99"))
