"""What if people leave: what would have no owner, the secrets they know, and the bus factor."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from analytics.answers.orphans import Orphans, orphans
from analytics.ownership.bus_factor import kept_by
from analytics.posture import Posture
from app.escape import markdown
from app.web.card import cards, links_to
from app.web.page.address import recall_each, remember_each
from app.web.page.snapshots import kept
from app.web.search.picker import namer
from app.web.search.reveal import reveal
from app.web.tables import below, table
from app.web.tiles import tile
from app.wording import NOT_KNOWN, brief, counted, number, share, thing_name
from graph.schema import HUMAN

OFFERED = 2000  # people in the select box
LISTED = 5000  # most rows of each kind
FEW = 10  # people of the bus factor named in the text


@kept
def people(posture: Posture) -> list[str]:
    """Return the ids of people, sole owners first."""
    graph = posture.graph
    keepers = kept_by(posture).people
    human = np.flatnonzero(graph.has_label(HUMAN))
    order = [*keepers.tolist(), *np.setdiff1d(human, keepers).tolist()]
    return [str(graph.thing(person)["id"]) for person in order[:OFFERED]]


@kept
def departure(posture: Posture, leaving: tuple[str, ...]) -> Orphans:
    """Return what is orphaned, and what would be if these people left."""
    numbers = tuple(posture.graph.number(person) for person in leaving)
    return orphans(posture, numbers, LISTED)


def draw(posture: Posture) -> None:
    """Draw the bus factor, the choice of people, and what they would leave behind."""
    reveal("leaving")
    st.header("What if people leave?", anchor=False)
    if "owners" in posture.graph.undeclared:
        st.markdown("Unknown: no source states owners.")
        return
    factor = departure(posture, ()).bus_factor
    _bus_factor(factor)
    leaving = _choose(posture, factor)
    if leaving:
        _left_behind(posture, leaving)


def _bus_factor(factor: dict[str, Any]) -> None:
    if factor["departures"] is None:
        st.markdown(f"Nobody can be missed, because {markdown(factor['not_measured_because'])}.")
        return
    named = [f"**{markdown(thing_name(person), 60)}**" for person in factor["people"][:FEW]]
    more = factor["departures"] - len(named)
    names = ", ".join(named) + (f" and {number(more)} more" if more > 0 else "")
    keep = "keeps" if factor["owners"] == 1 else "keep"
    exact = "No fewer people do it" if factor["exact"] else f"Fewer than {factor['bound']} cannot"
    st.markdown(
        f"Bus factor: **{counted(factor['departures'], 'departure')}** of "
        f"{counted(factor['owners'], 'person', 'people')} who {keep} something owned would leave "
        f"{share(factor['share'], 1)} of the weighted reach owned today with no owner at all: "
        f"{names}. {exact}."
    )


def _choose(posture: Posture, factor: dict[str, Any]) -> tuple[str, ...]:
    """Draw the select box; return the ids of the chosen people, kept in the address."""
    graph = posture.graph
    wanted = recall_each("leaving")
    human = graph.has_label(HUMAN)
    present = [person for person in wanted if (at := graph.number(person)) >= 0 and human[at]]
    if len(present) < len(wanted):
        gone = ", ".join(markdown(person, 60) for person in wanted if person not in present)
        st.warning(f"Nobody in this snapshot has the id {gone}.")
    st.session_state["leaving"] = present
    offered = people(posture)
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    chosen = left.multiselect(
        "Who leaves",
        [*offered, *(person for person in present if person not in set(offered))],
        key="leaving",
        format_func=namer(posture),
        placeholder="choose people; nothing is written anywhere",
    )
    right.button(
        "The bus factor",
        icon=":material/group_remove:",
        disabled=not factor["people"],
        on_click=_take,
        args=([person["id"] for person in factor["people"]],),
        help="Choose the fewest people whose departure leaves half of the owned reach unowned.",
    )
    remember_each("leaving")
    return tuple(chosen)


def _take(ids: list[str]) -> None:
    st.session_state["leaving"] = ids


def _left_behind(posture: Posture, leaving: tuple[str, ...]) -> None:
    answer = departure(posture, leaving)
    lost, hidden = answer.debt_opening, answer.not_shown
    assert lost is not None, "somebody leaves"
    orphaned, secrets = orphan_rows(answer), secret_rows(answer)
    tiles = st.columns(4)
    tile(
        tiles[0],
        "Would lose an owner",
        f"{number(lost['identities'])} of {number(answer.judged)}",
        "the last one of a role",
    )
    tile(
        tiles[1],
        "With no owner at all",
        f"{number(lost['without_any_owner'])} of {number(lost['identities'])}",
        "in neither role",
    )
    tile(
        tiles[2],
        "Secrets to replace",
        number(len(secrets) + hidden["secrets_to_rotate"]),
        "that they could have copied",
    )
    tile(
        tiles[3],
        "Debt that would open",
        f"{brief(lost['at_once'])} tp",
        f"and {brief(lost['per_day'])} tp a day",
        "What would be owed at once, and what each day adds until somebody takes over.",
    )
    key = ",".join(leaving)
    st.subheader("What they would leave behind", anchor=False)
    if orphaned.empty:
        st.markdown("Nothing would lose its last owner.")
    else:
        at = table(
            orphaned.drop(columns="id"),
            f"would-orphan:{key}",
            "What would lose the last owner of a role, and who could take over.",
            select=True,
            height=400,
        )
        more = f", {number(hidden['would_orphan'])} more left out" if hidden["would_orphan"] else ""
        below(
            f"{counted(len(orphaned), 'role')}, costliest first{more}. Choose one for its card.",
            orphaned,
            "would-orphan.csv",
        )
        if at is not None:
            links_to(posture, str(orphaned["id"].iloc[at]))
            cards(posture, answer.would_orphan.readable()["successors"].iloc[at])
    st.subheader("Secrets to replace", anchor=False)
    if secrets.empty:
        st.markdown("They know no secret that is known of.")
        return
    alt = "Credentials that they could have copied."
    at = table(secrets, f"secrets:{key}", alt, select=True, height=400)
    below(f"{counted(len(secrets), 'credential')}.", secrets, "secrets-to-replace.csv")
    if at is not None:
        cards(posture, [answer.secrets_to_rotate.readable()["id"].iloc[at]])


def orphan_rows(answer: Orphans) -> pd.DataFrame:
    """Return a row for each role that would lose its last owner."""
    rows = answer.would_orphan.readable()
    return pd.DataFrame(
        {
            "id": rows["identity"],
            "Identity": rows["identity_name"],
            "Role": rows["role"],
            "Owner left": np.where(rows["nobody_left"], "none", "other role"),
            "Could take over": [_named(things) or "nobody known" for things in rows["successors"]],
            "Gone already": [_named(things) for things in rows["successors_gone"]],
            "Debt at once": rows["debt_at_once"].round(1),
            "Grows per day": rows["debt_per_day"].round(1),
        }
    )


def secret_rows(answer: Orphans) -> pd.DataFrame:
    """Return a row for each credential that the leaving people could have copied."""
    rows = answer.secrets_to_rotate.readable()
    return pd.DataFrame(
        {
            "Credential": rows["name"],
            "Do": rows["action"],
            "Because": ["; ".join(reasons) for reasons in rows["because"]],
            "Kept in": rows["storage"].fillna(NOT_KNOWN),
        }
    )


def _named(things: list[dict[str, Any]]) -> str:
    return ", ".join(thing_name(thing) for thing in things)
