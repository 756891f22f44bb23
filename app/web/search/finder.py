"""The search of every page: things, findings, questions and pages by any part of a name."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from weakref import ReferenceType, ref

import streamlit as st

from analytics.posture import Posture
from app.escape import code, markdown
from app.questions import all_questions
from app.web.answers.figures import findings
from app.web.card import ICONS, PAGE
from app.web.links import page_link
from app.web.page.address import arrivals
from app.web.page.tasks import Cancelled
from app.web.search.picker import PREFIXES, search
from app.web.server import door
from app.web.view import View
from app.wording import kind, number

FEW, MANY = 3, 10  # results of each kind, and of the only kind
WIDE = 30  # characters of a result
SHORTEST = 2  # letters of a search
FINDINGS, CONSOLE = "findings", "console"  # pages


@dataclass(frozen=True)
class Hit:
    """One result: its words (not escaped), and the page and parameters that it leads to."""

    words: str
    icon: str
    page: str
    address: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Hits:
    """The results of one kind that are shown, and how many there are."""

    title: str
    shown: tuple[Hit, ...]
    count: int


def finder(posture: Posture, views: list[View]) -> None:
    """Draw the box, and what it finds while one types; it is empty again on every new page."""
    _finder(ref(posture), views)


@st.fragment
def _finder(reference: "ReferenceType[Posture]", views: list[View]) -> None:
    """Draw the box. A session keeps what it was drawn with, so it must not hold the posture."""
    text = st.text_input(
        "Search everything",
        key=f"finder:{arrivals()}",
        type="search",
        icon=":material/search:",
        placeholder="Press / to search",
        live=True,
        help="Any part of a name, id, finding, question or page. A kind before it keeps only that: "
        + ", ".join(f"`{word}:`" for word in PREFIXES),
    )
    text = (text or "").strip()
    if len(text) < SHORTEST:
        return
    posture = reference()
    if posture is None:  # others were needed meanwhile
        st.rerun()
    rights = door.sights()  # typing draws this part of the page alone, so it asks by itself
    groups = list(_results(posture, [view for view in views if view.right in rights], text))
    if not groups:
        st.caption(f"Nothing here is called {code(text, 40)}.")
        return
    with st.container(border=True, gap=None):
        for group in groups:
            more = f" · {len(group.shown)} of {number(group.count)}"
            st.caption(f"**{group.title}**{more if group.count > len(group.shown) else ''}")
            for hit in group.shown:
                page_link(st, hit.page, markdown(hit.words, WIDE), hit.address, hit.icon, "stretch")


def _results(posture: Posture, views: list[View], text: str) -> Iterable[Hits]:
    """Yield the results of each kind that lead to one of the pages."""
    names = {view.name for view in views}
    if PAGE in names:
        yield from _things(posture, text)
    if FINDINGS in names:
        yield from _findings(posture, text)
    yield from _pages(views, text)


def _things(posture: Posture, text: str) -> Iterable[Hits]:
    """Yield the nodes of each label that match, those whose name begins with the text first."""
    rows = search(posture.graph.things, text)
    prefix, colon, rest = text.partition(":")
    word = rest.strip() if colon and prefix.strip().casefold() in PREFIXES else text
    later = ~rows["name"].str.casefold().str.startswith(word.casefold())
    rows = rows.assign(later=later, length=rows["name"].str.len())
    rows = rows.sort_values(["later", "length", "name"], kind="stable")
    parts = {str(label): part for label, part in rows.groupby("label")}
    for label in [label for label in ICONS if label in parts]:
        first = parts[label].head(MANY if len(parts) == 1 else FEW)
        shown = tuple(
            Hit(name, ICONS[label], PAGE, {"id": id_})
            for name, id_ in zip(first["name"], first["id"], strict=True)
        )
        yield Hits(kind(label, 2).capitalize(), shown, len(parts[label]))


def _findings(posture: Posture, text: str) -> Iterable[Hits]:
    try:
        rows = findings(posture)
    except Cancelled:  # it is said above; the rest can be searched
        return
    if rows.empty or text.partition(":")[0] in PREFIXES:
        return
    mask = rows["sentence"].str.contains(text, case=False, regex=False)
    mask |= rows["rule"].str.casefold() == text.casefold()
    mask |= rows["id"].str.casefold() == text.casefold()
    if not mask.any():
        return
    first = rows[mask].head(FEW)
    shown = tuple(
        Hit(sentence, ":material/flag:", FINDINGS, {"finding": id_})
        for sentence, id_ in zip(first["sentence"], first["id"], strict=True)
    )
    yield Hits("Findings, worst first", shown, int(mask.sum()))


def _pages(views: list[View], text: str) -> Iterable[Hits]:
    lower, names = text.casefold(), {view.name for view in views}
    pages = [
        Hit(words, ":material/help:", view.name, dict(address))
        for view in views
        for words, address in view.answers.items()
    ]
    saved = [
        Hit(each.question, ":material/terminal:", CONSOLE, {"question": each.id})
        for each in all_questions().values()
    ]
    asked = [hit for hit in (*pages, *saved) if hit.page in names and lower in hit.words.casefold()]
    if asked:
        yield Hits("Questions", tuple(asked[:FEW]), len(asked))
    named = [Hit(v.title, v.icon, v.name) for v in views if lower in v.title.casefold()]
    if named:
        yield Hits("Pages", tuple(named[:FEW]), len(named))
