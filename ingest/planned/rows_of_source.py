"""Files that a source reads too: the rows that it makes of one, typed and without secrets."""

from collections.abc import Mapping

import pandas as pd

from graph.element import Element
from graph.schema import AGENT
from ingest.job.check import check
from ingest.planned.form import Document
from ingest.source import InputRefused, Reading, Rejected, Request, Source


def agents_of(
    source: Source, document: Document
) -> tuple[Mapping[Element, pd.DataFrame], list[Rejected]]:
    """Return the rows that a source reads from the file of a document, and those it rejects.

    There is a row for at least one agent.

    Raises
    ------
    InputRefused
        If the source cannot read the file, or no agent in it.
    """
    request = Request((document.path,), taken_at=document.graph.as_of)
    checked = check(source, source.read(request), str(document.path))
    if AGENT not in checked.frames or checked.frames[AGENT].empty:
        first = next(iter(checked.rejected), Rejected("", "", "states no agent"))
        raise InputRefused(document.path, first.place, first.reason)
    return checked.frames, checked.rejected


def typed(source: Source, reading: Reading, document: Document) -> Mapping[Element, pd.DataFrame]:
    """Type the rows of a reading, without those that hold a secret or do not meet the schema."""
    return check(source, reading, str(document.path)).frames
