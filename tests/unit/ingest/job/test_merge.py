"""A read that can no longer state what it stated before retires none of it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from graph.schema import (
    AGENT,
    AUTHENTICATES_AS,
    CAN_ACCESS,
    CREDENTIAL,
    HUMAN,
    RUNS_AS,
    SERVICE_ACCOUNT,
)
from ingest.job.run import Ingested, ingest
from ingest.source import Request
from ingest.sources.aws import SOURCE as AWS
from tests.support.estates.small_estates import AS_OF, EVERYTHING, ago
from tests.support.estates.small_estates import Estate as Written
from tests.support.exports.aws_account import ACCOUNT, IAM, allow, details, user
from tests.support.exports.memory import Memory

LATER = AS_OF.replace(month=9)
REPORT = (
    "user,arn,user_creation_time,password_enabled,password_last_used,mfa_active,"
    "access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date\n"
    f"ann,{IAM}user/ann,2026-01-01T00:00:00+00:00,true,2026-07-30T00:00:00+00:00,false,"
    "true,2026-01-01T00:00:00+00:00,2026-07-31T00:00:00+00:00\n"
)


class Estate(Written):
    """As a connector reads it, not as somebody wrote it down in the native format."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **({"source": "cloud"} | options))


@pytest.fixture
def store(tmp_path: Path) -> Memory:
    return Memory(str(tmp_path / "store"))


def without(*kinds: str) -> list[str]:
    return [kind for kind in EVERYTHING if kind not in kinds]


def load(store: Memory, estate: Estate, **options: Any) -> Ingested:
    return ingest(store, [estate.job()], **options)


def row(store: Memory, element: Any, id_: str | None = None) -> dict[str, Any]:
    """Return the one row of an element, or that with an id."""
    frame = store.read()[1].frames[element]
    (found,) = (
        frame.to_dict("records") if id_ is None else frame[frame["id"] == id_].to_dict("records")
    )
    return found


def keyed(**options: Any) -> Estate:
    return (
        Estate(**options)
        .account("svc")
        .thing("Credential", "key")
        .link("key", "AUTHENTICATES_AS", "svc")
    )


def test_a_kind_that_is_no_longer_stated_stays_and_is_told(store):
    load(store, keyed())
    done = load(store, Estate(at=LATER, declares=without("credentials", "usage")).account("svc"))
    assert done.warnings == [
        "cloud/acme: states no credentials, usage any more (--max-loss 100 if that is meant): "
        "taken as a partial read, and nothing is retired"
    ]
    info, facts = store.read()
    assert len(facts.frames[CREDENTIAL]) == len(facts.frames[AUTHENTICATES_AS]) == 1
    assert not info.coverage[0].complete
    assert set(info.coverage[0].declares) == set(EVERYTHING)


def test_it_is_told_each_time_until_somebody_says_it_is_meant(store):
    load(store, keyed())
    less = Estate(at=LATER, declares=without("credentials")).account("svc")
    assert load(store, less).warnings == load(store, less).warnings != []
    assert load(store, less, max_loss=100).warnings == []
    info, facts = store.read()
    assert (len(facts.frames[CREDENTIAL]), info.coverage[0].complete) == (0, True)
    assert load(store, less).warnings == []


def test_a_read_that_says_it_is_partial_is_not_doubted(store):
    """It states no credentials either, and nobody expected it to."""
    load(store, keyed())
    part = Estate(at=LATER, declares=without("credentials"), complete=False).account("svc")
    assert load(store, part).warnings == []
    assert len(store.read()[1].frames[CREDENTIAL]) == 1


def test_the_credentials_would_vanish_if_it_were_believed(store):
    """The twin: a read of the same kinds, in which the key is missing, retires it."""
    load(store, keyed())
    load(store, Estate(at=LATER).account("svc"))
    assert len(store.read()[1].frames[CREDENTIAL]) == 0


def test_what_it_cannot_state_of_a_thing_is_as_it_was(store):
    """Else a use would become none, and a grant that is watched one that nobody watches."""
    full = Estate().account("svc", last_used_at=ago(3), purpose="pays").resource("x")
    load(
        store, full.can("svc", "read", "x", id="g", telemetry="true", last_used_at={"read": ago(3)})
    )
    less = Estate(at=LATER, declares=without("usage")).account("svc").resource("x")
    load(store, less.can("svc", "read", "x", id="g", telemetry="false"))
    grant, account = row(store, CAN_ACCESS), row(store, SERVICE_ACCOUNT)
    assert (bool(grant["telemetry"]), grant["last_used_at"]) == (True, f'{{"read":"{ago(3)}"}}')
    assert account["last_used_at"].isoformat() == ago(3).replace("Z", "+00:00")
    assert (account["last_seen"], account["first_seen"]) == (LATER, AS_OF)
    assert pd.isna(account["purpose"])  # it can still state that, and does not


def test_a_later_use_counts_all_the_same(store):
    load(store, Estate().account("svc", last_used_at=ago(3)))
    load(store, Estate(at=LATER, declares=without("usage")).account("svc", last_used_at=ago(1)))
    assert row(store, SERVICE_ACCOUNT)["last_used_at"].isoformat()[:10] == ago(1)[:10]


def test_a_condition_that_is_gone_is_gone(store):
    """What the read can state is believed, also where less was said before: it opens access."""
    one = Estate().account("svc").resource("x")
    load(store, one.can("svc", "read", "x", grant_id="g", id="g", condition="aws:SourceIp"))
    less = Estate(at=LATER, declares=without("usage")).account("svc").resource("x")
    load(store, less.can("svc", "read", "x", grant_id="g", id="g"))
    assert pd.isna(row(store, CAN_ACCESS)["condition"])


