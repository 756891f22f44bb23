"""Two moments compared: what changed, apart from what we began or ceased to see.

The estates are small enough to work every difference out by hand.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from analytics.answers.board import scope_of
from analytics.answers.board.headlines import paths_of
from analytics.answers.compare import Listed, Sides, compare, sets, sides_of
from analytics.answers.compare import agents as agents_of
from analytics.answers.compare import findings as findings_of
from analytics.answers.compare import owners as owners_of
from analytics.answers.compare import paths as paths_of_sides
from analytics.answers.table import as_json
from analytics.debt.ledger.moments import Moment
from analytics.findings.evaluation import find_all
from tests.support.estates.small_estates import AS_OF, EVERYTHING, Estate
from tests.support.histories.small_history import history_of

BEFORE = AS_OF - pd.Timedelta(days=90)
NO_GRANTS = tuple(kind for kind in EVERYTHING if kind != "grants")


def estate(at: pd.Timestamp, declares: tuple[str, ...] = EVERYTHING, scope: str = "acme") -> Estate:
    """Two agents of team red: `stays` reads a vault; `goes` is there at the beginning only."""
    e = Estate(at, declares=declares, scope=scope)
    e.agent("stays").thing("Team", "red").person("ann", "bob")
    e.link("ann", "MEMBER_OF", "red").link("bob", "MEMBER_OF", "red")
    return e.resource("vault", "restricted").resource("wiki", "internal")


@cache
def two() -> Sides:
    """Return a comparison in which everything changed in truth.

    `goes` leaves and `comes` arrives. `stays` may read the vault before and write it after, and
    `comes` may list it; `goes` could. `stays` passes from ann to bob; nobody owns the others.
    """
    old = estate(BEFORE).agent("goes").owned("stays", business="ann", technical="ann")
    old.can("stays", "read", "vault").can("goes", "list", "vault").can("goes", "admin", "wiki")
    new = estate(AS_OF).agent("comes").owned("stays", business="bob")
    new.can("stays", "write", "vault").can("comes", "list", "vault").can("comes", "read", "wiki")
    return between(old, new)


def between(old: Estate, new: Estate) -> Sides:
    history = history_of(old, new)
    return sides_of(history, *(Moment(info, info.taken_at) for info in history.infos))


def lines(listed: Listed, *columns: str) -> list[tuple[object, ...]]:
    """Return the rows of a list, in its order, with absent cells as None."""
    rows = listed.rows.readable()[[*columns, "change", "why"]].astype(object)
    rows = rows.where(rows.notna(), None)
    return list(rows.itertuples(index=False, name=None))


def test_agents_that_are_new_or_gone() -> None:
    assert lines(agents_of(two()), "identity") == [
        ("comes", "new", "changed"),
        ("goes", "gone", "changed"),
    ]


def test_paths_that_opened_closed_or_widened_by_level() -> None:
    assert lines(paths_of_sides(two()), "identity", "target", "was", "now") == [
        ("stays", "vault", "read", "write", "widened", "changed"),
        ("comes", "vault", None, "list", "opened", "changed"),
        ("goes", "vault", "list", None, "closed", "changed"),
    ]


def test_owners_that_were_lost_or_replaced_of_those_at_both_ends() -> None:
    assert lines(owners_of(two()), "identity", "role", "was", "now") == [
        ("stays", "technical", "ann", None, "lost", "changed"),
        ("stays", "business", "ann", "bob", "replaced", "changed"),
    ]


def test_an_owner_beside_the_one_of_before_replaces_nobody() -> None:
    """Of ann and bob, who own since the same day, ann answers, whose name is the first."""
    old = estate(BEFORE).owned("stays", business="bob", technical="bob")
    new = estate(AS_OF).owned("stays", business="bob").owned("stays", business="ann")
    sides = between(old, new.owned("stays", technical="ann"))
    assert lines(owners_of(sides), "role", "was", "now") == [
        ("technical", "bob", "ann", "replaced", "changed")
    ]


def test_findings_are_those_of_one_end_only() -> None:
    sides = two()
    rows = lines(findings_of(sides), "id")
    old, new = (set(find_all(end)["id"]) for end in (sides.before, sides.after))
    assert {id_ for id_, change, _ in rows if change == "new"} == new - old
    assert {id_ for id_, change, _ in rows if change == "gone"} == old - new
    assert {why for *_, why in rows} == {"changed"}
    assert len(rows) > 2


def test_each_team_counts_its_own() -> None:
    answer = compare(two())
    rows = answer.teams.readable().astype(object)
    red = rows[rows["team"] == "red"].iloc[0]
    wanted = ("agents_new", "agents_gone", "paths_widened", "paths_opened", "owners_lost")
    assert [red[name] for name in wanted] == [0, 0, 1, 0, 1]
    none = rows[rows["team"].isna()].iloc[0]
    assert [none[name] for name in wanted] == [1, 1, 0, 1, 0]
    for kind in ("agents", "paths", "findings"):
        total = rows[[c for c in rows if c.startswith(f"{kind}_")]].sum().sum()
        assert total == getattr(answer, kind).count("changed")


def test_one_team_alone() -> None:
    sides = two()
    red = sides.after.graph.number("red")
    assert lines(agents_of(sides, team=red), "identity") == []
    assert [row[0] for row in lines(paths_of_sides(sides, team=red), "identity")] == ["stays"]
    assert len(lines(agents_of(sides, team=-1), "identity")) == 2
    assert compare(sides, team=red).after["starts"] == 1


def test_a_key_that_no_identity_holds_is_of_the_team_that_owns_it() -> None:
    """Its leak is a finding on the key itself, which was one of no team."""
    new = estate(AS_OF).thing("Credential", "key", status="leaked").owned("key", "ann")
    sides = between(estate(BEFORE), new)
    red = sides.things["id"].tolist().index("red")
    assert lines(findings_of(sides, team=red), "rule") == [("CRD-07", "new", "changed")]
    assert lines(findings_of(sides, team=-1), "rule") == []


def test_teams_count_paths_of_what_the_whole_counts_them_of() -> None:
    """An account of red gets to the vault; as there is an agent elsewhere, agents are counted."""

    def made(at: pd.Timestamp) -> Estate:
        e = estate(at).account("svc").owned("svc", "ann", "ann")
        return e.can("stays", "read", "vault")

    sides = between(made(BEFORE), made(AS_OF).can("svc", "read", "vault"))
    red = sides.things["id"].tolist().index("red")
    by_team = [compare(sides, team=team).after for team in (None, red, -1)]
    assert [[of[name] for of in by_team] for name in ("starts", "reaching", "paths")] == [
        [1, 0, 1],
        [1, 0, 1],
        [1, 0, 1],
    ]


def test_what_is_left_out_is_counted() -> None:
    listed = paths_of_sides(two(), limit=1)
    assert (len(listed.rows), listed.left_out) == (1, 2)
    assert listed.count("changed") == 3


def test_what_only_came_into_sight_is_no_change() -> None:
    """The grants were there all the time; only at the end a source states grants."""
    old = estate(BEFORE, NO_GRANTS)
    new = estate(AS_OF).can("stays", "read", "vault", granted_at="2025-01-01T00:00:00Z")
    sides = between(old, new)
    assert lines(paths_of_sides(sides), "identity", "now") == [
        ("stays", "read", "opened", "coverage")
    ]
    only_seen = findings_of(sides, why="coverage")
    assert only_seen.count("coverage") > 0
    assert {why for *_, why in lines(only_seen, "id")} == {"coverage"}


def test_without_the_common_ground_sight_would_pass_for_change() -> None:
    """The twin: the same two ends, compared as if both had the same sources."""
    old = estate(BEFORE, NO_GRANTS)
    new = estate(AS_OF).can("stays", "read", "vault", granted_at="2025-01-01T00:00:00Z")
    sides = between(old, new)
    vars(sides)["common"] = None
    assert lines(paths_of_sides(sides), "identity", "now") == [
        ("stays", "read", "opened", "changed")
    ]


def test_a_source_that_is_no_longer_read_took_nobody_away() -> None:
    lost = Estate(BEFORE, scope="other").agent("elsewhere").can("elsewhere", "read", "vault")
    history = history_of([estate(BEFORE), lost], estate(AS_OF))
    sides = sides_of(history, *(Moment(info, info.taken_at) for info in history.infos))
    assert lines(agents_of(sides), "identity") == [("elsewhere", "gone", "coverage")]
    assert lines(paths_of_sides(sides), "identity") == [("elsewhere", "closed", "coverage")]


def test_an_owner_that_nobody_could_state_is_neither_lost_nor_gained() -> None:
    silent = tuple(kind for kind in EVERYTHING if kind != "owners")
    old = estate(BEFORE, silent)
    new = estate(AS_OF).owned("stays", business="bob", since="2025-01-01T00:00:00Z")
    rows = lines(owners_of(between(old, new)), "identity", "role", "now")
    assert ("stays", "business", "bob", "unclear", "coverage") in rows
    assert {change for *_, change, _ in rows} == {"unclear"}


def test_a_merged_thing_is_neither_new_nor_gone() -> None:
    arn = ["arn:arn:aws:iam::1:role/x"]
    old = Estate(BEFORE, scope="a").agent("x", external_ids=arn)
    again = Estate(AS_OF, scope="a").agent("x", external_ids=arn)
    other = Estate(AS_OF, scope="b").agent("a-bot", external_ids=arn)
    history = history_of(old, [again, other])
    sides = sides_of(history, *(Moment(info, info.taken_at) for info in history.infos))
    assert len(sides.after.graph.ids) == 1
    assert lines(agents_of(sides), "identity") == []


def test_one_snapshot_at_two_instants() -> None:
    """Nothing but time passes: a key that was young becomes old, and no agent comes or goes."""
    e = estate(BEFORE).thing("Credential", "key", type="access_key", status="active")
    e.link("stays", "USES", "key").can("stays", "read", "vault")
    history = history_of(e)
    (info,) = history.infos
    sides = sides_of(history, Moment(info, info.taken_at), Moment(info, AS_OF))
    assert compare(sides).before["at"] != compare(sides).after["at"]
    assert len(agents_of(sides).rows) == len(paths_of_sides(sides).rows) == 0


def test_findings_of_a_rule_that_failed_are_neither_new_nor_gone() -> None:
    rule = findings_of(two()).rows.frame["rule"].iloc[0]
    again = two.__wrapped__()
    again.before.faults[rule] = "it broke"
    answer = compare(again)
    assert rule not in set(answer.findings.rows.frame["rule"])
    assert answer.failed == {rule: "it broke"}
    assert answer.after["findings"] is None


def test_paths_are_counted_as_everywhere() -> None:
    sides = two()
    for end in (sides.before, sides.after):
        assert len(sets._paths(sides, end).key) == paths_of(end, scope_of(end))[1]


def test_it_is_json() -> None:
    answer = as_json(compare(two(), limit=5))
    assert answer["agents"]["rows"][0]["identity"]["id"] == "comes"
    assert answer["paths"]["rows"][1]["was"] is None
    assert answer["before"]["paths"] == 2


@pytest.mark.parametrize("swap", [False, True])
def test_swapped_ends_give_the_opposite(swap: bool) -> None:
    sides = two()
    sides = replace(sides, before=sides.after, after=sides.before) if swap else sides
    changes = [row[1] for row in lines(agents_of(sides), "identity")]
    assert changes == ["new", "gone"]
    first = lines(agents_of(sides), "identity")[0][0]
    assert first == ("goes" if swap else "comes")


def test_no_id_is_compared_with_every_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """`numpy.isin` does so where it is given objects: at 20,000 agents that took two minutes."""
    lookup = np.isin

    def refuse(element: object, among: object, **how: bool) -> np.ndarray:
        assert np.asarray(among).dtype != object
        return np.asarray(lookup(element, among, **how))

    monkeypatch.setattr(np, "isin", refuse)
    with pytest.raises(AssertionError):
        np.isin(["a"], np.array(["a"], object))
    assert compare(Sides(*two().ends)).agents.count("changed") == 2  # one goes, one comes
