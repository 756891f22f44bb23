"""The effect of a removal on all identities: reach, findings, and uses that would fail."""

import pandas as pd
import streamlit as st

from analytics.answers.table import Table
from analytics.answers.what_if import WhatIf, what_if
from analytics.posture import Posture
from app.escape import markdown
from app.web.card import cards
from app.web.page.snapshots import kept_while
from app.web.tables import below, table
from app.web.tiles import tile
from app.wording import (
    NOT_KNOWN,
    VERBS,
    ago,
    brief,
    counted,
    day,
    kind,
    number,
    share,
)

LISTED = 500  # identities listed
NAMED = 3  # accounts named in the note on moved access


@kept_while("Asking what breaks…")
def changed(posture: Posture, items: tuple[str, ...]) -> WhatIf:
    """Return the effect on all identities if `items` are removed."""
    return what_if(posture, list(items), limit=LISTED)


def all_tiles(posture: Posture, answer: WhatIf) -> None:
    """Draw the effect of a removal on all identities: reach, findings, and failing uses."""
    tiles, before, after = st.columns(4), answer.before, answer.after
    tile(
        tiles[0],
        "Reach of all identities",
        change(before["reach"], after["reach"]),
        less(before["reach"], after["reach"]),
        "The weighted blast radius of every accountable identity, standing access, added up.",
    )
    tile(
        tiles[1],
        "Identities that reach less",
        f"{number(answer.counts['identities'])} of {number(len(posture.accountable))}",
        "accountable identities",
    )
    tile(
        tiles[2],
        "Findings",
        change(before["findings"], after["findings"]),
        less(before["findings"], after["findings"]),
        more_findings(before["findings"], after["findings"])
        or "What the rules find before, and what they find afterwards.",
    )
    used = "usage" not in posture.graph.undeclared
    fail = answer.counts["breaks"]
    tile(
        tiles[3],
        "Uses that would fail",
        number(fail) if used else NOT_KNOWN,
        None if not used else "nothing seen in use breaks" if not fail else "see below",
        "Uses that were seen and have no other path. What no log shows is not counted.",
    )
    for note in (more_findings(before["findings"], after["findings"]), moved_words(answer)):
        if note:
            st.caption(note)


def more_findings(before: int | None, after: int | None) -> str:
    """Return a note on why there are more findings after a removal, if there are.

    >>> more_findings(3, 3)
    ''
    """
    if before is None or after is None or after <= before:
        return ""
    return (
        f"{counted(after - before, 'finding')} more: what is left behind without a login, an owner "
        "or a parent is found on its own. Nobody gains access by it."
    )


def moved_words(answer: WhatIf) -> str:
    """Return a note on access that only moves, and who answers for it then, in Markdown."""
    rows, count = answer.moved.readable(), answer.counts["moved"]
    if rows.empty:
        return ""
    accounts = _names(rows, "to").head(NAMED)
    names = ", ".join(f"**{markdown(name)}**" for name in accounts)
    more = f" and {number(count - NAMED)} more" if count > NAMED else ""
    alone = int((rows["answers"] == rows["to"]).sum())
    stays = (
        "its access stays with the agent that had it"
        if count == 1
        else ("their access stays with the agents that had it")
    )
    itself = f", {number(alone)} of them for itself" if alone and count > 1 else ""
    if alone and count == 1:
        stays = "it answers for itself from then on"
    return f"No login leads to {names}{more} any longer: {stays}{itself}. It is not gone."


def change(before: float | None, after: float | None) -> str:
    """Format a figure before and after.

    >>> change(1204, 310), change(3, None)
    ('1,204 → 310', '3 → unknown')
    """
    return f"{brief(before)} → {brief(after)}"


def less(before: float | None, after: float | None) -> str:
    """Format the relative change of a figure.

    >>> less(200, 50), less(4, 4), less(None, 4)
    ('75% less', 'unchanged', 'unknown')
    """
    if pd.isna(before) or pd.isna(after):
        return NOT_KNOWN
    if before == after:
        return "unchanged"
    return f"{share(abs(before - after), before)} {'less' if after < before else 'more'}"


def breaks_table(posture: Posture, answer: WhatIf, key: str) -> None:
    """Draw the observed uses that would fail."""
    st.subheader("What would stop working", anchor=False)
    if "usage" in posture.graph.undeclared:
        st.markdown("Unknown: no source states when access was used.")
        return
    if not len(answer.breaks):
        st.markdown("Nothing that was seen in use.")
        return
    uses_table(posture, answer.breaks, key, "what-would-break.csv")


def uses_table(posture: Posture, uses: Table, key: str, file: str) -> None:
    """Draw observed uses that would fail (`analytics.answers.what_if.uses`)."""
    rows = breaks(posture, uses)
    alt = "Uses that were seen and would fail, the latest first."
    at = table(rows, f"breaks:{key}", alt, select=True)
    below(f"{counted(len(rows), 'observed use')} would fail.", rows, file)
    if at is not None:
        cards(posture, uses.readable()[["identity", "resource"]].iloc[at])


def breaks(posture: Posture, uses: Table) -> pd.DataFrame:
    """Return a row for each observed use that would fail."""
    rows, as_of = uses.readable(), posture.graph.as_of
    return pd.DataFrame(
        {
            "Who": _names(rows, "identity"),
            "Step": [VERBS.get(name, "used") for name in rows["through_relationship"]],
            "What": _names(rows, "resource"),
            "Level": rows["level"].fillna("—"),
            "Last used": [f"{day(at)}, {ago(at, as_of)}" for at in rows["last_used_at"]],
        }
    )


def _names(rows: pd.DataFrame, column: str) -> pd.Series:
    """Return the names of nodes; their ids where they have none."""
    return rows[f"{column}_name"].replace("", pd.NA).fillna(rows[column])


def who_reaches_less(posture: Posture, answer: WhatIf, key: str) -> None:
    """Draw the accountable identities that reach less, those that lose most first."""
    st.subheader("Who reaches less", anchor=False)
    rows = answer.identities.readable()
    if rows.empty:
        st.markdown("No accountable identity reaches less.")
        return
    frame = pd.DataFrame(
        {
            "Identity": rows["name"].replace("", pd.NA).fillna(rows["id"]),
            "Kind": rows["label"].map(kind),
            "Resources before": rows["before_resources"],
            "After": rows["after_resources"],
            "Weighted before": rows["before_weighted"],
            "Weighted after": rows["after_weighted"],
        }
    )
    alt = "Identities that reach less: resources and weight."
    at = table(frame, f"less:{key}", alt, select=True)
    total = answer.counts["identities"]
    below(f"{number(len(frame))} of {counted(total, 'identity', 'identities')}.", frame,
          "who-reaches-less.csv")  # fmt: skip
    if at is not None:
        cards(posture, [rows["id"].iloc[at]])
