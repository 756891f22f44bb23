"""Security event tokens: which accounts, credentials and sessions ended, and when."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analytics.posture import assess
from analytics.residue import ended_at, residue
from graph.access import AccessGraph
from graph.element import Element
from graph.schema import AGENT, AUTHENTICATES_AS, CREDENTIAL, HUMAN, SERVICE_ACCOUNT
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from ingest.source import InputRefused, Reading, Request
from ingest.sources.signals import SOURCE
from tests.support.estates.small_estates import Estate
from tests.support.exports.events import AT, CAEP, RISC, event
from tests.support.signing import compact, ed25519_key, encoded, jwk, p256_key

TAKEN = pd.Timestamp("2026-08-01T00:00:00Z")
BOT = {"format": "opaque", "id": "bot"}
KEY, OTHER = ed25519_key("idp"), p256_key("other")
HOUR = 3600


def reading(tmp_path: Path, *values: Any, name: str = "events.jsonl", **asked: Any) -> Reading:
    path = tmp_path / name
    lines = [value if isinstance(value, str) else json.dumps(value) for value in values]
    path.write_text("\n".join(lines))
    return SOURCE.read(Request((path,), "acme", TAKEN, **asked))


def rows(read: Reading, element: Element, *names: str) -> list[tuple[Any, ...]]:
    frame = read.rows.get(element, pd.DataFrame())
    frame = frame.where(frame.notna(), None) if len(frame) else frame
    return [tuple(row.get(name) for name in names) for row in frame.to_dict("records")]


def test_an_account_has_the_state_of_its_last_event_whatever_their_order(tmp_path):
    read = reading(
        tmp_path,
        event(RISC, "account-disabled", BOT, 1, AT + 2 * HOUR),
        event(RISC, "account-enabled", BOT, 2, AT + HOUR),
        event(RISC, "account-disabled", BOT, 3, AT),
    )
    assert rows(read, HUMAN, "id", "status", "status_at") == [
        ("bot", "disabled", "2026-07-01T12:00:00Z")
    ]
    purged = reading(tmp_path, event(RISC, "account-purged", BOT))
    assert rows(purged, HUMAN, "status", "deleted_at") == [("deleted", "2026-07-01T10:00:00Z")]


def test_changes_of_a_credential(tmp_path):
    kept = {"credential_type": "x509", "x509_serial": "42"}
    read = reading(
        tmp_path,
        event(CAEP, "credential-change", BOT, 1, AT, change_type="create", **kept),
        event(CAEP, "credential-change", BOT, 2, AT + HOUR, change_type="update", **kept),
        event(CAEP, "credential-change", BOT, 3, AT + 2 * HOUR, change_type="revoke", **kept),
        event(CAEP, "credential-change", BOT, 4, AT, change_type="delete", credential_type="pin"),
        event(RISC, "credential-compromise", BOT, 5, AT + HOUR, credential_type="password"),
    )
    names = ("id", "type", "status", "status_at", "created_at", "rotated_at", "deleted_at")
    assert rows(read, CREDENTIAL, *names) == [
        (
            "bot#x509/42",
            "certificate",
            "revoked",
            "2026-07-01T12:00:00Z",
            "2026-07-01T10:00:00Z",
            "2026-07-01T11:00:00Z",
            None,
        ),
        ("bot#pin", "password", "deleted", "2026-07-01T10:00:00Z", None, None,
         "2026-07-01T10:00:00Z"),
        ("bot#password", "password", "leaked", "2026-07-01T11:00:00Z", None, None, None),
    ]  # fmt: skip
    assert rows(read, AUTHENTICATES_AS, "source_id", "target_id") == [
        ("bot#x509/42", "bot"),
        ("bot#pin", "bot"),
        ("bot#password", "bot"),
    ]


def test_the_end_of_a_session(tmp_path):
    subject = {
        "format": "complex",
        "session": {"format": "opaque", "id": "s-9"},
        "application": {"format": "iss_sub", "iss": "https://idp.test", "sub": "app-1"},
    }
    read = reading(
        tmp_path,
        event(CAEP, "session-revoked", BOT),
        event(CAEP, "session-revoked", subject),
    )
    account = "signals:acme/https://idp.test|app-1"
    assert rows(read, CREDENTIAL, "id", "type", "status", "status_at") == [
        ("bot#sessions", "token", "revoked", "2026-07-01T10:00:00Z"),
        (f"{account}#session/s-9", "token", "revoked", "2026-07-01T10:00:00Z"),
    ]
    assert rows(read, SERVICE_ACCOUNT, "id", "external_ids") == [
        (account, '["oidc:https://idp.test|app-1"]')
    ]


def test_a_session_that_is_used_shows_its_identity_active(tmp_path):
    read = reading(
        tmp_path,
        event(CAEP, "session-presented", BOT, 1, AT + HOUR),
        event(CAEP, "session-established", BOT, 2),
    )
    assert rows(read, HUMAN, "last_active_at") == [("2026-07-01T11:00:00Z",)]


SUBJECTS = {
    "email": ({"format": "email", "email": "Ann@A.test"}, "signals:acme/ann@a.test", "ann@a.test"),
    "phone": ({"format": "phone_number", "phone_number": "+1"}, "signals:acme/+1", None),
    "account": ({"format": "account", "uri": "acct:ann@a.test"}, "acct:ann@a.test", None),
    "did": ({"format": "did", "url": "did:example:1"}, "did:example:1", None),
    "aliases": (
        {
            "format": "aliases",
            "identifiers": [{"format": "email", "email": "Ann@A.test"}, BOT, {"format": "x"}],
        },
        "bot",
        "ann@a.test",
    ),
    "complex": ({"format": "complex", "user": BOT, "device": {"format": "x"}}, "bot", None),
    "old words": (
        {"subject_type": "email", "email": "ann@a.test"},
        "signals:acme/ann@a.test",
        "ann@a.test",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("subject", "id_", "email"), SUBJECTS.values(), ids=list(SUBJECTS))
def test_each_format_of_a_subject(tmp_path, subject, id_, email):
    read = reading(tmp_path, event(RISC, "account-disabled", subject))
    assert rows(read, HUMAN, "id", "email") == [(id_, email)]


def test_a_workload_is_an_account_of_software(tmp_path):
    subject = {"format": "uri", "uri": "spiffe://acme.test/bot"}
    read = reading(tmp_path, event(RISC, "account-disabled", subject))
    assert rows(read, SERVICE_ACCOUNT, "id", "external_ids") == [
        ("spiffe://acme.test/bot", '["spiffe:spiffe://acme.test/bot"]')
    ]


DEVICE = {"format": "complex", "device": BOT}
PASSED = {
    "another audience": (
        event(RISC, "account-disabled", BOT, audience=["https://x.test"]),
        "1 tokens of another audience were passed over",
    ),
    "the future": (
        event(RISC, "account-disabled", BOT, at=AT + 40 * 24 * HOUR),
        "1 events dated in the future were passed over",
    ),
    "a device": (
        event(CAEP, "device-compliance-change", DEVICE),
        "1 events about no identity were passed over",
    ),
    "another family": (
        event("https://x.test/", "odd", BOT),
        "1 events of other families were passed over",
    ),
    "no fact": (
        event(CAEP, "risk-level-change", BOT, current_level="HIGH"),
        "1 events risk-level-change, which state no fact that is kept, were passed over",
    ),
    "an odd change": (
        event(CAEP, "credential-change", BOT, change_type="eat"),
        "1 changes of credentials of no known kind were passed over",
    ),
    "no token": ({"a": 1}, "1 records that are no security event token were passed over"),
}


@pytest.mark.parametrize(("value", "warning"), PASSED.values(), ids=list(PASSED))
def test_what_states_no_fact_is_counted(tmp_path, value, warning):
    good = event(RISC, "account-disabled", {"format": "opaque", "id": "good"})
    read = reading(tmp_path, value, good, audience="https://receiver.test")
    assert warning in read.warnings
    assert rows(read, HUMAN, "id") == [("good",)]


def test_a_token_counts_once(tmp_path):
    same = event(RISC, "account-disabled", BOT)
    read = reading(tmp_path, same, same)
    assert "1 tokens that came twice were passed over" in read.warnings


def test_without_keys_signatures_are_counted_as_unchecked(tmp_path):
    read = reading(tmp_path, compact(KEY, event(RISC, "account-disabled", BOT)))
    assert read.warnings == ["1 tokens were read without checking a signature"]
    assert rows(read, HUMAN, "status") == [("disabled",)]


def key_file(tmp_path: Path) -> tuple[Path, ...]:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"keys": [jwk(KEY, "k1")]}))
    return (path,)


def test_with_keys_only_what_they_verify_is_taken(tmp_path):
    values = {
        name: event(RISC, "account-disabled", {"format": "opaque", "id": name})
        for name in ("good", "stranger", "plain")
    }
    read = reading(
        tmp_path,
        compact(KEY, values["good"], kid="k1"),
        compact(OTHER, values["stranger"], kid="k2"),
        values["plain"],
        keys=key_file(tmp_path),
    )
    assert rows(read, HUMAN, "id") == [("good",)]
    assert "2 tokens that no given key verifies were passed over" in read.warnings
    assert (read.complete, read.rejected) == (True, [])


def forged() -> str:
    head, _, value = compact(KEY, event(RISC, "account-disabled", BOT), kid="k1").split(".")
    return f"{head}.{encoded(json.dumps(event(RISC, 'account-enabled', BOT)).encode())}.{value}"


NONE = encoded(b'{"alg":"none"}')
CHEATS = {
    "a forged payload": (forged(), "does not hold"),
    "alg none": (
        f"{NONE}.{encoded(json.dumps(event(RISC, 'account-disabled', BOT)).encode())}.",
        "not signed",
    ),
}


@pytest.mark.parametrize(("token", "reason"), CHEATS.values(), ids=list(CHEATS))
def test_a_forged_token_is_rejected_and_the_reading_partial(tmp_path, token, reason):
    good = compact(
        KEY, event(RISC, "account-disabled", {"format": "opaque", "id": "good"}), kid="k1"
    )
    read = reading(tmp_path, good, token, keys=key_file(tmp_path))
    assert rows(read, HUMAN, "id") == [("good",)]
    (rejected,) = read.rejected
    assert reason in rejected.reason
    assert (rejected.place, read.complete) == ("line 2", False)


def test_the_answer_of_a_stream_and_a_list(tmp_path):
    token = compact(KEY, event(RISC, "account-disabled", BOT))
    for number, document in enumerate(({"sets": {"t-1": token}}, [token], token)):
        text = document if isinstance(document, str) else json.dumps(document, indent=1)
        read = reading(tmp_path, text, name=f"poll{number}.json")
        assert rows(read, HUMAN, "id") == [("bot",)]


def test_what_is_no_token_is_refused(tmp_path):
    for text in ("{}", "[]", '{"sets": {}}'):
        with pytest.raises(InputRefused, match="holds no security event token"):
            reading(tmp_path, text, name="x.json")
    path = tmp_path / "k.pem"
    path.write_text("no key")
    with pytest.raises(InputRefused, match="neither JSON nor PEM"):
        reading(tmp_path, event(RISC, "account-disabled", BOT), keys=(path,))


def test_an_event_without_an_instant_is_rejected(tmp_path):
    value = event(RISC, "account-disabled", BOT)
    value["events"][f"{RISC}account-disabled"] = {"event_timestamp": "soon"}
    value["iat"] = None
    read = reading(tmp_path, value, event(RISC, "account-enabled", BOT, 2))
    assert [each.reason for each in read.rejected] == ["an event must have an instant"]


def test_the_reasons_that_people_gave_are_not_kept(tmp_path):
    secret = "because of Ann's illness"
    value = event(RISC, "account-disabled", BOT, reason_admin={"en": secret}, reason_user=secret)
    read = reading(tmp_path, value)
    assert secret not in " ".join(frame.to_json() for frame in read.rows.values())


def test_an_agent_that_another_source_states_ends_and_its_key_outlives_it(tmp_path):
    """The signal calls it a person, its owner an agent: it is one, and its life is the signal's."""
    estate = Estate(at=pd.Timestamp("2026-07-01T00:00:00Z"), scope="own").agent("bot")
    estate.thing("Credential", "key", status="active").link("bot", "USES", "key")
    estate.account("svc").link("key", "AUTHENTICATES_AS", "svc")
    path = tmp_path / "events.json"
    path.write_text(json.dumps(event(RISC, "account-disabled", BOT)))
    store = ParquetStore(tmp_path / "store")
    ingest(store, [estate.job()])
    ingest(store, [(SOURCE, Request((path,), "acme", TAKEN))])
    posture = assess(AccessGraph.of(store.read()[1]))
    (bot,) = posture.graph.frames[AGENT].to_dict("records")
    assert (bot["status"], bot["status_at"]) == ("disabled", pd.Timestamp(AT, unit="s", tz="UTC"))
    assert posture.graph.frames[HUMAN].empty
    number = posture.graph.find("bot")
    assert not posture.in_service[number]
    assert ended_at(posture)[number] == AT * 1000
    left = residue(posture)
    assert posture.graph.things["id"].loc[left["thing"]].tolist()[0] == "key"


