"""Several rows for one thing become one thing."""

import pandas as pd

from graph.facts import Coverage, Facts
from graph.frames import conform
from graph.identity.merge_claims import resolve_nodes
from graph.schema import AGENT, HUMAN, ROLE, SERVICE_ACCOUNT

OLD, NEW = pd.Timestamp("2026-01-01", tz="UTC"), pd.Timestamp("2026-02-01", tz="UTC")


def _coverage(source: str, taken_at: pd.Timestamp) -> Coverage:
    return Coverage(source, "acme", True, taken_at, ("inventory",))


def _rows(element, *rows):
    raw = pd.DataFrame([{"scope": "acme", **row} for row in rows])
    done = conform(raw, element)
    assert done.rejected.empty
    return done.frame


def _facts(frames, old="hr", new="aws"):
    return Facts.of(frames, (_coverage(old, OLD), _coverage(new, NEW)))


def test_newest_word_counts_and_gaps_are_filled():
    roles = _rows(
        ROLE,
        {"id": "r", "source": "hr", "name": "old", "provider": "aws", "first_seen": "2025-01-01"},
        {"id": "x", "source": "hr", "name": "alone"},
        {"id": "r", "source": "aws", "name": "new", "last_seen": "2026-02-01"},
    )
    found = resolve_nodes(_facts({ROLE: roles}))[ROLE]
    assert found["id"].tolist() == ["r", "x"]
    one = found.iloc[0]
    assert (one["name"], one["provider"], one["source"]) == ("new", "aws", "aws")
    assert one["first_seen"] == pd.Timestamp("2025-01-01", tz="UTC")
    assert one["last_seen"] == NEW
    assert found.dtypes.to_dict() == roles.dtypes.to_dict()


def test_order_of_rows_does_not_matter():
    rows = [
        {"id": "r", "source": "hr", "name": "old", "env": "prod"},
        {"id": "r", "source": "aws", "name": "new"},
    ]
    one = resolve_nodes(_facts({ROLE: _rows(ROLE, *rows)}))[ROLE]
    other = resolve_nodes(_facts({ROLE: _rows(ROLE, *reversed(rows))}))[ROLE]
    pd.testing.assert_frame_equal(one, other)


def test_a_name_beats_an_id_that_stands_in_for_one():
    roles = _rows(
        ROLE, {"id": "r", "source": "hr", "name": "Auditor"}, {"id": "r", "source": "aws"}
    )
    assert resolve_nodes(_facts({ROLE: roles}))[ROLE]["name"].tolist() == ["Auditor"]


def test_the_label_declared_first_wins():
    frames = {
        HUMAN: _rows(HUMAN, {"id": "u", "source": "aws"}, {"id": "v", "source": "aws"}),
        SERVICE_ACCOUNT: _rows(SERVICE_ACCOUNT, {"id": "u", "source": "hr"}),
    }
    found = resolve_nodes(_facts(frames))
    assert found[SERVICE_ACCOUNT]["id"].tolist() == ["u"]
    assert found[HUMAN]["id"].tolist() == ["v"]


def test_nothing_stated_twice_is_left_alone():
    agents = _rows(AGENT, {"id": "a", "source": "aws"}, {"id": "b", "source": "aws"})
    facts = _facts({AGENT: agents})
    assert resolve_nodes(facts)[AGENT] is facts.frames[AGENT]
