"""Every page draws what is known, says what is not, and never fails with a traceback."""

import json
import shutil
from pathlib import Path
from typing import Any
from weakref import ref

import pytest
from streamlit.testing.v1 import AppTest

from analytics.history import open_posture
from app.web.page.snapshots import forget
from app.web.search import picker
from app.web.views import all_views
from graph.schema import AGENT, CAN_ACCESS, DECLARABLE, OWNS, RESOURCE
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.e2e.conftest import Open
from tests.e2e.estate import HOSTILE, World, estate, publish
from tests.e2e.said import figures, texts
from tests.support.estates.small_estates import Estate, ago
from tests.support.search import some

PAGES = tuple(all_views())
SOME = ("posture", "sources", *some([p for p in PAGES if p not in ("posture", "sources")], 3))


@pytest.mark.parametrize("page", PAGES)
def test_every_page_draws(open_page: Open, store: Path, page: str) -> None:
    test = open_page(store, page)
    assert not test.exception
    assert test.title[0].value == all_views()[page].title
    assert "As of **1 Aug 2026 00:00 UTC**" in texts(test)


@pytest.mark.usefixtures("no_plan")
def test_posture_counts_with_denominators(open_page: Open, store: Path) -> None:
    seen = figures(open_page(store))
    assert seen["Accountable identities"] == "6"
    assert seen["An owner is missing"] == "2 of 6"
    # 30 of the 40 databases were never used: 3 restricted, 4 confidential, 23 internal.
    assert seen["Access unused for 90 days"].endswith("%")


@pytest.mark.usefixtures("no_plan")
def test_who_has_one_of_two_owners_is_not_without_any(open_page: Open, tmp_path: Path) -> None:
    e = Estate().agent("none", "half").person("ann").owned("half", "ann")
    ingest(ParquetStore(tmp_path / "s"), [e.job()])
    tiles = {m.label: (m.value, m.delta) for m in open_page(tmp_path / "s").metric}
    assert tiles["An owner is missing"] == ("2 of 2", "nobody at all for 1")


def test_no_tile_has_the_name_of_a_reason_and_another_count(
    open_page: Open, tmp_path: Path
) -> None:
    """Two have one owner of two; of one of them the other left, which is a reason of its own."""
    e = Estate().agent("left", "half").person("ann").person("zed", left=ago(9))
    e.owned("left", "ann", "zed").owned("half", "ann")
    ingest(ParquetStore(tmp_path / "s"), [e.job()])
    test = open_page(tmp_path / "s", "ownership")
    (pills,) = [g for g in test.button_group if g.label == "Why"]
    reasons = dict(option.split(" · ") for option in pills.options)
    assert reasons == {"Owner departed": "1", "One of two roles empty": "1"}
    tiles = {label: value.split(" of ")[0] for label, value in figures(test).items()}
    assert tiles["Lack one of two owners"] == "2"
    assert {tiles.get(reason, count) == count for reason, count in reasons.items()} == {True}


@pytest.mark.usefixtures("no_plan")
def test_unknown_owners_are_not_none(open_page: Open, tmp_path: Path) -> None:
    world = estate(declares=[d for d in DECLARABLE if d != "owners"])
    del world.rows[OWNS]
    publish(world, tmp_path / "s")
    test = open_page(tmp_path / "s")
    assert figures(test)["An owner is missing"] == "unknown"
    assert "Not known: **owners" in texts(test)
    ownership = open_page(tmp_path / "s", "ownership")
    assert not ownership.exception
    assert "owners are unknown" in ownership.info[0].value
    assert figures(ownership)["Owners unknown"] == "6 of 6"


