"""The native estate format: a folder of tables that a company fills in or a tool writes."""

from graph.schema import DECLARABLE
from ingest.source import InputRefused, Reading, Request, Source, Upload, one_folder
from ingest.sources.estate.manifest import Overrides
from ingest.sources.estate.native import read_estate


def read(request: Request) -> Reading:
    """Read the one estate folder that `request` names."""
    if len(request.paths) != 1:
        raise InputRefused(request.paths[1], "", "is a second folder; an estate is read one by one")
    return read_estate(request.paths[0], Overrides(request.scope, request.taken_at))


SOURCE = Source(
    name="estate",
    title="Native estate",
    reads="a folder with estate.toml, nodes/, relationships/ and optional records of use",
    declares=DECLARABLE,
    read=read,
    self_contained=True,
    upload=Upload(
        hint="A ZIP of the folder that holds estate.toml.",
        lay_out=lambda sent: (one_folder(sent),),
    ),
)
