"""Styles of every page that no setting of Streamlit changes. No name from the data is in them."""

import streamlit as st

from app.web.drawing.charts import styles

# Less room above and beside the page, links that break instead of being cut, and a ring around the
# link that the keyboard is on, of which Streamlit draws a faint tint alone. White on the primary
# colour of the dark theme could not be read. Words of a tile break, too, and those beside its
# change go below it where they find no room. On a phone two tiles stand in a row, a panel is no
# higher than what is in it, and a heat map scrolls, as its numbers could not be read otherwise.
# What is drawn for a narrow screen alone is seen there alone, and the finding that was chosen comes
# before the table. How far a task is stands over the page, if at all.
STYLE = """<style>
[data-testid="stMainBlockContainer"] { padding: 3.25rem 3rem 4rem; }
[data-testid="stMain"] [data-testid="stPageLink-NavLink"] span { white-space: normal; }
[data-testid="stBaseButton-primary"] { color: light-dark(#ffffff, #0e1015); }
[data-testid="stPageLink-NavLink"]:focus-visible { outline: 2px solid; outline-offset: -2px; }
.st-key-tasks { position: fixed; bottom: 1rem; right: 1rem; z-index: 99; width: auto;
  max-width: calc(100vw - 2rem); background-color: Canvas; }
.st-key-tasks:not(:has(button)) { display: none; }
[data-testid="stMetric"] :is([data-testid="stMetricDelta"], [data-testid="stMetricLabel"],
  [data-testid="stMetricDeltaDescription"]) :is(div, p),
  [data-testid="stMetricDeltaDescription"] {
  white-space: normal !important; overflow: visible !important; }
div:has(> [data-testid="stMetricDelta"]) { flex-wrap: wrap; }
[data-testid="stMetricDeltaDescription"] { flex: 1 1 auto; }
div:has(> .st-key-narrow) { display: none; }
@media (max-width: 640px) {
  div:has(> .st-key-narrow) { display: block; }
  [data-testid="stColumn"]:has(.st-key-finding-in-full) { order: -1; }
  [data-testid="stMainBlockContainer"] { padding: 3.25rem 1rem 4rem; }
  [data-testid="stColumn"]:has([data-testid="stMetric"]) {
    min-width: calc(50% - 1rem); flex: 1 1 calc(50% - 1rem); }
  [data-testid="stMetricValue"] { font-size: 1.5rem; }
  [data-testid="stMetricValue"] :is(div, p) { white-space: normal; overflow: visible; }
  [data-testid="stHorizontalBlock"] > div:has(> div > div > [data-testid="stMetric"]) {
    min-width: 0; flex: 1 1 calc(50% - 1.5rem); }
  [data-testid="stHorizontalBlock"] > div:has(> div > div > [data-testid="stMetric"])
    :is(div:has(> [data-testid="stMetric"]), div:has(> div > [data-testid="stMetric"])) {
    width: 100%; }
  [data-testid="stButtonGroup"] > div { flex-wrap: wrap; }
  .st-key-panel, div:has(> .st-key-panel) { height: auto; max-height: 560px; }
  .st-key-heat { overflow-x: auto; }
  .st-key-heat > * { min-width: 640px; }
}
</style>"""


def style() -> None:
    """Send the styles, those of the charts included."""
    st.html(f"{STYLE}<style>{styles()}</style>")
