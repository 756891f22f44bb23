"""The command line: one document, exit codes, refusals, and no traceback whatever happens."""

import json
import shlex
import time

import pytest
import typer

import trustdebt
from graph.machine.kept_switch import SWITCH
from graph.stores.parquet.store import ParquetStore
from tests.integration.cli import COMMON, HOSTILE, LISTS, QUESTIONS
from tests.support.estates.small_estates import ago, ids
from tests.support.search import some

# ---------------------------------------------------------------- what every command has


def test_every_command_takes_the_common_options_and_has_an_example():
    group = typer.main.get_command(trustdebt.app)
    assert set(group.commands) >= {
        *QUESTIONS,
        *("sources", "ingest", "snapshots", "estate", "demo", "app"),
    }
    for name, command in group.commands.items():
        offered = {option for p in command.params for option in p.opts}
        assert offered >= COMMON, name
        assert f"trustdebt {name}" in (command.help or ""), name


@pytest.mark.usefixtures("one_posture")
@pytest.mark.parametrize("name", QUESTIONS)
def test_an_answer_is_one_document_in_an_envelope(cli, kept, name):
    current = ParquetStore(kept).current()
    common = ["--json", "--limit", "1"]
    if name not in ("compare", "diff", "doctor"):  # named in the words, or judging none
        common += ["--snapshot", current.id, "--as-of", "2026-08-01"]
    said = cli(name, *QUESTIONS[name], *common, "--store", kept)
    assert (said.code, said.err) == (0, "")
    document = said.document
    envelope = {"schema", "snapshot", "as_of", "coverage", "faults", "left_out", "result"}
    assert (set(document), document["faults"]) == (envelope, [])
    assert document["schema"] == f"trustdebt/{name}/1"
    assert (document["snapshot"], document["as_of"]) == (current.id, "2026-08-01T00:00:00Z")
    source = document["coverage"]["sources"][0]
    assert (source["source"], source["scope"], source["complete"]) == ("estate", "acme", True)
    assert isinstance(document["left_out"], int)


@pytest.mark.usefixtures("one_posture")
@pytest.mark.parametrize("name", [*QUESTIONS, "snapshots", "sources"])
def test_an_answer_can_be_drawn(cli, name):
    said = cli(name, *QUESTIONS.get(name, []))
    assert (said.code, said.err) == (0, "")
    assert said.out.strip()
    assert "\x1b" not in said.out
    assert "\x07" not in said.out
    for words in following(said.out):
        assert "--store" not in words  # the environment names it
        taken(words)


def following(shown: str) -> list[list[str]]:
    """Return the commands to run next that an answer ends with."""
    _, _, lines = shown.rpartition("\nnext\n")
    return [shlex.split(line) for line in lines.splitlines() if line.startswith("  trustdebt ")]


def taken(words: list[str]) -> None:
    """Have the command line take a command, and do nothing."""
    program, name, *rest = words
    assert program == "trustdebt"
    given = ["1" if word in ("DAY", "YOU", "WHY", "PERSON") else word for word in rest]
    command = typer.main.get_command(trustdebt.app).commands[name]
    if "--help" not in given:
        command.make_context(name, given)


def test_the_twin_an_option_that_is_none_is_not_taken():
    with pytest.raises(typer.TyperException):
        taken(["trustdebt", "show", "bot", "--no-such-option"])


def test_what_to_run_next_asks_the_store_that_was_asked(cli, kept, monkeypatch):
    monkeypatch.delenv("TRUSTDEBT_STORE")
    shown = cli("identities", "--store", kept, "--as-of", "2026-08-01").out
    first = following(shown)[0]
    assert first[:2] == ["trustdebt", "show"]
    assert first[3:] == ["--store", str(kept), "--as-of", "2026-08-01"]
    assert cli(*first[1:]).code == 0
    assert following(cli("diff", "000001", "000002", "--store", kept).out) == [
        *(["trustdebt", "compare", *ends, "--store", str(kept)] for ends in [snapshots_of(kept)])
    ]


def snapshots_of(store):
    return [info.id for info in ParquetStore(store).snapshots()]


def test_sources_and_snapshots(cli, kept):
    rows = {s["name"]: s for s in cli("sources", "--json").result["sources"]}
    assert {"aws", "estate"} <= set(rows)
    assert set(rows["estate"]) >= {"name", "title", "reads", "declares"}
    newest, oldest = cli("snapshots", "--json").result["snapshots"]
    assert (newest["current"], oldest["current"]) == (True, False)
    assert (newest["taken_at"], oldest["taken_at"]) == (
        "2026-08-01T00:00:00Z",
        "2026-07-01T00:00:00Z",
    )
    cut = cli("snapshots", "--json", "--limit", 1).document
    assert (len(cut["result"]["snapshots"]), cut["left_out"]) == (1, 1)