def test_a_key_that_had_ended_stays_so_when_it_is_found_to_have_leaked(tmp_path):
    """Revoked at once, and told to others afterwards: it opens nothing again."""
    kept = {"credential_type": "x509", "x509_serial": "42"}
    revoked = event(CAEP, "credential-change", BOT, 1, AT, change_type="revoke", **kept)
    leaked = event(RISC, "credential-compromise", BOT, 2, AT + HOUR, **kept)
    again = event(CAEP, "credential-change", BOT, 3, AT + 2 * HOUR, change_type="update", **kept)
    names = ("status", "status_at")
    read = reading(tmp_path, leaked, revoked)
    assert rows(read, CREDENTIAL, *names) == [("revoked", "2026-07-01T10:00:00Z")]
    late = event(RISC, "credential-compromise", BOT, 4, AT + 3 * HOUR, **kept)
    read = reading(tmp_path, late, leaked, again, revoked)
    assert rows(read, CREDENTIAL, *names) == [("leaked", "2026-07-01T13:00:00Z")]


def test_of_one_instant_the_end_that_is_final_counts_last(tmp_path):
    read = reading(
        tmp_path, event(RISC, "account-purged", BOT, 1), event(RISC, "account-disabled", BOT, 2)
    )
    assert rows(read, HUMAN, "status") == [("deleted",)]


