"""What a view is: one page of the app."""

from collections.abc import Callable
from dataclasses import dataclass

from analytics.posture import Posture


@dataclass(frozen=True, slots=True)
class View:
    """A page of the app: its place in the menu and the function that draws it.

    `name` is the page's path in the address. `order` sorts the menu; the first is the page that
    opens by itself. `empty` draws what the page offers while nothing was published yet.
    """

    name: str
    title: str
    icon: str
    section: str
    order: int
    draw: Callable[[Posture], None]
    empty: Callable[[], None] | None = None
