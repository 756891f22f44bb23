"""The five pillars on the Posture page: discovery, life cycle, policy, monitoring, ownership."""

from typing import Any

import pandas as pd
import streamlit as st

from analytics.posture import Posture
from app.web.answers.debt import WORDS
from app.web.drawing import charts
from app.web.drawing.charts.bars import pillars as pillar_bars
from app.web.page.address import turn
from app.web.tables import below, table
from app.web.views.posture.leadership import inventory, kpis, pillar_rows
from app.wording import counted

COLUMNS = {
    "What": st.column_config.TextColumn(width=90),
    "In evidence": st.column_config.TextColumn(width=78),
    **{
        name: st.column_config.NumberColumn(format="localized", width=68)
        for name in ("Shown", "Of", "Unknown")
    },
}


def draw(posture: Posture) -> None:
    """Draw the share of each pillar in evidence, and the parts of the chosen pillar."""
    st.header("Five pillars", anchor=False)
    pillars = kpis(posture).pillars
    left, right = st.columns([1, 1], gap="medium")
    with left:
        charts.show(
            pillar_bars(_shares(pillars)),
            "pillars",
            "Bars: of each pillar, what is in evidence, broken and unknown. The table beside it "
            "has the figures.",
        )
    with right:
        at = table(
            pillar_rows(pillars),
            "pillar-rows",
            "The five pillars: what is in evidence, of how much, and what nobody knows.",
            COLUMNS,
            select=True,
        )
        st.caption(
            "Discovery counts identities, the others weighted exposure. Unknown does not count as "
            "good. Select a pillar to see its parts."
        )
    if at is not None:
        with st.container(border=True):
            _parts(posture, pillars[at])


def _shares(pillars: list[dict[str, Any]]) -> pd.DataFrame:
    rows = []
    for pillar in pillars:
        of = pillar["denominator"] or 1
        shown, unknown = pillar["numerator"] / of, pillar["unknown"] / of
        broken = max(0.0, 1 - shown - unknown) if pillar["denominator"] else 0.0
        rows.append(
            {"title": pillar["title"], "shown": shown, "broken": broken, "unknown": unknown}
        )
    return pd.DataFrame(rows)


def _parts(posture: Posture, pillar: dict[str, Any]) -> None:
    st.subheader(pillar["title"], anchor=False)
    parts = pillar["parts"]
    at = table(
        pillar_rows(parts),
        f"parts:{pillar['name']}",
        f"The parts of {pillar['title']}.",
        {"What": st.column_config.TextColumn(width=260)},
        select=True,
    )
    if pillar["name"] == "discovery":
        rows = inventory(posture)
        st.markdown("What is known of each identity, the least known first:")
        table(rows, "inventory", "What is known of each identity.", height=350)
        below(f"{counted(len(rows), 'identity', 'identities')}.", rows, "inventory.csv")
        return
    st.caption("Select a row to see the items that are broken.")
    if at is not None:
        name = parts[at]["name"]
        unseen = {"group": "assumption:necessity", "items": "unknown"}
        group = {"group": f"assumption:{name}"} if name in WORDS else unseen
        turn("trust_debt", {"by": "assumption", **group})
