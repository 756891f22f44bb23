"""Options of commands whose answer can be had as tickets."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.completion import offer
from app.cli.exchange import TICKETS

TicketsOption = Annotated[
    str,
    typer.Option(
        "--format",
        help="table, json, tickets-csv, tickets-json or markdown.",
        autocompletion=offer("table", "json", *TICKETS),
    ),
]
TerraformOption = Annotated[
    Path | None,
    typer.Option("--terraform", help="What terraform show -json printed, for its addresses."),
]
