"""The panel for one edge of any picture: what states it, on what it rests, its use, its removal.

In a replay it says what the snapshot states that has the edge; a removal is always one of now.
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from analytics.answers.edge import Edge, Ends, edge, facts_between
from analytics.answers.table import as_json
from analytics.posture import Posture
from app.escape import code, markdown
from app.web.card import cards
from app.web.page.snapshots import kept
from app.web.removals import add_button, edge_item, meanings
from app.web.sentences import clause, evidence
from app.wording import ago, day, kind, stated_by, thing_id

TEXTS = {
    "role_name": "Role or permission set",
    "policy_id": "Policy and statement",
    "grant_id": "Grant",
    "rule": "Rule",
    "action": "Action",
    "issuer": "Issuer",
    "subject": "Subject",
    "approved_by": "Last approved by",
    "task_id": "For the task",
}
DAYS = {
    "granted_at": "Granted",
    "expires_at": "Expires",
    "reviewed_at": "Last approved",
    "task_ended_at": "Its task ended",
    "first_seen": "First read by us",
    "last_seen": "Last read by us",
}
LISTED = 6  # actions of a fact


@kept
def known(posture: Posture, start: str, end: str, ids: tuple[str, ...]) -> Edge:
    """Return the evidence of a step."""
    return edge(posture, posture.graph.number(start), posture.graph.number(end), ids)


@kept
def between(posture: Posture, ends: Ends) -> list[str]:
    """Return the ids of all facts that state a step."""
    return facts_between(posture, ends)


def edge_panel(
    posture: Posture,
    step: Mapping[str, Any],
    items: tuple[str, ...],
    stated: Posture | None = None,
    key: str = "edge",
    gain: str = "",
    item: str = "",
) -> None:
    """Draw what is known of one edge, and offer to remove it in the what-if.

    Parameters
    ----------
    posture : Posture
        The posture of the page.
    step : mapping
        The edge, as `analytics.answers.edge.step` returns it.
    items : tuple of str
        What is in the what-if.
    stated : Posture, optional
        The posture that has the edge, if it is not that of the page.
    key : str
        Distinguishes the panels of a page.
    gain, item : str
        A sentence in Markdown on what its removal would change, and what is removed for that, if
        it is not the edge itself.
    """
    at = stated or posture
    source, target = thing_id(step["from"]), thing_id(step["to"])
    st.header("Step", anchor=False)
    st.markdown(clause(step))
    st.caption(
        f"{kind(step['from']['label']).capitalize()} {code(source)} → "
        f"{kind(step['to']['label'])} {code(target)}"
    )
    cards(posture, [step])
    every = between(at, (source, str(step["relationship"]), target))
    ids = tuple(step["support"]) or tuple(every) or ((str(step["id"]),) if step["id"] else ())
    shown = known(at, source, target, ids)
    if at is not posture:
        st.caption(f"As of {day(at.graph.as_of)}.")
    st.markdown("  \n".join([*evidence(step, at.graph.as_of), *_use(at, shown)]))
    rows = as_json(shown.facts)
    if step["derived"]:
        st.markdown("**No source states this step. It rests on:**" if rows else "")
    for row in rows:
        with st.container(border=True):
            st.markdown(_fact(row, bool(step["derived"])))
    if not rows:
        st.caption("No single fact is behind it: it follows from what its ends are.")
    elif not all(row.get("file") for row in rows):
        st.caption("Where no file is named, it is not known from which one the fact was read.")
    itself = edge_item(step)
    offered = (item,) if item else tuple(step["support"]) if step["derived"] else (itself,)
    _offer(posture, offered, offered == (itself,), items, key, gain)


def _use(posture: Posture, shown: Edge) -> list[str]:
    """Return the first and the last use that a log shows of the two ends themselves."""
    if shown.first_used_at is None and shown.last_used_at is None:
        return []
    as_of = posture.graph.as_of
    return [
        f"first use seen {day(shown.first_used_at)}",
        f"last use seen {day(shown.last_used_at)}, {ago(shown.last_used_at, as_of)}",
    ]


def _fact(row: Mapping[str, Any], concluded: bool) -> str:
    """Describe a fact in Markdown; of a concluded step also between which nodes it is."""
    lines = [clause(row)] if concluded else []
    stated = stated_by(row, markdown, code)
    lines.append(stated[0].upper() + stated[1:])
    for name, words in TEXTS.items():
        if row.get(name):
            lines.append(f"{words}: {code(row[name])}")
    if row.get("actions"):
        shown = ", ".join(code(action) for action in row["actions"][:LISTED])
        more = len(row["actions"]) - LISTED
        lines.append(f"Allows {shown}" + (f" and {more} more" if more > 0 else ""))
    if row.get("condition"):
        lines.append(f"Only if {markdown(row['condition'], 300)}")
    lines += [f"{words}: **{day(row[name])}**" for name, words in DAYS.items() if row.get(name)]
    lines.append(f"Fact {code(row['id'])}")
    return "  \n".join(lines)


def _offer(
    posture: Posture,
    offered: tuple[str, ...],
    itself: bool,
    items: tuple[str, ...],
    key: str,
    gain: str,
) -> None:
    """Draw a button for each removal that takes the step away; of the step itself without words."""
    known_items = meanings(posture, tuple(dict.fromkeys(offered)))
    removable = [item for item, meant in known_items.items() if meant.words]
    if not removable:
        st.markdown(gain)
        st.caption("It cannot be removed by itself.")
        return
    st.markdown(f"**What if it were removed?**  \n{gain}")
    for at, item in enumerate(removable):
        if not itself:
            st.caption(markdown(known_items[item].words, 200))
        add_button(item, f"{key}:{at}", items)
