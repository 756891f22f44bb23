"""Steps on real accounts, done: the access they claim to remove is gone, and no used right is lost.

Each step is done to the facts as read, which are judged anew; nothing of the simulation is used.
Controls are the principals of a labelled account that start no documented path: every grant that
they have was used yesterday.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analytics.posture import Posture
from analytics.reach.joint import joint_reach
from analytics.selectors import select
from graph.element import Relationship
from graph.schema import CAN_ACCESS, ELEMENTS, LEVELS
from graph.values import canonical, strict_json
from tests.integration.test_reach_labels import (
    ALL,
    LABS,
    accounts,
    bucket,
    judged,
    labels,
    reaching,
    start_of,
)
from tests.support.exports.aws_account import ROOT, TAKEN_AT, Read, read
from tests.support.printed import cut, plan
from tests.support.search import some

__all__ = ["accounts", "labels"]  # fixtures
STEPS = 5
FEW = 5  # of the labelled accounts, where all of them are not needed every day
YESTERDAY = (TAKEN_AT - pd.Timedelta(days=1)).isoformat().replace("+00:00", "Z")
KINDS = {element.name: element for element in ELEMENTS}


@cache
def published(export: Path, taken_at: pd.Timestamp | None = TAKEN_AT) -> Read:
    """Read an export once for all tests; nothing changes what was read."""
    return read(export, taken_at=taken_at)


@cache
def whole(export: Path, taken_at: pd.Timestamp | None = TAKEN_AT) -> Posture:
    """Judge an account as published, once for all tests."""
    return judged(published(export, taken_at))


def without(got: Read, ids: Iterable[str]) -> Read:
    """Take facts out of what was read, with all that is linked to them or concluded from them."""
    gone = set(ids)
    frames = {}
    for name, frame in got.frames.items():
        stays = ~frame["id"].isin(gone)
        if isinstance(KINDS[name], Relationship):
            stays &= ~frame["source_id"].isin(gone) & ~frame["target_id"].isin(gone)
        if "support" in frame:
            support = frame["support"].fillna("[]").map(strict_json)
            stays &= support.map(gone.isdisjoint)
        frames[name] = frame[stays.to_numpy(bool)].reset_index(drop=True)
    return Read(got.reading, frames)


def rights(account: Posture) -> dict[str, set[tuple[str, str]]]:
    """Return what each judged identity may do: resources, each with a level."""
    network, ids = account.network(ALL), account.graph.ids.to_pylist()
    held = {}
    for number in account.accountable.tolist():
        levels = joint_reach(network, account.accountable[account.accountable == number]).levels
        held[ids[number]] = {
            (ids[resource], level)
            for resource in levels.nonzero()[0].tolist()
            for bit, level in enumerate(LEVELS)
            if levels[resource] >> bit & 1
        }
    return held


def changes(before: dict[str, Any], after: dict[str, Any]) -> int:
    """Count the identities that lose a right; none may gain one."""
    for identity, had in before.items():
        assert after.get(identity, set()) <= had, identity
    return sum(after.get(identity, set()) != had for identity, had in before.items())


def weighted(account: Posture) -> float:
    return float(account.totals().weighted.sum())


def each_step_done(export: Path, taken_at: pd.Timestamp | None = TAKEN_AT) -> int:
    """Do the steps of a plan one by one, and hold each to what it claims; return how many."""
    got, account = published(export, taken_at), whole(export, taken_at)
    steps = plan(account, STEPS)["steps"]
    gone: list[str] = []
    had, reach = rights(account), weighted(account)
    for step in steps:
        gone += step["target"]["ids"]
        after = judged(without(got, gone))
        has = rights(after)
        assert changes(had, has) == step["identities"] > 0, step["id"]
        assert reach - weighted(after) == pytest.approx(step["reach_removed"], rel=1e-9), step["id"]
        had, reach = has, weighted(after)
    return len(steps)


def test_each_step_of_a_plan_removes_what_it_claims_on_real_accounts(real_data: Path, labels):
    counts = {
        name: each_step_done(real_data / name, None)
        for name in ("cloudmapper-demo", "cloudsplaining-small")
    }
    assert min(counts.values()) > 0, counts
    slugs = [label["slug"] for label in some(labels, FEW)]
    done = [each_step_done(real_data / LABS / f"{slug}.json") for slug in slugs]
    assert sum(count > 0 for count in done) > len(done) / 2


def test_a_step_held_to_another_claim_is_noticed(real_data: Path):
    """Only half of the facts are taken out: the figures are others."""
    export = real_data / "cloudmapper-demo"
    got, account = published(export, None), whole(export, None)
    (step, *_) = plan(account, 1)["steps"]
    after = judged(without(got, step["target"]["ids"][1:]))
    assert weighted(account) - weighted(after) < step["reach_removed"]


# -- controls ------------------------------------------------------------------------------------


def in_use(got: Read, starts: list[str]) -> Read:
    """State that every grant was used yesterday, those of the starts excepted."""
    frame = got.frames[CAN_ACCESS.name].copy()
    control = ~frame["source_id"].isin(starts)
    used = [canonical(dict.fromkeys(strict_json(levels), YESTERDAY)) for levels in frame["levels"]]
    frame["last_used_at"] = frame["last_used_at"].mask(control, pd.Series(used, index=frame.index))
    return Read(got.reading, {**got.frames, CAN_ACCESS.name: frame})


def used_rights(got: Read, starts: list[str]) -> set[tuple[str, str, str]]:
    """Return holder, resource and level of each used grant; those of AWS itself are no control."""
    rows = got.rows(CAN_ACCESS)
    return {
        (row["source_id"], row["target_id"], level)
        for row in rows
        if row["source_id"] not in starts and row["last_used_at"]
        for level in strict_json(row["last_used_at"])
    }


def lost(account: Posture, used: set[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """Return the used rights that their holders do not have any more."""
    present = set(account.graph.ids.to_pylist())
    return {
        (holder, resource, level)
        for holder, resource, level in used
        if resource not in present or holder not in reaching(account, resource, level)
    }


def target_of(account: Posture, label: dict[str, Any]) -> tuple[str, str]:
    return (ROOT, "admin") if label["target"] == "to-admin" else (bucket(account), "read")


def test_a_cut_separates_each_labelled_start_and_no_control_loses_a_used_right(
    real_data: Path, labels
):
    separated = controls = 0
    for label in labels:
        starts = start_of(label)
        got = in_use(published(real_data / LABS / f"{label['slug']}.json"), starts)
        account, used = judged(got), used_rights(got, starts)
        controls += len(used)
        target, level = target_of(account, label)
        begun = [start for start in starts if start in reaching(account, target, level)]
        smallest = cut(account, select(account, begun), select(account, [target]))
        if not begun or not smallest["separable"]:
            continue
        gone = facts_between(got, smallest["edges"])
        after = judged(without(got, gone))
        assert not set(begun) & reaching(after, target, level), label["slug"]
        assert lost(after, used) == set(), label["slug"]
        separated += 1
    assert controls > 0
    assert separated >= 15


def test_no_step_of_a_plan_takes_a_used_right_of_a_control(real_data: Path, labels):
    steps = 0
    for label in some(labels, FEW):
        starts = start_of(label)
        got = in_use(published(real_data / LABS / f"{label['slug']}.json"), starts)
        account, used = judged(got), used_rights(got, starts)
        assert lost(account, used) == set(), label["slug"]
        taken = plan(account, STEPS)["steps"]
        gone = [id_ for step in taken for id_ in step["target"]["ids"]]
        assert lost(judged(without(got, gone)), used) == set(), label["slug"]
        steps += len(taken)
    assert steps > 0


def test_without_its_uses_a_control_would_lose_rights(real_data: Path, labels):
    """The twin: the same plans of the accounts as published take what the controls would use."""
    losses = 0
    for label in some(labels, FEW):
        starts = start_of(label)
        export = real_data / LABS / f"{label['slug']}.json"
        got, account = published(export), whole(export)
        used = used_rights(in_use(got, starts), starts)
        gone = [id_ for step in plan(account, STEPS)["steps"] for id_ in step["target"]["ids"]]
        losses += len(lost(judged(without(got, gone)), used)) > 0
    assert losses > 0


def facts_between(got: Read, edges: list[dict[str, Any]]) -> list[str]:
    """Return the ids of what a cut removes: credentials, and all facts between two nodes."""
    ids = []
    for edge in edges:
        if edge["credential"]:
            ids.append(edge["credential"]["id"])
            continue
        frame = got.frames[edge["relationship"]]
        between = (frame["source_id"] == edge["from"]["id"]) & (
            frame["target_id"] == edge["to"]["id"]
        )
        ids += frame["id"][between].tolist()
    return ids
