"""Lists of owners, access, reviews and more, as tools and spreadsheets have them.

A column map beside the tables gives the meaning of each column.
"""

from collections.abc import Sequence
from pathlib import Path

from graph.secrets import redact_text
from ingest.files.export import scope_of
from ingest.source import InputRefused, Reading, Request, Sent, Source, Upload, one_folder
from ingest.sources.csv.column_map import MAP, read_column_map
from ingest.sources.csv.tables import Tables


def read(request: Request) -> Reading:
    """Read the tables of one column map.

    Raises
    ------
    InputRefused
        If there is no map, or if it or a table cannot be used.
    """
    if len(request.paths) != 1:
        raise InputRefused(request.paths[1], "", "is a second map; they are read one by one")
    path = request.paths[0]
    path = path if path.suffix == ".toml" else path / MAP
    if not path.is_file():
        raise InputRefused(path, "", "there is no column map")
    described = read_column_map(path)
    tables = Tables(
        described, request.scope or redact_text(described.scope or "") or scope_of(request)
    )
    for table in described.tables:
        tables.add(table)
    return tables.reading(request)


def _lay_out(sent: Sent) -> Sequence[Path]:
    """Write a map that was typed in beside the tables; else use the map that was sent."""
    folder = one_folder(sent)
    maps = sorted(folder.glob("*.toml"))
    if sent.answer:
        if maps:
            raise InputRefused(maps[0], "", "is a column map already: leave that field empty")
        (folder / MAP).write_text(sent.answer, encoding="utf-8")
    return (maps[0] if len(maps) == 1 else folder,)


EXAMPLE = """\
[[table]]
file = "owners.csv"
holds = "owners"
columns = { thing = "Account", owner = "Owner mail" }
always = { thing_label = "ServiceAccount" }
"""
SOURCE = Source(
    name="csv",
    title="Tables with a column map",
    reads=f"lists of owners, access, reviews and more (CSV, JSON lines, Parquet) with a {MAP}",
    declares=("grants", "owners", "scope", "usage", "reviews", "credentials", "trust"),
    read=read,
    upload=Upload(
        hint=f"The tables and their column map ({MAP}) together, or a ZIP of their folder.",
        asks=f"Column map, if no {MAP} is among the files",
        example=EXAMPLE,
        long=True,
        lay_out=_lay_out,
    ),
)
