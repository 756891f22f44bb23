"""The reviews of an identity: when it was last decided on and by whom, and what comes next."""

import streamlit as st

from analytics.answers.reviews import ReviewsOf, reviews_of
from analytics.posture import Posture
from app.escape import markdown
from app.web.card import card_link
from app.web.page.snapshots import kept_while
from app.web.tiles import link
from app.wording import brief, counted, day, joined, thing_name

DECIDED = {"approve": "approved", "revoke": "to be revoked", "modify": "to be changed"}


@kept_while("Looking for what is due for review…")
def reviewed(posture: Posture, thing: str) -> ReviewsOf:
    """Return the reviews of an identity."""
    return reviews_of(posture, posture.graph.number(thing))


def draw_reviews(posture: Posture, id_: str) -> None:
    """Draw the last decision on an identity, and the grant that is to be reviewed first."""
    st.subheader("Reviews", anchor=False)
    answer = reviewed(posture, id_)
    st.markdown(_last(posture, answer))
    rows = answer.first.readable()
    if rows.empty:
        st.markdown("Nothing of its access is due for review.")
        return
    row = rows.iloc[0]
    levels = joined(row["levels"])
    st.markdown(
        f"**{counted(answer.due, 'grant')}** to review. First: {levels} on "
        f"{markdown(row['resource_name'] or row['resource'], 80)}, because "
        f"{markdown(row['reason'], 200)}. It owes {brief(row['debt'])} tp."
    )
    line = st.container(horizontal=True, vertical_alignment="center", gap="small")
    card_link(line, posture, str(row["resource"]))
    link(line, "Decide", "reviews", packet=str(row["id"]))


def _last(posture: Posture, answer: ReviewsOf) -> str:
    """Return a sentence on the last decision, in Markdown."""
    last = answer.last
    if last is None:
        unknown = "reviews" not in posture.graph.declared
        return "Whether it was ever reviewed is **not known**." if unknown else "Never reviewed."
    by = f"by {markdown(thing_name(last['by']), 80)}" if last["by"] else "by a person not named"
    decided = DECIDED.get(str(last["decision"]), "decided")
    return f"Last {decided} on **{day(last['at'])}**, {by}."
