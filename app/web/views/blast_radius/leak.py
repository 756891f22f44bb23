"""The effect of a leaked key, and the buttons from an identity to its keys."""

import numpy as np
import streamlit as st

from analytics.posture import Posture
from app.escape import markdown
from app.web.snapshots import kept
from app.web.views.blast_radius.detail import known
from app.wording import counted, joined
from graph.schema import AUTHENTICATES_AS, USES

KEYS = 6  # keys of an identity offered one by one
NAMED = 5  # identities named in the sentence


@kept
def holders(posture: Posture, key: str) -> tuple[list[str], list[str]]:
    """Return the names of the identities that use a key, and of those it authenticates as."""
    graph, number = posture.graph, posture.graph.number(key)
    users, used = graph.ends(USES)
    keys, taken_for = graph.ends(AUTHENTICATES_AS)
    numbers = np.unique(users[used == number]), np.unique(taken_for[keys == number])
    users_named, taken_named = ([graph.thing(int(n))["name"] for n in each] for each in numbers)
    return users_named, taken_named


def leak(posture: Posture, key: str, resources: int) -> None:
    """Draw the effect of a leaked key: who may use it, and what ends the leak."""
    if not posture.graph.live[posture.graph.number(key)]:
        return
    users, taken_for = holders(posture, key)
    sentences = [
        f"**Whoever has this key reaches all of this**, {counted(resources, 'resource')}, and "
        "nobody answers for what they do."
    ]
    if taken_for:
        sentences.append(f"They are taken for {_names(taken_for)}.")
    if users:
        sentences.append(f"Rightfully it is used by {_names(users)} alone.")
    sentences.append("Revoking the key ends it; rotating it does so once the old one is revoked.")
    if users:
        lose = "loses" if len(users) == 1 else "lose"
        sentences.append(f"{_names(users)} then {lose} this login.")
    st.warning(" ".join(sentences), icon=":material/key_off:")


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
