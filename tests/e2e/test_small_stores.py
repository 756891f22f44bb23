"""The pages of stores with very little in them, or with one of something: what they say is true."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.e2e.conftest import Open
from tests.support.estates.small_estates import Estate, ago

LONG = "arn:aws:iam::123456789012:role/a-service-of-the-division-for-payments/"


def published(folder: Path, *estates: Estate) -> Path:
    ingest(ParquetStore(folder), [e.job() for e in estates])
    return folder


def said(page: AppTest) -> str:
    assert not page.exception, [e.value for e in page.exception]
    parts = (page.header, page.markdown, page.caption, page.info)
    return " ".join(str(element.value) for part in parts for element in part).replace("\\", "")


def people_only() -> Estate:
    return Estate(declares=("grants",)).person("ann").resource("db")


def test_without_an_identity_the_blast_radius_says_what_to_do(
    open_page: Open, tmp_path: Path
) -> None:
    store = published(tmp_path / "s", people_only())
    assert "Choose a thing above" in said(open_page(store, "blast_radius"))


def test_owners_of_nobody_are_not_known_for_all(open_page: Open, tmp_path: Path) -> None:
    page = open_page(published(tmp_path / "s", people_only()))
    (owners,) = (m for m in page.metric if m.label == "An owner is missing")
    assert (owners.value, owners.delta) == ("unknown", "no identity is in service")


def test_teams_that_could_owe_for_nothing_have_no_empty_picture(
    open_page: Open, tmp_path: Path
) -> None:
    page = open_page(published(tmp_path / "s", Estate(declares=("inventory",)).agent("bot")))
    assert "Of no team is anything known that it could owe for." in said(page)
    assert "Numbers: percent of the team's access" not in said(page)


def test_a_picture_of_some_of_the_teams_says_so(open_page: Open, tmp_path: Path) -> None:
    e = Estate().resource("db", "restricted")
    for n in range(13):
        e.agent(f"bot-{n}").thing("Team", f"team-{n}").owned(f"bot-{n}", f"team-{n}")
        e.person(f"ann-{n}").link(f"ann-{n}", "MEMBER_OF", f"team-{n}")
        e.can(f"bot-{n}", "read", "db", granted_at=ago(200))
    assert "The 12 of 13 teams that owe most." in said(open_page(published(tmp_path / "s", e)))


def test_how_the_first_move_is_undone_is_not_cut(open_page: Open, tmp_path: Path) -> None:
    """A cut command undoes nothing; and a team that owns the agent is no person to ask."""
    bot, jewel = f"{LONG}bot", f"{LONG}jewel"
    e = Estate().agent(bot).resource(jewel, "restricted").thing("Team", "team")
    e.owned(bot, "team").can(bot, "read", jewel, granted_at=ago(200), grant_id="g-1")
    words = said(open_page(published(tmp_path / "s", e)))
    assert f"put back CAN_ACCESS from {bot} to {jewel}, levels read, as grant g-1" in words
    assert "…" not in words.partition("Undo:")[2].partition("tp")[0][:400]
    assert "Nobody in person is known to answer for it." in words
    assert "No owner is known" not in words


def test_an_unknown_reach_has_no_empty_table(open_page: Open, tmp_path: Path) -> None:
    e = Estate(declares=("inventory",)).agent("bot").thing("Tool", "server")
    e.link("bot", "CALLS", "server")
    page = open_page(published(tmp_path / "s", e), "blast_radius")
    assert "No resource that it reaches is known." in said(page)
    assert "0 of 0 resources" not in said(page)


def test_what_is_owed_at_least_is_called_that_where_nothing_is_rated(
    open_page: Open, tmp_path: Path
) -> None:
    """Half of what could be owed is unverified, and what is known to be owed is over the target."""
    e = Estate(declares=("grants", "reviews")).agent("bot", env="prod", created_at=ago(400))
    e.resource("db", "restricted", env="prod").can("bot", "admin", "db", granted_at=ago(400))
    words = said(open_page(published(tmp_path / "s", e)))
    assert "Not rated" in words
    assert "At least **" in words
    assert "is above the target of 5.0%: at least **" in words


def test_of_one_the_noun_and_the_verb_are_singular(open_page: Open, tmp_path: Path) -> None:
    e = Estate().agent("bot").resource("db", "restricted").person("ann").owned("bot", "ann", "ann")
    e.can("bot", "read", "db", granted_at=ago(9), last_used_at={"read": ago(1)})
    store = published(tmp_path / "s", e)
    assert "1 of 1 identity reads sensitive data today." in said(open_page(store))
    owners = said(open_page(store, "ownership"))
    assert "of 1 person who keeps something owned" in owners
    assert "sure for 1 of 1 identity" in owners
    assert "All 1 " not in owners
    changes = open_page(store, "plan").dataframe[0].value
    assert "one end to set;" in " ".join(changes["What to change"])


def test_an_address_that_asks_for_findings_that_there_are_none_of_shows_none(
    open_page: Open, tmp_path: Path
) -> None:
    """The tiles of Posture lead here: what nothing is of is no reason to show all the others."""
    e = Estate().agent("bot").resource("db").can("bot", "read", "db", granted_at=ago(9))
    store = published(tmp_path / "s", e)
    tiles = open_page(store, "findings").metric
    counts = {tile.label.split()[-1]: int(tile.value) for tile in tiles}
    none = next(severity for severity, count in counts.items() if not count)
    for address in ({"severity": none}, {"rules": "EVD-04"}, {"state": "accepted"}):
        page = open_page(store, "findings", **address)
        assert f"0 of {sum(counts.values())} findings" in said(page)
        assert {name: page.query_params.get(name) for name in address} == address
