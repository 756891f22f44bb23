"""The native estate format: what is read, what is refused, and what never gets in."""

import json
from pathlib import Path

import pandas as pd
import pytest

from graph.frames import conform
from graph.schema import (
    AGENT,
    CAN_ACCESS,
    COVERS,
    CREDENTIAL,
    DECISION_RECORD,
    RESOURCE,
    ROLE,
    SOD_RULE,
    TRUSTS,
    USE_EVENT,
)
from ingest.source import InputRefused, Request
from ingest.sources import all_sources
from ingest.sources.estate.manifest import Overrides
from ingest.sources.estate.native import read_estate

CANARY = "AKIAIOSFODNN7EXAMPLE"  # the example key of Amazon's documentation
MANIFEST = """taken_at = 2026-08-01T00:00:00Z
scope = "acme"
complete = true
declares = ["owners", "usage"]
usage_window_start = 2026-02-01T00:00:00Z
"""
AGENTS = "id,name,kind\ninvoice-bot,Invoice Bot,bot\n"


def estate(tmp_path, **files):
    folder = tmp_path / "estate"
    files = {"estate.toml": MANIFEST, "nodes/Agent.csv": AGENTS} | {
        name.replace("__", "/").replace("_dot_", "."): text for name, text in files.items()
    }
    for name, text in files.items():
        if text is not None:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return folder


def with_files(tmp_path, files):
    return estate(tmp_path, **files)


def refused(folder, stated=None):
    with pytest.raises(InputRefused) as caught:
        read_estate(folder, stated or Overrides())
    assert CANARY not in str(caught.value)
    return caught.value


def test_the_manifest_is_what_the_reading_says(tmp_path):
    read = read_estate(estate(tmp_path))
    assert (read.scope, read.complete) == ("acme", True)
    assert read.taken_at == pd.Timestamp("2026-08-01T00:00:00Z")
    assert read.usage_window_start == pd.Timestamp("2026-02-01T00:00:00Z")
    assert set(read.declares) == {"owners", "usage", "grants", "trust", "inventory"}
    assert read.warnings == []


def test_what_the_caller_states_stands_above_the_manifest(tmp_path):
    moment = pd.Timestamp("2026-09-01T00:00:00Z")
    request = Request([estate(tmp_path)], "west", moment)
    read = all_sources()["estate"].read(request)
    assert (read.scope, read.taken_at) == ("west", moment)


@pytest.mark.parametrize("said", ["2026-08-01", '"2026-08-01T02:00:00+02:00"', '"2026-08-01"'])
def test_ways_to_write_the_moment(tmp_path, said):
    folder = with_files(tmp_path, {"estate.toml": f'taken_at = {said}\nscope = "a"\n'})
    assert read_estate(folder).taken_at == pd.Timestamp("2026-08-01T00:00:00Z")


