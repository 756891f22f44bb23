"""The engine that counts the reach of identities for a command."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from graph.machine.engines import DASK, ENGINES, WrongEngine, engine_of, place_of_engine


def counting(
    engine: str | None, scheduler: str | None, taken: tuple[str, ...] = (DASK,)
) -> AbstractContextManager[None]:
    """Count reach where the options, or the environment, say; `taken` are the engines of a command.

    Raises
    ------
    WrongEngine
    """
    chosen = engine_of(engine, taken) == DASK
    place = place_of_engine(DASK, chosen, scheduler)
    return nullcontext() if place is None else _on_dask(place)


def counting_ahead(
    judges: bool, engine: str | None, scheduler: str | None
) -> AbstractContextManager[None]:
    """Count reach for `ingest`, which counts only if it `judges` what it published.

    Raises
    ------
    WrongEngine
    """
    if judges:
        return counting(engine, scheduler, ENGINES)
    if engine == DASK or scheduler is not None:
        raise WrongEngine(f"--engine {DASK} goes with --judge")
    return nullcontext()


@contextmanager
def _on_dask(scheduler: str) -> Iterator[None]:
    from analytics.reach.running.execution import counted_by
    from analytics.reach.running.on_dask import on_dask

    with on_dask(scheduler) as execute, counted_by(execute):
        yield
