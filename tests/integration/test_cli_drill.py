"""The command `drill`: what it selects, what it refuses, and what a reader sees."""

import pytest

from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.integration.cli import HOSTILE, Run
from tests.support.estates.small_estates import Estate, ago


@pytest.fixture
def leaking(tmp_path):
    """Publish an estate with keys in a vault, of a provider, and one with a hostile name."""
    e = Estate().agent("bot").account("svc", provider="aws").thing("Role", "adm")
    e.thing("Credential", "busy", "idle").thing("Credential", "evil", name=HOSTILE)
    e.resource("vault", "confidential").resource("r", "restricted").can("svc", "read", "r")
    e.link("bot", "USES", "busy", last_used_at=ago(1)).link("busy", "AUTHENTICATES_AS", "svc")
    e.link("idle", "AUTHENTICATES_AS", "svc").link("evil", "AUTHENTICATES_AS", "svc")
    e.link("busy", "STORED_IN", "vault").link("evil", "STORED_IN", "vault")
    e.link("svc", "CONTROLS", "adm").can("adm", "admin", "vault")
    ingest(ParquetStore(tmp_path / "store"), [e.job()])
    return "--store", tmp_path / "store"


def test_the_answer_has_what_its_contract_names(cli: Run, leaking):
    result = cli("drill", "--stored-in", "vault", *leaking, "--json").result
    assert {c["id"] for c in result["credentials"]} == {"busy", "evil"}
    assert (result["reach"]["resources"], result["reach"]["weighted"]) == (2, 130)
    assert set(result["rotation"][0]) >= {"credential", "order", "breaks"}
    assert [r["order"] for r in result["rotation"]] == [1, 2]
    assert result["hours_to_dead"]["median"] is None
    assert result["hours_to_dead"]["from"] == 0
    assert {r["id"] for r in result["kill_set"]} == {"busy", "evil", "svc"}
    assert "adm" in {r["id"] for r in result["alive_after_kill"]}


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--credential", "nothing-like-it"),
        ("--credential", "bot"),
        ("--stored-in", "bot"),
        ("--provider", "moon"),
        ("--all", "label:Robot"),
        ("--all", "vault"),
        ("--credential", "busy", "--provider", "moon"),
    ],
)
def test_what_selects_nothing_is_refused(cli: Run, leaking, words):
    message = cli("drill", *words, *leaking, "--json").refused(2)["message"]
    named = words[-1].removeprefix("label:") if words else "--provider"
    assert named in message or "no credential is selected" in message


def test_an_unknown_key_is_refused_with_the_nearest_names(cli: Run, leaking):
    error = cli("drill", "--credential", "busi", *leaking, "--json").refused(2)
    assert "busy" in error["candidates"]


def test_words_add_up_and_the_limit_cuts(cli: Run, leaking):
    line = ("drill", "--provider", "AWS", "--credential", "idle", *leaking, "--json")
    whole, cut = cli(*line, "--limit", 0), cli(*line, "--limit", 1)
    assert len(whole.result["credentials"]) == 3
    assert (whole.document["left_out"], len(cut.result["rotation"])) == (0, 1)
    assert cut.document["left_out"] > 3


def test_a_hostile_name_acts_on_no_terminal(cli: Run, leaking):
    shown = cli("drill", "--all", "svc", *leaking)
    assert shown.code == 0
    assert "\x1b[31m" not in shown.out
    assert "\x07" not in shown.out
    assert "possible foothold" in shown.out
