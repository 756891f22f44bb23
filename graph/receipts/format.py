"""The type of a format: one form in which decisions are recorded so that others can verify them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graph.receipts.claims import Context, Judged


@dataclass(frozen=True)
class Format:
    """A form of records.

    Formats are tried in the order of `order`; the first that recognises a parsed record judges it.
    """

    name: str
    title: str
    order: int
    recognises: Callable[[Any], bool]
    judge: Callable[[Any, Context], Judged]
