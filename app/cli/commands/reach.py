"""Commands for reach: blast-radius, exposure, path."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.command import UsageError, level_of, mode_of, question
from app.cli.groups import Group
from app.cli.options.usual import LIMIT, Level, LimitOption, Mode, Thing

if TYPE_CHECKING:
    from analytics.answers.exposure import Exposure
    from analytics.answers.exposures import Exposures
    from analytics.answers.path import Paths
    from analytics.answers.reach import BlastRadius
    from analytics.posture import Posture


@question("blast-radius", Group.REACH, kept=True)
def blast_radius(
    posture: "Posture",
    thing: Thing,
    mode: Mode = "standing",
    max_hops: Annotated[int | None, typer.Option(min=0, help="Bound the number of hops.")] = None,
    leaked: Annotated[bool, typer.Option("--leaked", help="Ask for a leaked credential.")] = False,
    limit: LimitOption = LIMIT,
) -> "BlastRadius":
    """Show what a thing reaches.

    Example: trustdebt blast-radius invoice-bot
    """
    from analytics.answers.reach import blast_radius as answer

    start = posture.graph.find(thing)
    return answer(posture, start, mode_of(mode), max_hops, leaked, limit)


@question("exposure", Group.REACH, kept=True)
def exposure(
    posture: "Posture",
    thing: Annotated[
        str | None, typer.Argument(help="A resource, or what one can act as; else all resources.")
    ] = None,
    level: Level = None,
    mode: Mode = "standing",
    limit: LimitOption = LIMIT,
) -> "Exposure | Exposures":
    """Show who reaches a resource or can act as a thing, or all.

    Example: trustdebt exposure db:ledger --level admin
    """
    from analytics.answers.exposure import exposure as exposure_answer
    from analytics.answers.exposures import exposures
    from graph.schema import RESOURCE

    if thing is None:
        if level is not None:
            raise UsageError("--level needs a resource: of all of them the highest level is shown")
        return exposures(posture, mode_of(mode), limit)
    number = posture.graph.find(thing)
    if level is not None and not posture.graph.has_label(RESOURCE)[number]:
        raise UsageError(f"--level needs a resource: {thing} is acted as, at no level")
    return exposure_answer(posture, number, level_of(level), mode_of(mode), limit)


@question("path", Group.REACH, kept=True, rows=("paths",))
def path(
    posture: "Posture",
    start: Thing,
    end: Thing,
    level: Level = None,
    count: Annotated[int, typer.Option(min=1, help="How many ways to show.")] = 1,
    mode: Mode = "standing",
) -> "Paths":
    """Show how one thing reaches another.

    Example: trustdebt path invoice-bot db:ledger
    """
    from analytics.answers.path import path as answer

    find = posture.graph.find
    return answer(posture, find(start), find(end), level_of(level), count, mode_of(mode))
