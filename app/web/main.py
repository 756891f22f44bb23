"""The pages that `trustdebt app` serves; under `streamlit run` they cannot change the store."""

import os
from functools import partial
from itertools import groupby
from pathlib import Path

import streamlit as st

from analytics.runtime.budget import VARIABLE, OverBudget, WrongBudget, budget_of, within
from analytics.runtime.faults import collecting, described
from app.web.frame import explain, explain_budget, freshness, selected, tell_faults
from app.web.server.door import enter
from app.web.snapshots import forget, read
from app.web.view import View
from app.web.views import all_views
from graph.memory import starved
from graph.stores import NoSuchSnapshot, StoreEmpty, StoreError

LOGO = Path(__file__).with_name("logo.svg")


def main() -> None:
    """Draw the menu, the sidebar and the chosen page."""
    st.set_page_config(page_title="trustdebt", page_icon="🕸️", layout="wide")
    enter()
    st.logo(LOGO.read_text(encoding="utf-8"), size="large")
    views = sorted(all_views().values(), key=lambda view: view.order)
    pages = {
        view.name: st.Page(
            partial(_page, view),
            title=view.title,
            icon=view.icon,
            url_path="start" if view is views[0] else view.name,
            default=view is views[0],
        )
        for view in views
    }
    st.session_state["pages"] = pages
    menu = {
        section: [pages[view.name] for view in members]
        for section, members in groupby(views, key=lambda view: view.section)
    }
    first = views[0]  # served at "/", and under its name as well
    named = st.Page(
        partial(_page, first), title=first.title, url_path=first.name, visibility="hidden"
    )
    menu[first.section].append(named)
    st.navigation(menu).run()


def _page(view: View) -> None:
    """Draw a page within its budget of memory and time."""
    try:
        with within(budget_of(os.environ.get(VARIABLE))):
            _drawn(view)
    except (OverBudget, WrongBudget) as error:
        forget()
        explain_budget(error)


def _drawn(view: View) -> None:
    try:
        choice = selected()
        posture = read(choice)
    except (StoreError, NoSuchSnapshot) as error:
        explain(error)
        if view.empty and isinstance(error, StoreEmpty):
            view.empty()
        return
    st.title(view.title, anchor=False)
    broken = st.empty()
    try:
        freshness(posture, choice)
        with collecting() as faults:
            view.draw(posture)
        tell_faults(broken, {**posture.faults, **{fault.rule: fault.message for fault in faults}})
    except StoreError as error:  # a store is read lazily, when a page needs it
        explain(error, titled=True)
    except Exception as error:
        if isinstance(error, OverBudget) or starved(error):
            raise
        tell_faults(broken, {view.title: described(error)})
        raise


main()
