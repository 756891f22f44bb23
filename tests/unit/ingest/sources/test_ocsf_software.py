"""The software that acts in events of OCSF, and the keys with which it does.

`credential_uid` of a user is an access key of AWS in https://schema.ocsf.io/1.3.0/objects/user, as
Amazon Security Lake writes it; later versions list `programmatic_credentials`.
"""

import pandas as pd
import pytest

from graph.schema import AUTHENTICATES_AS, CREDENTIAL, HUMAN, SERVICE_ACCOUNT, USED
from ingest.sources.ocsf import SOURCE
from tests.support.exports.loading import line_reader

NOON = 1_782_907_200_000  # 2026-07-01T12:00:00Z
AT = pd.Timestamp("2026-07-01T12:00:00Z")
KEY = "AKIA" + "ABCDEFGH12345678"
CALL = {
    "class_uid": 6003, "activity_id": 2, "status_id": 1, "time": NOON,
    "resources": [{"uid": "arn:aws:s3:::books"}],
}  # fmt: skip
SVC = {"uid": "u-1", "name": "svc", "type_id": 4}
MAIL = "bot@shop.iam.gserviceaccount.com"


@pytest.fixture
def read(tmp_path):
    return line_reader(SOURCE, tmp_path)


def by(user, **more):
    return CALL | {"actor": {"user": user, **more}}


@pytest.mark.parametrize(
    "actor",
    [
        {"user": SVC | {"credential_uid": KEY}},
        {"user": SVC, "session": {"credential_uid": KEY}},
        {"user": SVC | {"programmatic_credentials": [{"uid": KEY, "type": "Access Key"}]}},
    ],
)
def test_the_key_that_was_used_is_a_credential(read, actor):
    """It was dropped: keys in use seemed never to have been used."""
    loaded = read(CALL | {"actor": actor}, CALL | {"actor": actor, "time": NOON - 1000})
    (key,) = loaded.rows(CREDENTIAL)
    assert (key["name"], key["type"], key["last_used_at"]) == (KEY, "access_key", AT)
    assert key["external_ids"] == f'["aws_id:{KEY}"]'
    assert loaded.links(AUTHENTICATES_AS) == {(KEY, "svc")}
    assert {name for name, _ in loaded.links(USED)} == {"svc", KEY}
    assert loaded.of(USED, "count") == [2, 2]


@pytest.mark.parametrize("key", ["ASIA" + "ABCDEFGH12345678", "", "token-1", 7, None])
def test_the_key_of_a_session_is_no_credential(read, key):
    assert read(by(SVC | {"credential_uid": key})).rows(CREDENTIAL) == []


def test_a_key_in_a_list_of_several_may_be_another(read):
    keys = [{"uid": KEY}, {"uid": KEY[:-1] + "9"}]
    assert read(by(SVC | {"programmatic_credentials": keys})).rows(CREDENTIAL) == []


def test_a_key_that_was_removed_had_been_used(read):
    key = {"uid": KEY, "last_used_time": NOON - 5000}
    change = {"class_uid": 3007, "activity_id": 19, "time": NOON, "status_id": 1}
    loaded = read(change | {"user": SVC | {"programmatic_credentials": [key]}})
    assert loaded.one(CREDENTIAL)["last_used_at"] == AT - pd.Timedelta(5, "s")
    assert loaded.one(CREDENTIAL)["status"] == "deleted"


@pytest.mark.parametrize(
    "user",
    [
        {"uid": "1", "email_addr": MAIL},
        {"uid": "1", "email_addr": MAIL, "type_id": 1},
        {"name": MAIL, "type_id": 0},
        {"uid": MAIL.upper(), "type_id": 99},
    ],
)
def test_a_service_account_of_google_cloud_is_no_person(read, user):
    """It has an e-mail, and was a person; its e-mail joins it to other sources."""
    loaded = read(by(user))
    assert loaded.rows(HUMAN) == []
    assert loaded.one(SERVICE_ACCOUNT)["external_ids"] == f'["gcp:{MAIL}"]'


@pytest.mark.parametrize("sort", [0, 1, 3, None])
def test_a_service_account_of_kubernetes_is_software(read, sort):
    """Audit logs of EKS in Security Lake tell no type of user."""
    loaded = read(by({"name": "system:serviceaccount:shop:till", "uid": "x", "type_id": sort}))
    assert (loaded.rows(HUMAN), len(loaded.rows(SERVICE_ACCOUNT))) == ([], 1)
