"""Stores of several snapshots, and which of them a question reads."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from graph.machine.kept_switch import SWITCH
from graph.stores import open_store
from ingest.generator import generate, reading
from ingest.job.run import ingest_reading
from ingest.sources import all_sources
from tests.support.estates.small_estates import Estate
from tests.support.histories.merged_things import ARN, BUCKET, ago, connected, day


@cache
def _states() -> tuple[Any, ...]:
    return generate(12, 3).history


def publish(store: Path, states: slice) -> Path:
    """Ingest some states of a small estate, month by month."""
    with closing(open_store(str(store))) as opened:
        for state in _states()[states]:
            ingest_reading(opened, all_sources()["estate"], reading(state))
    return store


def renaming(store: Path) -> Path:
    """Publish a code host and a cloud that are merged in between, until the host is switched off.

    The name of before is known from in between.
    """
    aws = Estate(at=day(60), source="cloud").agent(ARN, kind="workload", env="prod").person("ann")
    aws.resource(BUCKET, "internal")
    aws.can(ARN, "read", BUCKET, granted_at=ago(100), grant_id="g1", telemetry="true")
    history = connected([Estate(at=day(60), source="hub", declares=aws.declares).agent("x"), aws])
    with closing(open_store(str(store))) as opened, opened.lease(10) as lease:
        for info in history.infos:
            opened.publish(history.facts(info.id), lease)
    return store


@contextmanager
def nothing_kept() -> Iterator[None]:
    """Keep and read no answers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SWITCH, "off")
        yield


def read_by(ask: Callable[[], object]) -> tuple[int, ...]:
    """Return the numbers of the snapshots that a question reads."""
    from analytics.history import History

    read = set()
    real = History.posture

    def watched(self, snapshot, as_of=None):
        read.add(int(snapshot.split("-")[0]))
        return real(self, snapshot, as_of)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(History, "posture", watched)
        ask()
    return tuple(sorted(read))
