"""Bring into sight what a link asked for, where that is further down on its page."""

from functools import cache
from typing import Any

import streamlit as st

from app.web.page.address import arrivals, came_with

# What is above the place may grow until all is drawn, so it is held in sight until the reader does
# anything. The menu leads back to a page, not to a place on it. A click on a link to the address
# that is shown already changes nothing but asks again.
SCRIPT = """
export default function ({ data, parentElement }) {
  const page = document.documentElement.dataset;
  if (page.revealed === data.at) return;
  page.revealed = data.at;
  const mark = parentElement.appendChild(document.createElement("div"));
  mark.style.scrollMarginTop = "4rem";
  const acts = ["wheel", "touchmove", "keydown", "pointerdown"];
  const watch = new ResizeObserver(() => mark.isConnected ? mark.scrollIntoView() : end());
  const end = () => {
    watch.disconnect();
    acts.forEach((act) => document.removeEventListener(act, end, true));
  };
  const begin = () => {
    watch.observe(document.querySelector("[data-testid=stMainBlockContainer]"));
    acts.forEach((act) => document.addEventListener(act, end, true));
  };
  const asked = (search) => new URLSearchParams(search).getAll(data.name).join();
  const again = (event) => {
    if (!mark.isConnected) return document.removeEventListener("click", again);
    const link = event.target.closest && event.target.closest("[data-testid=stMain] a");
    if (!link || link.pathname !== location.pathname) return;
    if (asked(link.search) && asked(link.search) === asked(location.search)) begin();
  };
  document.addEventListener("click", again);
  if (page.pressed !== "menu") begin();
}
"""


@cache
def _component() -> Any:
    return st.components.v2.component("trustdebt_reveal", js=SCRIPT)


def reveal(name: str) -> None:
    """Have the browser scroll to here, if the page was come to with the parameter `name`."""
    key = f"reveal:{name}:arrival"
    if came_with(name):
        st.session_state[key] = arrivals()
    if st.session_state.get(key) == arrivals():  # drawn anew by each run, and obeyed once
        _component()(key=f"reveal:{name}", data={"name": name, "at": f"{name}:{arrivals()}"})
