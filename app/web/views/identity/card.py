"""The card of one thing: the sentence, the figures, and below them what is known and what to do."""

from functools import partial

import pandas as pd
import streamlit as st

from analytics.answers.reach import BlastRadius
from analytics.posture import Posture
from app.escape import code, markdown
from app.web.answers import measured
from app.web.answers.debt import graded
from app.web.answers.identity import Standing, findings_about, standing
from app.web.answers.reach import Question, reach, sureness
from app.web.card import card_link
from app.web.page import deltas
from app.web.page.deltas import Row
from app.web.thing.assured import assured
from app.web.thing.facts import fact_lines, known
from app.web.thing.leak import leak
from app.web.thing.retire import retire, retire_button
from app.web.tiles import link, tile
from app.web.views.identity.debts import debts
from app.web.views.identity.findings import draw_findings
from app.web.views.identity.fix import draw_fix
from app.web.views.identity.keys import draw_keys
from app.web.views.identity.owners import draw_owners
from app.web.views.identity.related import draw_related
from app.web.views.identity.reviewed import draw_reviews
from app.wording import (
    NO_FIGURE,
    brief,
    counted,
    day,
    held_at,
    in_order,
    kind,
    number,
    rated_ratio,
    span,
)
from graph.schema import CREDENTIAL, HUMAN, RESOURCE, TEAM

OPEN = ("open", "reopened", "stale_evidence")
REACHING_NOTHING = (RESOURCE.name, TEAM.name)


def draw_card(posture: Posture, id_: str) -> None:
    """Draw the card of a node, given its id."""
    thing = posture.graph.thing(posture.graph.number(id_))
    stands = standing(posture, id_)
    _head(posture, thing)
    if stands is not None:
        st.markdown(sentence(stands, str(thing["name"])))
        _capped(posture, stands)
    figures = None
    if thing["label"] not in REACHING_NOTHING:
        leaked = thing["label"] == CREDENTIAL.name
        figures = reach(posture, Question(id_, leaked=leaked)).figures
    draw_tiles = partial(_figures, posture, id_, stands, figures)
    deltas.tiles(posture, draw_tiles, measured.carded, id_)
    if thing["label"] == CREDENTIAL.name and figures is not None:
        leak(posture, id_, int(figures.counts["resources"] or 0), "standing")
    left, right = st.columns([3, 2], gap="large")
    with left:
        if stands is not None:
            draw_fix(posture, id_)
        draw_findings(posture, id_)
        if thing["label"] not in (HUMAN.name, TEAM.name):
            draw_owners(posture, id_)
        if stands is not None:
            draw_reviews(posture, id_)
    with right:
        draw_keys(posture, id_)
        draw_related(posture, id_)
        _facts(posture, id_)
        assured(posture, id_)
        retire_button(posture, id_)
    if stands is not None:
        debts(posture, stands.owed, id_)
    retire(posture, id_)


def sentence(stands: Standing, name: str) -> str:
    """Return in Markdown why an identity is bad, with its place among all and its grade."""
    place, owed = stands.place, stands.owed
    words = in_order(
        place.rank, place.of, markdown(name, 60), markdown(place.because), bold=lambda t: f"**{t}**"
    )
    capped = held_at(owed.grade, owed.grade_because and markdown(owed.grade_because, 300))
    return f"{words} {capped}".rstrip()


def _capped(posture: Posture, stands: Standing) -> None:
    """Draw links to what holds the grade down."""
    ids = dict.fromkeys(str(cause["thing"]["id"]) for cause in stands.owed.capped_by)
    if not ids:
        return
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    row.caption("Held down by", width="content")
    for id_ in list(ids)[:4]:
        card_link(row, posture, id_)


def _head(posture: Posture, thing: dict[str, str]) -> None:
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    left.header(markdown(thing["name"], 80), anchor=False)
    left.caption(f"{kind(thing['label']).capitalize()} · {code(thing['id'])}")
    row = right.container(horizontal=True, horizontal_alignment="right", gap="medium")
    link(row, "Blast radius", "blast_radius", thing=thing["id"])
    link(row, "All identities", "identity")


def _figures(
    posture: Posture, id_: str, stands: Standing | None, figures: BlastRadius | None, row: Row
) -> None:
    places = iter(st.columns(4))  # what a thing cannot have takes no place
    if figures is None:
        link(next(places), "Who can reach it", "blast_radius", thing=id_)
    else:
        row.tile(next(places), "resources", "Resources reached", *_reached(figures))
    if stands is not None:
        owed = stands.owed
        if owed.debt is None:
            tile(next(places), "Trust debt", NO_FIGURE, "nobody could state what is held")
        else:
            ratio = rated_ratio(owed.tdr, owed.tdr_range, owed.grade) or NO_FIGURE
            beside = f"{graded(owed)} · {ratio}"
            meaning = "The share is of the most that it could owe."
            row.tile(next(places), "debt", "Trust debt", f"{brief(owed.debt)} tp", beside, meaning)
    rows = findings_about(posture, id_)
    counts = rows.loc[rows["state"].isin(OPEN), "severity"].value_counts()
    critical, high = int(counts.get("critical", 0)), int(counts.get("high", 0))
    heavy = f"{number(critical)} critical, {number(high)} high"
    row.tile(
        next(places),
        "findings",
        "Open findings",
        number(int(counts.sum())),
        heavy,
        "The change counts all that hold, accepted ones too.",
    )
    tile(next(places), "Last use seen", *_last_use(posture, id_))


def _reached(figures: BlastRadius) -> tuple[str, str, str]:
    if figures.weighted is None:
        return NO_FIGURE, "no source states grants", ""
    counts = figures.counts
    restricted = counts["by_sensitivity"].get("restricted", 0)
    figure = f"{number(counts['resources'])} of {number(counts['of'])}"
    weight = f"Weighted: {brief(figures.weighted)}; {sureness(figures.interval)}."
    return figure, f"{number(restricted)} restricted", weight


def _last_use(posture: Posture, id_: str) -> tuple[str, str]:
    used = known(posture, id_).last_use
    if used is None:
        seen = "usage" not in posture.graph.undeclared
        return ("never seen", "of what is logged") if seen else (NO_FIGURE, "no source states use")
    if used["at"] is None:
        return "perhaps", f"not later than {day(used['perhaps_at'])}"
    # The day, as "5 hours ago" in a snapshot of last month would pass for today's.
    as_of, at = posture.graph.as_of, pd.Timestamp(used["at"])
    return day(at), f"{span(abs(as_of - at))} {'after' if at > as_of else 'before'} {day(as_of)}"


def _facts(posture: Posture, id_: str) -> None:
    lines = fact_lines(posture, id_)
    merged = known(posture, id_).merged_from.readable()
    sources = (merged["source"] + " " + merged["scope"]).drop_duplicates().tolist()
    with st.expander("Facts", icon=":material/info:", expanded=not lines):
        st.markdown("  \n".join(lines) if lines else "No source states more of it.")
        if len(sources):
            names = ", ".join(markdown(source, 80) for source in sources[:5])
            st.caption(f"Stated by {counted(len(sources), 'source')}: {names}")
