"""Options that several commands have, and those that all have."""

from functools import partial
from typing import Annotated

import typer

from analytics.runtime.budget import VARIABLE
from app.cli.completion import offer
from app.cli.groups import EVERY

LIMIT = 50

shared = partial(typer.Option, rich_help_panel=EVERY)
StoreOption = Annotated[
    str | None,
    shared(
        "--store",
        metavar="URI",
        help="Folder, or an address: bolt://, neo4j://, s3://BUCKET.",
        envvar="TRUSTDEBT_STORE",
    ),
]
SnapshotOption = Annotated[
    str | None,
    shared("--snapshot", metavar="ID", help="Id of a snapshot, or @INSTANT; else the current one."),
]
AsOfOption = Annotated[
    str | None,
    shared("--as-of", metavar="INSTANT", help="Instant to judge at, ISO 8601 with a zone."),
]
JsonOption = Annotated[bool, shared("--json", help="Print one JSON document.")]
LimitOption = Annotated[
    int, shared("--limit", min=0, metavar="N", help="Rows to show; 0 shows all.")
]
EachLimitOption = Annotated[
    int | None,
    shared("--limit", min=0, metavar="N", help="Rows of each list to show; all by default."),
]
BUDGET = "Memory and time it may take, such as 4GiB,10m; else most of the memory, an hour."
BudgetOption = Annotated[
    str | None,
    shared("--budget", "--judging-budget", metavar="BOUNDS", help=BUDGET, envvar=VARIABLE),
]
NamedLonger = Annotated[  # where --budget is the command's own
    str | None, shared("--judging-budget", metavar="BOUNDS", help=BUDGET, envvar=VARIABLE)
]
SealKeyOption = Annotated[
    str | None,
    shared(
        "--seal-key",
        metavar="FILE",
        help="File of the key of the seal.",
        envvar="TRUSTDEBT_SEAL_KEY",
    ),
]
EngineOption = Annotated[
    str | None,
    shared(
        "--engine",
        metavar="NAME",
        help="dask: count reach on a cluster. Also TRUSTDEBT_ENGINE.",
        autocompletion=offer("dask"),
    ),
]
SchedulerOption = Annotated[
    str | None,
    shared(
        "--scheduler",
        metavar="ADDRESS",
        help="Of Dask: its scheduler, as tcp://HOST:PORT. Also TRUSTDEBT_SCHEDULER.",
    ),
]
Thing = Annotated[str, typer.Argument(help="An id, or a unique name or e-mail.")]
Level = Annotated[
    str | None,
    typer.Option(
        help="list, read, write or admin.", autocompletion=offer("list", "read", "write", "admin")
    ),
]
Mode = Annotated[
    str,
    typer.Option(
        help="standing, or potential: with what needs activation.",
        autocompletion=offer("standing", "potential"),
    ),
]
COMMON = {
    "store": (StoreOption, None),
    "snapshot": (SnapshotOption, None),
    "as_of": (AsOfOption, None),
    "limit": (EachLimitOption, None),
    "as_json": (JsonOption, False),
    "judging_budget": (BudgetOption, None),
    "seal_key": (SealKeyOption, None),
    "engine": (EngineOption, None),
    "scheduler": (SchedulerOption, None),
}

MOMENT = ("snapshot", "as_of")
ENGINE = ("engine", "scheduler")  # where an answer is worked out, which is no part of it
