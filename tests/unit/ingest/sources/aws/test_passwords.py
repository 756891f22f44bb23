"""Who makes a password for a user gains it: of one that has none, as far as the export shows."""

import json

import pytest

from ingest.sources.aws import SOURCE
from tests.support.exports.aws_account import IAM, allow, details, user
from tests.support.exports.loading import load

SIGNED_IN = {"PasswordLastUsed": "2026-07-30T00:00:00Z"}
MAKE, CHANGE = "iam:CreateLoginProfile", "iam:UpdateLoginProfile"


def report(enabled: str) -> str:
    header = "user,arn,user_creation_time,password_enabled,mfa_active"
    return f"{header}\nvic,{IAM}user/vic,2024-01-01T00:00:00Z,{enabled},false\n"


@pytest.mark.parametrize(
    ("enabled", "victim", "made"),
    [
        ("true", {}, False),
        ("true", SIGNED_IN, False),
        ("false", {}, True),
        ("false", SIGNED_IN, True),  # the password is gone since
        (None, {}, True),
        (None, SIGNED_IN, True),  # whether it is still there, nobody says
    ],
)
def test_a_second_password_is_refused(enabled, victim, made, tmp_path):
    """A user with a password keeps it: CreateLoginProfile answers EntityAlreadyExists.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateLoginProfile.html
    """
    people = [user("eve", allow(MAKE)), user("ned", allow(CHANGE)), user("vic", **victim)]
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "details.json").write_text(json.dumps(details(users=people)))
    if enabled is not None:
        (folder / "report.csv").write_text(report(enabled))
    posture = load(SOURCE, tmp_path / "store", folder).posture
    ids = [str(id_) for id_ in posture.graph.ids]
    gained = {
        (ids[proof.source], proof.rule)
        for proof in posture.escalated.proofs
        if ids[proof.target] == f"{IAM}user/vic"
    }
    expected = {(f"{IAM}user/ned", f"A4:{CHANGE}")}
    assert gained == expected | ({(f"{IAM}user/eve", f"A4:{MAKE}")} if made else set())
