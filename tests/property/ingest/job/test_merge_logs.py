"""Readings of logs add up: whoever reads November and then December keeps both, in any order."""

import json
from collections import Counter
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.access import AccessGraph
from graph.schema import AGENT, CAN_ACCESS, CREDENTIAL, DECISION_RECORD, SERVICE_ACCOUNT, USED
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import Ingested, ingest, ingest_reading
from ingest.source import Request, Source
from ingest.sources.aws import SOURCE as AWS
from ingest.sources.cloudtrail import SOURCE as CLOUDTRAIL
from ingest.sources.decisions import SOURCE as DECISIONS
from ingest.sources.estate import SOURCE as ESTATE
from ingest.sources.ocsf import SOURCE as OCSF
from tests.support.exports.aws_account import allow, details, role, trust
from tests.support.exports.memory import Memory

IAM = "arn:aws:iam::123456789012:"
BOT, ANN = f"{IAM}role/bot", f"{IAM}user/ann"
BUCKET = "arn:aws:s3:::invoices"
KEY = "AKIAIOSFODNN7EXAMPLE"
SESSION = {"type": "AssumedRole", "sessionContext": {"sessionIssuer": {"arn": BOT}}}
PERSON = {"type": "IAMUser", "arn": ANN, "accessKeyId": KEY}


def event(at: str, number: int = 0, who=SESSION, **more):
    return {
        "eventTime": at if "T" in at else f"{at}T12:00:00Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject",
        "awsRegion": "eu-west-1",
        "eventType": "AwsApiCall",
        "eventID": f"{at} {number}",
        "recipientAccountId": "123456789012",
        "userIdentity": who,
        "requestParameters": {"bucketName": "invoices"},
    } | more


def trail(folder: Path, name: str, events) -> tuple[Source, Path]:
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"Records": list(events)}))
    return CLOUDTRAIL, path


def store_of(*readings: tuple[Source, Path]) -> tuple[Memory, list[Ingested]]:
    """Ingest one after the other into a fresh store."""
    store: Any = Memory()
    done = [ingest_reading(store, s, s.read(Request((p,), "demo"))) for s, p in readings]
    return store, done


def in_any_order(*readings: tuple[Source, Path]) -> AccessGraph:
    """Check that another order, and reading one again, gives the same facts; return them."""
    hashes, facts, orders = set(), None, list(permutations(readings))
    for order in orders if len(orders) <= 2 else (orders[0], orders[-2]):
        store, _ = store_of(*order, order[0])
        facts = store.facts
        assert facts is not None
        hashes.add(facts.hash)
    assert len(hashes) == 1
    assert facts is not None
    return AccessGraph.of(facts)


def days(first: int, last: int, month: int = 11, **more):
    return [event(f"2025-{month}-{day:02}", **more) for day in range(first, last + 1)]


def counts(graph: AccessGraph) -> dict[str, int]:
    return dict(zip(graph.frames[USED]["source_id"], graph.frames[USED]["count"], strict=True))


def window(graph: AccessGraph) -> list[str]:
    (coverage,) = graph.coverage
    start = coverage.usage_window_start
    return [start.strftime("%m-%d"), *(f"{a:%m-%d} {b:%m-%d}" for a, b in coverage.usage_periods)]


def test_months_add_up_in_any_order(tmp_path: Path) -> None:
    november = trail(tmp_path, "november", days(1, 30))
    december = trail(tmp_path, "december", days(1, 31, 12))
    graph = in_any_order(november, december)
    (row,) = graph.frames[USED].to_dict("records")
    assert (row["count"], f"{row['first_at']:%m-%d}", f"{row['last_at']:%m-%d}") == (
        61,
        "11-01",
        "12-31",
    )
    assert window(graph) == ["11-01", "11-01 12-31"]


def test_a_store_keeps_what_adds_up(tmp_path: Path) -> None:
    """Days and periods come back from a store as they were published."""
    readings = trail(tmp_path, "a", days(1, 3)), trail(tmp_path, "b", days(20, 21))
    store = ParquetStore(tmp_path / "store")
    for source, path in readings:
        ingest(store, [(source, Request((path,), "demo"))])
    assert store.read()[0].hash == store_of(*readings)[0].read()[0].hash
    graph = AccessGraph.of(ParquetStore(tmp_path / "store").read()[1])
    assert window(graph) == ["11-20", "11-01 11-03", "11-20 11-21"]
    assert counts(graph) == {BOT: 5}


