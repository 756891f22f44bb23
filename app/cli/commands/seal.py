"""Command that seals a store, or compares it with a head: seal."""

from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.command import UsageError, always, question
from app.cli.groups import Group
from app.cli.options.usual import SealKeyOption, StoreOption


@question("seal", Group.DATA, writes=True, storeless=always)
def seal(
    posture: None,
    new: Annotated[bool, typer.Option("--new", help="Make the key first, in that file.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Replace any seal: trust the store as it is.")
    ] = False,
    expect: Annotated[
        str | None, typer.Option(help="A head noted before, which the store must come from.")
    ] = None,
    seal_key: SealKeyOption = None,
    store: StoreOption = None,
) -> dict[str, Any]:
    """Seal a store, or compare it with a head noted before.

    Example: trustdebt seal --seal-key KEY --new
    """
    from graph.seal import sealing

    if expect is not None:
        if new or again:
            raise UsageError("--expect compares, and takes neither --new nor --again")
        return sealing.compare(store, expect)
    if seal_key is None:
        raise UsageError("name the file of the key by --seal-key; --new makes it")
    return sealing.seal(store, Path(seal_key), new, again)
