"""The command `evidence`: what explains each use, and files of records that are whole or not."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from graph.journal.hash_chain import chained
from graph.schema import DECISION_RECORD, USE_EVENT
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.support.estates.small_estates import Estate
from tests.support.signing import compact, ed25519_key, jwk


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    e = Estate().agent("bot").resource("r", "confidential")
    e.add(DECISION_RECORD, id="d", at="2026-07-20T10:00:00Z", subject="bot", action="read",
          resource="r", decision="allow", policy_id="p")  # fmt: skip
    for n, clock in enumerate(("10:05", "11:05")):
        e.add(USE_EVENT, id=f"u{n}", at=f"2026-07-20T{clock}:00Z", principal="bot", resource="r",
              level="read", outcome="success")  # fmt: skip
    folder = tmp_path_factory.mktemp("evidence") / "store"
    ingest(ParquetStore(folder), [e.job()])
    return folder


def written(path: Path, records: list[dict]) -> Path:
    path.write_text("".join(json.dumps(r) + "\n" for r in records))
    return path


def records(count: int = 4) -> list[dict]:
    return list(chained({"id": f"d-{n}", "why": "mönth end"} for n in range(count)))


def test_uses_and_what_explains_them(cli, store):
    told = cli("evidence", "bot", "--json", "--store", store).result
    assert [(u["id"], u["state"], u["decision"]) for u in told["uses"]] == [
        ("u1", "unexplained", None),
        ("u0", "explained", "d"),
    ]
    assert told["uses"][1]["at"] == "2026-07-20T10:05:00Z"
    assert told["uses"][1]["resource"] == {"id": "r", "label": "Resource", "name": "r"}
    assert (told["coverage"]["count"], told["coverage"]["weighted"]) == (0.5, 0.5)


def test_a_limit_says_what_it_left_out(cli, store):
    document = cli("evidence", "--limit", "1", "--json", "--store", store).document
    assert (len(document["result"]["uses"]), document["left_out"]) == (1, 1)


def test_it_can_be_drawn(cli, store):
    said = cli("evidence", "--store", store)
    assert (said.code, said.err) == (0, "")
    assert "unexplained" in said.out


def test_a_whole_file_is_accepted_without_any_store(cli, tmp_path):
    path = written(tmp_path / "d.jsonl", records())
    said = cli("evidence", "verify", path, "--json", "--store", tmp_path / "nowhere")
    assert said.code == 0
    assert (said.result["records"], said.result["valid"]) == (4, True)
    assert said.result["first_broken"] is None


def test_a_broken_file_is_the_answer_no(cli, tmp_path):
    changed = records()
    changed[2]["why"] = "month end"
    said = cli("evidence", "verify", written(tmp_path / "d.jsonl", changed), "--json")
    assert said.code == 1
    assert (said.result["valid"], said.result["first_broken"], said.result["id"]) == (
        False,
        2,
        "d-2",
    )


def test_bytes_that_are_no_text_are_of_no_known_format(cli, tmp_path):
    path = tmp_path / "d.jsonl"
    path.write_bytes(b"\xff\xfe\x00nothing\n")
    error = cli("evidence", "verify", path, "--json").refused(3)
    assert "the format is not known" in error["message"]


def test_bytes_that_are_no_text_break_a_chain_that_began(cli, tmp_path):
    path = written(tmp_path / "d.jsonl", records())
    path.write_bytes(path.read_bytes() + b"\xff\xfe\x00nothing\n")
    said = cli("evidence", "verify", path, "--json")
    assert (said.code, said.result["first_broken"]) == (1, len(records()))


def test_a_file_that_cannot_be_read_is_refused_by_name(cli, tmp_path):
    for path in (tmp_path / "nowhere.jsonl", tmp_path):
        error = cli("evidence", "verify", path, "--json").refused(3)
        assert error["code"] == "input-refused"
        assert str(path) in error["message"]


def test_a_file_without_the_word_verify_is_a_usage_error(cli, store, tmp_path):
    path = written(tmp_path / "d.jsonl", records())
    cli("evidence", "bot", path, "--json", "--store", store).refused(2)
    cli("evidence", "nobody", "--json", "--store", store).refused(2)


# -- records of others ---------------------------------------------------------------------------

KEY, STRANGER = ed25519_key("pdp"), ed25519_key("another")
SIGNED = [{"id": f"d-{n}", "decision": "allow", "at": f"2026-07-0{n}T10:00:00Z"} for n in (1, 2)]


def tokens(path: Path, *keys: tuple[ed25519.Ed25519PrivateKey, str]) -> Path:
    lines = [compact(k, r, kid=name) for r, (k, name) in zip(SIGNED, keys, strict=True)]
    path.write_text("\n".join(lines))
    return path


def jwks(path: Path) -> Path:
    path.write_text(json.dumps({"keys": [jwk(KEY, "k1")]}))
    return path


def test_signed_records_are_verified_with_the_given_keys(cli, tmp_path):
    path, keys = tokens(tmp_path / "r.jws", (KEY, "k1"), (KEY, "k1")), jwks(tmp_path / "k.json")
    result = cli("evidence", "verify", path, "--key", keys, "--json").result
    assert (result["records"], result["valid"], result["first_broken"]) == (2, True, None)
    assert result["claims"]["authentic"] == {"yes": 2, "no": 0, "unknown": 0}
    assert [row["id"] for row in result["judged"]] == ["d-1", "d-2"]
    assert result["judged"][0]["dated"] == "2026-07-01T10:00:00Z"


def test_a_key_that_is_not_given_is_named_and_the_answer_is_unknown(cli, tmp_path):
    path, keys = (
        tokens(tmp_path / "r.jws", (KEY, "k1"), (STRANGER, "k2")),
        jwks(tmp_path / "k.json"),
    )
    ran = cli("evidence", "verify", path, "--key", keys, "--json")
    result = ran.document["result"]
    assert (ran.code, result["valid"], result["first_broken"]) == (2, None, None)
    assert result["keys_not_given"] == ["k2"]
    drawn = cli("evidence", "verify", path, "--key", keys)
    assert (drawn.code, drawn.err) == (2, "")
    assert "keys not given k2" in " ".join(drawn.out.split())


def test_a_forged_record_is_the_answer_no(cli, tmp_path):
    path, keys = (
        tokens(tmp_path / "r.jws", (KEY, "k1"), (STRANGER, "k1")),
        jwks(tmp_path / "k.json"),
    )
    ran = cli("evidence", "verify", path, "--key", keys, "--json")
    assert (ran.code, ran.result["valid"], ran.result["first_broken"]) == (1, False, 1)
    assert "does not hold" in ran.result["reason"]
    assert ran.result["judged"][0]["record"] == 1  # what is refused stands first


def test_two_chains_are_listed_with_the_kind_of_each_break(cli, tmp_path):
    path = written(tmp_path / "d.jsonl", [*records(3), *list(chained([{"id": "x"}, {"id": "y"}]))])
    result = cli("evidence", "verify", path, "--json").result
    assert [(c["chain"], c["records"], c["breaks"]) for c in result["chains"]] == [
        ("chain 1", 3, 0),
        ("chain 2", 2, 0),
    ]
    broken = written(tmp_path / "e.jsonl", [records()[0], *records()[2:]])
    result = cli("evidence", "verify", broken, "--json").result
    assert [(fault["record"], fault["kind"]) for fault in result["faults"]] == [(1, "missing")]


def test_a_limit_says_how_many_records_it_left_out(cli, tmp_path):
    path = written(tmp_path / "d.jsonl", records(5))
    document = cli("evidence", "verify", path, "--limit", "2", "--json").document
    assert (len(document["result"]["judged"]), document["left_out"]) == (2, 3)
    assert document["result"]["records"] == 5


def test_keys_that_are_none_are_refused_by_name(cli, store, tmp_path):
    path = tokens(tmp_path / "r.jws", (KEY, "k1"), (KEY, "k1"))
    error = cli("evidence", "verify", path, "--key", path, "--json").refused(3)
    assert "neither JSON nor PEM" in error["message"]
    cli("evidence", "bot", "--key", path, "--json", "--store", store).refused(2)
    cli("evidence", "verify", path, "--as-of", "yesterday", "--json").refused(2)


def test_a_window_chooses_uses_and_records(cli, store):
    window = ["--since", "2026-07-20T11:00:00Z", "--until", "2026-07-21T00:00:00Z"]
    told = cli("evidence", *window, "--json", "--store", store).result
    assert [u["id"] for u in told["uses"]] == ["u1"]
    assert told["actions"]["every"]["actions"] == 1
    checks = {row["check"]: row for row in told["reconciliation"]["checks"]}
    assert (checks["without_decision"]["count"], checks["no_justification"]["of"]) == (1, 0)
    assert cli("evidence", *window, "--store", store).code == 0


def test_a_window_does_not_go_with_verify(cli, tmp_path):
    path = written(tmp_path / "d.jsonl", records())
    cli("evidence", "verify", path, "--since", "2026-07-20T11:00:00Z", "--json").refused(2)


def test_a_secret_in_a_record_is_not_shown_and_a_long_text_is_cut(cli, tmp_path):
    secret = "ghp_" + "a1B2" * 9
    chain = list(chained([{"id": secret, "decision": f"deny {secret}"}, {"id": "x" * 5000}]))
    for form in ("--json", "--limit=0"):
        ran = cli("evidence", "verify", written(tmp_path / "d.jsonl", chain[::-1]), form)
        assert ran.code == 1
        assert secret not in ran.out + ran.err
        assert "x" * 400 not in ran.out.replace("\n", "")


@pytest.mark.parametrize("before", range(262, 300, 6))
def test_no_part_of_a_secret_is_shown_where_a_long_text_is_cut(cli, tmp_path, before):
    secret = "ghp_" + "a1B2" * 9
    path = written(tmp_path / "d.jsonl", list(chained([{"id": "x " * (before // 2) + secret}])))
    ran = cli("evidence", "verify", path, "--json")
    assert (ran.code, "a1B2" in ran.out) == (0, False)
