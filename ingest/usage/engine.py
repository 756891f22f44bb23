"""What folds logs of use before this process folds the rest."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

import pyarrow as pa

from graph.machine.engines import ENGINES, SPARK, engine_of, place_of_engine

# Folds the logs that it can, of some; returns what it folded, and which they are.
Engine = Callable[[Sequence[Path]], tuple[pa.Table | None, set[Path]]]

_engine: ContextVar[Engine | None] = ContextVar("fold_engine", default=None)


def fold_engine() -> Engine | None:
    """Return the engine that was chosen, if one was."""
    return _engine.get()


@contextmanager
def folding(engine: str | None, master: str | None) -> Iterator[None]:
    """Fold logs where the options of `ingest`, or the environment, say.

    Raises
    ------
    WrongEngine
    EngineUnavailable
    """
    chosen = engine_of(engine, ENGINES) == SPARK
    place = place_of_engine(SPARK, chosen, master)
    if place is None:
        yield
        return
    from ingest.usage.on_spark import host_of, on_spark

    host_of(place)
    with ExitStack() as stack:
        start = cache(lambda: stack.enter_context(on_spark(place)))  # takes long: for logs alone
        token = _engine.set(lambda paths: start()(paths))
        try:
            yield
        finally:
            _engine.reset(token)
