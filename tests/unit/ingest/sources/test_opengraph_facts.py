"""What nodes of collectors say of themselves: dates, states, and whether a user is a service.

By https://bloodhound.specterops.io/resources/nodes (Active Directory) and the nodes of GitHound
(`token_expires_at`, `token_last_used_at`, `token_expired`), OktaHound (`expiresAt`, `lastLogin`).
"""

import pandas as pd
import pytest

from graph.schema import CREDENTIAL, HUMAN, RESOURCE, SERVICE_ACCOUNT
from ingest.sources.opengraph import SOURCE
from tests.support.exports.loading import reader

JUNE, JULY = 1_780_272_000, 1_782_864_000  # 2026-06-01 and 2026-07-01, in seconds
IN_JULY = pd.Timestamp("2026-07-01", tz="UTC")


@pytest.fixture
def read(tmp_path):
    def reading(kind, **properties):
        node = {"id": "n", "kinds": [kind, "Base"], "properties": {"name": "N"} | properties}
        return reader(SOURCE, tmp_path)({"graph": {"nodes": [node], "edges": []}})

    return reading


@pytest.mark.parametrize(
    "seen",
    [
        {"lastlogontimestamp": JUNE, "lastlogon": JULY},
        {"lastlogontimestamp": JULY, "lastlogon": JUNE},
        {"lastlogontimestamp": -1, "lastlogon": JULY},
        {"lastLogin": "2026-07-01T02:00:00+02:00"},
    ],
)
def test_the_last_use_is_the_latest_that_is_known(read, seen):
    """`lastlogontimestamp` is replicated up to a fortnight late, and stood before `lastlogon`."""
    assert read("User", **seen).one(HUMAN)["last_used_at"] == IN_JULY


@pytest.mark.parametrize("name", ["token_expires_at", "expiresAt", "expires_at"])
def test_a_token_ends_when_its_collector_says(read, name):
    """No end means that it never ends."""
    token = read("GH_PersonalAccessToken", **{name: "2026-07-01T00:00:00Z"}).one(CREDENTIAL)
    assert token["expires_at"] == IN_JULY


def test_a_token_that_expired_is_none_any_more(read):
    token = read("GH_PersonalAccessToken", token_expired=True, token_last_used_at=JULY)
    assert token.one(CREDENTIAL)["status"] == "expired"
    assert token.one(CREDENTIAL)["last_used_at"] == IN_JULY
    assert read("GH_PersonalAccessToken", token_expired=False).one(CREDENTIAL)["status"] is None


@pytest.mark.parametrize(
    ("properties", "status"),
    [
        ({"enabled": False}, "disabled"),
        ({"enabled": "False"}, "disabled"),
        ({"accountEnabled": False}, "disabled"),
        ({"suspended": True}, "disabled"),
        ({"disabled": "true"}, "disabled"),
        ({"status": "INACTIVE"}, "disabled"),
        ({"disabled": False, "suspended": True}, "disabled"),
        ({"enabled": True, "accountEnabled": False}, "disabled"),
        ({"enabled": True, "disabled": False, "suspended": "false"}, None),
        ({"enabled": "maybe", "status": "ACTIVE"}, None),
        ({"token_expired": True}, None),  # no state of a person
    ],
)
def test_an_account_is_off_however_a_collector_writes_it(read, properties, status):
    loaded = read("User", **properties)
    assert (loaded.one(HUMAN)["status"], loaded.reasons) == (status, [])


@pytest.mark.parametrize("flag", ["gmsa", "msa", "hasspn"])
@pytest.mark.parametrize("yes", [True, "True"])
def test_a_user_that_a_service_runs_under_is_a_service_account(read, flag, yes):
    others = {"gmsa": False, "msa": False, "hasspn": False}
    assert read("User", **others | {flag: yes}).one(SERVICE_ACCOUNT)["name"] == "N"
    assert read("User", **{flag: False}).one(HUMAN)["name"] == "N"


def test_only_users_are_service_accounts_by_a_flag(read):
    assert read("OU", hasspn=True).one(RESOURCE)["name"] == "N"