def test_overlapping_logs_count_once(tmp_path: Path) -> None:
    """Half of each lies in another; the middle one is in both, and none is counted twice."""
    logs = [trail(tmp_path, f"log{n}", days(1 + 5 * n, 10 + 5 * n)) for n in range(3)]
    graph = in_any_order(*logs)
    assert counts(graph) == {BOT: 20}
    assert window(graph) == ["11-01", "11-01 11-20"]


def test_a_day_counts_in_full_once_a_reading_holds_all_of_it(tmp_path: Path) -> None:
    """Of a day that was cut in two, the larger part counts until it is read as a whole."""
    day = [event(f"2025-11-01T{hour:02}:00:00Z") for hour in range(24)]
    parts = [trail(tmp_path, "early", day[:10]), trail(tmp_path, "late", day[10:])]
    graph = in_any_order(*parts)
    assert counts(graph) == {BOT: 14}, "at least, never too many"
    graph = in_any_order(*parts, trail(tmp_path, "all", day))
    assert counts(graph) == {BOT: 24}


def test_a_gap_is_shown_and_not_counted_on(tmp_path: Path) -> None:
    """Nobody knows what was used in December: the window starts behind it."""
    november, january = days(1, 30), [event(f"2026-01-{d:02}") for d in range(1, 20)]
    readings = trail(tmp_path, "november", november), trail(tmp_path, "january", january)
    graph = in_any_order(*readings)
    assert window(graph) == ["01-01", "11-01 11-30", "01-01 01-19"]
    assert counts(graph) == {BOT: 49}
    _, done = store_of(*readings)
    assert any(
        "no log of 2025-11-30T12:00:00Z to 2026-01-01T12:00:00Z" in w for w in done[1].warnings
    )
    december = trail(tmp_path, "december", days(1, 31, 12))
    assert window(in_any_order(*readings, december)) == [
        "11-01",
        "11-01 01-19",
    ]


def test_an_older_log_takes_nothing_back(tmp_path: Path) -> None:
    """Read after a newer one it says so neither in time, nor in a warning."""
    old, new = trail(tmp_path, "old", days(1, 5)), trail(tmp_path, "new", days(6, 9))
    store, done = store_of(new, old)
    assert store.read()[1].taken_at == pd.Timestamp("2025-11-09T12:00:00Z")
    assert not any("replaces" in said for said in done[1].warnings)


def test_what_other_sources_read_is_still_replaced(tmp_path: Path) -> None:
    """The twin: a list of things that is read anew takes the place of the former one."""
    assert not AWS.adds_up
    one, other = ({"RoleDetailList": [role(name, [trust({"Service": "x.amazonaws.com"})])]}
                  for name in ("one", "other"))  # fmt: skip
    paths = []
    for number, said in enumerate((one, other)):
        paths.append(tmp_path / f"{number}.json")
        paths[-1].write_text(json.dumps(details(roles=said["RoleDetailList"])))
    store, _ = store_of(*((AWS, path) for path in paths))
    names = AccessGraph.of(store.read()[1]).things["name"].tolist()
    assert ("one" in names, "other" in names) == (False, True)


EVENTS = st.lists(
    st.tuples(st.integers(1, 28), st.integers(0, 23), st.sampled_from([0, 1])),
    min_size=1,
    max_size=25,
    unique=True,
)


@settings(max_examples=3)
@given(EVENTS, st.lists(st.integers(1, 27), min_size=1, max_size=2, unique=True))
def test_logs_cut_at_midnight_are_as_one(tmp_path_factory, drawn, cuts) -> None:
    """However a month is cut into whole days, reading the parts in any order is reading it."""
    folder = tmp_path_factory.mktemp("cut")
    whole = [event(f"2025-11-{d:02}T{h:02}:00:00Z", n, (SESSION, PERSON)[n]) for d, h, n in drawn]
    edges = [0, *sorted(cuts), 28]
    parts = [[e for e, (d, _, _) in zip(whole, drawn, strict=True) if a < d <= b]
             for a, b in pairwise(edges)]  # fmt: skip
    readings = [trail(folder, f"part{n}", part) for n, part in enumerate(parts) if part]
    found = []
    for order in ([trail(folder, "whole", whole)], readings, [*readings[::-1], *readings]):
        store, _ = store_of(*order)
        graph = AccessGraph.of(store.read()[1])
        columns = ["source_id", "first_at", "last_at", "count", "by_day"]
        found.append(graph.frames[USED][columns].sort_values("source_id").to_dict("records"))
    assert found[0] == found[1] == found[2]
    expected = Counter((BOT, ANN)[n] for _, _, n in drawn)
    assert {k: v for k, v in counts(graph).items() if "access_key" not in k} == dict(expected)


