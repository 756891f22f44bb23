"""Page of stale access: unused paths, the step to remove, and the reach that this takes away."""

from dataclasses import dataclass
from functools import partial

import pandas as pd
import streamlit as st

from analytics.answers.stale import stale as stale_answer
from analytics.posture import Filter, Posture
from app.escape import markdown
from app.web.answers import measured
from app.web.answers.figures import accountable, got_back
from app.web.card import card_link
from app.web.page import deltas
from app.web.page.address import one_of, recall, remember, some_of
from app.web.page.deltas import Row
from app.web.page.query import Query, options
from app.web.page.snapshots import kept
from app.web.search.picker import search
from app.web.sentences import step_lines
from app.web.tables import ROWS, below, full, rounded, table
from app.web.tiles import link
from app.web.view import View
from app.wording import (
    STALE_STATES,
    counted,
    edge_words,
    kind,
    number,
)

WINDOWS = ("30", "60", "90", "180", "365")
DEFAULT_WINDOW = "90"
LISTED = 200  # most paths on one page
HEIGHT = 560  # pixels
HIDDEN = ["identity", "resource", "state", "steps"]


def draw(posture: Posture) -> None:
    """Draw the window, the figures, the paths, and the steps of the chosen path."""
    recall("days", DEFAULT_WINDOW, one_of(WINDOWS))
    chosen = st.segmented_control(
        "Not used for", WINDOWS, key="days", format_func=lambda d: f"{d} days", required=True
    )
    remember("days", DEFAULT_WINDOW)
    days = int(chosen or DEFAULT_WINDOW)
    if "usage" in posture.graph.undeclared:
        st.info(
            "No source states when access was used, so what is stale is unknown. Ingest one "
            "that does.",
            icon=":material/help:",
        )
    wanted = _about(posture)
    paths = stale(posture, days, wanted)
    if wanted is None:
        draw_tiles = partial(_figures, got_back(posture, days), paths, days)
        deltas.tiles(posture, draw_tiles, measured.unused, days)
        _identities(posture, days)
    _paths(posture, paths, days, wanted)


def _about(posture: Posture) -> tuple[int, ...] | None:
    """Draw the search for identities; return the numbers of the matches, None for all."""
    recall("about", "", key="stale:about")
    text = st.text_input(
        "Identity", key="stale:about", placeholder="part of a name or id", width=320
    ).strip()
    remember("about", "", key="stale:about")
    if not text:
        return None
    everyone = accountable(posture)
    exact = everyone["id"] == text  # a link names one identity, whatever others are called
    matches = everyone["id"][exact] if exact.any() else search(everyone, text)["id"]
    return tuple(posture.graph.number(id_) for id_ in matches)


@dataclass(frozen=True)
class Stale:
    """The listed paths, a row each, with the counts of all paths and of unobservable ones."""

    rows: pd.DataFrame
    count: int
    unobservable: int


@kept
def stale(posture: Posture, days: int, about: tuple[int, ...] | None = None) -> Stale:
    """Return the stale paths of the widest identities, or of the given ones."""
    limit = LISTED if about is None else ROWS
    answer = stale_answer(posture, days=days, limit=limit, about=about)
    paths = answer.paths.readable()
    first = [edge_words(step, "use is not logged") for step in paths["first_stale"]]
    frame = paths[["identity", "resource", "state"]].assign(
        Identity=paths["identity_name"].replace("", pd.NA).fillna(paths["identity"]),
        Reaches=paths["resource_name"].replace("", pd.NA).fillna(paths["resource"]),
        Level=paths["level"],
        Weight=paths["weight"],
        unused=paths["unused_days"].astype("Float64"),
        State=paths["state"].replace(STALE_STATES),
        first=first,
        steps=paths["steps"],
    )
    frame = frame.rename(columns={"unused": "Days unused", "first": "First unused step"})
    heaviest = frame.sort_values("Weight", ascending=False, kind="stable", ignore_index=True)
    return Stale(heaviest, answer.counts["paths"], answer.counts["unobservable"])


def _figures(back: tuple[str, str], paths: Stale, days: int, row: Row) -> None:
    tiles = st.columns(3)
    row.tile(
        tiles[0],
        "back",
        "What you get back",
        *back,
        f"Share of the blast radius of all identities that goes away when only access not used "
        f"for {days} days is removed; nothing that was used is touched.",
        points=True,
    )
    listed = "all listed" if paths.count == len(paths.rows) else f"first {number(LISTED)} listed"
    row.tile(
        tiles[1],
        "paths",
        f"Access not seen in use for {days} days",
        counted(paths.count, "path"),
        listed,
        "A path is one resource at one level that an identity reaches.",
    )
    row.tile(
        tiles[2],
        "unlogged",
        "Its use is not logged",
        f"{number(paths.unobservable)} of {number(paths.count)}",
        "unknown, not unused",
    )


@kept
def unused(posture: Posture, days: int) -> pd.DataFrame:
    """Return a row for each identity with access not seen in use: all of them, most weight first.

    Returns
    -------
    DataFrame
        `id`, `Identity`, `Kind`, `Unused weight` (what goes away with access that is watched),
        `Unused`, `Not logged` (counts of pairs of a resource and a level) and `Of` (all of them).
    """
    gone = posture.lost(Filter(stale=days))
    doubtful = posture.lost(Filter(stale=days, unobservable=False))
    things = posture.graph.things.loc[posture.accountable].reset_index(drop=True)
    rows = pd.DataFrame(
        {
            "id": things["id"],
            "Identity": things["name"],
            "Kind": things["label"].map(kind),
            "Unused weight": gone.weighted.round(1),
            "Unused": gone.pairs,
            "Not logged": doubtful.pairs - gone.pairs,
            "Of": posture.totals().pairs,
        }
    )
    rows = rows[doubtful.pairs > 0]
    order = ["Unused weight", "Unused", "Not logged"]
    return rows.sort_values(order, ascending=False, kind="stable", ignore_index=True)


