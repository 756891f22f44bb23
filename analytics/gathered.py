"""Values gathered by group without a call for each group, spans, and tables put together."""

import numpy as np
import pandas as pd


def stacked(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Concatenate tables with the same columns; those without rows cost time, and change types.

    >>> stacked([pd.DataFrame({"id": [1, 2]}), pd.DataFrame({"id": []})])["id"].tolist()
    [1, 2]
    """
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def spans(begin: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Return the positions in spans of `count` that start at `begin`, one span after the other.

    >>> spans(np.array([7, 2]), np.array([3, 2])).tolist()
    [7, 8, 9, 2, 3]
    """
    before = np.cumsum(count) - count
    return np.asarray(np.arange(count.sum()) + np.repeat(begin - before, count))


def gathered(rows: pd.DataFrame, by: list[str], column: str, most: int | None = None) -> pd.Series:
    """Return for each group the values of a column, sorted, each once, the first `most` of them.

    >>> rows = pd.DataFrame({"owner": [2, 1, 2, 2], "id": ["b", "c", "a", "b"]})
    >>> gathered(rows, ["owner"], "id").to_dict()
    {1: ('c',), 2: ('a', 'b')}
    """
    if rows.empty:
        return rows.set_index(by)[column].astype(object).rename(None)
    distinct = rows[[*by, column]].drop_duplicates().sort_values([*by, column])
    keys = pd.MultiIndex.from_frame(distinct[by]) if len(by) > 1 else pd.Index(distinct[by[0]])
    begin = np.flatnonzero(~keys.duplicated())
    ends = np.append(begin, len(distinct))[1:]
    values = distinct[column].tolist()
    groups = [
        tuple(values[a:b] if most is None else values[a : min(b, a + most)])
        for a, b in zip(begin.tolist(), ends.tolist(), strict=True)
    ]
    return pd.Series(groups, index=keys[begin], dtype=object)