# -- other logs ------------------------------------------------------------------------------------

NOON = 1_782_907_200_000  # 2026-07-01T12:00:00Z
DAY = 86_400_000
SVC = {"uid": "u-3", "name": "bot", "type_id": 4}


def account(activity: int, day: int):
    return {"class_uid": 3001, "status_id": 1, "user": SVC, "activity_id": activity,
            "time": NOON + day * DAY}  # fmt: skip


def call(day: int, **more):
    return {
        "class_uid": 6003, "activity_id": 2, "status_id": 1, "time": NOON + day * DAY,
        "actor": {"user": SVC}, "resources": [{"uid": "r", "name": "books"}],
    } | more  # fmt: skip


def ocsf(folder: Path, name: str, *events) -> tuple[Source, Path]:
    path = folder / f"{name}.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in events))
    return OCSF, path


def test_uses_of_an_event_lake_add_up(tmp_path: Path) -> None:
    graph = in_any_order(
        ocsf(tmp_path, "a", call(0), call(1)), ocsf(tmp_path, "b", call(1), call(40))
    )
    (row,) = graph.frames[USED].to_dict("records")
    assert row["count"] == 3
    assert row["last_at"] - row["first_at"] == pd.Timedelta(days=40)


LIVES = [
    ([(1, 0)], [(6, 5)], "deleted"),
    ([(1, 0), (6, 5)], [(1, 9)], "active"),
    ([(1, 0)], [(5, 3)], "disabled"),
    ([(5, 3)], [(2, 4)], "active"),
    ([(6, 5)], [], "deleted"),
]


@pytest.mark.parametrize(("older", "newer", "status"), LIVES)
def test_a_life_is_told_by_its_instants_not_by_the_order_of_reading(
    tmp_path: Path, older, newer, status
) -> None:
    """An older log says an account lives that a newer one saw deleted, and the other way round."""
    logs = [
        ocsf(tmp_path, "older", call(1), *(account(*one) for one in older)),
        ocsf(tmp_path, "newer", call(20), *(account(*one) for one in newer)),
    ]
    graph = in_any_order(*logs)
    (row,) = graph.frames[SERVICE_ACCOUNT].to_dict("records")
    assert row["status"] == status
    revived = status == "active" and any(activity == 6 for activity, _ in older)
    assert pd.notna(row["revived_at"]) == revived


def test_decision_records_add_up(tmp_path: Path) -> None:
    def log(name: str, *numbers: int) -> tuple[Source, Path]:
        path = tmp_path / f"{name}.jsonl"
        path.write_text(
            "".join(
                json.dumps(
                    {"id": f"d{n}", "at": f"2026-07-{n:02}T00:00:00Z", "subject": "bot",
                     "action": "read", "resource": "db", "decision": "allow"}
                ) + "\n"
                for n in numbers
            )
        )  # fmt: skip
        return DECISIONS, path

    graph = in_any_order(log("a", 1, 2), log("b", 2, 3), log("c", 9))
    assert sorted(graph.frames[DECISION_RECORD]["id"]) == ["d1", "d2", "d3", "d9"]