@pytest.mark.parametrize("order", [1, -1])
def test_a_subject_has_one_id_in_whatever_order_its_aliases_come(tmp_path, order):
    names = [{"format": "x"}, {"format": "phone_number", "phone_number": "+1"},
             {"format": "email", "email": "Ann@A.test"}]  # fmt: skip
    subject = {"format": "aliases", "identifiers": names[::order]}
    read = reading(tmp_path, event(RISC, "account-disabled", subject))
    assert rows(read, HUMAN, "id", "email") == [("signals:acme/ann@a.test", "ann@a.test")]


def test_two_keys_of_one_model_are_two(tmp_path):
    model = {"credential_type": "fido2-roaming", "fido2_aaguid": "m-1", "change_type": "create"}
    red, blue = (
        event(CAEP, "credential-change", BOT, n, AT, **model, friendly_name=name)
        for n, name in enumerate(("red", "blue"))
    )
    gone = event(CAEP, "credential-change", BOT, 3, AT + HOUR, **model | {"change_type": "revoke"},
                 friendly_name="red")  # fmt: skip
    read = reading(tmp_path, red, blue, gone)
    assert rows(read, CREDENTIAL, "name", "status") == [
        ("fido2-roaming m-1 red", "revoked"),
        ("fido2-roaming m-1 blue", "active"),
    ]