@pytest.mark.usefixtures("no_plan")
def test_unknown_use_is_not_stale(open_page: Open, tmp_path: Path) -> None:
    world = estate(declares=[d for d in DECLARABLE if d != "usage"])
    for rows in world.rows.values():  # a fact counts where it is stated, declared or not
        for row in rows:
            row.pop("last_used_at", None)
            row.pop("telemetry", None)
    publish(world, tmp_path / "s")
    assert figures(open_page(tmp_path / "s"))["Access unused for 90 days"] == "not known"
    test = open_page(tmp_path / "s", "stale_access")
    assert not test.exception
    assert figures(test)["What you get back"] == "not known"


def graph(test: AppTest) -> dict[str, Any]:
    """Return what the canvas was given to draw."""
    scene: dict[str, Any] = json.loads(test.get("bidi_component")[0].proto.json)
    return scene


def nodes(test: AppTest) -> dict[str, str]:
    """Return the ids of the drawn nodes by their names."""
    return {item["name"]: item["id"] for item in graph(test)["items"] if "name" in item}


def drawn(test: AppTest) -> list[str]:
    return list(nodes(test))


def test_blast_radius_opens_with_the_widest_and_folds(open_page: Open, store: Path) -> None:
    test = open_page(store, "blast_radius")
    assert test.selectbox(key="thing").value == "wide"
    assert figures(test)["Resources reached"] == "40 of 40"
    assert "30 internal resources" in drawn(test)
    assert "Showing 14 of 44 things" in texts(test)
    reached = next(f.value for f in test.dataframe if "Resource" in f.value)
    assert len(reached) == 40


def test_a_link_restores_the_view(open_page: Open, store: Path) -> None:
    test = open_page(store, "blast_radius", thing="left", mode="potential", hops="1", view="rings")
    assert test.selectbox(key="thing").value == "left"
    assert test.session_state["mode"] == "potential"
    assert test.session_state["hops"] == "1"
    assert test.session_state["view"] == "rings"
    assert figures(test)["Resources reached"] == "1 of 40"
    assert test.query_params["thing"] == "left"
    wide = open_page(store, "blast_radius", thing="wide", hops="1")
    assert figures(wide)["Resources reached"] == "0 of 40"


def test_a_link_by_name_or_to_nothing_is_understood(open_page: Open, store: Path) -> None:
    assert open_page(store, "blast_radius", thing="clean-2-bot").selectbox(
        key="thing"
    ).value == "clean-2"  # fmt: skip
    test = open_page(store, "blast_radius", thing="no such thing")
    assert not test.exception
    assert "Nothing in this snapshot is called" in test.warning[0].value
    # The warning and the search alone: what another reaches would be taken for what it reaches.
    assert test.selectbox(key="thing").value is None
    assert not figures(test)
    assert not test.main.get("bidi_component")
    test.run()
    assert not figures(test)
    test.selectbox(key="thing").set_value("clean-1").run()
    assert figures(test)["Resources reached"] == "1 of 40"
    assert test.query_params["thing"] == "clean-1"
    odd = open_page(store, "blast_radius", thing="wide", mode="sideways")
    assert odd.session_state["mode"] == "standing"


def test_a_thing_that_an_earlier_snapshot_lacks_is_not_another(
    open_page: Open, grown: tuple[Path, str]
) -> None:
    store, first = grown
    test = open_page(store, "blast_radius", thing="new")
    assert test.selectbox(key="thing").value == "new"
    test.selectbox(key="snapshot").set_value(first).run()
    assert "new is not in this snapshot" in test.warning[0].value
    assert test.selectbox(key="thing").value is None
    assert not figures(test)


def test_the_address_follows_what_is_chosen(open_page: Open, store: Path) -> None:
    test = open_page(store, "blast_radius")
    test.selectbox(key="thing").set_value("clean-1").run()
    test.selectbox(key="hops").set_value("2").run()
    assert test.query_params["thing"] == "clean-1"
    assert test.query_params["hops"] == "2"
    test.selectbox(key="hops").set_value("any").run()
    assert "hops" not in test.query_params