def test_a_partial_read_may_tell_of_a_thing_under_another_label(store):
    """It is one thing then, and not two."""
    load(store, Estate().account("x").agent("a"))
    load(store, Estate(at=LATER, complete=False).person("x"))
    facts = store.read()[1]
    assert (len(facts.frames[SERVICE_ACCOUNT]), len(facts.frames[HUMAN])) == (0, 1)


@pytest.mark.parametrize(
    ("first", "then", "expected"), [(30, 400, 30), (400, 30, 30), (30, None, 30), (None, 30, 30)]
)
def test_uses_were_watched_since_the_later_start_of_what_is_together(store, first, then, expected):
    """A partial read that watched for longer watched only what it mentions itself."""
    for estate, days in (
        (Estate().agent("a"), first),
        (Estate(at=LATER, complete=False).agent("b"), then),
    ):
        source, request = estate.job()
        reading = replace(
            estate.reading(), usage_window_start=pd.Timestamp(ago(days)) if days else None
        )
        ingest(store, [(replace(source, read=lambda _, known=reading: known), request)])
    (coverage,) = store.current().coverage
    assert coverage.usage_window_start == pd.Timestamp(ago(expected))


# ---------------------------------------------------------------- rows that cannot be read


def test_a_thing_whose_row_cannot_be_read_is_not_gone(store):
    """Nor what it held: a wrong word in a row says nothing of whether the thing is there."""
    one = Estate().agent("a", "b", "gone").account("s").link("a", "RUNS_AS", "s")
    load(store, one)
    bad = Estate(at=LATER).agent("b").agent("a", status="odd").account("s")
    done = load(store, bad.link("a", "RUNS_AS", "s", valid_from="odd"), max_bad=100)
    assert len(done.quarantined) == 2
    info, facts = store.read()
    assert info.coverage[0].complete
    assert sorted(facts.frames[AGENT]["id"]) == ["a", "b"]
    assert row(store, AGENT, "a")["last_seen"] == AS_OF
    assert len(facts.frames[RUNS_AS]) == 1


def test_it_would_be_gone_if_its_row_were_not_there(store):
    """The twin."""
    load(store, Estate().agent("a", "b"))
    load(store, Estate(at=LATER).agent("b"))
    assert list(store.read()[1].frames[AGENT]["id"]) == ["b"]


# ---------------------------------------------------------------- the native format


def test_what_the_native_format_declares_is_meant(store):
    """Somebody wrote it down, and is not told that it cannot be so."""
    load(store, keyed(source="estate"))
    less = Written(at=LATER, declares=without("credentials")).account("svc")
    assert load(store, less).warnings == []
    info, facts = store.read()
    assert (len(facts.frames[CREDENTIAL]), info.coverage[0].complete) == (0, True)
    assert "credentials" not in info.coverage[0].declares


def test_a_row_of_the_native_format_that_is_set_aside_is_not_loaded(store):
    load(store, Written().agent("a", "b"))
    done = load(store, Written(at=LATER).agent("b").agent("a", status="odd"), max_bad=100)
    assert len(done.quarantined) == 1
    assert list(store.read()[1].frames[AGENT]["id"]) == ["b"]


# ---------------------------------------------------------------- an account without its report


def export(folder: Path, report: bool) -> Request:
    folder.mkdir()
    ann = user("ann", allow("s3:*"), CreateDate="2026-01-01T00:00:00Z")
    (folder / "details.json").write_text(json.dumps(details(users=[ann])))
    if report:
        (folder / "report.csv").write_text(REPORT)
    return Request((folder,), ACCOUNT, LATER if not report else AS_OF)


@pytest.mark.parametrize(("max_loss", "label"), [(50.0, HUMAN), (100.0, SERVICE_ACCOUNT)])
def test_an_account_without_its_credential_report(store, tmp_path, max_loss, label):
    """Passwords, keys and their use stay; a person does not become a service account."""
    ingest(store, [(AWS, export(tmp_path / "whole", True))])
    assert row(store, HUMAN)["name"] == "ann"
    before = {e: len(store.read()[1].frames[e]) for e in (CREDENTIAL, AUTHENTICATES_AS)}
    done = ingest(store, [(AWS, export(tmp_path / "part", False))], max_loss=max_loss)
    after = {e: len(store.read()[1].frames[e]) for e in (CREDENTIAL, AUTHENTICATES_AS)}
    ann = row(store, label, f"{IAM}user/ann")
    assert [e for e in (HUMAN, SERVICE_ACCOUNT) if len(store.read()[1].frames[e])] == [label]
    if max_loss == 100:  # the twin
        assert sum(after.values()) == 0
    else:
        assert before == after != {CREDENTIAL: 0, AUTHENTICATES_AS: 0}
        assert any("states no usage, credentials any more" in w or "states no credentials, usage"
                   in w for w in done.warnings)  # fmt: skip
        assert str(ann["last_used_at"])[:10] == "2026-07-31"
        assert (bool(ann["mfa"]), ann["last_seen"]) == (False, LATER)


@pytest.mark.parametrize(("stay", "partial"), [(10, False), (9, True)])
def test_a_loss_is_doubted_above_half_of_what_was_there(store, stay, partial):
    """Half of twenty accounts is as much as may go: more is a part of an export."""
    load(store, Estate().account(*(f"svc-{n}" for n in range(20))))
    done = load(store, Estate(at=LATER).account(*(f"svc-{n}" for n in range(stay))))
    assert bool(done.warnings) == partial
    assert len(store.read()[1].frames[SERVICE_ACCOUNT]) == (20 if partial else stay)
