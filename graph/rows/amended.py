"""Facts of which single properties are set anew, in the rows of every source."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from graph.element import Element
from graph.facts import Facts, LazyFrames
from graph.frames import PANDAS

Amendments = Mapping[Element, pd.DataFrame]


def amendment(element: Element, ids: list[str], **values: object) -> pd.DataFrame:
    """Type properties for the rows with these ids; a value is one for all, or a list of one each.

    Returns
    -------
    DataFrame
        Indexed by id, with a column for each property, typed as the schema declares.
    """
    dtypes = {c.name: PANDAS[c.dtype] for c in element.columns if c.name in values}
    frame = pd.DataFrame(values, index=pd.Index(ids, dtype="string"), dtype=object)
    return frame.astype(dtypes)


def amended(facts: Facts, amendments: Amendments) -> Facts:
    """Return `facts` with the properties of `amendments` in place of those of the same id.

    A null stands for no change. Source, scope and coverage stay, and so does what they imply.
    """

    def load(element: Element) -> pd.DataFrame:
        frame = facts.frames[element]
        return _set(frame, amendments[element]) if element in amendments else frame

    return replace(facts, frames=LazyFrames(load)) if amendments else facts


def _set(frame: pd.DataFrame, values: pd.DataFrame) -> pd.DataFrame:
    place = values.index.get_indexer(pd.Index(frame["id"]))
    columns = {}
    for name in values:
        given = pd.Series(values[name].array.take(place, allow_fill=True), index=frame.index)
        columns[str(name)] = frame[name].mask(given.notna(), given)
    return frame.assign(**columns)
