"""The heat map: which team owes for which assumption."""

import pandas as pd
import streamlit as st

from analytics.answers.board import Teams
from analytics.posture import Posture
from app.web.answers import board
from app.web.answers.debt import WORDS, ratios
from app.web.drawing import charts
from app.web.drawing.charts.heat_map import heat_map
from app.web.page.address import turn
from app.web.tables import below, points, table
from app.wording import NO_FIGURE, counted, number, share

ROWS = 12  # teams in the picture


def draw(posture: Posture) -> None:
    """Draw the teams by the assumptions of which they broke most, and the same as a table."""
    answer = board.teams(posture)
    st.header("Teams", anchor=False)
    rows = answer.teams.readable()
    if rows.empty:
        st.markdown("No accountable identity is known, so no team answers for any.")
        return
    broken, unknown = _shares(rows, answer, "broken"), _shares(rows, answer, "unknown")
    kept = [name for name in answer.assumptions if broken[name].notna().any()]
    if kept:
        _picture(rows, kept, broken, unknown)
    else:
        st.markdown("Of no team is anything known that it could owe for.")
    with st.expander(f"{counted(len(rows), 'team')} as a table, and why each has its grade"):
        _table(rows, broken[kept])


def _picture(
    rows: pd.DataFrame, kept: list[str], broken: pd.DataFrame, unknown: pd.DataFrame
) -> None:
    """Draw the heat map of the teams that owe most, with what its signs mean."""
    charts.show(
        heat_map(
            rows["name"].head(ROWS).tolist(),
            [WORDS[name] for name in kept],
            broken[kept].head(ROWS),
            unknown[kept].head(ROWS),
        ),
        "heat",
        "Heat map: of each team and assumption, the share that is broken. The table below has "
        "the figures.",
    )
    first = f"The {ROWS} of {number(len(rows))} teams that owe most. " if len(rows) > ROWS else ""
    st.caption(
        f"{first}Numbers: percent of the team's access of which this does not hold. A question "
        "mark: at least a tenth is unknown, and all of it where there is no number. A dash: it "
        "applies to nothing of the team."
    )


def _shares(rows: pd.DataFrame, answer: Teams, part: str) -> pd.DataFrame:
    return pd.DataFrame({name: rows[f"{part}_{name}"] for name in answer.assumptions})


def _table(rows: pd.DataFrame, broken: pd.DataFrame) -> None:
    shown = pd.DataFrame(
        {
            "Team": rows["name"],
            "Identities": rows["identities"],
            "Debt": points(rows["debt"]),
            "Ratio": ratios(rows),
            "Grade": rows["grade"].replace("NR", "not rated"),
            "Grade because": because(rows),
            "Read sensitive data": [
                share(able, of) if of and pd.notna(able) else NO_FIGURE
                for able, of in zip(rows["sensitive"], rows["sensitive_of"], strict=True)
            ],
            **{
                WORDS[str(name)]: column.map(lambda part: "" if pd.isna(part) else share(part, 1))
                for name, column in broken.items()
            },
        }
    )
    at = table(shown, "teams", "What each team owes, and for what.", select=True, height=420)
    below("Select a team to see what it owes.", shown, "teams.csv")
    if at is not None:
        team = rows["team"].iloc[at]
        group = f"team:{team}" if pd.notna(team) else "team:no team"
        turn("trust_debt", {"by": "team", "group": group})


def because(rows: pd.DataFrame) -> pd.Series:
    """Return why each grade is not that of its ratio: the reason, and the first cause by name."""
    reason, cause = rows["grade_because"].fillna(""), rows["capped_by"]
    return reason.where(cause.isna(), reason + ": " + cause.fillna("").astype(str))
