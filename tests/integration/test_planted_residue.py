"""What generated estates leave of the ended, and what overstays, is named exactly."""

import pytest

from graph.schema import CAN_ACCESS
from ingest.generator import generate, write
from tests.support.estates.accuracy import assessed
from tests.support.estates.plain_estate import Plain
from tests.support.printed import revocation
from tests.support.search import some

SEEDS = some(range(3), 1)
AGENTS = 110


@pytest.fixture(scope="module", params=SEEDS)
def made(request, tmp_path_factory):
    generated = generate(AGENTS, request.param)
    folder = tmp_path_factory.mktemp("estate")
    write(generated, folder)
    posture = assessed(generated)
    return posture, revocation(posture), Plain(folder)


def test_the_residue_is_of_those_that_left_some_and_of_no_other(made):
    _, answer, estate = made
    planted = estate.planted("RES-01", "subject")
    assert {row["of"]["id"] for row in answer["residue"]} == planted
    assert {row["id"] for row in answer["kill_sets"] if row["alive"]} == planted
    left_nothing = set(estate.labels["near_misses"]["RES-01"])
    assert {row["id"] for row in answer["kill_sets"]} >= planted
    assert not left_nothing & {row["of"]["id"] for row in answer["residue"]}


def test_keys_and_accounts_left_are_named_one_by_one(made):
    """Every agent that ended with an account has it to itself, and all that opens it."""
    _, answer, estate = made
    why = "it ended, and its account and key are alive"
    over = {d["subject"] for d in estate.labels["defects"] if d["why"] == why}
    used = {(u["source_id"], u["target_id"]) for u in estate.links("USES")}
    runs = {(r["source_id"], r["target_id"]) for r in estate.links("RUNS_AS")}
    opens = {(o["source_id"], o["target_id"]) for o in estate.links("AUTHENTICATES_AS")}
    live = {k for k, row in estate.node("Credential").items() if row["status"] == "active"}
    accounts = {(agent, account) for agent, account in runs if agent in over}
    accounts |= {(a, s) for a, k in used if a in over and k in live for o, s in opens if o == k}
    keys = {(a, k) for a, k in used if a in over and k in live}
    keys |= {(a, k) for a, s in accounts for k, opened in opens if opened == s and k in live}
    for kind, pairs in (("credential", keys), ("account", accounts)):
        rows = [r for r in answer["residue"] if r["kind"] == kind and r["of"]["id"] in over]
        assert {(r["of"]["id"], r["id"]) for r in rows} == pairs, kind
    assert min(len(over), len(keys), len(accounts)) > 0


def test_overstays_are_named_one_by_one(made):
    """Each planted grant past its end or revoked is overdue, and of the living no other."""
    posture, answer, estate = made
    planted = {d["detail"] for rule in ("TIM-02", "REV-02")
               for d in estate.labels["defects"] if d["rule"] == rule}  # fmt: skip
    by_id = {g["grant_id"]: f"{g['source_id']} -> {g['target_id']}" for g in estate.grants}
    overdue = [i for i in answer["items"] if i["kind"] == "grant" and i["ended_at"] is None]
    ended = {row["id"] for row in answer["kill_sets"]}
    of_ended = {i["key"] for i in overdue if i["identity"]["id"] in ended}
    frame = posture.graph.frames[CAN_ACCESS]
    assert len(frame) == len(estate.grants)
    assert {i["key"] for i in overdue} - of_ended == {by_id[g] for g in planted} - of_ended
    assert planted
