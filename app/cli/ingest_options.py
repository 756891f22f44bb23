"""Options of `ingest`."""

from pathlib import Path
from typing import Annotated

import typer

MaxLossOption = Annotated[
    float | None,
    typer.Option(
        help="Percent of its things that a scope may lose, 50 by default; "
        "if it loses more, nothing is retired."
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