def _identities(posture: Posture, days: int) -> None:
    """Draw every identity with its counts; a row leads to all its paths."""
    rows = unused(posture, days)
    if rows.empty:
        return
    st.header("By identity", anchor=False)
    bar = st.column_config.ProgressColumn(
        format="localized", min_value=0, max_value=full(rows["Unused weight"])
    )
    at = table(
        rows.drop(columns="id"),
        f"stale:identities:{days}",
        "Identities with access not seen in use, most weight first.",
        {"Unused weight": bar},
        select=True,
        height=330,
    )
    below(
        f"{counted(len(rows), 'identity', 'identities')}, all with access not seen in use.",
        rows,
        "stale-identities.csv",
    )
    if at is not None:
        links = st.container(horizontal=True, vertical_alignment="center", gap="medium")
        id_ = str(rows["id"].iloc[at])
        card_link(links, posture, id_)
        link(links, "All its unused access", "stale_access", about=id_, days=str(days))


def _paths(posture: Posture, paths: Stale, days: int, wanted: tuple[int, ...] | None) -> None:
    st.header("Paths", anchor=False)
    rows = paths.rows
    if rows.empty:
        whose = "" if wanted is None else " of these identities"
        st.markdown(f"No path{whose} was unused for {days} days in what is known.")
        return
    shown, chosen = _filtered(rows, paths.count)
    at = table(
        rounded(shown.drop(columns=HIDDEN), "Days unused", "Weight"),
        f"stale:{days}:{chosen}:{wanted}",
        "Paths nobody uses: who reaches what, the first unused step, and for how long.",
        {
            "Identity": st.column_config.TextColumn(width=130),
            "Reaches": st.column_config.TextColumn(width=165),
            "Level": st.column_config.TextColumn(width=60),
            "First unused step": st.column_config.TextColumn(width=300),
            "State": st.column_config.TextColumn(width=172),
            "Days unused": st.column_config.NumberColumn(width=95),
            "Weight": st.column_config.ProgressColumn(
                width="small",
                format="localized",
                min_value=0,
                max_value=full(rows["Weight"]),
            ),
        },
        select=True,
        height=HEIGHT,
        wrap=True,
    )
    below(
        f"{_how_many(len(shown), paths)}, heaviest first. Select one to see its steps.",
        shown.drop(columns=HIDDEN),
        "stale-access.csv",
    )
    if at is not None:
        _chosen(posture, shown.iloc[at])


def _how_many(shown: int, paths: Stale) -> str:
    """Format the number of rows shown and of all paths."""
    listed = len(paths.rows)
    if listed == paths.count:
        return f"{number(shown)} of {counted(paths.count, 'path')}"
    part = "The" if shown == listed else f"{number(shown)} of the"
    return (
        f"{part} first {number(listed)} of {counted(paths.count, 'path')}, those of the widest "
        "identities (choose an identity above for all of its own)"
    )


def _filtered(rows: pd.DataFrame, count: int) -> tuple[pd.DataFrame, str]:
    """Draw the filter; return the filtered rows, and a text that names the filter.

    The states have counts only if all paths are listed: counts of a part would mislead.
    """
    counts = rows["state"].value_counts()
    states = [state for state in STALE_STATES if state in counts]
    complete = len(rows) == count
    recall("states", [], some_of(states), key="stale:states")
    st.session_state["stale:states"] = [s for s in st.session_state["stale:states"] if s in states]
    chosen = st.pills(
        "State" if complete else f"State, of the {number(len(rows))} listed",
        states,
        key="stale:states",
        selection_mode="multi",
        format_func=lambda state: (
            f"{STALE_STATES[state]} · {counts.get(state, 0):,}" if complete else STALE_STATES[state]
        ),
    )
    remember("states", [], key="stale:states")
    return rows[rows["state"].isin(chosen)] if chosen else rows, ",".join(chosen)


def _chosen(posture: Posture, row: pd.Series) -> None:
    with st.container(border=True):
        name, target = markdown(row["Identity"]), markdown(row["Reaches"])
        st.subheader(f"{name} → {target}, {row['Level']}", anchor=False)
        st.markdown(step_lines(row["steps"], posture.graph.as_of))
        links = st.container(horizontal=True, gap="medium")
        card_link(links, posture, str(row["identity"]))
        address = {"thing": str(row["identity"]), "focus": str(row["resource"])}
        link(links, "Show in blast radius", "blast_radius", **address)


def query(posture: Posture) -> Query:
    """Return the question behind the page; the command takes one identity, and no state."""
    state = st.session_state
    text = (state.get("stale:about") or "").strip()
    about = text if posture.graph.number(text) >= 0 else None
    wider = text != (about or "") or bool(state.get("stale:states"))
    asked = options(days=state["days"], about=about)
    return Query(("stale", *asked), "grants_never_used", wider=wider)


VIEW = View(
    "stale_access",
    "Stale access",
    ":material/hourglass_disabled:",
    "Findings",
    40,
    draw,
    query=query,
    answers={
        "Which access is not used, and what do we get back?": {},
    },
)