def test_a_subject_that_is_null_leaves_that_of_the_event(tmp_path):
    value = event(RISC, "account-disabled", BOT) | {"sub_id": None}
    value["events"][f"{RISC}account-disabled"]["subject"] = BOT
    assert rows(reading(tmp_path, value), HUMAN, "id") == [("bot",)]


def test_an_instant_beyond_all_years_is_none(tmp_path):
    value = event(RISC, "account-disabled", BOT) | {"iat": "9999-12-31T23:59:59-05:00"}
    value["events"][f"{RISC}account-disabled"] = {}
    read = reading(tmp_path, value, event(RISC, "account-enabled", BOT, 2))
    assert [each.reason for each in read.rejected] == ["an event must have an instant"]


@pytest.mark.parametrize("order", [1, -1])
def test_a_leak_that_another_log_tells_opens_nothing_again(tmp_path, order):
    kept = {"credential_type": "x509", "x509_serial": "42"}
    told = [
        event(CAEP, "credential-change", BOT, 1, AT, change_type="revoke", **kept),
        event(RISC, "credential-compromise", BOT, 2, AT + HOUR, **kept),
    ]
    store = ParquetStore(tmp_path / "store")
    for number, value in enumerate(told[::order]):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(value))
        ingest(store, [(SOURCE, Request((path,), "acme", TAKEN))])
    (key,) = store.read()[1].frames[CREDENTIAL].to_dict("records")
    assert (key["status"], key["status_at"]) == ("revoked", pd.Timestamp(AT, unit="s", tz="UTC"))


