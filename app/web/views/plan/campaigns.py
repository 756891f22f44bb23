"""Campaigns: how far what people undertook has come, and what it repaid."""

import pandas as pd
import streamlit as st

from analytics.answers.campaign import UNDER_WAY, Campaigns, campaigns
from analytics.posture import Posture
from app.web.card import cards
from app.web.page.snapshots import kept
from app.web.tables import below, table
from app.web.views.plan.undertake import close_form
from app.wording import NOT_KNOWN, brief, counted, number, share

COLUMNS = {
    "Done": st.column_config.ProgressColumn(min_value=0, max_value=1, format="percent", width=90),
    "Steps": st.column_config.TextColumn(width=95),
}


@kept
def progress(posture: Posture) -> Campaigns:
    """Return the campaigns started so far."""
    return campaigns(posture)


def draw_campaigns(posture: Posture) -> None:
    """Draw the progress of each campaign, and the steps of a chosen one."""
    st.header("Campaigns", anchor=False)
    if posture.journal is None:
        st.caption("There is no journal, so no campaign is known.")
        return
    rows = progress(posture).campaigns.readable()
    if rows.empty:
        st.markdown(
            "None was started. Build the plan above and begin one with its steps, or use "
            "`trustdebt campaign start`; later snapshots tick off what is gone."
        )
        return
    drawn = _drawn(rows)
    alt = "Campaigns: name, state, who leads it, steps done, debt repaid of what was promised."
    at = table(drawn, "campaigns", alt, COLUMNS, select=True)
    below(f"{counted(len(rows), 'campaign')}, the latest first.", drawn, "campaigns.csv")
    if at is not None:
        cards(posture, [rows["owner"].iloc[at]])
        id_ = str(rows["id"].iloc[at])
        if rows["state"].iloc[at] == UNDER_WAY:
            close_form(posture, id_)
        _steps(posture, pd.DataFrame(rows["steps"].iloc[at]), id_)


def _drawn(rows: pd.DataFrame) -> pd.DataFrame:
    of = rows["steps"].str.len()
    return pd.DataFrame(
        {
            "Campaign": rows["name"],
            "State": rows["state"],
            "Leads it": [owner["name"] if owner else "nobody" for owner in rows["owner"]],
            "Done": [done / max(1, count) for done, count in zip(rows["done"], of, strict=True)],
            "Steps": [
                f"{number(done)} of {number(count)}"
                for done, count in zip(rows["done"], of, strict=True)
            ],
            "Came back": rows["reopened"],
            "Not seen": rows["unseen"],
            "Overdue": rows["overdue"],
            "Repaid": [
                f"{_amount(repaid)} of {_amount(promised)} ({_part(repaid, promised)})"
                for repaid, promised in zip(rows["repaid"], rows["promised"], strict=True)
            ],
            "Due": rows["due"],
            "Days": rows["age_days"],
        }
    )


def _amount(debt: float | None) -> str:
    return NOT_KNOWN if debt is None or pd.isna(debt) else brief(debt)


def _part(repaid: float | None, promised: float | None) -> str:
    return NOT_KNOWN if repaid is None or promised is None else share(repaid, promised)


def _steps(posture: Posture, steps: pd.DataFrame, campaign: str) -> None:
    """Draw the steps of one campaign, with plain cells only."""
    plain = steps.loc[:, [not steps[name].map(_nested).any() for name in steps]]
    plain.columns = [str(name).replace("_", " ").capitalize() for name in plain]
    alt = "The steps of the campaign and what became of each."
    at = table(plain, f"campaign:{campaign}", alt, select=True)
    below(counted(len(plain), "step"), plain, "campaign.csv")
    if at is not None:
        cards(posture, [steps["target"].iloc[at], steps["owner"].iloc[at]])


def _nested(value: object) -> bool:
    return isinstance(value, dict | list)
