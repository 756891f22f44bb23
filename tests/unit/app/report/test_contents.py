"""What a report says of an estate: its words, what it leaves out, and for whom."""

from pathlib import Path

import pandas as pd
import pytest

from analytics.debt.groups import NoTeam
from analytics.history import open_posture
from analytics.posture import Posture
from app import clock
from app.report import ReportRefused, contents, report
from app.report.contents import LINE, NAME, SENTENCE, sheet_of, short
from app.report.history import MONTHS, points_of
from app.report.html import html_page
from app.report.sheet import Listing, Point, Sheet
from graph.identity.lookup import UnknownThing
from graph.schema import OWNS
from graph.stores import NoSuchSnapshot
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.estates.three_teams import three_teams
from tests.support.histories.small_history import history_of

TODAY = AS_OF + pd.Timedelta(days=118)


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (clock, contents):
        monkeypatch.setattr(module, "now", lambda: TODAY)


def two_teams(at: pd.Timestamp = AS_OF) -> Estate:
    """Return two teams, each of which owns an agent that may do much; one agent has no owner."""
    estate = Estate(at=at).person("ann", "bob")
    for name, person in (("payments", "ann"), ("search", "bob")):
        estate.thing("Team", name).link(person, "MEMBER_OF", name)
        estate.agent(f"bot-of-{name}").resource(f"data-of-{name}", "restricted")
        estate.owned(f"bot-of-{name}", name, name)
        estate.can(f"bot-of-{name}", "admin", f"data-of-{name}", granted_at=ago(300))
    estate.agent("lone").can("lone", "read", "data-of-search", granted_at=ago(300))
    return estate


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish four snapshots: of April, of May (twice) and of August."""
    folder = tmp_path_factory.mktemp("report") / "store"
    for at in ("2026-04-10", "2026-05-02", "2026-05-20", "2026-08-01"):
        ingest(ParquetStore(folder), [two_teams(pd.Timestamp(at, tz="UTC")).job()])
    return folder


@pytest.fixture(scope="module")
def posture(store: Path) -> Posture:
    return open_posture(str(store))


def trend_points(posture: Posture) -> tuple[Point, ...]:
    return sheet_of(posture).trend.points


def listed(sheet: Sheet, title: str) -> Listing:
    every = [*sheet.lists, *(part for pair in sheet.halves for part in pair)]
    (part,) = [part for part in every if part.title.startswith(title)]
    return part


def test_what_is_not_rated_is_a_range_on_paper_as_on_the_page() -> None:
    """An account without agents, of which nobody states owners, use or reviews."""
    e = Estate(declares=("grants",)).account("svc").resource("db", "restricted")
    sheet = sheet_of(e.can("svc", "admin", "db").posture())
    figures = {each.title: each.value for each in sheet.figures}
    assert " to " in figures["Trust debt ratio"]
    assert figures["Best single fix cuts off"] == "1 identity"


def test_the_head_says_of_when_it_is(posture: Posture) -> None:
    sheet = sheet_of(posture)
    assert sheet.title == "Trust debt report"
    first, second = sheet.subtitle
    assert first.startswith("As of 1 Aug 2026 · printed on 27 Nov 2026 · facts of 1 Aug 2026, 118")
    assert second.startswith("Compared with 2 May 2026, snapshot 000002-")
    assert sheet.warnings[-1].startswith("The oldest facts are 118 days old")
    assert sheet.drawn_at == int(AS_OF.timestamp())


def test_the_trend_has_the_last_snapshot_of_each_month(posture: Posture) -> None:
    points = trend_points(posture)
    assert [point.label for point in points] == ["Apr 26", "May", "Aug"]
    assert [point.day for point in points] == [0, 40, 113]


def points_at(instants: pd.DatetimeIndex) -> tuple[Point, ...]:
    """Return the points of a trend with a row at each of these instants."""
    return points_of(pd.DataFrame({"at": instants, "ratio": 0.1, "high": 0.2, "grade": "B"}))


def test_a_month_that_is_not_rated_is_marked_and_keeps_its_range() -> None:
    """So is one in which there was nothing to owe for: that is no ratio of 0 percent."""
    at = pd.date_range("2026-05-01", "2026-08-01", freq="MS", tz="UTC")
    figures = {
        "ratio": [0.1, 0.1, None, 0.0],
        "high": [0.2, 0.4, None, 0.0],
        "grade": ["B", "NR", "NR", "NR"],
    }
    points = points_of(pd.DataFrame({"at": at} | figures))
    assert [(point.low, point.high, point.rated) for point in points] == [
        (10, 20, True),
        (10, 40, False),
        (None, None, False),
        (None, None, False),
    ]


def test_many_snapshots_of_one_month_have_a_point_each() -> None:
    points = points_at(pd.date_range("2026-08-01", "2026-08-04", tz="UTC"))
    assert [point.label for point in points] == ["1 Aug", "2 Aug", "3 Aug", "4 Aug"]


def test_teams_are_listed_and_those_left_out_are_counted(posture: Posture) -> None:
    rows = {row[0]: row for row in listed(sheet_of(posture), "Teams").rows}
    assert set(rows) == {"payments", "search", "no team"}
    assert rows["payments"][1] == "1"
    many = Estate().person("ann")
    for place in range(40):
        name = f"team-{place:02}"
        many.thing("Team", name).link("ann", "MEMBER_OF", name)
        many.agent(f"bot-{place}").owned(f"bot-{place}", name, name)
        many.resource(f"data-{place}", "restricted").can(f"bot-{place}", "admin", f"data-{place}")
    part = listed(sheet_of(many.posture()), "Teams")
    assert len(part.rows) == contents.TEAMS
    assert part.note.startswith("33 more teams")


def test_a_team_that_is_not_rated_has_a_range_and_who_may_use_nothing_has_no_ratio() -> None:
    ratios = {row[0]: row[3:] for row in listed(sheet_of(three_teams()), "Teams").rows}
    assert ratios == {
        "red": ("31.5%", "D"),
        "grey": ("4% to 57%", "not rated"),
        "blue": ("", "not rated"),
    }


def test_a_report_of_a_team_names_nobody_elses(posture: Posture) -> None:
    text = report(posture, "html", team="payments").decode()
    assert "bot-of-payments" in text
    assert "bot-of-search" not in text
    assert "lone" not in text
    assert "Trust debt report: team payments" in text


def test_a_report_of_a_team_says_that_the_sums_of_the_moves_are_of_the_whole_estate(
    posture: Posture,
) -> None:
    """What the team owes stands above them, and is less."""
    notes = [
        listed(sheet_of(posture, team=posture.graph.number(team) if team else None), "Top").note
        for team in (None, "payments")
    ]
    assert notes[0].startswith("All together: debt from ")
    assert notes[1].startswith("All together, in the whole estate: debt from ")


def test_a_report_of_a_team_that_answers_for_nothing_proposes_nothing_of_others() -> None:
    """All that is known of it is that it is there."""
    estate = two_teams().thing("Team", "idle")
    posture = history_of(two_teams(AS_OF - pd.Timedelta(days=90)), estate).at(AS_OF)
    sheet = sheet_of(posture, team=posture.graph.number("idle"))
    assert sheet.move == contents.NO_MOVE
    assert listed(sheet, "Top").rows == ()
    assert listed(sheet, "Worst").note == "It answers for no identity that is known."
    assert "bot-of" not in html_page(sheet)
    words = "Direction unknown since 3 May 2026: there is nothing to owe for today."
    assert sheet.trend.words[0] == words


def test_a_report_of_no_team_names_what_no_team_owns(posture: Posture) -> None:
    text = report(posture, "html", team="no-team").decode()
    assert "lone" in text
    assert "bot-of-payments" not in text


def test_the_twin_the_whole_report_names_both_teams(posture: Posture) -> None:
    text = report(posture, "html").decode()
    assert "payments" in text
    assert "search" in text


def test_against_another_snapshot(posture: Posture) -> None:
    info = next(i for i in posture.history.every if i.sequence == 1)  # type: ignore[union-attr]
    sheet = sheet_of(posture, against=info)
    assert sheet.subtitle[1].startswith("Compared with 10 Apr 2026, snapshot 000001-")
    assert report(posture, "html", against="000001") == html_page(sheet).encode()


def test_what_is_refused(posture: Posture) -> None:
    with pytest.raises(NoSuchSnapshot):
        report(posture, "html", against="no-such-snapshot")
    with pytest.raises(UnknownThing):
        report(posture, "html", team="nobody")
    with pytest.raises(NoTeam, match="ann is no team"):
        report(posture, "html", team="ann")
    with pytest.raises(ReportRefused, match="no store"):
        report(two_teams().posture(), "html", against="000001")


def test_without_agents_and_without_anything() -> None:
    for estate in (
        Estate().account("svc").resource("db", "restricted"),
        Estate(),
        Estate(declares=()),
    ):
        posture = estate.posture()
        sheet = sheet_of(posture)
        assert sheet.sentence
        assert len(sheet.figures) == 5
        assert html_page(sheet)
        assert report(posture, "pdf").startswith(b"%PDF-")


def test_nothing_known_is_no_zero() -> None:
    estate = Estate(declares=("owners",)).agent("bot").person("ann").owned("bot", "ann", "ann")
    figures = {figure.title: figure.value for figure in sheet_of(estate.posture()).figures}
    assert figures["Trust debt ratio"] == "not known"
    assert figures["Identities that can read sensitive data"] == "not known"


def test_what_nobody_rated_is_no_zero() -> None:
    """The one resource may be a crown jewel: who reads it may read what is sensitive."""
    estate = Estate().agent("bot").resource("db").can("bot", "read", "db", granted_at=ago(10))
    shown = {figure.title: figure for figure in sheet_of(estate.posture()).figures}
    for title in (
        "Identities that can read sensitive data",
        "Agents that reach a crown jewel",
        "Open paths to crown jewels",
    ):
        assert shown[title].value == "not known"
    assert shown["Open paths to crown jewels"].note == "no crown jewel is known"
    assert shown["Best single fix cuts off"].note == "nothing to cut off"


def test_without_anything_to_owe_for_there_is_no_ratio() -> None:
    sheet = sheet_of(Estate().agent("bot").posture())
    shown = {figure.title: figure for figure in sheet.figures}
    assert shown["Trust debt ratio"].value == "not known"
    assert dict(listed(sheet, "What this").rows)["Access that could be verified"] == "not known"
    assert shown["Best single fix cuts off"].value == "not known"
    assert not [line for line in sheet.trend.words if line.startswith("Owed")]


def test_of_a_move_on_many_grants_the_first_is_named_and_the_others_are_counted() -> None:
    estate = Estate().agent("bot-of-the-division").person("ann").owned("bot-of-the-division", "ann")
    for n in range(9):
        name = f"database-of-the-division-for-payments-{n}"
        estate.resource(name, "confidential")
        used = {"read": ago(1)}
        estate.can("bot-of-the-division", "read", name, granted_at=ago(400), last_used_at=used)
    (order,) = (r[1] for r in listed(sheet_of(estate.posture()), "Top").rows if " end " in r[1])
    assert order.startswith("Set an end to the access (9 in all): bot-of-the-division can access")


def test_long_names_of_teams_keep_their_ends_in_the_narrow_column() -> None:
    estate = two_teams().thing("Team", "t", name="Team 27 of the division for settlement")
    estate.person("eve").link("eve", "MEMBER_OF", "t").agent("b").owned("b", "t", "t")
    names = [row[0] for row in listed(sheet_of(estate.posture()), "Teams").rows]
    assert "Team 27…tlement" in names
    assert max(map(len, names)) <= 15  # letters that fit, so that the layout cuts none again


def test_texts_fit_their_places() -> None:
    long = "x" * 4000
    estate = two_teams().agent("long", name=long).thing("Team", "t", name=long)
    estate.owned("long", "t", "t").thing("Resource", "r", name=long, sensitivity="restricted")
    estate.can("long", "admin", "r", granted_at=ago(300))
    sheet = sheet_of(estate.posture())
    assert len(sheet.sentence) <= SENTENCE
    assert len(sheet.move) <= 2 * LINE
    every = [*sheet.lists, *(part for pair in sheet.halves for part in pair)]
    assert max(len(cell) for part in every for row in part.rows for cell in row) <= contents.CELL
    assert len(short(long)) == NAME


def test_no_more_than_twelve_months() -> None:
    points = points_at(pd.date_range("2025-01-15", "2026-07-15", freq="MS", tz="UTC"))
    assert len(points) == MONTHS
    labels = [point.label for point in points]
    assert labels[:7] == ["Aug 25", "Sep", "Oct", "Nov", "Dec", "Jan 26", "Feb"]
    assert labels[-1] == "Jul"


def test_what_only_came_into_sight_is_not_worse_in_a_figure() -> None:
    """A source that is connected since has an agent and a crown jewel that were there all along."""

    def made(at: pd.Timestamp, scope: str) -> Estate:
        e = Estate(at, scope=scope).agent(f"bot-{scope}", created_at=ago(400))
        e.resource(f"db-{scope}", "restricted")
        return e.can(f"bot-{scope}", "read", f"db-{scope}", granted_at=ago(300))

    before = AS_OF - pd.Timedelta(days=90)
    history = history_of([made(before, "east")], [made(AS_OF, "east"), made(AS_OF, "west")])
    figures = {figure.title: figure for figure in sheet_of(history.at(AS_OF)).figures}
    for title in (
        "Identities that can read sensitive data",
        "Agents that reach a crown jewel",
        "Open paths to crown jewels",
    ):
        assert figures[title].change == "as then; +1 came into sight"
        assert figures[title].direction == "same"
    ratio = figures["Trust debt ratio"]
    assert (ratio.change, ratio.direction) == ("not comparable", "")


def test_what_a_team_did_not_own_then_is_no_ratio_of_nought() -> None:
    before, today = two_teams(AS_OF - pd.Timedelta(days=90)), two_teams()
    before.rows[OWNS] = [row for row in before.rows[OWNS] if row["source_id"] != "payments"]
    posture = history_of(before, today).at(AS_OF)
    figures = sheet_of(posture, team=posture.graph.number("payments")).figures
    ratio = next(figure for figure in figures if figure.title == "Trust debt ratio")
    assert (ratio.change, ratio.direction) == ("not comparable", "")
