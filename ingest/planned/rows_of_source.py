"""Files that a source reads too: the rows that it makes of one, typed and without secrets."""

from collections.abc import Mapping

import pandas as pd

from graph.element import Element
from ingest.job.check import check
from ingest.planned.form import Document
from ingest.source import Reading, Request, Source


def typed_rows(source: Source, document: Document) -> Mapping[Element, pd.DataFrame]:
    """Return the rows that a source reads from the file of a document, as the schema types them.

    Raises
    ------
    InputRefused
        If the source cannot read the file.
    """
    request = Request((document.path,), taken_at=document.graph.as_of)
    return typed(source, source.read(request), document)


def typed(source: Source, reading: Reading, document: Document) -> Mapping[Element, pd.DataFrame]:
    """Type the rows of a reading, without those that hold a secret or do not meet the schema."""
    return check(source, reading, str(document.path)).frames
