"""The key `/`, which puts the cursor into the search; and the menu of a phone, which closes itself.

The menu leads to the top of a page: the window goes there at once, since a browser that draws the
new page in the place of the former may keep how far it was scrolled. It is noted whether the last
click was in the menu, for `reveal`.

Streamlit has shortcuts for buttons alone, so these few lines run in the browser. They draw nothing,
and no name from the data reaches them.
"""

from functools import cache
from typing import Any

import streamlit as st

SCRIPT = """
export default function () {
  const page = document.documentElement.dataset;
  if (page.listens) return;  // until the document goes: between two runs no press may be missed
  page.listens = "yes";
  const side = "[data-testid=stSidebar]";
  const press = (event) => {
    const typing = event.target.closest && event.target.closest("input, textarea, [role=textbox]");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing) return;
    const closed = document.querySelector("[data-testid=stExpandSidebarButton]");
    if (closed) closed.click();
    const box = document.querySelector(side + " input[type=search]");
    if (!box) return;
    event.preventDefault();
    setTimeout(() => box.focus(), closed ? 300 : 0);
  };
  const menu = (event) => event.target.closest && event.target.closest(side);
  const note = (event) => page.pressed = menu(event) ? "menu" : "page";
  const follow = (event) => {
    const link = menu(event) && event.target.closest("a");
    if (!link) return;
    const main = document.querySelector("[data-testid=stMain]");
    if (main && !(event.ctrlKey || event.metaKey || event.shiftKey)) main.scrollTop = 0;
    const close = document.querySelector("[data-testid=stSidebarCollapseButton] button");
    if (close && window.innerWidth < 768) close.click();
  };
  document.addEventListener("keydown", press);
  // Before the link itself hears of it, which may draw the menu anew without what was pressed.
  document.addEventListener("click", note, true);
  document.addEventListener("click", follow);
}
"""


@cache
def _component() -> Any:
    return st.components.v2.component("trustdebt_shortcut", js=SCRIPT)


def shortcut() -> None:
    """Have the browser listen to the key."""
    _component()(key="shortcut")
