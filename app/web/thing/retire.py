"""The retirement of an identity: the phases as a checklist; nothing is executed."""

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from analytics.answers.decommission import Decommission, Phase, decommission
from analytics.answers.table import as_json
from analytics.posture import Posture
from analytics.remediation.retirement.phases import NotRetirable
from app.checklist import (
    LONG,
    TITLES,
    action_words,
    checklist_csv,
    checklist_markdown,
    remarks,
    steps_of,
    summary,
    target_words,
    undo_parts,
)
from app.escape import markdown
from app.web.page.address import recall, remember
from app.web.page.snapshots import kept
from app.web.server import door
from app.web.tables import below, table
from app.web.tiles import tile
from app.web.what_if import uses_table
from app.wording import NOT_KNOWN, counted, kind, number
from graph.schema import IDENTITIES

NAME = "retire"
SHOWN = 40  # steps of a phase that are drawn; the downloads have all


@kept
def plan(posture: Posture, thing: str) -> Decommission | str:
    """Return the plan that retires a node, or why there is none."""
    try:
        return decommission(posture, posture.graph.number(thing))
    except NotRetirable as error:
        return str(error)


def retire_button(posture: Posture, thing: str) -> None:
    """Draw the button that asks how an identity is retired."""
    number_of = posture.graph.number(thing)
    label = posture.graph.thing(number_of)["label"]
    if label not in [node.name for node in IDENTITIES] or posture.deleted[number_of]:
        return
    st.button(
        "Retire it",
        key="retire:open",
        icon=":material/power_settings_new:",
        type="tertiary",
        on_click=_ask,
        args=(True,),
        help="Shows every step that ends it with all that it has. Nothing is executed.",
    )


def _ask(wanted: bool) -> None:
    st.session_state[NAME] = wanted


def retire(posture: Posture, thing: str) -> None:
    """Draw the checklist, if it was asked for."""
    recall(NAME, False, lambda text: text == "True")
    remember(NAME, False)
    if not st.session_state[NAME]:
        return
    name = posture.graph.thing(posture.graph.number(thing))["name"]
    st.header(f"Retire {markdown(name, 60)}", anchor=False)
    answer = plan(posture, thing)
    if isinstance(answer, str):
        st.warning(markdown(answer, 500))
    else:
        _checklist(posture, thing, answer)
    st.button("Close", key="retire:close", type="tertiary", on_click=_ask, args=(False,))


def _checklist(posture: Posture, thing: str, answer: Decommission) -> None:
    st.caption(
        f"{summary(answer)} Nothing is executed: copy what you want to run, and tick what is done."
    )
    for note in answer.notes:
        st.info(markdown(note, LONG))
    _tiles(posture, answer)
    for phase in answer.phases:
        _phase(thing, phase)
    _downloads(answer)
    _shared(thing, answer)
    if answer.counts["breaks"]:
        st.subheader("What of others would stop working", anchor=False)
        uses_table(posture, answer.breaks, f"retire:{thing}", "what-others-lose.csv")


def _tiles(posture: Posture, answer: Decommission) -> None:
    counts, tiles = answer.counts, st.columns(4)
    tile(
        tiles[0],
        "Identities that end",
        number(counts["tree"] + counts["accounts"]),
        f"{counted(counts['accounts'], 'account or role', 'accounts and roles')} among them",
    )
    tile(tiles[1], "Credentials that end", number(counts["credentials"]))
    tile(
        tiles[2],
        "Things that others still use",
        number(counts["still_used_by"]),
        "they stay",
        "Accounts, roles, credentials and tools: only its own binding to each goes.",
    )
    seen = "usage" not in posture.graph.undeclared
    tile(
        tiles[3],
        "Uses of others that would fail",
        number(counts["breaks"]) if seen else NOT_KNOWN,
        None if seen else "no source states use",
        "Uses that pass through what is retired itself. What no log shows is not counted.",
    )


def _phase(thing: str, phase: Phase) -> None:
    steps = steps_of(phase)
    words = f"Phase {phase.phase}: {TITLES[phase.name]} ({counted(len(steps), 'step')})"
    with st.expander(words, expanded=phase.phase == 1):
        for at, step in enumerate(steps[:SHOWN]):
            _step(f"retire:{thing}:{phase.phase}:{at}", step)
        if not steps:
            st.caption("Nothing to do.")
        if len(steps) > SHOWN:
            st.caption(f"and {counted(len(steps) - SHOWN, 'more step')}: the downloads have all.")


def _step(key: str, step: dict[str, Any]) -> None:
    words = f"**{action_words(step)}** {markdown(target_words(step), 300)}"
    st.checkbox(words if step["stated"] else f"{words} (stated by no source)", key=key)
    if step["command"]:
        st.code(step["command"], language="bash", wrap_lines=True)
    st.caption("  \n".join(markdown(line, LONG) for line in remarks(step)))
    for is_shell, text in undo_parts(step):
        st.caption("Undo:" if is_shell else f"Undo: {markdown(text, LONG)}")
        if is_shell:
            st.code(text, language="bash", wrap_lines=True)


def _downloads(answer: Decommission) -> None:
    row = st.container(horizontal=True)
    for words, make, file, mime in (
        ("Download checklist (Markdown)", checklist_markdown, "retirement.md", "text/markdown"),
        ("Download checklist (CSV)", checklist_csv, "retirement.csv", "text/csv"),
    ):
        row.download_button(
            words,
            door.still_here(partial(make, answer)),
            file,
            mime,
            key=f"download:{file}",
            on_click="ignore",
            icon=":material/download:",
        )


def _shared(thing: str, answer: Decommission) -> None:
    st.subheader("What others still use", anchor=False)
    rows = as_json(answer.still_used_by)
    if not rows:
        st.markdown("Nothing that it uses is used by anybody else in service.")
        return
    frame = pd.DataFrame(
        {
            "Thing": [row["name"] or row["id"] for row in rows],
            "Kind": [kind(row["label"]) for row in rows],
            "Used by": [", ".join(f"{u['name']} ({u['use']})" for u in row["by"]) for row in rows],
        }
    )
    table(frame, f"still-used:{thing}", "Accounts, roles, credentials and tools that stay.")
    below(f"{counted(len(rows), 'thing')}: they stay.", frame, "still-used.csv")
