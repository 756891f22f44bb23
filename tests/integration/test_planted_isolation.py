"""Planted defects of credentials, isolation and evidence: each is found, and nothing else is."""

from collections.abc import Iterator

import pandas as pd
import pytest

from analytics.findings.rule import Rule
from analytics.findings.rules import all_rules
from analytics.posture import Posture, assess
from graph.access import AccessGraph
from graph.facts import Facts
from graph.instants import NEVER
from graph.schema import CAN_ACCESS
from graph.stores import open_store
from ingest.generator import generate, reading
from ingest.generator.labels import defects
from ingest.job.run import ingest_reading
from ingest.sources import all_sources

FAMILIES = ("CRD", "ISO", "EVD")
ACROSS = "ISO-01"  # its labels name the account that holds the grant, and the grant
Found = dict[tuple[str, str], pd.Timestamp | None]


@pytest.fixture(scope="module", params=[7, 8])
def planted(request, tmp_path_factory) -> tuple[Posture, pd.DataFrame]:
    made = generate(150, request.param)
    state = made.history[-1]
    folder = tmp_path_factory.mktemp("planted")
    store = open_store(str(folder))
    try:
        ingest_reading(store, all_sources()["estate"], reading(state))
        info, facts = store.read(None)
        frames = {element: facts.frames[element] for element in facts.frames}
    finally:
        store.close()
    graph = AccessGraph.of(Facts.of(frames, facts.coverage), None, info)
    return assess(graph), defects(state.world, len(made.history))


def rules() -> list[Rule]:
    return [r for r in all_rules().values() if r.id.startswith(FAMILIES)]


def test_there_is_a_rule_for_each_kind_of_defect():
    counts = {"CRD": 7, "ISO": 6, "EVD": 3}
    expected = {f"{name}-{n:02}" for name, last in counts.items() for n in range(1, last + 1)}
    assert {r.id for r in rules()} >= expected


@pytest.mark.parametrize("rule", rules(), ids=lambda r: r.id)
def test_every_planted_defect_is_found_and_nothing_else(planted, rule):
    posture, labels = planted
    mine = labels[labels["rule"] == rule.id]
    if not len(mine) and rule.id != "ISO-01":
        pytest.skip(f"NO DEFECT PLANTED FOR {rule.id}: see ingest/generator/labels.py")
    expected = dict(_labelled(rule, mine))
    found = dict(_found(posture, rule, set(expected)))
    assert found.keys() == expected.keys()
    for key, since in found.items():
        assert (since is None) == pd.isna(expected[key]), key
        assert since is None or abs(since - expected[key]) < pd.Timedelta(seconds=2), key


def _labelled(rule: Rule, rows: pd.DataFrame) -> Iterator[tuple[tuple[str, str], pd.Timestamp]]:
    for row in rows.sort_values("since", ascending=False).itertuples():
        if rule.id.startswith("CRD"):
            yield (row.subject, ""), row.since
        elif rule.id == ACROSS:
            yield (row.detail, row.object), row.since
        else:
            yield (row.subject, "" if pd.isna(row.object) else row.object), row.since


def _found(posture: Posture, rule: Rule, labelled: set) -> Iterator:  # type: ignore[type-arg]
    """Return the findings in the words of the labels; an object they do not name is left out."""
    ids = posture.graph.things["id"].to_numpy(object)
    named = {what for _, what in labelled} - {""}
    rows = rule.find(posture)
    grants = posture.graph.frames[CAN_ACCESS].set_index("id")["grant_id"]
    for subject, other, since, facts in rows[["subject", "object", "since", "evidence"]].to_numpy():
        what = ids[other] if other >= 0 else ""
        at = None if since == NEVER else pd.Timestamp(int(since), unit="ms", tz="UTC")
        if rule.id.startswith("CRD"):
            yield (what, ""), at
        elif rule.id == ACROSS:
            yield from (((grants[fact], what), at) for fact in facts)
        else:
            yield (ids[subject], what if named else ""), at
