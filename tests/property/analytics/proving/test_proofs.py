"""Entitlements of then against a plain log of all facts, and proofs in any order of reading."""

from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.answers.prove import prove
from analytics.answers.table import as_json
from analytics.history import open_posture
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.support.estates.decision_log import Log
from tests.support.estates.small_estates import Estate
from tests.support.histories.small_history import history_of

START = pd.Timestamp("2026-07-01", tz="UTC")
RESOURCES, LEVELS = ("r", "s"), ("read", "write")
YES, NO, UNKNOWN = "yes", "no", "unknown"


@dataclass(frozen=True)
class Grant:
    """A fact of the log: from a day on, until another day, and whether its source dates it."""

    resource: str
    level: str
    begin: int
    end: int
    dated: bool

    def on(self, day: int) -> bool:
        """Return whether it was so on a day."""
        return self.begin <= day < self.end


grants = st.builds(
    Grant,
    st.sampled_from(RESOURCES),
    st.sampled_from(LEVELS),
    st.integers(0, 12),
    st.integers(4, 20),
    st.booleans(),
)


def day(number: float) -> pd.Timestamp:
    return START + pd.Timedelta(days=number)


def written(number: float) -> str:
    return day(number).isoformat().replace("+00:00", "Z")


def export(facts: list[Grant], taken: int) -> Estate:
    """Show what was there on a day."""
    made = Estate(at=day(taken)).agent("bot")
    for name in RESOURCES:
        made.resource(name, "confidential")
    for number, fact in enumerate(facts):
        if fact.on(taken):
            dates = {"granted_at": written(fact.begin)} if fact.dated else {}
            made.can("bot", fact.level, fact.resource, grant_id=f"g{number}", **dates)
    return made


def shown(facts: list[Grant], taken: int) -> list[Grant]:
    """Return what an export of a day shows."""
    return [fact for fact in facts if fact.on(taken)]


def expected(facts: list[Grant], taken: list[int], moment: float, access: tuple[str, str]) -> str:
    """Work out from the log what the exports around a moment tell about an access."""
    own = [fact for fact in facts if (fact.resource, fact.level) == access]
    earlier = max((t for t in taken if t <= moment), default=None)
    later = min((t for t in taken if t > moment), default=None)
    seen = earlier is not None and any(fact.on(earlier) for fact in own)
    if later is None:
        return YES if seen else NO
    still = [f for f in own if f.on(later) and not (f.dated and f.begin > moment)]
    dates = [f.begin for f in still if f.dated]
    dated_in_time = bool(dates)  # those of later were left out
    if earlier is None and not still:
        began = [f.begin for f in shown(facts, later) if f.dated]
        return NO if min(began, default=later) <= moment else UNKNOWN  # nothing is known so early
    if earlier is None:
        return YES if dated_in_time else UNKNOWN
    if seen or not still:
        return YES if seen and still else UNKNOWN if seen else NO
    return YES if dated_in_time and min(dates) > earlier else UNKNOWN


@settings(max_examples=16)
@given(
    st.lists(grants, max_size=5),
    st.lists(st.integers(2, 16), min_size=1, max_size=3, unique=True),
    st.integers(0, 18),
)
def test_an_entitlement_is_what_the_log_of_all_facts_says(facts, taken, moment):
    taken = sorted(taken)
    history = history_of(*(export(facts, t) for t in taken))
    posture, at = history.posture(history.infos[-1].id), moment + 0.5
    for resource in RESOURCES:
        for level in LEVELS:
            made = as_json(prove(posture, "bot", day(at), resource, level))
            wanted = expected(facts, taken, at, (resource, level))
            assert made["entitlement"]["state"] == wanted, (resource, level, made["entitlement"])


# -- any order of reading ------------------------------------------------------------------------


def exports() -> list[Estate]:
    """Two exports of one scope, before and after a use, and the decisions of another scope."""
    facts = [Grant("r", "read", 1, 20, True), Grant("s", "write", 3, 9, False)]
    decided = Log(at=day(10), source="log", scope="gate", declares=("decisions", "usage"))
    at = {"at": written(6.5)}
    decided.decided("10:00", policy_version="1", justification="close", **at)
    decided.used("10:05", **at)
    return [export(facts, 5), export(facts, 8), decided]


@pytest.fixture(scope="module")
def in_their_order(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    return proof((0, 1, 2), tmp_path_factory.mktemp("proof") / "store")


@pytest.mark.parametrize("order", list(permutations(range(3)))[1:])
def test_a_proof_is_the_same_in_whatever_order_exports_were_read(
    order, tmp_path: Path, in_their_order
):
    made = proof(order, tmp_path / "store")
    assert made["entitlement"]["state"] == YES
    assert made["decision"]["id"] == "d1"
    assert made["digest"] == in_their_order["digest"]


def proof(order: tuple[int, ...], store: Path) -> dict[str, object]:
    every = exports()
    for number in order:
        ingest(ParquetStore(store), [every[number].job()])
    return as_json(prove(open_posture(str(store)), "bot", day(6.5), "r", "read"))
