"""What a page lets download is what the command line writes of the same list."""

import csv
import io
from pathlib import Path

import pytest

import trustdebt
from app.exchange import FORMATS
from app.web.page import take_along
from app.web.page.take_along import words
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.e2e.conftest import Open
from tests.e2e.visiting import Downloads
from tests.support.estates.small_estates import AS_OF, Estate, ago


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish an agent that has no owner, and then one; a second stays without."""
    before = Estate(at=AS_OF.replace(month=7)).agent("bot", "lone").resource("vault", "restricted")
    before.person("ann", name="Ann").can("bot", "admin", "vault", granted_at=ago(300))
    after = Estate().agent("bot", "lone").resource("vault", "restricted").person("ann", name="Ann")
    after.can("bot", "admin", "vault", granted_at=ago(300)).owned("bot", "ann", "ann")
    folder = tmp_path_factory.mktemp("downloads") / "two"
    for estate in (before, after):
        ingest(ParquetStore(folder), [estate.job()])
    return folder


@pytest.mark.parametrize("state", [None, "open", "resolved", "all"])
def test_findings_of_the_page_are_those_of_the_command(
    open_page: Open,
    downloads: Downloads,
    two: Path,
    capsys: pytest.CaptureFixture[str],
    state: str | None,
) -> None:
    states = {"all": ["open", "resolved"], None: []}.get(state, [state])
    assert not open_page(two, "findings", state=",".join(states)).exception
    asked = [word for each in states for word in ("--state", each)]
    command = ["findings", "--format", "csv", "--limit", "0", "--store", str(two), *asked]
    assert trustdebt.main(command) == 0
    printed = capsys.readouterr().out
    assert downloads["findings.csv"]() == printed
    rows = list(csv.DictReader(io.StringIO(printed)))
    unowned = {r["subject"] for r in rows if r["rule"] == "OWN-01"}
    owners = {"open": {"lone"}, "resolved": {"bot"}, "all": {"bot", "lone"}, None: {"lone"}}
    assert unowned == owners[state]


def test_what_is_filtered_away_is_not_downloaded(
    open_page: Open, downloads: Downloads, two: Path
) -> None:
    open_page(two, "findings", rules="OWN-01")
    (row,) = csv.DictReader(io.StringIO(downloads["findings.csv"]()))
    assert (row["rule"], row["subject"], row["subject_name"]) == ("OWN-01", "lone", "lone")
    assert (row["accountable"], row["accountable_name"]) == ("", "")


def test_no_cell_of_a_download_runs_or_acts(
    open_page: Open, downloads: Downloads, hostile_store: Path
) -> None:
    open_page(hostile_store, "findings")
    rows = list(csv.reader(io.StringIO(downloads["findings.csv"]())))
    cells = [cell for row in rows for cell in row]
    assert any("=" in cell for cell in cells)
    assert not [cell for cell in cells if cell.lstrip(" ").startswith(("=", "+", "-", "@"))]
    assert not [cell for cell in cells if "\x1b" in cell or "\u202e" in cell]


def test_every_page_offers_the_report_and_the_snapshot(
    open_page: Open, downloads: Downloads, two: Path, tmp_path: Path
) -> None:
    test = open_page(two, "findings")
    assert not test.exception
    assert downloads["trustdebt-report.pdf"]().startswith(b"%PDF-")
    page = downloads["trustdebt-report.html"]()
    command = ["report", "--store", str(two), "--out", str(tmp_path / "report.html")]
    assert trustdebt.main(command) == 0
    assert (tmp_path / "report.html").read_bytes() == page
    (choice,) = [box for box in test.selectbox if box.key == "take_along:format"]
    assert set(choice.options) == {words(form) for form in FORMATS}
    choice.select("graphml").run()
    text = downloads["trustdebt-graphml.graphml"]()
    assert text.startswith(b"<?xml")


def test_a_report_of_a_team_against_a_snapshot_is_that_of_the_command(
    open_page: Open, downloads: Downloads, tmp_path: Path
) -> None:
    """The bot is of the team of its owner, the lone one of none."""
    store, ids = tmp_path / "teams", []
    for month in (6, 7, 8):
        e = Estate(at=AS_OF.replace(month=month)).agent("bot", "lone").resource("v", "restricted")
        e.person("ann").thing("Team", "pay").link("ann", "MEMBER_OF", "pay").can(
            "bot", "admin", "v"
        ).can("lone", "admin", "v")
        ids.append(ingest(ParquetStore(store), [e.owned("bot", "ann", "ann").job()]).snapshot.id)
    test = open_page(store, "findings")
    boxes = {box.key: box for box in test.selectbox}
    assert boxes["take_along:team"].options == ["all teams", "pay · pay"]
    assert len(boxes["take_along:against"].options) == 1 + 2
    boxes["take_along:team"].select("pay").run()
    test.selectbox(key="take_along:against").select(ids[0]).run()
    assert not test.exception
    page = downloads["trustdebt-report.html"]()
    out = tmp_path / "report.html"
    command = ["report", "--store", str(store), "--out", str(out)]
    assert trustdebt.main([*command, "--team", "pay", "--against", ids[0]]) == 0
    assert out.read_bytes() == page
    assert b"Trust debt report: team pay" in page
    assert b"Compared with 1 Jun 2026" in page
    assert downloads["trustdebt-report.pdf"]().startswith(b"%PDF-")


def test_what_nobody_can_choose_is_not_offered(
    open_page: Open, downloads: Downloads, tmp_path: Path
) -> None:
    ingest(ParquetStore(tmp_path / "s"), [Estate().agent("bot").job()])
    test = open_page(tmp_path / "s", "findings")
    keys = {box.key for box in test.selectbox}
    assert not keys & {"take_along:team", "take_along:against"}


def test_what_takes_long_is_made_on_the_page_and_then_downloaded(
    open_page: Open, downloads: Downloads, two: Path, around: pytest.MonkeyPatch
) -> None:
    """There one sees for how long, and can cancel it; on another page it is not made again."""
    around.setattr(take_along, "LARGE", 0)
    test = open_page(two, "audit")
    assert "trustdebt-report.pdf" not in downloads
    test.button("take_along:make:Report").click().run()
    assert not test.exception
    assert downloads.pop("trustdebt-report.pdf").startswith(b"%PDF-")  # type: ignore[attr-defined]
    assert "**The file is ready**" in [words.value for words in test.markdown]
    test.query_params["about"] = "bot"  # another address
    assert "**The file is ready**" not in [words.value for words in test.run().markdown]
    assert "trustdebt-report.pdf" not in downloads