def estate(folder: Path, taken: str, start: str, days_used: list[str], more: str = "") -> Path:
    (folder / "nodes").mkdir(parents=True)
    (folder / "relationships").mkdir()
    (folder / "usage").mkdir()
    (folder / "estate.toml").write_text(
        f'taken_at = {taken}T00:00:00Z\nscope = "demo"\ndeclares = ["usage"]\n'
        f"usage_window_start = {start}T00:00:00Z\n"
    )
    (folder / "nodes" / "Agent.csv").write_text("id\nbot\n")
    (folder / "nodes" / "Resource.csv").write_text("id\ndb\n")
    grant = f'source_id,target_id,levels,last_used_at\nbot,db,"[""read""]",{more}\n'
    (folder / "relationships" / "CAN_ACCESS.csv").write_text(grant)
    lines = [
        {"at": f"{day}T12:00:00Z", "principal": "bot", "resource": "db", "level": "read",
         "outcome": "success"} for day in days_used
    ]  # fmt: skip
    (folder / "usage" / "log.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))
    return folder


def test_logs_of_an_estate_add_up_and_so_does_their_window(tmp_path: Path) -> None:
    november = estate(tmp_path / "n", "2026-12-01", "2026-11-01", ["2026-11-03", "2026-11-04"])
    december = estate(tmp_path / "d", "2027-01-01", "2026-12-01", ["2026-12-24"])
    store, _ = store_of((ESTATE, november), (ESTATE, december))
    graph = AccessGraph.of(store.read()[1])
    assert counts(graph) == {"bot": 3}
    assert window(graph) == ["11-01", "11-01 01-01"]
    last = pd.Timestamp(graph.grant_use[1].max(), unit="ms", tz="UTC")
    assert f"{last:%m-%d}" == "12-24"


def test_an_estate_that_lists_last_uses_itself_speaks_of_its_own_window(tmp_path: Path) -> None:
    """What was used in November stood in its list of grants, which was replaced."""
    used = '"{""read"": ""2026-12-24T00:00:00Z""}"'
    november = estate(tmp_path / "n", "2026-12-01", "2026-11-01", ["2026-11-03"])
    december = estate(tmp_path / "d", "2027-01-01", "2026-12-01", ["2026-12-24"], used)
    store, _ = store_of((ESTATE, november), (ESTATE, december))
    graph = AccessGraph.of(store.read()[1])
    assert window(graph) == ["12-01"]


# -- beside the account's own export ---------------------------------------------------------------


def test_the_key_of_a_log_is_the_key_of_the_account(tmp_path: Path) -> None:
    """list-access-keys gives the key its id; the log when it was last used, and by whom."""
    export = tmp_path / "export"
    export.mkdir()
    user = {
        "UserName": "ann", "Arn": ANN, "Path": "/", "UserId": "AIDAEXAMPLE",
        "CreateDate": "2026-01-01T00:00:00Z", "GroupList": [], "AttachedManagedPolicies": [],
    }  # fmt: skip
    (export / "account.json").write_text(
        json.dumps(details(roles=[role("bot", [trust({"Service": "x.amazonaws.com"})],
                                       allow("s3:GetObject", f"{BUCKET}/*"))])
                   | {"UserDetailList": [user]})
    )  # fmt: skip
    listed = {"UserName": "ann", "AccessKeyId": KEY, "Status": "Active",
              "CreateDate": "2026-01-02T00:00:00+00:00"}  # fmt: skip
    (export / "keys.json").write_text(json.dumps({"AccessKeyMetadata": [listed]}))
    log = trail(tmp_path, "log", [*days(1, 3, who=PERSON), *days(1, 9, who=SESSION)])
    graph = in_any_order(log, (AWS, export))
    (key,) = graph.frames[CREDENTIAL].to_dict("records")
    assert (key["id"], key["name"]) == (f"{ANN}/access_key/1", KEY)
    assert key["last_used_at"] == pd.Timestamp("2025-11-03T12:00:00Z")
    assert counts(graph) == {key["id"]: 3, ANN: 3, BOT: 9}
    assert len(graph.frames[CAN_ACCESS]) > 0
    assert len(graph.frames[AGENT]) == 0


def test_the_key_of_a_session_is_no_credential(tmp_path: Path) -> None:
    session = SESSION | {"accessKeyId": "ASIAIOSFODNN7EXAMPLE"}
    forwarded = PERSON | {"accessKeyId": "ASIAIOSFODNN7EXAMPLE"}
    events = [*days(1, 2, who=session), *days(3, 4, who=forwarded)]
    graph = in_any_order(trail(tmp_path, "log", events))
    assert len(graph.frames[CREDENTIAL]) == 0
    assert counts(graph) == {BOT: 2, ANN: 2}


def test_a_key_that_only_failed_was_not_used(tmp_path: Path) -> None:
    events = days(1, 2, who=PERSON, errorCode="AccessDenied")
    graph = in_any_order(trail(tmp_path, "log", [*events, *days(3, 3)]))
    assert len(graph.frames[CREDENTIAL]) == 0