def test_who_initiated_the_last_change_is_kept_and_nobody_is_guessed(tmp_path):
    read = reading(
        tmp_path,
        event(RISC, "account-disabled", BOT, 1, AT, initiating_entity="admin"),
        event(CAEP, "session-revoked", BOT, 2, AT, initiating_entity="Policy"),
        event(RISC, "account-disabled", {"format": "opaque", "id": "cat"}, 3, AT,
              initiating_entity="Ann of the help desk"),
    )  # fmt: skip
    assert rows(read, HUMAN, "id", "status_by") == [("bot", "admin"), ("cat", None)]
    assert rows(read, CREDENTIAL, "status_by") == [("policy",)]
    assert "Ann" not in " ".join(frame.to_json() for frame in read.rows.values())
    later = event(RISC, "account-enabled", BOT, 4, AT + HOUR)
    read = reading(tmp_path, later, event(RISC, "account-disabled", BOT, 1, AT,
                                          initiating_entity="admin"))  # fmt: skip
    assert rows(read, HUMAN, "status", "status_by") == [("active", None)]


NO_TOKENS = ["x", 5, None, True, [1]]
MIXED = {
    "a list": ([event(RISC, "account-disabled", BOT), *NO_TOKENS], "/{}"),
    "a stream": (
        {"sets": dict(enumerate([event(RISC, "account-disabled", BOT), *NO_TOKENS]))},
        "/sets/{}",
    ),
}


@pytest.mark.parametrize(("document", "place"), MIXED.values(), ids=list(MIXED))
def test_what_is_neither_an_object_nor_a_signed_token_is_rejected(tmp_path, document, place):
    read = reading(tmp_path, document, name="events.json")
    assert rows(read, HUMAN, "id", "status") == [("bot", "disabled")]
    assert [rejected.place for rejected in read.rejected] == [place.format(n) for n in range(1, 6)]
    assert not read.complete
