"""The question behind a page: the command that gives the same answer, and a query on its facts."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

import streamlit as st

from app.cypher import can_ask
from app.escape import markdown, plain
from app.questions import all_questions
from app.web.links import page_link
from app.web.page.address import LATEST, carried
from app.web.page.snapshots import opened

LONGEST = 2_000  # characters of a word of a command


@dataclass(frozen=True, slots=True)
class Query:
    """The question behind a page.

    `command` are the words after `trustdebt` that give the page's answer. `facts` is the id of the
    saved question on the facts that it rests on, with the `values` of its parameters; None where no
    query of the facts says more than the command, for the reason in `because`. A command that is
    not `dated` names its moments itself, and takes none of the page. One that is `wider` has no
    option for a filter of the page, and lists what that leaves out, too.
    """

    command: tuple[str, ...]
    facts: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    dated: bool = True
    wider: bool = False
    because: str = "It is worked out from the facts: no query of them gives it."


def show_query(query: Query, uri: str) -> None:
    """Draw, behind a button of the sidebar, the question behind a page; `uri` is the store's."""
    place = st.sidebar.popover("Show query", icon=":material/code:", width="stretch")
    more = ", with what the filters of the page leave out" if query.wider else ""
    place.caption(f"**This answer from the command line{more}**")
    place.code(line(query), "bash", wrap_lines=True)
    if query.facts is None:
        place.caption(query.because)
        page_link(place, "console", "Ask the facts", {}, ":material/terminal:")
        return
    question = all_questions()[query.facts]
    place.caption(f"**A query of the facts behind it:** {markdown(question.question)}")
    place.code(question.sql.strip(), "sql", wrap_lines=True)
    if question.cypher and can_ask(opened(uri)):
        place.caption("**The same in Cypher**")
        place.code(question.cypher.strip(), "cypher", wrap_lines=True)
    address = {"question": question.id, **query.values}
    page_link(place, "console", "Open it in the console", address, ":material/terminal:")


def line(query: Query) -> str:
    """Return the command line of a page, with the snapshot and the instant that are shown."""
    shown, words = carried(), ["trustdebt", *query.command]
    if query.dated and shown["snapshot"] != LATEST:
        words += ["--snapshot", shown["snapshot"]]
    if query.dated and "as_of" in shown:
        words += ["--as-of", shown["as_of"]]
    return shlex.join(plain(word, LONGEST) for word in words)


def options(**given: object) -> tuple[str, ...]:
    """Return the words of options, without those that have no value.

    >>> options(days=30, about="", max_hops=None)
    ('--days', '30')
    """
    words: list[str] = []
    for name, value in given.items():
        if value not in (None, "", False):
            words += [f"--{name.replace('_', '-')}", *([] if value is True else [str(value)])]
    return tuple(words)
