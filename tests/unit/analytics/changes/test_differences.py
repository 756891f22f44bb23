"""Two snapshots compared: what changed, and what is only seen or no longer seen."""

import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analytics.changes.differences import ADDED, CHANGED, REMOVED, Changes, changes, fields
from graph.access import AccessGraph
from graph.facts import Facts
from graph.schema import AGENT, CAN_ACCESS
from tests.support.estates.small_estates import AS_OF, EVERYTHING, Estate, ago, together

LATER = AS_OF + pd.Timedelta(days=30)


def base(at: pd.Timestamp = AS_OF, **options: object) -> Estate:
    e = Estate(at=at, **options).agent("bot", env="dev").resource("ledger", "restricted")
    return e.can("bot", "read", "ledger", grant_id="g1", granted_at=ago(100))


def compared(before: list[Estate] | Estate, after: list[Estate] | Estate) -> Changes:
    sides = [side if isinstance(side, list) else [side] for side in (before, after)]
    return changes(*(AccessGraph.of(together(*side)) for side in sides))


def said(found: Changes) -> set[tuple[str, str, str, str]]:
    """Return each difference as (element, what, id or ends, why)."""
    rows = set()
    for element, frame in found.rows.items():
        for row in frame.to_dict("records"):
            ends = pd.isna(row["source_id"])
            about = row["id"] if ends else f"{row['source_id']}>{row['target_id']}"
            why = "coverage" if row["coverage"] else "changed"
            rows.add((element.name, row["what"], about, why))
    return rows


def test_the_same_facts_again_differ_in_nothing():
    assert said(compared(base(), base(LATER))) == set()


def test_what_a_known_scope_adds_or_drops_changed():
    more = base(LATER).agent("new").can("new", "read", "ledger", grant_id="g2")
    expected = {("Agent", ADDED, "new"), ("CAN_ACCESS", ADDED, "new>ledger")}
    assert said(compared(base(), more)) == {(*row, "changed") for row in expected}
    gone = {(element, REMOVED, about, "changed") for element, _, about in expected}
    assert said(compared(more, base(LATER))) == gone


def test_fields_that_changed_are_named():
    after = Estate(at=LATER).agent("bot", env="prod", purpose="close").resource("ledger", "public")
    after.can("bot", "read", "ledger", grant_id="g1", granted_at=ago(100))
    found = compared(base(), after)
    bits = {row["id"]: row["fields"] for row in found.rows[AGENT].to_dict("records")}
    assert fields(AGENT, bits["bot"]) == ["env", "purpose"]
    assert said(found) == {
        ("Agent", CHANGED, "bot", "changed"),
        ("Resource", CHANGED, "ledger", "changed"),
    }


def test_a_newly_connected_scope_changes_nothing():
    """The twin: the same rows from a scope that was known did change."""
    extra = Estate(at=LATER, scope="west").agent("new", env="prod").agent("bot", purpose="close")
    extra.resource("crm").can("bot", "write", "crm", grant_id="w1")
    found = said(compared(base(), [base(LATER), extra]))
    assert {row[3] for row in found} == {"coverage"}
    assert {row[:3] for row in found} == {
        ("Agent", ADDED, "new"),
        ("Agent", CHANGED, "bot"),
        ("Resource", ADDED, "crm"),
        ("CAN_ACCESS", ADDED, "bot>crm"),
    }
    known = Estate(scope="west").agent("other")
    extra.agent("other")
    twin = said(compared([base(), known], [base(LATER), extra]))
    assert {row[3] for row in twin} == {"changed"}


def test_a_scope_that_is_gone_takes_nothing_away():
    extra = Estate(scope="west").agent("new").resource("crm").can("new", "read", "crm")
    found = said(compared([base(), extra], base(LATER)))
    assert {row[1:2] + row[3:] for row in found} == {(REMOVED, "coverage")}
    assert len(found) == 3


def test_a_kind_of_fact_newly_declared_is_coverage():
    mute = [kind for kind in EVERYTHING if kind != "owners"]
    owned = base(LATER).person("ann").owned("bot", "ann")
    before = base(declares=mute).person("ann")
    assert said(compared(before, owned)) == {("OWNS", ADDED, "ann>bot", "coverage")}
    assert said(compared(owned, before)) == {("OWNS", REMOVED, "ann>bot", "coverage")}
    twin = base().person("ann")
    assert said(compared(twin, owned)) == {("OWNS", ADDED, "ann>bot", "changed")}


def test_a_field_of_a_kind_newly_declared_is_coverage():
    mute = [kind for kind in EVERYTHING if kind != "scope"]
    scoped = Estate(at=LATER).agent("a", declared_scope=[{"resource": "r", "level": "read"}])
    for before, why in (
        (Estate(declares=mute), "coverage"),
        (Estate(), "changed"),
    ):
        assert said(compared(before.agent("a"), scoped)) == {("Agent", CHANGED, "a", why)}
        assert said(compared(scoped, before)) == {("Agent", CHANGED, "a", why)}


