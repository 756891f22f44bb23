"""Page of trust debt: the balance, its movement, the debtors, and the items."""

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from analytics.answers.debt import TrustDebt
from analytics.answers.ledger import Ledger
from analytics.posture import Posture
from app.escape import code, markdown
from app.web.answers import measured
from app.web.answers.debt import (
    BY,
    balance,
    books,
    dark_words,
    entries,
    graded,
    group_names,
    groups,
    members,
    period_rows,
    ratio_figure,
)
from app.web.drawing import charts, treemap
from app.web.drawing.charts.debt import burn_down
from app.web.page import deltas
from app.web.page.address import one_of, recall, remember
from app.web.page.deltas import Row
from app.web.page.query import Query, options
from app.web.tables import ROWS, below, points, table
from app.web.view import View
from app.web.views.trust_debt.items import draw_items
from app.wording import (
    NOT_KNOWN,
    brief,
    counted,
    day,
    number,
    percent,
    share,
    thing_name,
)
from graph.frames import records
from graph.journal.rights import LOOK

TOP, CAPPED = 10, 3  # rows of a table; causes of a capped grade that are named
SMALL = 0.05  # tp; a smaller change of debt is none
MEANING = (
    "Debt counts exposed trust without justification, in trust points (tp): one read of a public "
    "resource under one fully broken assumption is one. Larger is worse."
)


def draw(posture: Posture) -> None:
    """Draw the balance, its movement, the debt by group, and the items."""
    owed = balance(posture)
    if owed.debt is None:
        st.info(
            "What is owed is not known: no source states grants of any accountable identity.",
            icon=":material/help:",
        )
        return
    if not owed.max_principal:
        st.info("No accountable identity has access to anything known, so nothing can be owed.")
        return
    _known(posture, owed)
    deltas.tiles(posture, partial(_figures, owed), measured.owed)
    _movement(posture)
    draw_items(posture, _debtors(posture))


def _capped(owed: TrustDebt) -> str:
    """Return the causes that cap the grade: credentials with holders, uses, identities."""
    named = [
        markdown(thing_name(cause["thing"]))
        + (
            f" of {markdown(thing_name(cause['identity']))}"
            if cause["identity"] != cause["thing"]
            else ""
        )
        for cause in owed.capped_by[:CAPPED]
    ]
    return f": {', '.join(named)}" if named else ""


def _known(posture: Posture, owed: TrustDebt) -> None:
    """Draw how much of the debt is known."""
    low, high = owed.tdr_range or (0.0, 0.0)
    known, missing = owed.coverage or 0.0, ", ".join(posture.graph.undeclared)
    sentences = f"We could check **{share(known, 1)}** of your access"
    if known < 1:
        sentences += (
            f"; {share(1 - known, 1)} is unverified ({brief(owed.unverified)} tp), so the ratio "
            f"lies between **{percent(low)}** and **{percent(high)}**"
        )
    sentences += "."
    sentences += dark_words(owed)
    if missing:
        sentences += f" No source states {markdown(missing)}."
    if owed.grade_because:
        sentences += f" It is {graded(owed)} because {markdown(owed.grade_because)}{_capped(owed)}."
    st.markdown(sentences)


def _figures(owed: TrustDebt, row: Row) -> None:
    tiles = st.columns(4)
    row.tile(
        tiles[0],
        "debt",
        "Trust debt",
        f"{brief(owed.debt)} tp",
        f"of at most {brief(owed.max_debt)}",
        MEANING,
    )
    row.tile(
        tiles[1],
        "ratio",
        "Trust debt ratio",
        *ratio_figure(owed),
        "Debt by the most that could be owed for the same access. A to 5%, B to 10%, C to 20%, "
        "D to 50%, else F. Not rated where too little is verified or nobody sees use.",
        points=True,
    )
    row.tile(
        tiles[2],
        "per_day",
        "Grows per day",
        f"{brief(owed.interest_per_day)} tp",
        "while nothing changes",
        "Each day that a broken assumption stays broken adds to it, up to four missed cycles.",
    )
    row.tile(
        tiles[3],
        "lag",
        "Overdue",
        NOT_KNOWN if owed.lag_factor is None else f"{owed.lag_factor:.1f}x",
        f"{brief(owed.principal)} tp when it broke",
        "What you owe is so many times what it was when it broke (the lag factor): each missed "
        "review adds to it, from 1 up to 5.",
    )


