"""The file and the place in it from which each relationship of a snapshot was read.

A relationship that this job has read is where its row was; one that is carried forward is where it
was then. Files are named from the export on: where that lay is no fact about access.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from graph.element import Element, Relationship
from graph.facts import ORIGIN, Facts
from graph.schema import RELATIONSHIPS
from graph.values import text_array
from ingest.job.merge import Checked, Frames
from ingest.secrets.redaction import secretive

Scope = tuple[str, str]


@dataclass(frozen=True)
class _Part:
    """Rows of one scope, each with its id, its file and its place."""

    ids: pa.Array
    file: pa.Array
    place: pa.Array


def within(origin: pd.DataFrame, paths: Sequence[Path]) -> pd.DataFrame:
    """Return origins with their files named from the folder or file of `paths` on.

    What is not known, or holds something like a secret, is null.

    >>> origin = pd.DataFrame({"file": ["/home/ann/okta/users.json"], "place": ["/0"]})
    >>> within(origin.astype("string"), [Path("/home/ann/okta")])["file"].tolist()
    ['users.json']
    """
    names = {file: _named(str(file), paths) for file in origin["file"].dropna().unique()}
    named = origin.assign(file=origin["file"].map(names).astype("string"))
    secret = secretive(named["file"]) | secretive(named["place"])
    return named.mask(secret | (named["file"] == "")).mask(named == "")


def _named(file: str, paths: Sequence[Path]) -> str:
    """Return the name of a file within what was read, or beside a file that was."""
    read = Path(file)
    for folder in [*paths, *(path.parent for path in paths)]:
        if read != folder and read.is_relative_to(folder):
            return read.relative_to(folder).as_posix()
    return file


def origins(frames: Frames, before: Facts | None, checked: Sequence[Checked]) -> Frames:
    """Return for each type of relationship the `file` and `place` of each row of its frame."""
    made: dict[Element, pd.DataFrame] = {}
    for relationship in RELATIONSHIPS:
        if len(frames[relationship]):
            parts = _parts(relationship, before, checked)
            if parts:
                made[relationship] = _beside(frames[relationship], parts)
    return made


def _parts(
    relationship: Relationship, before: Facts | None, checked: Sequence[Checked]
) -> list[tuple[Scope, _Part]]:
    """Return what is known of each scope: what was read now comes first."""
    parts = []
    for each in checked:
        stated = each.origins.get(relationship)
        if stated is not None and (stated["file"] != "").any():
            origin = within(stated, each.paths)
            ids = pa.array(origin.index.to_numpy(object), pa.large_string())
            parts.append((each.coverage.key, _part(ids, origin)))
    known = before.origins.get(relationship) if before is not None else None
    if before is not None and known is not None and len(known):
        rows = before.frames[relationship]
        ids = text_array(rows["id"]).cast(pa.large_string())
        for scope, places in _by_scope(rows).items():
            parts.append((scope, _part(ids.take(pa.array(places)), known.iloc[places])))
    return parts


def _part(ids: pa.Array, origin: pd.DataFrame) -> _Part:
    file, place = (text_array(origin[name]).cast(pa.large_string()) for name in ORIGIN)
    return _Part(ids, file, place)


def _by_scope(rows: pd.DataFrame) -> dict[Scope, np.ndarray]:
    groups: dict[Any, Any] = rows.groupby(["source", "scope"], sort=False).indices
    return {(str(source), str(scope)): places for (source, scope), places in groups.items()}


def _beside(rows: pd.DataFrame, parts: list[tuple[Scope, _Part]]) -> pd.DataFrame:
    """Return the origin of each row: that of the first part of its scope that has its id."""
    ids, own = text_array(rows["id"]).cast(pa.large_string()), _by_scope(rows)
    at, begin = np.full(len(rows), -1, np.int64), 0
    for scope, part in parts:
        missing = own.get(scope, np.zeros(0, np.int64))
        missing = missing[at[missing] < 0]
        places = pc.index_in(ids.take(pa.array(missing)), part.ids).fill_null(-1).to_numpy()
        at[missing[places >= 0]] = places[places >= 0] + begin
        begin += len(part.ids)
    taken = pa.array(at, mask=at < 0)
    columns = {
        name: pa.concat_arrays([getattr(part, name) for _, part in parts]).take(taken)
        for name in ORIGIN
    }
    return pd.DataFrame(
        {name: pd.array(column, dtype="string") for name, column in columns.items()}
    )