def test_a_focus_is_explained_step_by_step(open_page: Open, store: Path) -> None:
    said = texts(open_page(store, "blast_radius", thing="wide", focus="db-01"))
    assert "**wide\\-bot** runs as **svc\\-wide**" in said
    assert "last used 30 Jul 2026, 2 days ago" in said
    assert "only if aws\\:SourceIp is 10\\.0\\.0\\.0\\/8" in said


def test_a_click_selects_and_a_double_click_unfolds(open_page: Open, store: Path) -> None:
    test = open_page(store, "blast_radius", thing="wide")
    ids = nodes(test)

    def do(name: str, at: int, unfold: bool = False) -> None:
        act = {"id": ids[name], "open": unfold, "at": at}
        test.session_state["picture"] = {"act": act}
        test.run()

    do("deploy", 1)
    assert test.query_params["focus"] == "deploy"
    assert "may assume **deploy**" in texts(test)
    do("30 internal resources", 2, unfold=True)
    assert len(drawn(test)) == 44
    assert "Showing all 44 things" in texts(test)
    assert not test.exception


def test_what_is_typed_chooses_the_only_thing_it_names(
    open_page: Open, store: Path, around: pytest.MonkeyPatch
) -> None:
    """The test harness cannot type into a box what it does not offer; a browser does so too."""
    test = open_page(store, "blast_radius")
    assert len(test.selectbox(key="thing").options) == 6
    posture = open_posture(str(store))
    offered = picker.Offered(["wide"], str, picker.is_node)
    for text, chosen, asked in (
        ("role: DEP", "deploy", None),
        ("clean-2-bot", "clean-2", None),
        ("db-07", "db-07", None),
        ("agent: clean", "wide", "agent: clean"),
        ("nothing at all", "wide", "nothing at all"),
    ):
        state: dict[str, object] = {"thing": text, "thing:before": "wide"}
        around.setattr(picker.st, "session_state", state)
        picker.take_typed(ref(posture), "thing", offered)
        assert (state["thing"], state["thing:asked"]) == (chosen, asked), text


def test_a_resource_is_asked_from_the_other_end(open_page: Open, store: Path) -> None:
    test = open_page(store, "blast_radius", thing="db-00")
    assert test.session_state["direction"] == "reached-by"
    # wide, its account, its key and the role; orphan and its account.
    assert figures(test)["Things that can reach it"] == "6"
    assert figures(test)["Accountable identities among them"] == "2 of 6"
    assert "may read and write to **db\\-00**" in texts(test)


def test_a_key_can_be_taken_as_leaked(open_page: Open, store: Path) -> None:
    test = open_page(store, "blast_radius", thing="key-1", leaked="True")
    assert test.toggle(key="leaked").value
    assert figures(test)["Resources reached"] == "40 of 40"
    (said,) = [w.value for w in test.warning]
    assert "nobody answers for what they do" in said
    assert "uthenticate as **svc\\-wide**" in said
    assert "**wide\\-bot** then loses this login" in said
    test.toggle(key="leaked").set_value(False).run()
    assert not test.warning


def test_from_an_agent_one_comes_to_its_key(open_page: Open, store: Path) -> None:
    test = open_page(store, "blast_radius", thing="wide")
    next(b for b in test.button if b.label == "If key\\-1 leaked").click().run()
    assert not test.exception
    assert test.selectbox(key="thing").value == "key-1"
    assert test.toggle(key="leaked").value
    assert test.query_params["leaked"] == "True"
    others = open_page(store, "blast_radius", thing="clean-1")
    assert not [b for b in others.button if "leaked" in b.label]


def test_ownership_says_why_since_when_and_who_was_last(open_page: Open, store: Path) -> None:
    test = open_page(store, "ownership")
    rows = test.dataframe[0].value
    left = rows[rows["Identity"] == "left-bot"]
    assert set(left["Since"]) == {"1 Mar 2026"}
    assert set(left["Last owner"]) == {"Zed"}
    assert set(left["Role without owner"]) == {"business", "technical"}
    assert set(rows["Identity"]) == {"left-bot", "orphan-bot"}
    filtered = open_page(store, "ownership", rules="OWN-02").dataframe[0].value
    assert set(filtered["Identity"]) == {"left-bot"}


