"""The pages that `trustdebt app` serves; under `streamlit run` they cannot change the store."""

import os
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage as Page

from analytics.posture import Posture
from analytics.runtime.budget import VARIABLE, OverBudget, WrongBudget, budget_of, within
from analytics.runtime.faults import collecting, described
from app.web.links import open_to
from app.web.page import deltas, entrance, first_sight, tasks
from app.web.page.address import arrive, settle
from app.web.page.frame import explain, explain_budget, freshness, selected, store_uri, tell_faults
from app.web.page.menu import menu
from app.web.page.query import show_query
from app.web.page.snapshots import Choice, forget, free, read
from app.web.page.style import style
from app.web.page.take_along import prepare, take_along
from app.web.page.tasks import Cancelled
from app.web.search.finder import finder
from app.web.search.shortcut import shortcut
from app.web.server import door
from app.web.view import View
from app.web.views import all_views
from graph.machine.memory import starved
from graph.stores import NoSuchSnapshot, StoreEmpty, StoreError

LOGO = Path(__file__).with_name("logo.svg")


@dataclass
class _Run:
    """What a page draws: known only after its place in the menu, and the sidebar."""

    choice: Choice | None = None
    posture: Posture | None = None


def main() -> None:
    """Draw the sidebar and the chosen page, within their budget of memory and time."""
    st.set_page_config(page_title="trustdebt", page_icon="🕸️", layout="wide")
    first_sight.begin()
    door.enter()
    st.logo(LOGO.read_text(encoding="utf-8"), size="large")
    run, views = _Run(), sorted(all_views().values(), key=lambda view: view.order)
    pages = {view.name: _page(view, run, "start" if view is views[0] else "") for view in views}
    st.session_state["pages"] = pages
    named = _page(views[0], run, views[0].name)  # the first is served at "/", and by its name
    page = st.navigation([*pages.values(), named], position="hidden")
    view = next((view for view in views if pages[view.name] is page), views[0])
    if not entrance.passed(view):
        return
    arrive(view.name)
    door.arrived(view.right)
    rights = door.sights()
    seen = [each for each in views if each.right in rights]
    open_to(each.name for each in seen)
    free()
    try:
        with within(budget_of(os.environ.get(VARIABLE))):
            _drawn(view, seen, page, run)
    except (OverBudget, WrongBudget) as error:
        forget()
        explain_budget(error)
    finally:  # the session keeps its pages and rows, which must not hold what they drew
        run.choice = run.posture = None
        deltas.begin()


def _page(view: View, run: _Run, path: str) -> Page:
    return st.Page(
        partial(_body, view, run),
        title=view.title,
        icon=view.icon,
        url_path=path or view.name,
        default=path == "start",
    )


def _drawn(view: View, views: list[View], page: Page, run: _Run) -> None:
    first_sight.wait_until_unseen()
    style()
    with st.sidebar:
        search_place, menu_place = st.container(), st.container(gap="xxsmall")
    tasks.place()
    heading = st.empty()
    heading.title(view.title, anchor=False)
    try:
        run.choice = selected()
        menu(menu_place, views)
        run.posture = read(run.choice)
        take_along(run.posture)
    except Cancelled:
        settle()
        return
    except (StoreError, NoSuchSnapshot) as error:
        if run.choice is None:
            menu(menu_place, views)
        empty = view.empty if isinstance(error, StoreEmpty) else None
        if empty is None:
            heading.empty()
        else:
            empty()
        explain(error, titled=empty is not None)
        settle()
        return
    with search_place:
        finder(run.posture, views)
    with st.sidebar:
        shortcut()
    page.run()
    with suppress(Cancelled):  # the bar says so
        prepare(run.posture)
    settle()


def _body(view: View, run: _Run) -> None:
    """Draw a page below its heading."""
    posture, choice = run.posture, run.choice
    if posture is None or choice is None:
        return
    broken = st.empty()
    try:
        freshness(posture, choice)
        deltas.begin()
        with collecting() as faults:
            view.draw(posture)
        if view.query is not None:
            show_query(view.query(posture), store_uri())
        tell_faults(broken, {**posture.faults, **{fault.rule: fault.message for fault in faults}})
        deltas.finish()
    except Cancelled:  # the page has said so
        return
    except StoreError as error:  # a store is read lazily, when a page needs it
        explain(error, titled=True)
    except Exception as error:
        if isinstance(error, OverBudget) or starved(error):
            raise
        tell_faults(broken, {view.title: described(error)})
        raise


main()
