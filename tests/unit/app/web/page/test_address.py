"""When an address is taken as it is, and when the widgets of a page know better."""

import time
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from app.web.page import address


def page() -> None:
    """Stand for a page with one choice and one shared list."""
    import streamlit as st

    from app.web.page import address

    address.arrive(st.session_state.get("page", "a"))
    address.recall("snapshot", "latest")
    address.remember("snapshot")
    address.recall("kind", "")
    address.recall_each("remove")
    st.text_input("Kind", key="kind")
    st.session_state["kind_drawn"] = address.remember("kind", "")
    address.remember_each("remove")
    address.settle()


def opened(**query: str | list[str]) -> AppTest:
    test = AppTest.from_function(page)
    test.query_params.update(query)
    return test.run()


def link(test: AppTest, name: str = "a", **query: str | list[str]) -> AppTest:
    """Follow a link to a page."""
    test.session_state["page"] = name
    test.query_params.clear()
    test.query_params.update(query)
    return test.run()


def test_an_arrival_leaves_the_address_as_it_is() -> None:
    assert dict(opened().query_params) == {}
    test = opened(kind="role", stray="1")
    assert test.text_input(key="kind").value == "role"
    assert dict(test.query_params) == {"kind": "role", "stray": "1"}


def test_a_choice_is_written_with_the_snapshot() -> None:
    test = opened(kind="role")
    test.text_input(key="kind").set_value("key").run()
    assert dict(test.query_params) == {"snapshot": "latest", "kind": "key"}


def test_a_link_sets_what_it_names_and_resets_the_rest_but_what_travels() -> None:
    test = opened(snapshot="s1", kind="role", remove=["x", "y"])
    link(test, "b")
    assert test.text_input(key="kind").value == ""
    assert test.session_state["snapshot"] == "s1"
    assert dict(test.query_params) == {"snapshot": "s1", "remove": ["x", "y"]}


def test_a_late_request_does_not_undo_a_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser that has not heard of the last address yet sends the one before it."""
    test = opened(kind="role")
    test.text_input(key="kind").set_value("key").run()
    link(test, kind="role")
    assert test.text_input(key="kind").value == "key"
    assert test.query_params["kind"] == "key"
    later = time.monotonic() + address.LATE
    monkeypatch.setattr(address.time, "monotonic", lambda: later)
    link(test, kind="role")
    assert test.text_input(key="kind").value == "role"


def test_a_link_back_to_a_page_has_what_was_chosen_there() -> None:
    test = opened(snapshot="s1", kind="role", remove=["x"])
    link(test, "b", snapshot="s1", remove=["x", "y"])
    state = test.session_state["address:state"]
    assert state.pages["a"] == {"snapshot": ["s1"], "kind": ["role"], "remove": ["x"]}


def test_a_step_back_to_where_a_page_was_turned_shows_it_as_it_was_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Streamlit leaves this page with the parameters of the next one in the history."""
    test = opened(snapshot="s1", kind="role")
    state = test.session_state["address:state"]
    state.strays.append(("a", {"snapshot": ["s1"], "id": ["x"]}, state.address))
    link(test, "b", snapshot="s1")
    went = SimpleNamespace(is_history_navigation=True)
    monkeypatch.setattr(address, "get_script_run_ctx", lambda: went)
    link(test, "a", snapshot="s1", id="x")
    assert test.text_input(key="kind").value == "role"
    assert dict(test.query_params) == {"snapshot": "s1", "kind": "role"}