def test_stale_access_says_where_to_cut_and_what_comes_back(open_page: Open, store: Path) -> None:
    test = open_page(store, "stale_access")
    every = test.dataframe[0].value
    wide = every[every["Identity"] == "wide-bot"].iloc[0]
    # 30 of its 40 databases were never read, 10 were; its other access is nobody's.
    assert (wide["Unused"], wide["Not logged"], wide["Of"]) == (30, 0, 40)
    rows = test.dataframe[1].value
    mine = rows[(rows["Identity"] == "wide-bot") & (rows["Reaches"] == "db-00")]
    assert list(mine["First unused step"]) == ["deploy can access db-00"]
    assert list(mine["Days unused"]) == [212]
    assert list(mine["State"]) == ["Never used since granted"]
    fewer = open_page(store, "stale_access", days="365")
    assert "No path was unused for 365 days" in texts(fewer)


def test_findings_filter_and_open_from_a_link(open_page: Open, store: Path) -> None:
    test = open_page(store, "findings")
    rows = test.dataframe[0].value
    assert {"OWN-01", "OWN-02"} <= set(rows["Rule"])
    only = open_page(store, "findings", rules="OWN-02", about="left")
    assert set(only.dataframe[0].value["Rule"]) == {"OWN-02"}
    assert set(only.dataframe[0].value["About"]) == {"left-bot"}
    none = open_page(store, "findings", about="nobody is called so")
    assert not none.exception
    assert len(none.dataframe[0].value) == 0


def test_a_finding_can_be_sent(open_page: Open, store: Path) -> None:
    from analytics.posture import assess
    from graph.access import AccessGraph
    from graph.stores import open_store
    from tests.support.printed import findings

    _, facts = open_store(str(store)).read()
    found = findings(assess(AccessGraph.of(facts)), rule="OWN-02")["findings"][0]
    said = texts(open_page(store, "findings", finding=found["id"]))
    assert "**What to do**" in said
    gone = open_page(store, "findings", finding="F-unknown")
    assert "There is no finding" in gone.warning[0].value


@pytest.mark.usefixtures("no_plan")
def test_snapshots_and_the_instant_can_be_chosen(open_page: Open, grown: tuple[Path, str]) -> None:
    folder, first = grown
    assert figures(open_page(folder))["Accountable identities"] == "7"
    old = open_page(folder, snapshot=first)
    assert figures(old)["Accountable identities"] == "6"
    assert "not the latest snapshot" in texts(old)
    # Zed left on 1 March: as of February nobody lacked an owner but orphan-bot.
    before = open_page(folder, snapshot=first, as_of="2026-02-01")
    assert figures(before)["An owner is missing"] == "1 of 6"
    assert "As of **1 Feb 2026" in texts(before)


@pytest.mark.parametrize("page", SOME)
def test_an_empty_store_says_what_to_do(open_page: Open, tmp_path: Path, page: str) -> None:
    test = open_page(tmp_path / "nothing", page)
    assert not test.exception
    assert any("trustdebt demo" in block.value for block in test.code)
    assert any("trustdebt ingest" in block.value for block in test.code)


@pytest.mark.parametrize("page", SOME)
def test_a_damaged_store_says_so(open_page: Open, store: Path, tmp_path: Path, page: str) -> None:
    forget()  # what was worked out of the same facts
    shutil.copytree(store, tmp_path / "s")
    read = "Agent" if page == "sources" else "CAN_ACCESS"  # a page shows what it did not need
    victim = next((tmp_path / "s").glob(f"snapshots/*/{read}.parquet"))
    victim.write_bytes(victim.read_bytes()[:-100])
    test = open_page(tmp_path / "s", page)
    assert not test.exception
    assert "damaged" in test.error[0].value