@pytest.mark.parametrize(
    ("manifest", "place", "reason"),
    [
        (None, "", "there is no such file"),
        ("taken_at = = 1\n", "line 1", "is not TOML"),
        ('scope = "a"\n', "taken_at", "is missing"),
        ('taken_at = 2026-08-01T10:00:00\nscope = "a"\n', "taken_at", "without a zone"),
        ('taken_at = 7\nscope = "a"\n', "taken_at", "is not an instant"),
        ("taken_at = 2026-08-01\n", "scope", "is missing"),
        ('taken_at = 2026-08-01\nscope = "a"\ncomplete = "yes"\n', "complete", "true or false"),
        ('taken_at = 2026-08-01\nscope = "a"\ndeclares = ["magic"]\n', "declares", "owners"),
        ('taken_at = 2026-08-01\nscope = "a"\ndeclares = "owners"\n', "declares", "a list"),
        ("a = " + "[" * 100_000, "line 1", "is nested more than 64 deep"),
        ("#" * 1_100_000, "", "is larger than"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused(tmp_path, manifest, place, reason):
    error = refused(with_files(tmp_path, {"estate.toml": manifest}))
    assert error.file.endswith("estate.toml")
    assert place in error.place
    assert reason in error.reason


def test_unknown_keys_are_counted_and_not_shown(tmp_path):
    folder = with_files(tmp_path, {"estate.toml": MANIFEST + f'password = "{CANARY}"\n'})
    (warning,) = read_estate(folder).warnings
    assert "1 unknown key" in warning
    assert CANARY not in warning


def test_no_folder_an_empty_one_and_a_file_are_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    assert refused(tmp_path / "nowhere").reason == "does not exist"
    assert refused(tmp_path / "file").reason == "is not a folder"
    assert "estate.toml" in refused(tmp_path / "empty").file


@pytest.mark.parametrize(
    "name",
    ["nodes/Wizard.csv", "nodes/agent.csv", "nodes/Snapshot.csv", "nodes/Decision.csv",
     "relationships/ENCHANTS.csv", "nodes/Tool.xlsx", "uses.xlsx", "nodes/Agent.jsonl",
     "uses.jsonl.gz", "decisions.csv.gz"],
)  # fmt: skip
def test_files_of_no_known_kind_are_refused(tmp_path, name):
    error = refused(with_files(tmp_path, {name: "id\nx\n"}))
    assert error.file.endswith(name)
    assert error.reason


def test_files_beside_the_format_are_left_alone(tmp_path):
    folder = with_files(
        tmp_path,
        {"labels.json": "{}", "README.md": "x", "nodes/.hidden": "x", "notes.csv": "a,b\n"},
    )
    (folder / "history").mkdir()
    (warning,) = read_estate(folder).warnings
    assert "notes.csv" in warning


def test_a_table_without_its_key_column_is_refused(tmp_path):
    error = refused(with_files(tmp_path, {"nodes/Agent.csv": f"{CANARY},name\nx,y\n"}))
    assert (error.place, error.reason) == ("line 1", "has no column id")
    error = refused(with_files(tmp_path, {"relationships/OWNS.csv": "source_id;target_id\na;b\n"}))
    assert error.reason == "has no column source_id"


def test_columns_nobody_knows_are_named_and_dropped(tmp_path):
    text = f"id,secret,{CANARY},source,last_seen\nk1,{CANARY},x,me,2026-01-01\n"
    read = read_estate(with_files(tmp_path, {"nodes/Credential.csv": text}))
    assert list(read.rows[CREDENTIAL].columns) == ["id", "_file", "_place"]
    assert any("secret" in w for w in read.warnings)
    assert len(read.warnings) == 4
    assert CANARY not in str(read.warnings) + read.rows[CREDENTIAL].to_csv()


def test_every_table_may_be_of_three_kinds(tmp_path):
    rows = {"source_id": ["a"], "target_id": ["r"], "levels": [["read"]], "telemetry": [True]}
    found = []
    for suffix in ("csv", "jsonl", "parquet"):
        folder = with_files(tmp_path / suffix, {})
        (folder / "relationships").mkdir()
        path = folder / "relationships" / f"CAN_ACCESS.{suffix}"
        if suffix == "csv":
            path.write_text('source_id,target_id,levels,telemetry\na,r,"[""read""]",true\n')
        elif suffix == "jsonl":
            path.write_text(json.dumps({k: v[0] for k, v in rows.items()}) + "\n")
        else:
            pd.DataFrame(rows).to_parquet(path)
        raw = read_estate(folder).rows[CAN_ACCESS].assign(source="estate", scope="acme")
        found.append(conform(raw, CAN_ACCESS).frame)
    assert found[0].equals(found[1])
    assert found[0].equals(found[2])
    assert found[0]["levels"].tolist() == ['["read"]']


def test_the_score_is_the_sum_of_its_factors_where_only_they_are_given(tmp_path):
    rows = [
        {"id": "a", "aarf": {"autonomy": 1, "tools": 0.5}},
        {"id": "b", "aarf": [1, 1, 0.5], "aars": 9},
        {"id": "c"},
        {"id": "d", "aarf": "not json"},
    ]
    text = "".join(json.dumps(r) + "\n" for r in rows)
    folder = with_files(tmp_path, {"nodes/Agent.csv": None, "nodes/Agent.jsonl": text})
    found = conform(read_estate(folder).rows[AGENT].assign(source="e", scope="s"), AGENT)
    scores = found.frame.set_index("id")["aars"]
    assert scores[["a", "b"]].tolist() == [1.5, 9.0]
    assert pd.isna(scores["c"])
    assert found.rejected["place"].tolist() == ["line 4"]


def test_a_trusted_service_becomes_a_resource(tmp_path):
    folder = with_files(
        tmp_path,
        {
            "nodes/Role.csv": "id\nadm\nops\n",
            "nodes/Resource.csv": "id,type\nec2.amazonaws.com,known\n",
            "relationships/TRUSTS.csv": "source_id,target_id\nadm,lambda.amazonaws.com\n"
            "ops,lambda.amazonaws.com\nops,ec2.amazonaws.com\nops,invoice-bot\nops,nowhere\n",
        },
    )
    rows = read_estate(folder).rows
    found = rows[RESOURCE].set_index("id")["type"].to_dict()
    assert found == {"ec2.amazonaws.com": "known", "lambda.amazonaws.com": "service"}
    assert len(rows[TRUSTS]) == 5
    assert len(rows[ROLE]) == 2


def test_a_review_of_one_grant_keeps_its_grant(tmp_path):
    folder = with_files(
        tmp_path,
        {"relationships/COVERS.csv": "source_id,target_id,grant_id\nrev-1,invoice-bot,g1\n"},
    )
    assert read_estate(folder).rows[COVERS]["grant_id"].tolist() == ["g1"]


def test_separation_of_duties_pairs_need_no_id(tmp_path):
    text = "rule,left_resource,left_level,right_resource,right_level\npay,a,write,b,write\n"
    text += "pay,a,write,c,write\n"
    raw = read_estate(with_files(tmp_path, {"sod.csv": text})).rows[SOD_RULE]
    found = conform(raw.assign(source="e", scope="s"), SOD_RULE)
    assert len(found.frame) == 2


DECISION = {
    "id": "d1", "at": "2026-07-01T10:00:00Z",
    "subject": {"type": "agent", "id": "invoice-bot",
                "properties": {"instance": "run-7", "identity": "svc", "token": CANARY}},
    "on_behalf_of": {"type": "user", "id": "ann"},
    "action": {"name": "read", "properties": {"header": CANARY}},
    "resource": {"type": "bucket", "id": "s3:invoices"},
    "intent": {"purpose": "monthly close", "task_id": "T-1"},
    "context": {"env": "prod", "tool": "mcp:s3", "delegation_chain": ["boss", "invoice-bot"],
                "correlation_id": "tx-9", "token": CANARY,
                "headers": {"authorization": f"Bearer {CANARY}"}},
    "risk": {"score": 0.2, "signals": ["new_tool"]},
    "posture": {"snapshot": "s-41", "tdr_bp": 2436, "grade": "D", "owner_active": False,
                "key": CANARY, "nested": {"key": CANARY}},
    "decision": "allow", "policy": {"id": "p", "version": "3", "engine": "cedar"},
    "justification": {"text": "closing", "approver": "bob", "expires_at": "2026-07-01T18:00:00Z"},
    "outcome": {"executed": True, "result": "success", "events": [CANARY]},
    "extra": {"deep": [CANARY]}, "prev_hash": "0", "hash": "1",
}  # fmt: skip


def test_decision_records_keep_the_allowed_fields_and_nothing_else(tmp_path):
    text = json.dumps(DECISION) + "\n"
    raw = read_estate(with_files(tmp_path, {"decisions.jsonl": text})).rows[DECISION_RECORD]
    assert CANARY not in raw.to_csv()
    found = conform(raw.assign(source="e", scope="s"), DECISION_RECORD)
    row = found.frame.astype(object).iloc[0].to_dict()
    assert {k: row[k] for k in row if isinstance(row[k], str | bool | float)} == {
        "id": "d1", "source": "e", "scope": "s", "subject": "invoice-bot", "subject_type": "agent",
        "instance": "run-7", "identity": "svc", "on_behalf_of": "ann", "action": "read",
        "resource": "s3:invoices", "resource_type": "bucket", "purpose": "monthly close",
        "task_id": "T-1", "env": "prod", "tool": "mcp:s3",
        "delegation_chain": '["boss","invoice-bot"]', "correlation_id": "tx-9", "risk_score": 0.2,
        "risk_signals": '["new_tool"]',
        "posture": '{"grade":"D","owner_active":false,"snapshot":"s-41","tdr_bp":2436}',
        "decision": "allow", "policy_id": "p", "policy_version": "3", "engine": "cedar",
        "justification": "closing", "approver": "bob", "executed": True, "result": "success",
        "prev_hash": "0", "hash": "1",
    }  # fmt: skip


def test_decision_records_may_be_a_flat_table(tmp_path):
    text = "id,at,subject,action,resource,decision,policy_id,env\n"
    text += "d1,2026-07-01T10:00:00Z,invoice-bot,read,s3:x,deny,p,prod\n"
    text += 'd2,2026-07-01T10:00:00Z,"{""id"":""b"",""type"":""agent""}",read,s3:x,allow,p,\n'
    raw = read_estate(with_files(tmp_path, {"decisions.csv": text})).rows[DECISION_RECORD]
    assert raw["subject"].tolist() == ["invoice-bot", "b"]
    assert raw["env"].tolist() == ["prod", pd.NA]
    assert raw["_place"].tolist() == ["line 2", "line 3"]


def test_uses_are_read_and_a_broken_line_is_set_aside(tmp_path):
    text = '{"id":"u1","at":"2026-07-01T10:00:00Z","principal":"a","resource":"r","level":"read"}\n'
    folder = with_files(tmp_path, {"uses.jsonl": text + '{"id":\n' + text.replace("u1", "u2")})
    read = read_estate(folder)
    assert read.rows[USE_EVENT]["_place"].tolist() == ["line 1", "line 3"]
    assert [(r.place, r.reason) for r in read.rejected] == [("line 2", "is not JSON")]


def test_two_folders_at_once_are_refused(tmp_path):
    folder = estate(tmp_path)
    with pytest.raises(InputRefused):
        all_sources()["estate"].read(Request([folder, folder]))


def test_a_role_that_trusts_anyone_trusts_a_thing_called_anyone(tmp_path: Path) -> None:
    plain = (tmp_path / "nodes", tmp_path / "relationships")
    for folder in plain:
        folder.mkdir()
    (tmp_path / "estate.toml").write_text(
        'taken_at = 2026-08-01T00:00:00Z\nscope = "acme"\ncomplete = true\ndeclares = []\n'
    )
    (plain[0] / "Role.csv").write_text("id\nopen\n")
    (plain[1] / "TRUSTS.csv").write_text("source_id,target_id\nopen,*\n")
    rows = read_estate(tmp_path).rows
    anyone = rows[RESOURCE]
    assert list(anyone["id"]) == ["*"]
    assert list(anyone["type"]) == ["anyone"]
