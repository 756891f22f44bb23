"""The published interop cases of AuthZEN, decided by the code of `decide`.

The cases come without policies; those here say what the scenarios say. The expected decisions are
the published ones.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analytics.answers.decide import decide
from analytics.engines.reading import policy_set
from tests.support.estates.small_estates import AS_OF

PEOPLE = {  # by their number in the subjects of the cases
    "0": ("rick@the-citadel.com", ["admin", "evil_genius"]),
    "1": ("morty@the-citadel.com", ["editor"]),
    "2": ("summer@the-smiths.com", ["editor"]),
    "3": ("beth@the-smiths.com", ["viewer"]),
    "4": ("jerry@the-smiths.com", ["viewer"]),
}
SUBJECT = "CiRmZD{}2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs"
LETTERS = {"0": "A", "1": "E", "2": "I", "3": "M", "4": "Q"}  # base64 of "fd0" to "fd4"
TODO = """
@id("read") permit(principal is user,
  action in [Action::"can_read_user", Action::"can_read_todos"], resource);
@id("create") permit(principal, action == Action::"can_create_todo", resource)
  when { principal.roles.containsAny(["admin", "editor"]) };
@id("update") permit(principal, action == Action::"can_update_todo", resource)
  when { principal.roles.contains("evil_genius") };
@id("delete") permit(principal, action == Action::"can_delete_todo", resource)
  when { principal.roles.contains("admin") };
@id("own") permit(principal,
  action in [Action::"can_update_todo", Action::"can_delete_todo"], resource)
  when { principal.roles.contains("editor") && resource.ownerID == principal.email };
"""
GATEWAY = """
permit(principal is identity, action == Action::"GET", resource is route);
permit(principal is identity, action, resource is route)
  when { principal.roles.containsAny(["admin", "editor"]) };
"""
RECORDS = """
permit(principal, action == Action::"view", resource)
  when { resource.viewers.contains(principal) };
permit(principal, action == Action::"edit", resource)
  when { resource.editors.contains(principal) };
permit(principal, action == Action::"delete", resource) when { resource.owner == principal };
"""
USERS = ("alice", "bob", "carol", "dan", "erin", "felix")
FILES = [f"todo/decisions-authorization-api-1_0-0{n}.json" for n in range(3)]


def people(kind: str) -> list[dict[str, Any]]:
    return [
        {
            "uid": {"type": kind, "id": name},
            "attrs": {"email": email, "roles": roles},
            "parents": [],
        }
        for number, (email, roles) in PEOPLE.items()
        for name in (email, SUBJECT.format(LETTERS[number]))
    ]


def decided(
    folder: Path, policies: str, entities: list[dict[str, Any]], asked: list[Any]
) -> list[dict[str, Any]]:
    """Return the records of the decisions about requests, in their order."""
    (folder / "set.cedar").write_text(policies)
    (folder / "entities.json").write_text(json.dumps(entities))
    (folder / "asked.json").write_text(json.dumps(asked))
    answer = decide(
        None,
        policy_set(folder / "set.cedar"),
        folder / "asked.json",
        AS_OF,
        folder / "entities.json",
        records=folder / "records.jsonl",
    )
    return answer["evaluations"]


def cases(folder: Path, name: str) -> list[dict[str, Any]]:
    document = json.loads((folder / "authzen" / name).read_text())
    return document["evaluation"] if "evaluation" in document else document["decisions"]


@pytest.mark.parametrize("name", [*FILES, "todo/decisions.json"])
def test_todo(real_data: Path, tmp_path, name):
    published = cases(real_data, name)
    records = decided(tmp_path, TODO, people("user"), [case["request"] for case in published])
    assert len(records) == len(published) == 40
    for case, record in zip(published, records, strict=True):
        assert (record["decision"] == "allow") is case["expected"], case["request"]


def test_todo_several_at_once(real_data: Path, tmp_path):
    published = json.loads((real_data / "authzen" / FILES[2]).read_text())["evaluations"]
    assert len(published) == 3
    for case in published:
        records = decided(tmp_path, TODO, people("user"), [case["request"]])
        assert [{"decision": r["decision"] == "allow"} for r in records] == case["expected"]


def test_gateway(real_data: Path, tmp_path):
    published = cases(real_data, "api-gateway/decisions.json")
    asked = [case["request"] for case in published]
    records = decided(tmp_path, GATEWAY, people("identity"), asked)
    assert len(records) == len(published) == 25
    for case, record in zip(published, records, strict=True):
        assert (record["decision"] == "allow") is case["expected"], case["request"]


def candidates(request: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what a search may find, each with the request whose decision says whether it does."""
    if "action" not in request:
        for name in ("view", "edit", "delete"):
            yield name, {**request, "action": {"name": name}}
    elif "id" not in request["resource"]:
        for number in range(101, 121):
            found = {**request["resource"], "id": str(number)}
            yield str(number), {**request, "resource": found}
    else:
        for user in USERS:
            yield user, {**request, "subject": {**request["subject"], "id": user}}


def records_of_the_scenario(folder: Path) -> list[dict[str, Any]]:
    """Return the records: each owned by the next user; who views or edits is what one file says."""
    named: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for case in cases(folder, "search/resource.json"):
        asked = case["request"]
        for result in case["expected"]["results"]:
            user = {"__entity": {"type": "user", "id": asked["subject"]["id"]}}
            named.setdefault((result["id"], asked["action"]["name"]), []).append(user)
    return [
        {
            "uid": {"type": "record", "id": str(number)},
            "attrs": {
                "owner": {"__entity": {"type": "user", "id": USERS[(number - 101) % 6]}},
                "viewers": named.get((str(number), "view"), []),
                "editors": named.get((str(number), "edit"), []),
            },
            "parents": [],
        }
        for number in range(101, 121)
    ]


@pytest.mark.parametrize(
    ("name", "count"),
    [("search/action.json", 120), ("search/subject.json", 60), ("search/resource.json", 18),
     ("idp/results.json", 6)],
)  # fmt: skip
def test_search(real_data: Path, tmp_path, name, count):
    """A search finds what would be allowed one by one."""
    document = json.loads((real_data / "authzen" / name).read_text())
    published = document.get("evaluation") or document["search"]
    assert len(published) == count
    asked = [(case, *each) for case in published for each in candidates(case["request"])]
    entities = records_of_the_scenario(real_data)
    records = decided(tmp_path, RECORDS, entities, [request for _, _, request in asked])
    for (case, found, _), record in zip(asked, records, strict=True):
        expected = {r.get("id", r.get("name")) for r in case["expected"]["results"]}
        assert (record["decision"] == "allow") is (found in expected), (case["request"], found)
