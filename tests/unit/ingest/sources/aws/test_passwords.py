"""Who makes or changes a password of a user gains it, as far as the export shows."""

import json

import pytest

from graph.schema import CREDENTIAL, HUMAN
from ingest.sources.aws import SOURCE
from tests.support.exports.aws_account import IAM, allow, details, user
from tests.support.exports.loading import load

SIGNED_IN = {"PasswordLastUsed": "2026-07-30T00:00:00Z"}
MAKE, CHANGE = "iam:CreateLoginProfile", "iam:UpdateLoginProfile"


def report(enabled: str) -> str:
    header = "user,arn,user_creation_time,password_enabled,mfa_active"
    return f"{header}\nvic,{IAM}user/vic,2024-01-01T00:00:00Z,{enabled},false\n"


@pytest.mark.parametrize(
    ("enabled", "victim", "made", "changed"),
    [
        ("true", {}, False, True),
        ("true", SIGNED_IN, False, True),
        ("false", {}, True, False),
        ("false", SIGNED_IN, True, False),  # the password is gone since
        (None, {}, True, True),
        (None, SIGNED_IN, True, True),  # whether it is still there, nobody says
    ],
)
def test_a_first_password_is_made_once_and_only_a_password_is_changed(
    enabled, victim, made, changed, tmp_path
):
    """CreateLoginProfile answers EntityAlreadyExists, UpdateLoginProfile NoSuchEntity.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateLoginProfile.html
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateLoginProfile.html
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
    ways = (("eve", MAKE, made), ("ned", CHANGE, changed))
    assert gained == {(f"{IAM}user/{who}", f"A4:{by}") for who, by, can in ways if can}


def test_who_may_do_both_gains_a_user_without_a_password_by_the_first(tmp_path):
    (tmp_path / "in").mkdir()
    people = [user("eve", allow([MAKE, CHANGE])), user("vic")]
    (tmp_path / "in" / "details.json").write_text(json.dumps(details(users=people)))
    (tmp_path / "in" / "report.csv").write_text(report("false"))
    posture = load(SOURCE, tmp_path / "store", tmp_path / "in").posture
    ids = [str(id_) for id_ in posture.graph.ids]
    by = {p.rule for p in posture.escalated.proofs if ids[p.target] == f"{IAM}user/vic"}
    assert by == {f"A4:{MAKE}"}


def test_a_password_is_no_credential_of_its_own(tmp_path):
    """It makes its user a person, as the contract has it; keys and certificates are credentials."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "details.json").write_text(json.dumps(details(users=[user("vic")])))
    (tmp_path / "in" / "report.csv").write_text(report("true"))
    loaded = load(SOURCE, tmp_path / "store", tmp_path / "in")
    assert (loaded.of(HUMAN, "name"), loaded.rows(CREDENTIAL)) == (["vic"], [])