def _movement(posture: Posture) -> None:
    st.header("Does it shrink?", anchor=False)
    kept_books = books(posture)
    if kept_books is None or kept_books.since == kept_books.until:
        st.markdown("There is no earlier snapshot; the next one shows what moved.")
    else:
        _burn_down(posture, kept_books)
    if kept_books is not None:
        _ahead(kept_books, balance(posture).debt or 0.0)


def _burn_down(posture: Posture, kept_books: Ledger) -> None:
    periods = kept_books.periods.readable()
    charts.show(
        burn_down(periods),
        "burn-down",
        "Bars: debt added and taken away in each period. The table below has the figures.",
    )
    moved = kept_books.closing - kept_books.opening
    word = "grew" if moved > 0 else "shrank" if moved < 0 else "did not change"
    unseen = sum(abs(v) for v in kept_books.coverage.values())
    since, until = day(kept_books.since["at"]), day(kept_books.until["at"])
    sentence = f"From {since} to {until} debt {word}"
    sentence += f" by {brief(abs(moved))} tp" if moved else ""
    if unseen:
        sentence += (
            f"; {brief(unseen)} tp of the movement (hatched) is a change of what is seen, not of "
            "access"
        )
    st.markdown(f"{sentence}.")
    with st.expander("The figures of each period, and the entries behind them"):
        _periods(posture, periods)


def _periods(posture: Posture, periods: pd.DataFrame) -> None:
    at = table(
        period_rows(periods),
        "periods",
        "Debt at the start and end of each period, and what came between.",
        select=True,
    )
    st.caption(
        "Opening + new - retired + accrued + rescored = closing, exactly. By coverage: new and "
        "retired that only came into sight or went out of it. Select a period to see its entries."
    )
    if at is None:
        return
    step = periods.iloc[at]
    rows, more = entries(posture, step["since_snapshot"], step["until_snapshot"])
    until = day(step["until_at"])
    table(rows, f"entries:{at}", f"Entries of the ledger up to {until}.", height=350)
    left = f", {number(more)} older ones left out" if more else ""
    below(f"{counted(len(rows), 'entry', 'entries')} up to {until}{left}.", rows, "ledger.csv")


def _ahead(kept_books: Ledger, now: float) -> None:
    forecast = kept_books.forecast
    outlooks = list(records(forecast.frame)) if forecast is not None else []
    forecasts = [
        f"**{brief(outlook.debt)} tp** in {outlook.days} days "
        f"(+{brief(outlook.debt - now)}; {_broken_words(outlook.opening_items)})"
        for outlook in outlooks
    ]
    if outlooks and all(_is_still(outlook, now) for outlook in outlooks):
        st.markdown(f"Delay costs nothing in {outlooks[-1].days} days, of what is known.")
    elif forecasts:
        st.markdown("Cost of delay, if nothing changes: " + ", ".join(forecasts) + ".")


def _is_still(outlook: Any, now: float) -> bool:
    """Return whether nothing is owed by then that is not owed now."""
    return not outlook.opening_items and abs(outlook.debt - now) < SMALL


def _broken_words(count: int) -> str:
    return f"{counted(count, 'more promise')} will be broken"


def _debtors(posture: Posture) -> str:
    """Draw the debt by group; return the group whose items are wanted, "" for all."""
    st.header("Who owes it?", anchor=False)
    recall("by", "team", one_of(list(BY)), key="debt:by")
    st.segmented_control(
        "By", list(BY), key="debt:by", format_func=lambda choice: BY[choice], required=True
    )
    by = str(remember("by", "team", key="debt:by"))
    rows = groups(posture, by)
    left, right = st.columns([1, 1], gap="medium")
    with right:
        at = _top(rows, by)
    picked = treemap.picked(f"treemap:{by}")
    group = _chosen(posture, by, picked, None if at is None else f"{by}:{rows['key'].iloc[at]}")
    with left:
        _map(posture, by, group)
    owing = rows["debt"].fillna(0.0).to_numpy()
    words = counted(len(rows), "group")
    if len(rows) > TOP:
        words += f"; the first {TOP} owe {share(owing[:TOP].sum(), owing.sum())} of the debt"
    st.caption(f"{words}. Select a tile or a row to see the items below.")
    return group