def test_what_a_new_inventory_lists_is_coverage():
    """The twin: without the new list, the same thing is new."""
    mute = [kind for kind in EVERYTHING if kind != "inventory"]
    more = base(LATER).agent("listed")
    assert said(compared(base(declares=mute), more)) == {("Agent", ADDED, "listed", "coverage")}
    twin = base(LATER).agent("listed")
    assert said(compared(base(), twin)) == {("Agent", ADDED, "listed", "changed")}


def test_what_a_partial_read_had_not_mentioned_may_have_been_there():
    before, after = base(complete=False), base(LATER).agent("old").agent("new", created_at=LATER)
    after.rows[AGENT][-1]["created_at"] = (AS_OF + pd.Timedelta(days=2)).isoformat()
    assert said(compared(before, after)) == {
        ("Agent", ADDED, "old", "coverage"),
        ("Agent", ADDED, "new", "changed"),
    }


def test_a_thing_that_two_scopes_lose_is_gone_only_if_both_were_there_to_say():
    west = Estate(scope="west").agent("bot", env="dev").agent("shared")
    east = base().agent("shared")
    lost = said(compared([east, west], [base(LATER)]))
    assert ("Agent", REMOVED, "shared", "coverage") in lost
    kept = Estate(at=LATER, scope="west").agent("bot", env="dev")
    gone = said(compared([east, west], [base(LATER), kept]))
    assert gone == {("Agent", REMOVED, "shared", "changed")}


def test_a_link_that_falls_with_what_a_lost_scope_stated_is_coverage():
    west = Estate(scope="west").resource("crm")
    linked = base().can("bot", "read", "crm", grant_id="g9")
    found = said(compared([linked, west], base(LATER)))
    assert found == {
        ("Resource", REMOVED, "crm", "coverage"),
        ("CAN_ACCESS", REMOVED, "bot>crm", "coverage"),
    }


def test_a_thing_of_another_label_is_the_same_thing():
    found = compared(Estate().account("x"), Estate(at=LATER).agent("x"))
    assert said(found) == {("Agent", CHANGED, "x", "changed")}
    assert fields(AGENT, int(found.rows[AGENT]["fields"].iloc[0])) == ["label"]


@pytest.mark.parametrize("seed", range(5))
def test_order_of_rows_and_of_scopes_means_nothing(seed):
    west = Estate(scope="west").agent("bot", purpose="close").agent("b", "c").person("ann")
    west.owned("b", "ann", "ann")
    east = base().agent("b", env="dev").agent("d")
    before, after = together(base(), west), together(east, west)
    rng = np.random.default_rng(seed)

    def shuffled(facts: Facts) -> AccessGraph:
        frames = {e: f.iloc[rng.permutation(len(f))] for e, f in facts.frames.items()}
        return AccessGraph.of(replace(facts, frames=frames, coverage=facts.coverage[::-1]))

    expected = said(changes(AccessGraph.of(before), AccessGraph.of(after)))
    assert said(changes(shuffled(before), shuffled(after))) == expected
    assert expected


def many(rows: int, changed: int) -> AccessGraph:
    """State so many grants; the last `changed` of them at another level."""
    facts = together(base())
    grants = facts.frames[CAN_ACCESS].take(np.zeros(rows, int)).reset_index(drop=True)
    grants["id"] = "CAN_ACCESS:" + pd.Series(np.arange(rows)).astype("string")
    grants.loc[rows - changed :, "levels"] = '["admin"]'
    return AccessGraph.of(replace(facts, frames=facts.frames | {CAN_ACCESS: grants}))


@pytest.mark.parametrize("changed", [1_000, 300_000])
def test_many_rows_are_compared_in_seconds(changed):
    before, after = many(300_000, 0), many(300_000, changed)
    begun = time.process_time()
    found = changes(before, after)
    took = time.process_time() - begun
    assert {e.name: len(rows) for e, rows in found.rows.items()} == {"CAN_ACCESS": changed}
    assert took < 5, took


# -- order -------------------------------------------------------------------------------------


@pytest.mark.parametrize("grant", [{"grant_id": "g1"}, {}], ids=["named", "unnamed"])
def test_the_order_of_a_list_is_no_change(grant):
    """Actions, levels, tags and scopes are sets: written in another order they say the same."""
    scope = [{"resource": "a", "level": "read"}, {"resource": "b", "level": "write"}]

    def state(at, turned):
        order = slice(None, None, -1 if turned else 1)
        e = Estate(at=at).agent("bot", declared_scope=scope[order], tags=["x", "y"][order])
        facts = {"actions": ["s3:Get", "s3:Put"][order], **grant}
        return e.resource("ledger").can(
            "bot", " ".join(["read", "write"][order]), "ledger", **facts
        )

    assert said(compared(state(AS_OF, False), state(LATER, True))) == set()


def test_another_member_of_a_list_is_a_change():
    def state(at, *actions):
        e = Estate(at=at).agent("bot").resource("ledger")
        return e.can("bot", "read", "ledger", grant_id="g", actions=list(actions))

    found = compared(state(AS_OF, "s3:Get"), state(LATER, "s3:Get", "s3:Put"))
    assert said(found) == {("CAN_ACCESS", CHANGED, "bot>ledger", "changed")}
