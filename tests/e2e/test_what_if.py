"""The what-if tray: removals in the address, before and after side by side, what would break."""

from pathlib import Path

import pandas as pd
from streamlit.testing.v1 import AppTest

from app.web.views.blast_radius.tray import lost
from tests.e2e.conftest import Open
from tests.e2e.said import figures, texts

GRANT = "deploy,CAN_ACCESS,db-00"


def tables(test: AppTest, column: str) -> pd.DataFrame:
    """Return the first table with such a column."""
    found: pd.DataFrame = next(f.value for f in test.dataframe if column in f.value)
    return found


def test_nothing_is_removed_at_first(open_page: Open, store: Path) -> None:
    test = open_page(store, "blast_radius", thing="wide")
    assert "Nothing is written anywhere." in texts(test)
    assert "Reach of all identities" not in figures(test)
    assert "remove" not in test.query_params


def test_what_is_chosen_is_removed_and_kept_again(open_page: Open, store: Path) -> None:
    test = open_page(store, "blast_radius", thing="wide", focus="db-00")
    assert test.selectbox(key="remove:db-00").options == [
        "deploy can access db-00",
        "svc-wide may assume deploy",
        "wide-bot runs as svc-wide",
        "db-00 · resource",
        "deploy · role",
        "svc-wide · service account",
    ]
    test.button(key="add:tray").click().run()
    assert test.query_params["remove"] == GRANT
    assert test.button(key="add:tray").disabled
    assert figures(test)["Resources it reaches"] == "40 → 39"
    # clean-2 and orphan keep theirs; wide alone loses the restricted database.
    assert figures(test)["Restricted ones among them"] == "4 → 3"
    assert figures(test)["Identities that reach less"] == "1 of 6"
    assert figures(test)["Uses that would fail"] == "0"
    test.button(key="drop:0").click().run()
    assert "remove" not in test.query_params
    assert "Reach of all identities" not in figures(test)


def test_a_link_restores_the_removals(open_page: Open, store: Path) -> None:
    test = open_page(store, "blast_radius", thing="wide", remove=[GRANT, "deploy,CAN_ACCESS,db-01"])
    assert figures(test)["Resources it reaches"] == "40 → 38"
    assert figures(test)["Uses that would fail"] == "1"
    gone = tables(test, "After")
    assert set(gone["Resource"]) == {"db-00", "db-01"}
    assert set(gone["After"]) == {"none"}
    assert tables(test, "What")["What"].tolist() == ["db-01"]
    test.button(key="drop:all").click().run()
    assert "remove" not in test.query_params


def test_removing_the_thing_itself_leaves_nothing_to_draw(open_page: Open, store: Path) -> None:
    test = open_page(store, "blast_radius", thing="wide", remove=["wide"])
    assert not test.exception
    assert figures(test)["Resources it reaches"] == "40 → 0"


def test_a_removal_without_effect_says_so(open_page: Open, store: Path) -> None:
    test = open_page(store, "blast_radius", thing="clean-1", remove=[GRANT])
    assert figures(test)["Resources it reaches"] == "1 → 1"
    assert "there is another path to everything" in texts(test)


def test_removing_the_only_role_leaves_nothing(open_page: Open, store: Path) -> None:
    test = open_page(store, "blast_radius", thing="wide", remove=["deploy"])
    assert figures(test)["Resources it reaches"] == "40 → 0"
    # Ten databases were read through it, and it was assumed.
    assert figures(test)["Uses that would fail"] == "11"
    assert test.session_state["remove"] == ["deploy"]


def test_what_this_snapshot_lacks_is_left_out(open_page: Open, store: Path) -> None:
    test = open_page(store, "blast_radius", thing="wide", remove=["nobody", GRANT])
    assert not test.exception
    assert "nobody is left out" in test.warning[0].value
    assert test.query_params["remove"] == GRANT
    assert figures(test)["Resources it reaches"] == "40 → 39"


def test_an_address_with_too_many_removals_is_cut_short(open_page: Open, store: Path) -> None:
    many = [f"nothing-{at}" for at in range(100)]
    test = open_page(store, "blast_radius", thing="wide", remove=[GRANT, *many])
    assert not test.exception
    assert test.warning[0].value == "Only the first 100 of 101 removals are taken."
    assert test.query_params["remove"] == GRANT


def test_the_other_end_says_who_still_reaches_it(open_page: Open, store: Path) -> None:
    test = open_page(store, "blast_radius", thing="db-00", remove=["deploy"], focus="wide")
    assert not test.exception
    # wide, its account, its key and the role no longer; orphan and its account still do.
    assert figures(test)["Things that still reach it"] == "6 → 2"
    assert figures(test)["Accountable identities that still do"] == "2 → 1"
    assert "wide-bot runs as svc-wide" in test.selectbox(key="remove:db-00").options
    gone = open_page(store, "blast_radius", thing="db-00", remove=["db-00"])
    assert figures(gone)["Things that still reach it"] == "6 → 0"


def test_hostile_names_are_removed_safely(open_page: Open, hostile_store: Path) -> None:
    test = open_page(hostile_store, "blast_radius", thing="wide", focus="db-01", remove=[GRANT])
    assert not test.exception
    assert "\u202e" not in texts(test)
    drawn = [e.key for e in test.get("bidi_component") if e.key.startswith("picture")]
    assert len(drawn) == 3


def test_fewer_levels_are_a_loss_too() -> None:
    columns = ["id", "Resource", "Sensitivity", "Levels", "Weight"]
    before = pd.DataFrame(
        [["a", "A", "internal", "read, write", 8.0], ["b", "B", "public", "read", 1.0],
         ["c", "C", "public", "read", 1.0]], columns=columns)  # fmt: skip
    after = pd.DataFrame(
        [["a", "A", "internal", "read", 3.0], ["c", "C", "public", "read", 1.0]], columns=columns
    )
    rows = lost(before, after)
    assert rows["Resource"].tolist() == ["A", "B"]
    assert rows["After"].tolist() == ["read", "none"]
    assert rows["Weight lost"].tolist() == [5.0, 1.0]
