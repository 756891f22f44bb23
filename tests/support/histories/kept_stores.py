"""Stores of several snapshots, and which of them a question reads."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from graph.machine.kept_switch import SWITCH
from graph.stores import open_store
from ingest.job.run import ingest
from tests.support.estates.small_estates import AS_OF, Estate
from tests.support.estates.small_estates import ago as before
from tests.support.histories.merged_things import ARN, BUCKET, ago, connected, day

MONTHS = (91, 61, 30, 1)  # days before `AS_OF`


def _state(month: int) -> Estate:
    """State what is there in a month: debts come, grow and go, and who leaves is not cut off.

    One agent ends in each step that a walk may take anew, and one that is gone for a month is made
    anew. It has few sorts of facts, as each costs some time in every snapshot that is read.
    """
    e = Estate(at=AS_OF - pd.Timedelta(days=MONTHS[month]))
    scope = [{"level": "read", "resource": "ledger"}]
    e.agent("bot", kind="bot", env="prod", created_at=before(400), declared_scope=scope)
    e.agent("worker", created_at=before(400), expires_at=before(80))
    e.agent("idle", created_at=before(400)).account("svc", created_at=before(400))
    gone = {"status": "retired", "status_at": before(75)} if month > 0 else {}
    e.agent("lone", created_at=before(400), **gone)
    e.agent("temp", created_at=before(400), status="disabled" if month > 1 else None)
    e.resource("ledger", "restricted").resource("crm", "confidential").resource("wiki", "internal")
    e.link("bot", "RUNS_AS", "svc")
    used = {"read": before(MONTHS[month] + 1)}
    known = {"granted_at": before(300), "telemetry": "true"}
    e.can("svc", "read write", "ledger", grant_id="g1", last_used_at=used, **known)
    e.can("worker", "read", "wiki", grant_id="g2", **known)
    e.can("temp", "write", "wiki", grant_id="g7", granted_at=before(300))
    if month != 1:
        e.agent("anew", created_at=before(40 if month > 1 else 400))
        e.can("anew", "read", "wiki", grant_id="g8", granted_at=before(300))
    if month < 2:
        e.can("lone", "read", "crm", grant_id="g6", granted_at=before(300))
        e.can("worker", "admin", "crm", grant_id="g3", **known)
    if month > 0:
        e.can("idle", "write", "crm", grant_id="g4", granted_at=before(70), telemetry="true")
        e.can("bot", "write", "crm", grant_id="g5", granted_at=before(65), telemetry="true")
    if month < 3:
        e.thing("Credential", "key", created_at=before(400), expires_at=before(100))
        e.link("key", "AUTHENTICATES_AS", "svc")
    e.person("ann").person("ben", left=before(75) if month > 0 else None)
    e.owned("bot", "ann", "ann", since=before(400)).owned("worker", "ben", "ben", since=before(400))
    return e.owned("idle", "ann", since=before(20)) if month > 2 else e


@cache
def _states() -> tuple[Estate, ...]:
    return tuple(_state(month) for month in range(len(MONTHS)))


def publish(store: Path, states: slice) -> Path:
    """Ingest some states of a small estate, month by month."""
    with closing(open_store(str(store))) as opened:
        for state in _states()[states]:
            ingest(opened, [state.job()])
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
