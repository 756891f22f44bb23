"""Options of `ingest`."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.completion import offer

PathsArgument = Annotated[
    list[str] | None, typer.Argument(help="Files or folders to read, or one address.")
]
ScopeOption = Annotated[str | None, typer.Option(help="Which part of the source's system it is.")]
TakenAtOption = Annotated[str | None, typer.Option(help="When the export was made.")]
MaxBadOption = Annotated[
    float, typer.Option(min=0, max=100, help="Percent of rows that may be rejected.")
]
KeepOption = Annotated[
    int | None,
    typer.Option(
        min=1, help="Snapshots to keep; by default 400 in a folder, 50 in a database or bucket."
    ),
]
ConfigOption = Annotated[Path | None, typer.Option(help="TOML file with tables named source.")]
SkipFailedOption = Annotated[
    bool, typer.Option("--skip-failed", help="Publish the others when one is refused.")
]
MaxLossOption = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=100,
        help="Percent of its things that a scope may lose, 50 by default; "
        "if it loses more, nothing is retired.",
    ),
]
AudienceOption = Annotated[
    str | None, typer.Option(help="Of signed tokens: take only those for it.")
]
KeyOption = Annotated[
    list[Path] | None,
    typer.Option(help="Of signed tokens: a file of public keys to check them. Repeatable."),
]
JudgeOption = Annotated[
    bool | None,
    typer.Option(
        "--judge/--no-judge", help="Work out now what is asked first; by default on a terminal."
    ),
]
EngineOption = Annotated[
    str | None,
    typer.Option(
        "--engine",
        metavar="NAME",
        help="spark: fold logs of use there; dask: judge there. Also TRUSTDEBT_ENGINE.",
        autocompletion=offer("spark", "dask"),
    ),
]
MasterOption = Annotated[
    str | None,
    typer.Option(
        metavar="URL", help="Of Spark: its master, as spark://HOST:PORT. Also TRUSTDEBT_MASTER."
    ),
]
