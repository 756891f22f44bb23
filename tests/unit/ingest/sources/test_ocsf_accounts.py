"""Account Change of OCSF (3001): passwords that were set, second factors, and what is no state.

Activities: https://schema.ocsf.io/1.8.0/classes/account_change; `user_result` is the user after it.
"""

import pandas as pd
import pytest

from graph.schema import AUTHENTICATES_AS, CREDENTIAL, HUMAN, SERVICE_ACCOUNT
from ingest.sources.ocsf import SOURCE
from tests.support.exports.loading import line_reader

DAY, NOON = 86_400_000, 1_782_907_200_000  # 2026-07-01T12:00:00Z
ANN = {"uid": "u-2", "name": "ann", "type_id": 1}
BOT = {"uid": "u-3", "name": "bot", "type_id": 4}
CHANGED, RESET, LOCKED, ADDED, REMOVED, UNLOCKED = 3, 4, 9, 10, 11, 12


@pytest.fixture
def read(tmp_path):
    return line_reader(SOURCE, tmp_path)


def change(activity, user=ANN, days=0, **more):
    return {"class_uid": 3001, "activity_id": activity, "status_id": 1,
            "time": NOON + days * DAY, "user": user, **more}  # fmt: skip


def test_a_password_that_was_set_is_a_credential_with_the_last_time(read):
    events = [change(CHANGED, BOT), change(RESET, BOT, days=2), change(CHANGED, BOT, days=1),
              change(CHANGED, BOT, days=2)]  # fmt: skip
    loaded = read(*events)
    key = loaded.one(CREDENTIAL)
    assert (key["id"], key["type"]) == ("ocsf:demo/user/u-3#password", "password")
    assert key["rotated_at"] == pd.Timestamp("2026-07-03T12:00:00Z")
    assert pd.isna(key["status"])
    assert pd.isna(key["created_at"])
    assert loaded.links(AUTHENTICATES_AS) == {("password of bot", "bot")}


def test_a_password_that_could_not_be_set_is_none(read):
    loaded = read(change(CHANGED, BOT, status_id=2), change(2, BOT))
    assert loaded.rows(CREDENTIAL) == []


@pytest.mark.parametrize(
    ("events", "mfa"),
    [
        ([change(ADDED)], True),
        ([change(REMOVED, user_result={"has_mfa": False}), change(ADDED, days=-1)], False),
        ([change(REMOVED, user_result={"has_mfa": True})], True),
        ([change(ADDED), change(REMOVED, days=1)], None),  # another factor may be left
        ([change(REMOVED, days=1, user=ANN | {"has_mfa": True})], None),  # before it, or after it
        ([change(ADDED, days=1), change(REMOVED)], True),
        ([change(2, user=ANN | {"has_mfa": False})], False),
        ([change(2, user=ANN | {"has_mfa": False}), change(ADDED, days=1)], True),
        ([change(2, user=ANN | {"has_mfa": "yes"})], None),
        ([change(2)], None),
    ],
)
def test_whether_a_second_factor_protects_a_person_is_as_the_log_says_last(read, events, mfa):
    for order in (events, events[::-1]):
        person = read(*order).one(HUMAN)
        assert (None if pd.isna(person["mfa"]) else bool(person["mfa"])) is mfa


def test_a_lock_is_no_end_and_an_unlock_no_start(read):
    """A lock ends by itself after a while, of which no event tells; a disabled account stays so."""
    locked = read(change(LOCKED, BOT), change(UNLOCKED, BOT, days=1), change(7, BOT))
    assert pd.isna(locked.one(SERVICE_ACCOUNT)["status"])
    said = "3 changes of accounts that state nothing here were passed over"
    assert said in locked.done.warnings
    off = read(change(5, BOT), change(UNLOCKED, BOT, days=1)).one(SERVICE_ACCOUNT)
    assert (off["status"], off["status_at"]) == (
        "disabled",
        pd.Timestamp("2026-07-01T12:00:00Z"),
    )
