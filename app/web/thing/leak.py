"""The effect of a leaked key, and the buttons from an identity to its keys."""

import numpy as np
import pandas as pd
import streamlit as st

from analytics.answers.drill import Drill, drill_of
from analytics.answers.leak import leak_of
from analytics.posture import Posture
from app.escape import markdown
from app.web.page.snapshots import kept
from app.web.tables import table
from app.web.thing.facts import known
from app.wording import VERBS, brief, counted, joined, kind, number

KEYS = 6  # keys of an identity offered one by one
NAMED = 5  # identities named in the sentence
ROWS = 200  # pixels of a table
ACTIONS = {
    "deactivate_credential": "Deactivate, then delete",
    "revoke_sessions": "End its sessions",
    "disable_identity": "Disable",
}
USES = {
    "unused": "Its use is watched, and none was seen: ending it breaks nothing that is known.",
    "not_observable": "Nobody could have seen its use: ask before you end it, it may break work.",
}


@kept
def played(posture: Posture, key: str, mode: str) -> Drill:
    """Return the leak of a key, played through."""
    return drill_of(posture, np.array([posture.graph.number(key)]), mode)


@kept
def rightful(posture: Posture, key: str) -> tuple[list[str], list[str]]:
    """Return the names of the identities that use a key, and of those it authenticates as."""
    effect = leak_of(posture, posture.graph.number(key)) or {"held_by": [], "taken_for": []}
    users, taken_for = ([str(t["name"]) for t in effect[n]] for n in ("held_by", "taken_for"))
    return users, taken_for


def leak(posture: Posture, key: str, resources: int, mode: str) -> None:
    """Draw the effect of a leaked key: who may use it, what ends the leak, and what outlives it."""
    if not posture.graph.live[posture.graph.number(key)]:
        return
    users, taken_for = rightful(posture, key)
    sentences = [
        f"**Whoever has this key reaches all of this**, {counted(resources, 'resource')}, and "
        "nobody answers for what they do."
    ]
    if taken_for:
        sentences.append(f"They authenticate as {_names(taken_for)}.")
    if users:
        sentences.append(f"Rightfully it is used by {_names(users)} alone.")
    sentences.append("Revoking the key ends it; rotating it does so once the old one is revoked.")
    if users:
        lose = "loses" if len(users) == 1 else "lose"
        sentences.append(f"{_names(users)} then {lose} this login.")
    st.warning(" ".join(sentences), icon=":material/key_off:")
    _steps(posture, played(posture, key, mode))


def _steps(posture: Posture, drill: Drill) -> None:
    """Draw what to end, what that breaks, and what may outlive it."""
    left, right = st.columns(2)
    with left:
        st.markdown("**End these, in this order**")
        rows = drill.kill_set.readable()
        shared = rows["shared"].map({True: "yes", False: ""})
        steps = pd.DataFrame(
            {
                "Do": rows["action"].map(ACTIONS),
                "Of": rows["name"],
                "Kind": rows["label"].map(kind),
                "Serves others too": shared,
            }
        )
        table(steps, "leak:end", "What to end, in this order.", height=ROWS)
        st.caption(_broken(posture, drill))
    with right:
        st.markdown("**May outlive it**")
        rows = drill.alive_after_kill.readable()
        if rows.empty:
            st.markdown("Nothing that is known: the key leads to nothing that it could keep.")
            return
        left_over = pd.DataFrame(
            {
                "Foothold": rows["name"],
                "Because": rows["by_name"] + " " + rows["relationship"].map(VERBS) + " it",
                "Rule": rows["rule"],
                "Resources": rows["resources"],
                "Weight": rows["weighted"],
            }
        )
        table(left_over, "leak:alive", "Possible footholds, the widest first.", height=ROWS)
        alive = drill.alive_reach
        reach = "what stays in reach is not known"
        if alive["resources"] is not None:
            reach = (
                f"{counted(alive['resources'], 'resource')} stay in reach, with a weight of "
                f"{brief(alive['weighted'])}"
            )
        st.caption(
            f"What the key could be used to take over for good while it was live: {reach}. "
            "Look there for new keys, changed trusts and new code."
        )


def _broken(posture: Posture, drill: Drill) -> str:
    """Return in words what ending the key breaks, and how long that took so far."""
    row = drill.rotation.frame.iloc[0]
    words = USES.get(str(row["use"]), "")
    if row["uses"]:
        words = (
            f"Ending the key breaks {counted(int(row['uses']), 'use')} seen lately, the last by "
        )
        words += f"**{markdown(str(row['breaks'][0]['identity']['name']), 60)}**."
    past = drill.hours_to_dead
    if past["from"]:
        median = past["median"]
        took = f"half within {number(median / 24)} days" if median is not None else "not even half"
        words += (
            f" Of {counted(past['from'], 'credential')} that should have ended here so far, "
            f"{took} did; {number(past['censored'])} still live on."
        )
    return words


def _names(names: list[str]) -> str:
    shown = [f"**{markdown(name, 60)}**" for name in names[:NAMED]]
    more = len(names) - len(shown)
    return joined([*shown, counted(more, "other")] if more else shown)


def keys_of(posture: Posture, thing: str) -> None:
    """Draw a button for each live key of an identity, which asks what if that key leaked."""
    graph = posture.graph
    keys = known(posture, thing).credentials.frame
    live = keys[graph.live[graph.numbers(keys["id"])]]
    for id_, name in zip(live["id"][:KEYS], live["name"].fillna(live["id"])[:KEYS], strict=True):
        st.button(
            f"If {markdown(name, 40)} leaked",
            key=f"leak:{id_}",
            icon=":material/key:",
            type="tertiary",
            on_click=_ask,
            args=(id_,),
        )
    if len(live) > KEYS:
        st.caption(f"and {counted(len(live) - KEYS, 'more key')}: search for `key:`")


def _ask(key: str) -> None:
    st.session_state["thing"] = key
    st.session_state["leaked"] = True
