"""A plan as tickets: formats on the command line, addresses of Terraform, and other files."""

import csv
import io
import json
from pathlib import Path

import pytest

from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.integration.cli import Run
from tests.support.estates.small_estates import Estate, ago

SECRET = "s3cr3t-in-a-state"
ACCOUNT = "arn:aws:iam::123456789012"
BOB, POLICY = f"{ACCOUNT}:user/bob", f"{ACCOUNT}:policy/ledger"
STATE = {
    "format_version": "1.0",
    "values": {
        "root_module": {
            "resources": [
                {
                    "address": "aws_iam_user.bob",
                    "mode": "managed",
                    "type": "aws_iam_user",
                    "values": {"arn": BOB, "name": "bob", "password": SECRET},
                },
                {
                    "address": "aws_iam_user_policy_attachment.ledger",
                    "mode": "managed",
                    "type": "aws_iam_user_policy_attachment",
                    "values": {"user": "bob", "policy_arn": POLICY},
                },
            ]
        }
    },
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish a user of AWS with a grant that was watched and never used."""
    e = Estate().account(BOB, name="bob").person("ann").owned(BOB, "ann", "ann")
    e.thing("Resource", "ledger", sensitivity="restricted")
    e.can(BOB, "write", "ledger", granted_at=ago(300), telemetry=True, policy_id=POLICY)
    folder = tmp_path_factory.mktemp("tickets") / "store"
    ingest(ParquetStore(folder), [e.job()])
    return folder


def test_a_step_becomes_a_ticket_with_the_line_that_carries_it_out(cli: Run, store: Path) -> None:
    made = cli("plan", "--store", store, "--format", "tickets-json")
    assert made.code == 0
    (ticket,) = made.document["tickets"]
    line = f"aws iam detach-user-policy --user-name bob --policy-arn {POLICY}"
    assert ticket["command"] == line
    assert ticket["undo"] == line.replace("detach", "attach")
    assert (ticket["agent"]["id"], ticket["resource"]["id"]) == (BOB, "ledger")
    assert ticket["owner_to_notify"]["id"] == "ann"
    rows = list(
        csv.DictReader(io.StringIO(cli("plan", "--store", store, "--format", "tickets-csv").out))
    )
    assert [row["ticket_id"] for row in rows] == [ticket["ticket_id"]]
    text = cli("plan", "--store", store, "--format", "markdown").out
    assert ticket["ticket_id"] in text
    assert line in text


def test_a_step_of_the_plan_says_how_it_is_done_and_what_it_saves(cli: Run, store: Path) -> None:
    (step,) = cli("plan", "--store", store, "--json").result["steps"]
    assert step["command"].startswith("aws iam detach-user-policy")
    assert step["undo"].startswith("aws iam attach-user-policy")
    assert (step["terraform"], step["refused"]) == (None, None)
    (ticket,) = cli("plan", "--store", store, "--format", "tickets-json").document["tickets"]
    assert ticket["interest_per_day"] == step["interest_removed"] > 0
    assert ticket["debt"] == step["debt_removed"]


def test_each_change_that_closes_findings_becomes_a_ticket(cli: Run, store: Path) -> None:
    changes = cli("changes", "--store", store, "--json").result["changes"]
    tickets = cli("changes", "--store", store, "--format", "tickets-json").document["tickets"]
    assert len(changes) > 1
    assert [t["finding_ids"] for t in tickets] == [c["findings"] for c in changes]
    assert [t["action"] for t in tickets] == [c["action"] for c in changes]
    assert [t["severity"] for t in tickets] == [c["severity"] for c in changes]
    assert [(t["command"], t["undo"]) for t in tickets] == [
        (c["command"], c["undo"]) for c in changes
    ]
    assert len({t["ticket_id"] for t in tickets}) == len(tickets)
    (gone,) = [t for t in tickets if t["action"] == "remove_grant"]
    (step,) = cli("plan", "--store", store, "--format", "tickets-json").document["tickets"]
    assert gone["ticket_id"] == step["ticket_id"]  # the same work, whichever list it is from


@pytest.mark.parametrize("objective", ["reach", "debt", "findings"])
def test_each_step_of_a_plan_becomes_a_ticket(cli: Run, store: Path, objective: str) -> None:
    """Also those that take nothing away, such as naming an owner."""
    line = ("plan", "--store", store, "--objective", objective)
    steps = cli(*line, "--json").result["steps"]
    tickets = cli(*line, "--format", "tickets-json").document["tickets"]
    assert steps
    assert [t["action"] for t in tickets] == [s["action"] for s in steps]
    assert len({t["ticket_id"] for t in tickets}) == len(tickets)


def test_a_state_says_what_terraform_calls_it_and_none_of_its_secrets(
    cli: Run, store: Path, tmp_path: Path
) -> None:
    file = tmp_path / "state.json"
    file.write_text(json.dumps(STATE))
    made = cli("plan", "--store", store, "--format", "tickets-json", "--terraform", file)
    (ticket,) = made.document["tickets"]
    assert "Terraform manages it as aws_iam_user_policy_attachment.ledger" in ticket["place"]
    assert SECRET not in made.out + made.err


def test_an_unknown_format_is_refused(cli: Run, store: Path) -> None:
    error = cli("plan", "--store", store, "--format", "yaml", "--json").refused(2)
    assert "tickets-csv" in error["message"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json " + SECRET.encode(),
        b'{"values": ' + SECRET.encode(),
        b"[" * 100_000,
        b"[]",
        b'{"version": 4, "resources": []}',
        b"\xff\xfe",
    ],
)
def test_what_is_no_state_is_refused_with_its_name(
    cli: Run, store: Path, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "state.json"
    file.write_bytes(content)
    error = cli("plan", "--store", store, "--terraform", file, "--json").refused(3)
    assert "state.json" in error["message"]
    assert SECRET not in error["message"]


def test_a_missing_file_is_refused(cli: Run, store: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone.json"
    error = cli("plan", "--store", store, "--terraform", gone, "--json").refused(3)
    assert "no such file" in error["message"]
