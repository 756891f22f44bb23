"""The safest fix of an identity: what to change first, what that repays, and what breaks."""

import streamlit as st

from analytics.posture import Posture
from app.escape import markdown
from app.web.answers.identity import closing, fix
from app.web.page.address import recall, remember
from app.web.removals import REMOVED, add_button, edge_item, removals
from app.web.sentences import use_of
from app.web.tiles import link
from app.wording import brief, counted, edge_words, thing_id, thing_name

NAME = "fix"
SHOWN = 3
VERDICTS = {
    "safe": ":material/check_circle: safe: its use is watched, and none was seen",
    "needs_owner": ":material/person: ask its owner first",
    "needs_longer_window": ":material/hourglass: watch it longer first",
}
NO_USE = {
    "unused": "no observed use would fail",
    "not_observable": "nobody could have seen its use, so what breaks is **not known**",
}


def draw_fix(posture: Posture, id_: str) -> None:
    """Draw what closes most, and on demand the changes that break nothing seen in use."""
    st.subheader("What to do first", anchor=False)
    recall(NAME, False, lambda text: text == "True")
    if st.session_state[NAME]:
        _steps(posture, id_)
    else:
        _closing(posture, id_)
        st.button(
            "Work out the safest fix, and what breaks",
            type="primary",
            icon=":material/build_circle:",
            on_click=_ask,
        )
    remember(NAME, False)


def _ask() -> None:
    st.session_state[NAME] = True


def _closing(posture: Posture, id_: str) -> None:
    rows = closing(posture, id_)
    if rows.empty:
        st.markdown("Nothing that is found about it asks for a change.")
        return
    for row in rows.head(SHOWN).to_dict("records"):
        st.markdown(f"- {markdown(row['sentence'], 300)} It repays {brief(row['debt'])} tp.")
    if len(rows) > SHOWN:
        link(st.container(), f"All {counted(len(rows), 'change')}", "findings", about=id_)


def _steps(posture: Posture, id_: str) -> None:
    answer = fix(posture, id_)
    steps = answer.steps.readable()
    if steps.empty:
        st.markdown("Nothing: whatever could be done is in use, or repays none of what it owes.")
        return
    listed = removals(posture)
    for at, row in enumerate(steps.to_dict("records"), 1):
        target = row["target"]
        on = edge_words(target) if "from" in target else thing_name(target)
        fails = len(row["breaks"])
        use = (
            f"**{counted(fails, 'observed use')} would fail**" if fails else NO_USE.get(row["use"])
        )
        st.markdown(
            f"{at}. **{str(row['action']).replace('_', ' ').capitalize()}**: {markdown(on, 200)}. "
            f"Repays {brief(row['debt_removed'])} tp"
            + (f"; {use}" if use else "; takes no access away")
            + f".  \n{VERDICTS.get(row['verdict'], markdown(row['verdict']))}"
        )
        if str(row["action"]).startswith(REMOVED):
            item = edge_item(target) if "from" in target else thing_id(target)
            add_button(item, f"fix:{at}", listed)
        if row["command"]:
            with st.expander("The command, and how it is undone"):
                st.code(row["command"], language="bash", wrap_lines=True)
                if row["undo"]:
                    st.caption("To undo it")
                    st.code(row["undo"], language="bash", wrap_lines=True)
    fails = int(steps["breaks"].str.len().sum())
    if listed:
        words = f"Show the what-if: {counted(len(listed), 'removal')}"
        link(st.container(), words, "blast_radius", thing=id_, remove=list(listed))
    st.caption(use_of(len(steps), fails, answer.unobservable, "step"))
