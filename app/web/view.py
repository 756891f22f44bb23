"""The type of a view: one page of the app."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from analytics.posture import Posture
from app.web.page.query import Query
from graph.journal.rights import EXPLORE


@dataclass(frozen=True, slots=True)
class View:
    """A page of the app: its place in the menu and the function that draws it.

    `name` is the page's path in the address. `order` sorts the menu; the first is the default page.
    `empty` draws the page while nothing has been published yet. Where people sign in, who sees the
    page has the `right`, one of `graph.journal.rights.PAGES`. `query` returns the question behind
    the page once it is drawn; only the console, which is one itself, has none. `answers` are the
    questions that the search leads to the page for, each with the parameters of its address.
    """

    name: str
    title: str
    icon: str
    section: str
    order: int
    draw: Callable[[Posture], None]
    empty: Callable[[], None] | None = None
    right: str = EXPLORE
    query: Callable[[Posture], Query] | None = None
    answers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
