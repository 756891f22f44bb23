"""Styles of every page that no setting of Streamlit changes. No name from the data is in them."""

import streamlit as st

# Less room above and beside the page, links that break instead of being cut, and a ring around the
# link that the keyboard is on, of which Streamlit draws a faint tint alone. White on the primary
# colour of the dark theme could not be read. Words beside the change of a figure break, too. How
# far a task is stands over the page, if at all.
STYLE = """<style>
[data-testid="stMainBlockContainer"] { padding: 3.25rem 3rem 4rem; }
[data-testid="stMain"] [data-testid="stPageLink-NavLink"] span { white-space: normal; }
[data-testid="stBaseButton-primary"] { color: light-dark(#ffffff, #0e1015); }
[data-testid="stPageLink-NavLink"]:focus-visible { outline: 2px solid; outline-offset: -2px; }
.st-key-tasks { position: fixed; bottom: 1rem; right: 1rem; z-index: 99; width: auto;
  max-width: calc(100vw - 2rem); background-color: Canvas; }
.st-key-tasks:not(:has(button)) { display: none; }
[data-testid="stMetricDeltaDescription"], [data-testid="stMetricDeltaDescription"] * {
  white-space: normal !important; overflow: visible !important; }
@media (max-width: 640px) {
  [data-testid="stMainBlockContainer"] { padding: 3.25rem 1rem 4rem; }
}
</style>"""


def style() -> None:
    """Send the styles."""
    st.html(STYLE)