def _map(posture: Posture, by: str, chosen: str) -> None:
    """Draw the treemap: the groups, or the identities of the one that is chosen."""
    inside = _inside(posture, by, chosen)
    if inside:
        everyone = members(posture).rename(columns={"id": "key"})
        tiles = treemap.tiles_of(everyone[everyone[by] == inside], "identity", f"{by}:{inside}")
    else:
        tiles = treemap.tiles_of(groups(posture, by), by)
    treemap.draw(
        tiles,
        f"treemap:{by}",
        view=inside,
        path=group_names(posture, by)[inside] if inside else "",
        chosen=chosen,
        alt="Tiles: the larger, the more is owed; coloured and lettered by grade. The table beside "
        "it has the figures.",
    )


def _inside(posture: Posture, by: str, chosen: str) -> str:
    """Return the key of the group whose identities are drawn; empty for the groups themselves."""
    grouping, _, key = chosen.partition(":")
    if not key or by in treemap.FLAT:
        return ""
    everyone = members(posture)
    if grouping == "identity":  # among those of its group
        key = next(iter(everyone.loc[everyone["id"] == key, by]), "")
    elif grouping != by:
        return ""
    owes = (everyone[by] == key) & (everyone["debt"] > 0)
    return key if owes.any() else ""


def _top(every: pd.DataFrame, by: str) -> int | None:
    rows = every.head(ROWS)
    shown = pd.DataFrame(
        {
            BY[by]: rows["name"],
            "Debt": points(rows["debt"]),
            "Per day": points(rows["interest"]),
            "Ratio": rows["ratio"],
            "Grade": rows["grade"].replace("NR", "not rated"),
            "Capped by": rows["cause"],
        }
    )
    if by == "assumption":
        shown = shown.drop(columns=["Grade", "Capped by"])
    unrated = rows["grade"].eq("NR").any()
    words = f"What each {BY[by].lower()} owes, the largest first."
    narrow = {
        BY[by]: st.column_config.TextColumn(width=118 if by != "assumption" else 175),
        "Debt": st.column_config.NumberColumn(format="localized", width=62),
        "Per day": st.column_config.NumberColumn(format="localized", width=58),
        "Ratio": st.column_config.TextColumn(width=90 if unrated else 54),  # a range, or one
        "Capped by": st.column_config.TextColumn(width=118),
        "Grade": st.column_config.TextColumn(
            width=80 if unrated else 58,  # the words or a letter
            help="By its ratio a group is A to 5%, B to 10%, C to 20%, D to 50%, else F. A leaked "
            "key that works, or an action that was denied, caps it at D; a powerful identity that "
            "nobody answers for at C.",
        ),
    }
    total = len(every)
    key = f"debt:{by}"
    return table(shown, key, words, narrow, select=True, total=total, height=420, wrap=True)


def _chosen(posture: Posture, by: str, tile: tuple[str, Any] | None, row: str | None) -> str:
    """Return the chosen group: of the tile or row picked last, else of the address."""
    recall("group", "")
    picked = (by, tile and tile[1], row)
    before = st.session_state.get("debt:picked", (by, None, None))
    st.session_state["debt:picked"] = picked
    if picked[0] != before[0]:
        st.session_state["group"] = row or st.session_state["group"]
    elif picked[2] != before[2]:
        st.session_state["group"] = row or ""
    elif tile and picked[1] != before[1]:
        st.session_state["group"] = tile[0]
    grouping, _, key = str(st.session_state["group"] or "").partition(":")
    if grouping not in BY or key not in group_names(posture, grouping):
        if st.session_state["group"]:
            st.warning(
                f"Nothing is owed here by {code(st.session_state['group'])}. What follows are the "
                "items of all."
            )
        st.session_state["group"] = ""
    return str(remember("group", "") or "")


def query(_: Posture) -> Query:
    """Return the question behind the balance, in the groups that are chosen."""
    return Query(("debt", *options(by=st.session_state.get("debt:by"))), "grants_without_end")


VIEW = View(
    "trust_debt",
    "Trust debt",
    ":material/account_balance:",
    "Overview",
    15,
    draw,
    right=LOOK,
    query=query,
    answers={
        "How much trust is exposed without justification?": {},
        "Who owes it?": {"by": "owner"},
    },
)