def test_a_store_that_is_a_file_says_so(open_page: Open, tmp_path: Path) -> None:
    (tmp_path / "s").write_text("not a store")
    test = open_page(tmp_path / "s")
    assert not test.exception
    assert "cannot be reached" in test.error[0].value


def test_an_unreachable_server_is_named_without_its_password(open_page: Open) -> None:
    test = open_page("bolt://neo4j:hunter2@127.0.0.1:9")
    assert not test.exception
    assert "hunter2" not in texts(test)
    assert "127" in texts(test)


@pytest.mark.parametrize("page", PAGES)
def test_hostile_names_draw(open_page: Open, hostile_store: Path, page: str) -> None:
    test = open_page(hostile_store, page)
    assert not test.exception
    assert "\u202e" not in texts(test)
    assert "<script>window" not in "".join(str(m.value) for m in test.markdown)
    assert len(HOSTILE) == 12


def many_unused(count: int) -> World:
    """State an agent with so many unused grants, some of which nobody could see used."""
    world = World()
    for name in ("busy", "quiet"):
        world.add(AGENT, id=name, name=f"{name}-bot", kind="ai_agent", status="active")
    for at in range(count):
        world.add(RESOURCE, id=f"r{at}", sensitivity="internal")
        seen = {"granted_at": "2025-01-01T00:00:00Z", "telemetry": at % 3 > 0}
        world.link(CAN_ACCESS, "busy", f"r{at}", levels='["read"]', **seen)
    return world.link(CAN_ACCESS, "quiet", "r1", levels='["list"]', **seen)


def test_stale_access_counts_what_there_is_not_what_is_listed(
    open_page: Open, tmp_path: Path
) -> None:
    publish(many_unused(300), tmp_path / "s")
    test = open_page(tmp_path / "s", "stale_access")
    assert figures(test)["Access not seen in use for 90 days"] == "301 paths"
    assert figures(test)["Its use is not logged"] == "100 of 301"
    (pills,) = [g for g in test.button_group if g.label.startswith("State")]
    assert pills.label == "State, of the 200 listed"
    assert not any(character.isdigit() for option in pills.options for character in option)
    assert "The first 200 of 301 paths" in texts(test)
    test.text_input(key="stale:about").set_value("quiet").run()
    (one,) = test.dataframe[0].value["Identity"]
    assert one == "quiet-bot"
    assert "1 of 1 path" in texts(test)
    few = open_page(tmp_path / "s", "stale_access", about="nobody at all")
    assert "No path of these identities" in texts(few)


def test_a_reach_of_few_is_not_none_and_of_most_not_all(open_page: Open, tmp_path: Path) -> None:
    """One of 250 agents reaches one of the resources (0.4 %), and all but one the other."""
    e = Estate().agent(*(f"a{n}" for n in range(250))).resource("few").resource("most")
    e.can("a0", "read", "few")
    for n in range(1, 250):
        e.can(f"a{n}", "read", "most")
    ingest(ParquetStore(tmp_path / "s"), [e.job()])
    for resource, shown in (("few", "<1% · low"), ("most", ">99% · critical")):
        page = open_page(tmp_path / "s", "blast_radius", thing=resource)
        assert figures(page)["Exposure"] == shown


def test_a_card_dates_the_last_use_and_takes_no_age_of_old_data_for_todays(
    open_page: Open, store: Path
) -> None:
    """The estate speaks of 1 Aug 2026, which is long ago when the page is read."""
    shown = {m.label: (m.value, m.delta) for m in open_page(store, "identity", id="wide").metric}
    assert shown["Last use seen"] == ("30 Jul 2026", "2 days before 1 Aug 2026")
    words = texts(open_page(store, "identity", id="wide"))
    assert "used 30 Jul 2026" in words
    assert "If it leaked, it opens **40 resources**" in words
    assert " ago" not in words