# ---------------------------------------------------------------- moments and limits


def test_a_warning_that_stands_for_many_has_all_of_them_in_json(cli, tmp_path):
    for number in range(5):
        (tmp_path / f"{number}.json").write_text("{}")
    (tmp_path / "card.json").write_text(json.dumps({"kind": "ServiceAccount", "metadata": {
        "name": "bot", "namespace": "shop"}}))  # fmt: skip
    line = ("ingest", "kubernetes", tmp_path, "--store", tmp_path / "store")
    said = cli(*line, "--json").result
    passed_over = "holds no object of a cluster; passed over"
    one = f"{passed_over}: 5 times, the first in {tmp_path}/0.json"
    assert one in said["warnings"]
    assert said["warnings_in_full"] == {
        one: [f"{tmp_path}/{number}.json: {passed_over}" for number in range(5)]
    }
    assert cli(*line).out.count("passed over") == 1


def test_an_older_snapshot_by_id_start_and_instant(cli, kept):
    first, _ = ParquetStore(kept).snapshots()
    for said in (first.id, first.id[:6], "@2026-07-31", "@2026-07-01T00:00:00Z"):
        document = cli("identities", "--json", "--snapshot", said).document
        assert (document["snapshot"], document["as_of"]) == (first.id, "2026-07-01T00:00:00Z")
        assert ids(document["result"]["identities"]) == ["bot"]


@pytest.mark.parametrize(
    "said", ["nope", "0000", "@yesterday", "@2026-07-01T10:00:00", "@2020-01-01", "@"]
)
def test_no_such_snapshot(cli, said):
    assert cli("identities", "--json", "--snapshot", said).refused(2)["code"] == "unknown-snapshot"


def test_an_instant_before_all_snapshots_is_not_taken_for_a_name(cli):
    error = cli("identities", "--json", "--snapshot", "@2020-01-01").refused(2)
    assert error["message"] == "no snapshot is of 2020-01-01 or before"


def test_as_of_moves_the_answer(cli):
    def orphans(*when):
        rows = cli("orphans", "--json", *when).result["orphaned"]
        return {r["rule"] for r in rows if r["identity"]["id"] == "idle"}

    assert orphans() == {"OWN-02"}
    assert orphans("--as-of", ago(31)) == set()
    assert orphans("--as-of", ago(30)) == {"OWN-02"}


@pytest.mark.parametrize("said", ["2026-01-01T00:00:00", "yesterday", "1767225600", "2026-02-30"])
def test_an_instant_needs_a_zone(cli, said):
    error = cli("identities", "--json", "--as-of", said).refused(2)
    assert error["code"] == "usage"
    assert "--as-of" in error["message"]


def test_limit_cuts_and_tells_and_zero_shows_all(cli):
    whole = cli("identities", "--json", "--limit", 0).document
    cut = cli("identities", "--json", "--limit", 2).document
    assert whole["left_out"] == 0
    assert cut["left_out"] == len(whole["result"]["identities"]) - 2
    assert cut["result"]["identities"] == whole["result"]["identities"][:2]
    for name, rows in LISTS.items():
        result = cli(name, *QUESTIONS[name][:1], "--json", "--limit", 1).result
        assert len(result[rows]) == 1, name
    assert "more; --limit 0 shows all" in cli("identities", "--limit", 1).out


def test_the_exposure_of_everything_needs_no_resource(cli):
    rows = cli("exposure", "--json").result["resources"]
    assert {row["id"]: ids(row["identities"]) for row in rows}.keys() == {"ledger", "wiki"}
    one = cli("exposure", "ledger", "--json").result
    assert next(row for row in rows if row["id"] == "ledger")["count"] == one["count"]
    said = cli("exposure", "--level", "read", "--json")
    assert (said.code, said.document["error"]["code"]) == (2, "usage")


def test_durability_of_one_thing_and_an_order_that_is_none(cli):
    (row,) = cli("durability", "bot", "--json").result["identities"]
    assert (row["id"], row["routes"], row["routes_after_kill"]) == ("bot", 1, 0)
    assert cli("hubs", "--order", "size").code == 2


def test_the_zone_of_the_machine_changes_nothing(cli, monkeypatch):
    told = set()
    monkeypatch.setenv(SWITCH, "off")  # else what was said in one zone is shown again in the next
    for zone in some(("Pacific/Kiritimati", "America/Lima", "UTC"), 2):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        lines = (["findings"], ["stale"], ["show", "idle"], ["orphans"])
        told.add("".join(cli(*line, "--json", "--as-of", "2026-07-30").out for line in lines))
    monkeypatch.delenv("TZ")
    time.tzset()
    assert len(told) == 1


