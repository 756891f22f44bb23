"""What a removal changes for everybody: reach, findings, and the observed uses that would fail."""

from typing import Any

import pandas as pd
import streamlit as st

from analytics import answers
from analytics.posture import Posture
from app.reading import kept
from app.tables import below, table
from app.tiles import tile
from app.wording import (
    NOT_KNOWN,
    STEPS,
    ago,
    brief,
    counted,
    day,
    kind,
    number,
    share,
    thing_name,
)

LISTED = 500  # identities listed


@kept
def changed(posture: Posture, items: tuple[str, ...]) -> dict[str, Any]:
    """Answer what changes for everybody when `items` are removed."""
    answer: dict[str, Any] = answers.what_if(posture, list(items), limit=LISTED)
    return answer


def all_tiles(posture: Posture, answer: dict[str, Any]) -> None:
    """Draw what a removal changes for everybody: reach, findings, and what would break."""
    tiles, before, after = st.columns(4), answer["before"], answer["after"]
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
        f"{number(len(answer['identities']) + answer['left_out'])} of "
        f"{number(len(posture.accountable))}",
        "accountable identities",
    )
    tile(
        tiles[2],
        "Findings",
        change(before["findings"], after["findings"]),
        less(before["findings"], after["findings"]),
    )
    used = "usage" not in posture.graph.undeclared
    fail = len(answer["breaks"])
    tile(
        tiles[3],
        "Uses that would fail",
        number(fail) if used else NOT_KNOWN,
        None if not used else "nothing seen in use breaks" if not fail else "see below",
        "Uses that were seen and have no other way. What no log shows is not counted.",
    )


def change(before: float | None, after: float | None) -> str:
    """Write a figure before and after.

    >>> change(1204, 310), change(3, None)
    ('1,204 → 310', '3 → unknown')
    """
    return f"{brief(before)} → {brief(after)}"


def less(before: float | None, after: float | None) -> str:
    """Say by how much a figure falls.

    >>> less(200, 50), less(4, 4), less(None, 4)
    ('75% less', 'unchanged', 'unknown')
    """
    if pd.isna(before) or pd.isna(after):
        return NOT_KNOWN
    if before == after:
        return "unchanged"
    return f"{share(abs(before - after), before)} {'less' if after < before else 'more'}"


def breaks_table(posture: Posture, answer: dict[str, Any], key: str) -> None:
    """List the uses that were seen and would fail."""
    st.subheader("What would stop working", anchor=False)
    if "usage" in posture.graph.undeclared:
        st.markdown("Unknown: no source states when access was used.")
        return
    rows = breaks(posture, answer)
    if rows.empty:
        st.markdown("Nothing that was seen in use.")
        return
    table(rows, f"breaks:{key}", "Uses that were seen and would fail, the latest first.")
    below(f"{counted(len(rows), 'observed use')} would fail.", rows, "what-would-break.csv")


def breaks(posture: Posture, answer: dict[str, Any]) -> pd.DataFrame:
    """Return a row for each observed use that would fail."""
    rows, as_of = answer["breaks"], posture.graph.as_of
    return pd.DataFrame(
        {
            "Who": [thing_name(row["identity"]) for row in rows],
            "Step": [STEPS.get(row["through"]["relationship"], "used") for row in rows],
            "What": [thing_name(row["resource"]) for row in rows],
            "Level": [row["level"] or "—" for row in rows],
            "Last used": [
                f"{day(row['last_used_at'])}, {ago(row['last_used_at'], as_of)}" for row in rows
            ],
        }
    )


def who_reaches_less(answer: dict[str, Any], key: str) -> None:
    """List the accountable identities that reach less, those that lose most first."""
    st.subheader("Who reaches less", anchor=False)
    rows = answer["identities"]
    if not rows:
        st.markdown("No accountable identity reaches less.")
        return
    frame = pd.DataFrame(
        {
            "Identity": [thing_name(row) for row in rows],
            "Kind": [kind(row["label"]) for row in rows],
            "Resources before": [row["before"]["resources"] for row in rows],
            "After": [row["after"]["resources"] for row in rows],
            "Weighted before": [row["before"]["weighted"] for row in rows],
            "Weighted after": [row["after"]["weighted"] for row in rows],
        }
    )
    table(frame, f"less:{key}", "Identities that reach less: resources and weight.")
    total = len(frame) + answer["left_out"]
    below(f"{number(len(frame))} of {counted(total, 'identity', 'identities')}.", frame,
          "who-reaches-less.csv")  # fmt: skip
