"""The items of debt on the page of trust debt: a table, and the edges behind one of them."""

from typing import Any

import pandas as pd
import streamlit as st

from analytics.posture import Posture
from app.escape import code, csv_table, markdown, plain
from app.web.answers.debt import (
    BY,
    WORDS,
    group_names,
    item,
    items,
)
from app.web.card import links_to
from app.web.page.address import one_of, recall, remember
from app.web.search.reveal import reveal
from app.web.sentences import step_lines
from app.web.tables import below, table
from app.wording import (
    brief,
    counted,
    day,
    days,
    number,
    thing_id,
    thing_name,
)

BROKEN, UNKNOWN = "broken", "unknown"
STATES = {BROKEN: "Broken", UNKNOWN: "Unverified"}
STATE_OF = {True: BROKEN, False: UNKNOWN}
HEIGHT = 560  # pixels
AMOUNT = {True: "Debt", False: "At stake"}


def draw_items(posture: Posture, group: str) -> None:
    """Draw the items of a group ("" for all), and the edges behind the selected one."""
    reveal("group")
    st.header("Where the debt comes from", anchor=False)
    recall("items", BROKEN, one_of(STATES))
    st.segmented_control(
        "Items", STATES, key="items", format_func=STATES.__getitem__, required=True
    )
    broken = remember("items", BROKEN) == BROKEN
    rows = items(posture, broken)
    count = len(rows)
    if group:
        by, _, key = group.partition(":")
        rows = rows[rows[by] == key]
        named = group_names(posture, by)[key]
        row = st.container(horizontal=True, vertical_alignment="center")
        row.markdown(f"Items of {BY[by].lower()} **{markdown(named)}**:", width="content")
        row.button("Show all items", on_click=_all, icon=":material/close:", type="tertiary")
    at = table(
        _item_table(rows.head(1000), broken),
        f"items:{broken}:{group}",
        "Items of debt, the costliest first: whose, what is broken, on what, since when.",
        {
            "Identity": st.column_config.TextColumn(width=125),
            "Assumption": st.column_config.TextColumn(width=115),
            "Resource": st.column_config.TextColumn(width=167),
            "Level": st.column_config.TextColumn(width=55),
            "About": st.column_config.TextColumn(width=155),
            "Since": st.column_config.TextColumn(width=88),
            "Missed reviews": st.column_config.NumberColumn(
                width=108, format="%.1f", help="Review cycles missed since it broke."
            ),
            AMOUNT[broken]: st.column_config.NumberColumn(format="localized", width=75),
            "Grows per day": st.column_config.NumberColumn(format="localized", width=100),
        },
        select=True,
        total=len(rows),
        height=HEIGHT,
        wrap=True,
    )
    below(
        f"{number(len(rows))} of {counted(count, STATES[STATE_OF[broken]].lower() + ' item')}, "
        f"{brief(rows['debt'].sum())} tp. Select one to see the edges behind it.",
        lambda: csv_table(rows.drop(columns="item")),
        "trust-debt.csv",
    )
    if at is not None:
        with st.container(border=True):
            _item(posture, item(posture, int(rows["item"].iloc[at])))


def _all() -> None:
    st.session_state["group"] = ""


def _item_table(rows: pd.DataFrame, broken: bool) -> pd.DataFrame:
    shown = pd.DataFrame(
        {
            "Identity": rows["name"],
            "Assumption": rows["assumption"].map(WORDS),
            "Resource": rows["resource"],
            "Level": rows["level"],
            "About": rows["about"],
            "Since": days(rows["since"]),
            "Missed reviews": rows["cycles"].round(1),
            AMOUNT[broken]: rows["debt"].round(1),
            "Grows per day": rows["interest"].round(2),
        }
    )
    return shown if broken else shown.drop(columns=["Since", "Missed reviews", "Grows per day"])


def _item(posture: Posture, debt_item: dict[str, Any]) -> None:
    broken = debt_item["state"] == BROKEN
    amount = debt_item["debt"] if broken else debt_item["unverified"]
    st.subheader(f"{WORDS[debt_item['assumption']]} · {brief(amount)} tp", anchor=False)
    st.markdown(markdown(debt_item["why"], 2000))
    left, right = st.columns(2, gap="large")
    exposure = f"exposure {number(debt_item['exposure'])}"
    if broken:
        since = (
            f"since **{day(debt_item['since'])}**" if debt_item["since"] else "since it was granted"
        )
        left.markdown(
            f"Principal **{number(debt_item['principal'])}** = degree {debt_item['degree']:g} "
            f"of {exposure}, "
            f"weighed; {since}, {debt_item['cycles']:.1f} reviews missed.  \n"
            f"Mending it takes about {debt_item['effort_hours']:g} h."
        )
    else:
        left.markdown(f"Not owed: it is unknown whether it holds. At stake is {exposure}, weighed.")
    links_to(posture, thing_id(debt_item["identity"]), left)
    _edges(posture, debt_item, right)


def _edges(posture: Posture, debt_item: dict[str, Any], place: Any) -> None:
    holder, resource = thing_name(debt_item["holder"]), thing_name(debt_item["resource"])
    lines = [step_lines(debt_item["behind"], posture.graph.as_of)] if debt_item["behind"] else []
    at = len(debt_item["behind"]) + 1
    lines.append(
        f"{at}. **{markdown(holder)}** is granted {debt_item['level']} on **{markdown(resource)}**"
    )
    place.markdown("**The edges behind it**\n\n" + "\n".join(lines))
    for thing in debt_item["ended"]:
        place.markdown(
            f":material/info: **{markdown(thing_name(thing))}** opens nothing any more, but is "
            "still there: what it led to is owed for until it is gone."
        )
    facts = ("grant_id", "granted_at", "expires_at", "reviewed_at", "task_ended_at", "source")
    facts_held = [
        f"{f.replace('_', ' ')} {plain(debt_item['granted'][f])}"
        for f in facts
        if f in debt_item["granted"]
    ]
    place.markdown(f"{code(debt_item['grant'])}  \n{markdown('; '.join(facts_held), 500)}")