# ---------------------------------------------------------------- the answer is no, or nonsense


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (["--fail-on", "critical"], 0),
        (["--fail-on", "high"], 1),  # write on the ledger was never used: .75 * 1.25 * 30 * 3
        (["--fail-on", "high", "--rule", "OWN-02"], 0),
        (["--fail-on", "low", "--rule", "own-02"], 1),
        (["--fail-on", "low", "--about", "ann"], 0),
        ([], 0),
    ],
)
def test_findings_fail_on(cli, line, code):
    said = cli("findings", "--json", *line)
    assert said.code == code
    assert "findings" in said.result
    assert cli("findings", *line).code == code


@pytest.mark.parametrize(
    "line",
    [
        ["no-such-command"],
        ["blast-radius"],
        ["path", "bot"],
        ["identities", "--limit", "many"],
        ["identities", "--limit", "-1"],
        ["identities", "--no-such-option"],
        ["blast-radius", "bot", "--mode", "sometimes"],
        ["blast-radius", "bot", "--max-hops", "-1"],
        ["exposure", "ledger", "--level", "owner"],
        ["findings", "--severity", "awful"],
        ["findings", "--fail-on", "HIGH!"],
        ["findings", "--rule", "OWN-99"],
        ["choke-points", "--from", "label:Robot"],
        ["cut", "--to", "env:moon"],
        ["stale", "--days", "0"],
        ["path", "bot", "ledger", "--count", "0"],
        ["ingest"],
        ["ingest", "estate"],
        ["ingest", "no-such-source", "."],
        ["ingest", "estate", ".", "--config", "x.toml"],
        ["ingest", "estate", ".", "--taken-at", "soon"],
        ["ingest", "--config", "x.toml", "--scope", "acme"],
        ["ingest", "estate", ".", "--max-bad", "101"],
        ["ingest", "estate", ".", "--max-loss", "-1"],
        ["export", "no-such-format", "--out", "x"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_exit_code_2(cli, line):
    assert cli(*line, "--json").refused(2)["message"]
    said = cli(*line)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("trustdebt: ")


@pytest.mark.parametrize(
    ("line", "code", "candidates"),
    [
        (["show", "TWIN"], "ambiguous-thing", ["twin-1", "twin-2"]),
        (["blast-radius", "invoice bt"], "unknown-thing", ["bot"]),
        (["path", "bot", "legder"], "unknown-thing", ["ledger"]),
        (["orphans", "--leaving", "anne"], "unknown-thing", ["ann"]),
        (["findings", "--about", "ledgr"], "unknown-thing", ["ledger"]),
        (["cut", "--from", "all-agents", "--to", "ledgr"], "unknown-thing", ["ledger"]),
        (["exposure", "\udcff"], "unknown-thing", []),
    ],
    ids=lambda v: None,
)
def test_unknown_and_ambiguous_things(cli, line, code, candidates):
    error = cli(*line, "--json").refused(2)
    assert error["code"] == code
    assert set(candidates) <= set(error["candidates"])
    assert all(c in error["message"] for c in candidates)


def test_names_from_data_do_not_command_the_terminal(cli):
    said = cli("show", "evil")
    assert said.code == 2
    assert "<U+001B>" in said.err
    assert "\x1b" not in said.err
    assert "\x1b" not in cli("show", HOSTILE).out


def test_a_thing_is_found_by_mail_and_name(cli):
    assert cli("show", "ANN@example.com", "--json").result["id"] == "ann"
    assert cli("blast-radius", "invoice BOT", "--json").result["start"]["id"] == "bot"


def test_no_way_is_an_answer(cli):
    said = cli("path", "idle", "ledger", "--json")
    assert (said.code, said.result["paths"]) == (0, [])


def test_nothing_asked_shows_the_help(cli):
    said = cli()
    assert (said.code, said.err) == (2, "")
    assert "Usage" in said.out


# ---------------------------------------------------------------- faults of ours


def test_a_fault_of_ours_is_one_line(cli, monkeypatch):
    def fall(*_):
        raise RuntimeError("canary-in-a-cell")

    monkeypatch.setattr("analytics.answers.identities.identities", fall)
    failed = cli("identities", "--json")
    assert (failed.code, failed.err) == (5, "")
    error = failed.document["error"]
    assert "RuntimeError" in error["message"]
    assert [one["rule"] for one in failed.document["faults"]] == ["identities"]
    said = cli("identities")
    assert (said.code, said.out) == (5, "")
    assert "canary" not in said.err + str(failed.document)
    assert "identities failed: RuntimeError at app/cli/commands/identities.py:" in said.err


def test_an_interrupt_is_no_fault(cli, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("analytics.answers.identities.identities", stop)
    assert cli("identities").code == 130
