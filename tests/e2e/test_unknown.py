"""The pages where nobody states grants or sees use: what is not known is neither 0 nor green."""

from pathlib import Path

import pandas as pd
import pytest

from app.web.views import all_views
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.e2e.conftest import Open
from tests.support.estates.small_estates import Estate, ago

NOT_KNOWN = "not known"


def clients() -> Estate:
    e = Estate(declares=("inventory", "credentials"), source="clients", scope="laptops")
    e.agent("bot").thing("Tool", "server").link("bot", "CALLS", "server")
    e.thing("Credential", "PASSWORD", type="password", storage="config", created_at=ago(9))
    return e.link("bot", "USES", "PASSWORD")


def account() -> Estate:
    """State an account without agents, whose use nobody would see."""
    e = Estate(declares=("grants", "usage"), source="cloud").account("svc")
    e.resource("db", "restricted")
    return e.can("svc", "admin", "db", telemetry="false")


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Publish three estates: of the clients, of the account, and of both; one of them twice."""
    base = tmp_path_factory.mktemp("unknown")
    kinds = {"dark": [clients()], "cloud": [account()], "both": [clients(), account()]}
    for name, estates in kinds.items():
        ingest(ParquetStore(base / name), [e.job() for e in estates])
    for days in (0, 30):
        later = clients()
        later.at = later.at + pd.Timedelta(days=days)
        ingest(ParquetStore(base / "dark twice"), [later.job()])
    return {name: base / name for name in (*kinds, "dark twice")}


def tiles(page) -> dict[str, tuple[str, str]]:
    return {m.label: (str(m.value), str(m.delta)) for m in page.metric}


@pytest.mark.parametrize("name", ["dark", "cloud"])  # and both, below
@pytest.mark.parametrize("view", sorted(all_views()))
def test_every_page_is_drawn(stores, open_page: Open, name: str, view: str) -> None:
    page = open_page(stores[name], view)
    assert not page.exception, [e.value for e in page.exception]


@pytest.mark.parametrize("view", ["posture", "trust_debt"])
def test_a_history_of_which_nothing_is_known_is_drawn(stores, open_page: Open, view: str) -> None:
    page = open_page(stores["dark twice"], view)
    assert not page.exception, [e.value for e in page.exception]
    assert "could not be" not in " ".join(e.value for e in page.error)


def test_nothing_is_zero_or_green_where_nobody_states_grants(stores, open_page: Open) -> None:
    shown = tiles(open_page(stores["dark"]))
    assert shown["Trust debt ratio"][0] == NOT_KNOWN
    assert shown["Access unused for 90 days"][0] == NOT_KNOWN
    radius = tiles(open_page(stores["dark"], "blast_radius", thing="bot"))
    assert {v for v, _ in radius.values()} == {NOT_KNOWN}
    words = " ".join(str(m.value) for m in open_page(stores["dark"]).markdown)
    assert "meets the target" not in words
    assert "nothing can be owed" not in words


def test_a_ratio_that_is_not_rated_shows_its_range(stores, open_page: Open) -> None:
    page = open_page(stores["cloud"])
    ratio, beside = tiles(page)["Trust debt ratio"]
    assert " to " in ratio
    assert beside == "not rated"
    assert tiles(page)["Access unused for 90 days"][0] == NOT_KNOWN
    words = " ".join(str(m.value) for m in page.markdown)
    assert "meets the target" not in words
    assert "met is **not known**" in words


def test_what_one_gets_back_is_not_known_where_no_use_is_seen(stores, open_page: Open) -> None:
    assert tiles(open_page(stores["cloud"], "stale_access"))["What you get back"][0] == NOT_KNOWN


def test_choke_points_open_on_what_there_is(stores, open_page: Open) -> None:
    """The account has no agents: the page starts from all accountable identities."""
    shown = tiles(open_page(stores["cloud"], "choke_points"))
    assert shown["Identities that reach a crown jewel"][0] == "1 of 1"
    dark = tiles(open_page(stores["dark"], "choke_points"))
    assert dark["Agents that reach a crown jewel"][0] == NOT_KNOWN


def test_where_no_crown_jewel_is_known_nothing_is_said_of_who_reaches_one(
    open_page: Open, tmp_path: Path
) -> None:
    """Nobody states how sensitive what is reached is: it may be a crown jewel."""
    e = Estate(declares=("grants",)).agent("bot").resource("db").can("bot", "admin", "db")
    ingest(ParquetStore(tmp_path / "s"), [e.job()])
    page = open_page(tmp_path / "s", "choke_points")
    shown = tiles(page)
    assert shown["Agents that reach a crown jewel"] == (NOT_KNOWN, "no crown jewel is known")
    assert shown["Best single fix cuts off"] == (NOT_KNOWN, "nothing to cut off")
    assert shown["Smallest cut"] == (NOT_KNOWN, "no target is known")
    words = " ".join(str(m.value) for m in page.markdown)
    assert "how sensitive 1 resource are" not in words
    assert "No crown jewel is known: how sensitive 1 resource is, nobody states." in words


def test_every_page_says_how_old_the_facts_are(stores, open_page: Open) -> None:
    for view in sorted(all_views()):
        page = open_page(stores["both"], view)
        assert not page.exception, [e.value for e in page.exception]
        said = " ".join(str(c.value) for c in page.caption)
        assert "facts of 1 Aug 2026, " in said, view
        assert "days old" in said, view


def test_sources_mark_what_is_old_today(stores, open_page: Open) -> None:
    assert tiles(open_page(stores["both"], "sources"))["Older than 30 days"] == ("2", "of 2")


@pytest.mark.usefixtures("no_plan")
def test_a_day_before_any_data_is_not_graded(stores, open_page: Open) -> None:
    page = open_page(stores["both"], as_of="2020-01-01")
    assert any("no data before" in w.value for w in page.warning)
    assert "grade" not in tiles(page)["Trust debt ratio"][1]


def test_nothing_to_owe_for_meets_no_target(open_page: Open, tmp_path: Path) -> None:
    """One agent without any access: the front says that when the target is reached is not known."""
    ingest(ParquetStore(tmp_path / "s"), [Estate().agent("bot").job()])
    page = open_page(tmp_path / "s")
    assert tiles(page)["Trust debt ratio"] == (NOT_KNOWN, "not rated")
    words = " ".join(str(m.value) for m in page.markdown)
    assert "meets the target" not in words
    assert "Whether the target of 5.0% is met is **not known**." in words
    assert "0 of 1 identity has both owners; 1 has none." in words
    assert any("1 accountable identity in service" in str(c.value) for c in page.caption)


def test_what_is_not_rated_meets_no_target(open_page: Open, tmp_path: Path) -> None:
    """A day before any data: nothing is graded, so nothing meets a target."""
    e = Estate().agent("bot").person("ann").owned("bot", "ann", "ann")
    e.resource("doc", "public").can("bot", "read", "doc", granted_at=ago(5))
    ingest(ParquetStore(tmp_path / "s"), [e.job()])
    page = open_page(tmp_path / "s", as_of="2020-01-01", target="100")
    assert "nothing is graded for this day" in " ".join(str(w.value) for w in page.warning)
    words = " ".join(str(m.value) for m in page.markdown)
    assert "meets the target" not in words
    assert "met is **not known**" in words


def test_uses_that_nobody_records_are_unknown_and_not_none(stores, open_page: Open) -> None:
    """A tile with 0 would read as if nothing had happened without a decision."""
    shown = tiles(open_page(stores["cloud"], "evidence"))
    assert shown["No decision"] == shown["Denied, and done"] == ("unknown", "no use is recorded")


def test_owners_that_nobody_states_are_not_counted_as_missing(stores, open_page: Open) -> None:
    words = " ".join(str(m.value) for m in open_page(stores["cloud"]).markdown)
    assert "No source states owners of 1 identity." in words
    assert "0 of 1 identity" not in words
