"""Cartography graphs, in the shapes that Neo4j documents for its exports, with made-up things.

Labels and properties are those of https://cartography-cncf.github.io/cartography/ (its ontology
and the schemas of its modules); JSON is as https://neo4j.com/docs/apoc/current/export/json/ and
https://neo4j.com/docs/http-api/current/actions/result-format/ describe it. No public export of a
Cartography graph was found, so none is read here.
"""

import gzip
import json

import pandas as pd
import pytest

from graph.schema import (
    AGENT,
    ASSUMES,
    AUTHENTICATES_AS,
    CALLS,
    CAN_ACCESS,
    CONTROLS,
    CREDENTIAL,
    GROUP,
    HUMAN,
    MEMBER_OF,
    RESOURCE,
    ROLE,
    RUNS_AS,
    SERVICE_ACCOUNT,
    TOOL,
    TRUSTS,
)
from ingest.job.run import ingest
from ingest.source import InputRefused, Request
from ingest.sources.aws import SOURCE as AWS
from ingest.sources.cartography import SOURCE
from tests.support.exports.aws_account import allow, details, role
from tests.support.exports.loading import TAKEN_AT, load, reached
from tests.support.exports.memory import Memory
from tests.support.hostile.canaries import leaks

ACCOUNT = "123456789012"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
AGENT_ARN = f"arn:aws:bedrock:eu-west-1:{ACCOUNT}:agent/AB12CD34EF"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/refunds"
ADA, BOT = f"arn:aws:iam::{ACCOUNT}:user/ada", f"arn:aws:iam::{ACCOUNT}:user/bot"
KEY = "AKIAIOSFODNN7EXAMPLE"
GUID = "00000001-0000-4000-8000-00000000000A"
SYNC = 1785542400  # 2026-08-01T00:00:00Z
THINGS = {
    "1": (["AWSAccount", "Tenant"], {"id": ACCOUNT, "name": "prod"}),
    "2": (["AWSBedrockAgent"], {"id": AGENT_ARN, "arn": AGENT_ARN, "agent_name": "refunds-agent",
                                "agent_status": "PREPARED", "instruction": "You give refunds.",
                                "created_at": "2026-01-02T03:04:05Z"}),
    "3": (["AWSPrincipal", "AWSRole", "PermissionRole"],
          {"id": ROLE_ARN, "arn": ROLE_ARN, "name": "refunds", "_ont_name": "refunds"}),
    "4": (["AWSPrincipal", "AWSUser", "UserAccount"],
          {"arn": ADA, "id": ADA, "name": "ada", "passwordlastused": "2026-07-01 10:00:00+00:00"}),
    "5": (["AWSPrincipal", "AWSUser", "UserAccount"],
          {"arn": BOT, "id": BOT, "name": "bot", "passwordlastused": ""}),
    "6": (["APIKey", "AWSAccountAccessKey", "AccountAccessKey"],
          {"id": KEY, "accesskeyid": KEY, "status": "Inactive", "_ont_name": KEY,
           "_ont_created_at": "2025-01-01T00:00:00Z", "lastuseddate": "N/A"}),
    "7": (["AWSS3Bucket", "ObjectStorage", "S3Bucket"],
          {"id": "invoices", "arn": "arn:aws:s3:::invoices", "name": "invoices"}),
    "8": (["EntraUser", "UserAccount"],
          {"id": GUID, "display_name": "Ann", "email": "ann@example.com", "account_enabled": False,
           "_ont_has_mfa": True}),
    "9": (["AWSTag"], {"id": "team:a", "key": "team", "value": "a"}),
    "10": (["AWSPrincipal", "AWSServicePrincipal", "ServiceAccount"],
           {"id": "bedrock.amazonaws.com", "arn": "bedrock.amazonaws.com"}),
    "11": (["AWSGroup", "AWSPrincipal", "UserGroup"],
           {"id": f"arn:aws:iam::{ACCOUNT}:group/ops", "name": "ops"}),
}  # fmt: skip
LINKS = [
    ("RESOURCE", "1", "7", {}),
    ("HAS_ROLE", "2", "3", {}),
    ("CAN_READ", "3", "7", {}),
    ("CAN_WRITE", "5", "7", {"has_condition": True, "condition_keys": ["aws:SourceIp"],
                             "conditions": '{"IpAddress": {"aws:SourceIp": "10.0.0.1"}}'}),
    ("STS_ASSUMEROLE_ALLOW", "4", "3", {}),
    ("AWS_ACCESS_KEY", "5", "6", {}),
    ("OWNED_BY", "6", "5", {}),
    ("MEMBER_AWS_GROUP", "4", "11", {}),
    ("TAGGED", "7", "9", {}),
    ("TRUSTS_AWS_PRINCIPAL", "3", "10", {}),
]  # fmt: skip


def nodes(things=None):
    """Return nodes as APOC writes them."""
    return [
        {"type": "node", "id": key, "labels": labels, "properties": said | {"lastupdated": SYNC}}
        for key, (labels, said) in (THINGS if things is None else things).items()
    ]


def rels(links=None, things=None):
    """Return relationships as APOC writes them."""
    things = THINGS if things is None else things
    return [
        {"type": "relationship", "id": str(n), "label": type_, "properties": said,
         "start": {"id": a, "labels": things.get(a, [[]])[0]},
         "end": {"id": b, "labels": things.get(b, [[]])[0]}}
        for n, (type_, a, b, said) in enumerate(LINKS if links is None else links)
    ]  # fmt: skip


def lines(parts):
    return "\n".join(map(json.dumps, parts)) + "\n"


def answer(parts):
    """Return the same graph as the HTTP API answers."""
    graph = {
        "nodes": [{k: v for k, v in p.items() if k != "type"} for p in parts if "labels" in p],
        "relationships": [
            {"id": p["id"], "type": p["label"], "startNode": p["start"]["id"],
             "endNode": p["end"]["id"], "properties": p["properties"]}
            for p in parts if "label" in p
        ],
    }  # fmt: skip
    return {"results": [{"columns": ["n"], "data": [{"graph": graph}]}], "errors": []}


WHOLE = [*nodes(), *rels()]


@pytest.fixture
def read(tmp_path):
    def reading(said, name="graph.json", **options):
        path = tmp_path / name
        path.write_text(said if isinstance(said, str) else json.dumps(said))
        return load(SOURCE, tmp_path, path, **options)

    return reading


def graph(things, *links):
    """Return a graph of other things."""
    return lines([*nodes(things), *rels(links, things)])


def test_labels_and_ids(read):
    found = read(lines(WHOLE))
    assert found.of(AGENT, "id") == [AGENT_ARN]
    assert found.of(ROLE, "id") == [ROLE_ARN]
    assert set(found.of(HUMAN, "id")) == {ADA, f"entra:{GUID.lower()}"}
    assert found.of(SERVICE_ACCOUNT, "id") == [BOT]
    assert found.of(GROUP, "name") == ["ops"]
    assert found.of(CREDENTIAL, "id") == [f"cartography:demo/AWSAccountAccessKey/{KEY}"]
    types = {r["id"]: r["type"] for r in found.rows(RESOURCE)}
    assert types == {
        ROOT: "account", "arn:aws:s3:::invoices": "AWSS3Bucket",
        "bedrock.amazonaws.com": "service"}  # fmt: skip
    assert found.reasons == []


def test_what_nodes_say(read):
    found = read(lines(WHOLE))
    agent = found.one(AGENT, name="refunds-agent")
    assert (agent["kind"], agent["platform"]) == ("ai_agent", "bedrock")
    assert agent["created_at"] == pd.Timestamp("2026-01-02T03:04:05Z")
    key = found.one(CREDENTIAL)
    assert (key["type"], key["status"], key["last_used_at"]) == ("access_key", "disabled", None)
    assert key["created_at"] == pd.Timestamp("2025-01-01", tz="UTC")
    ann = found.one(HUMAN, name="Ann")
    assert (ann["email"], ann["status"], ann["mfa"]) == ("ann@example.com", "disabled", True)
    ada = found.one(HUMAN, id=ADA)
    assert ada["last_active_at"] == pd.Timestamp("2026-07-01T10:00Z")
    assert (ada["status"], ada["mfa"]) == (None, None)
    assert found.one(RESOURCE, id=ROOT)["control_plane"]
    assert found.one(RESOURCE, name="invoices")["parent_id"] == ROOT
    frames = [frame.to_dict() for frame in found.graph.frames.values()]
    assert "You give refunds" not in str(frames)


def test_relationships(read):
    found = read(lines(WHOLE))
    assert found.links(RUNS_AS) == {("refunds-agent", "refunds")}
    assert found.links(AUTHENTICATES_AS) == {(KEY, "bot")}
    assert found.links(MEMBER_OF) == {("ada", "ops")}
    assert found.links(TRUSTS) == {("refunds", "bedrock.amazonaws.com")}
    assert found.one(TRUSTS)["workload"]
    assumed = found.one(ASSUMES)
    assert (assumed["source_id"], assumed["assumed"]) == (ADA, True)
    grants = {(r["source_id"], r["levels"], r["condition"]) for r in found.rows(CAN_ACCESS)}
    assert grants == {(ROLE_ARN, '["read"]', None), (BOT, '["write"]', "aws:SourceIp")}


def test_an_agent_reaches_what_its_role_may_read(read):
    assert reached(read(lines(WHOLE)), "refunds-agent") == {"invoices": "read"}


def test_without_the_role_it_reaches_nothing(read):
    parts = [p for p in WHOLE if p.get("label") != "HAS_ROLE"]
    assert reached(read(lines(parts)), "refunds-agent") == {}


@pytest.mark.parametrize(
    ("stated", "status"), [("Active", "active"), ("Inactive", "disabled"), ("Expired", "expired")]
)
def test_a_key_is_active_where_its_status_is(read, stated, status):
    labels, key = THINGS["6"]
    found = read(lines(nodes(THINGS | {"6": (labels, key | {"status": stated})})))
    assert found.one(CREDENTIAL)["status"] == status


def test_all_shapes_say_the_same(tmp_path):
    shapes = {
        "lines": lines(WHOLE),
        "list": WHOLE,
        "lists": {"nodes": nodes(), "rels": rels()},
        "alone": answer(WHOLE)["results"][0]["data"][0]["graph"],
        "maps": {"nodes": {n["id"]: n for n in nodes()}, "rels": {r["id"]: r for r in rels()}},
        "graph": answer(WHOLE),
        "rows": {"results": [{"data": [{"row": [part], "meta": [None]} for part in WHOLE]}],
                 "errors": []},
    }  # fmt: skip
    hashes = set()
    for name, said in shapes.items():
        path = tmp_path / f"{name}.json"
        path.write_text(said if isinstance(said, str) else json.dumps(said))
        store = Memory(str(tmp_path / name))
        ingest(store, [(SOURCE, Request((path,), "x", TAKEN_AT))])
        hashes.add(store.current().hash)
    assert len(hashes) == 1


def test_two_answers_of_a_folder_are_one_graph(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "nodes.json").write_text(json.dumps(answer(nodes())))
    (folder / "rels.json.gz").write_bytes(gzip.compress(json.dumps(answer(rels())).encode()))
    found = load(SOURCE, tmp_path, folder)
    assert found.links(RUNS_AS) == {("refunds-agent", "refunds")}
    assert found.graph.coverage[0].complete


def test_it_was_taken_when_the_last_sync_ran(read):
    older = nodes()
    older[0]["properties"]["lastupdated"] = SYNC - 86400
    found = read(lines([*older, *rels()]), taken_at=None)
    assert found.graph.coverage[0].taken_at == pd.Timestamp(SYNC, unit="s", tz="UTC")
    assert any(w.startswith("1 nodes were last seen by an earlier") for w in found.done.warnings)


def test_only_what_the_graph_could_hold_is_declared(read):
    assert read(lines(WHOLE)).graph.coverage[0].declares == (
        "credentials", "grants", "inventory", "trust")  # fmt: skip


def test_a_graph_without_permissions_declares_none(read):
    found = read(lines(nodes({"8": THINGS["8"]}) * 2))
    assert found.graph.coverage[0].declares == ("inventory",)


def test_what_means_nothing_is_counted(read):
    said = read(lines(WHOLE)).done.warnings
    assert "nodes that mean nothing here were passed over: AWSTag (1)" in said
    assert "relationships that mean nothing here were passed over: TAGGED (1)" in said


def test_a_permission_of_ones_own_is_kept_without_a_level(read):
    """The file of permissions may name others; what they let one do is not known."""
    found = read(graph({"3": THINGS["3"], "7": THINGS["7"]}, ("CAN_DANCE", "3", "7", {})))
    assert found.one(CAN_ACCESS)["levels"] == "[]"
    assert reached(found, "refunds") == {}


def test_tools_and_functions_of_an_agent(read):
    function = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:pay"
    base = f"arn:aws:bedrock:eu-west-1:{ACCOUNT}:knowledge-base/KB12345678"
    found = read(graph(
        {"2": THINGS["2"], "t": (["AIBOMComponent", "AITool"], {"id": "abc", "name": "search"}),
         "f": (["AWSLambda"], {"id": function, "name": "pay"}),
         "k": (["AWSBedrockKnowledgeBase"], {"id": base, "name": "policies"})},
        ("USES_TOOL", "2", "t", {}), ("INVOKES", "2", "f", {}),
        ("USES_KNOWLEDGE_BASE", "2", "k", {}),
    ))  # fmt: skip
    assert found.links(CALLS) == {("refunds-agent", "search")}
    assert found.of(TOOL, "id") == ["cartography:demo/AIBOMComponent/abc"]
    assert found.one(CONTROLS)["condition"] == "as far as the agent's action groups go"
    assert found.one(CAN_ACCESS)["target_id"] == base


def test_a_shell_acts_as_the_machine(read):
    machine = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-1"
    found = read(graph(
        {"4": THINGS["4"], "m": (["AWSEC2Instance", "ComputeInstance"], {"id": machine}),
         "3": THINGS["3"], "7": THINGS["7"]},
        ("CAN_START_SESSION", "4", "m", {}), ("STS_ASSUMEROLE_ALLOW", "m", "3", {}),
        ("CAN_READ", "3", "7", {}),
    ))  # fmt: skip
    assert found.links(RUNS_AS) == {(machine, "refunds")}
    assert reached(found, "ada") == {machine: "admin", "invoices": "read"}


@pytest.mark.parametrize("ends", [("8", "g"), ("g", "8")])
def test_an_owner_of_a_group_rules_it_whichever_way_it_is_drawn(read, ends):
    things = {"8": THINGS["8"], "g": (["EntraGroup", "UserGroup"], {"id": GUID[:-1] + "B"})}
    row = read(graph(things, ("OWNER_OF", *ends, {}))).one(CONTROLS)
    assert (row["source_id"], row["target_id"]) == (
        f"entra:{GUID.lower()}", f"entra:{GUID[:-1]}b".lower())  # fmt: skip


def test_owning_a_group_is_not_owning_a_person(read):
    things = {"8": THINGS["8"], "4": THINGS["4"]}
    assert read(graph(things, ("OWNER_OF", "8", "4", {}))).rows(CONTROLS) == []


def test_ids_of_github_and_kubernetes(read):
    found = read(graph({
        "o": (["GitHubOrganization", "Tenant"], {"id": "https://github.com/acme"}),
        "r": (["CodeRepository", "GitHubRepository"], {"id": "https://github.com/acme/site"}),
        "k": (["KubernetesServiceAccount", "ServiceAccount"],
              {"id": "x", "name": "default", "namespace": "web", "cluster_name": "c1"}),
        "t": (["GitHubTeam", "UserGroup"], {"id": "https://github.com/orgs/acme/teams/ops"}),
    }, ("ADMIN", "t", "r", {})))  # fmt: skip
    assert found.of(SERVICE_ACCOUNT, "id") == ["k8s:c1/web/serviceaccount/default"]
    ids = {"github:acme/organization/acme", "github:acme/repository/site"}
    assert set(found.of(RESOURCE, "id")) == ids
    assert found.one(CAN_ACCESS)["levels"] == '["admin"]'


def test_it_joins_the_export_of_the_account_in_any_order(tmp_path):
    """The role is one thing, and the agent reaches what the account's own policies allow."""
    mine, account = tmp_path / "graph.json", tmp_path / "account.json"
    mine.write_text(graph({"2": THINGS["2"], "3": THINGS["3"]}, ("HAS_ROLE", "2", "3", {})))
    policy = allow("s3:GetObject", "arn:aws:s3:::invoices/*")
    account.write_text(json.dumps(details(roles=[role("refunds", [], policy)])))
    jobs = [
        (SOURCE, Request((mine,), "demo", TAKEN_AT)),
        (AWS, Request((account,), None, TAKEN_AT)),
    ]
    hashes = set()
    for number, order in enumerate((jobs, jobs[::-1])):
        store = Memory(str(tmp_path / f"store{number}"))
        for one in order:
            ingest(store, [one])
        hashes.add(store.current().hash)
        facts = store.read()[1]
        assert facts.frames[ROLE]["id"].unique().tolist() == [ROLE_ARN]
        assert set(facts.frames[ROLE]["source"]) == {"aws", "cartography"}
    assert len(hashes) == 1


def test_a_relationship_to_a_node_that_is_not_there_makes_it_partial(read):
    parts = [p for p in WHOLE if p.get("id") != "3" or p["type"] != "node"]
    found = read(lines(parts))
    assert not found.graph.coverage[0].complete
    assert "4 relationships end at nodes that the export does not hold" in found.done.warnings


def test_an_end_that_a_relationship_describes_is_read(read):
    one = rels([("HAS_ROLE", "2", "3", {})])[0]
    one["end"]["properties"] = THINGS["3"][1]
    found = read(lines([*nodes({"2": THINGS["2"]}), one]))
    assert found.links(RUNS_AS) == {("refunds-agent", "refunds")}


@pytest.mark.parametrize("cut", [1, 7, 60])
def test_a_file_that_breaks_off_is_partial(read, cut):
    found = read(lines(WHOLE)[: -1 - cut])
    assert not found.graph.coverage[0].complete
    assert len(found.reasons) == 1


@pytest.mark.parametrize(
    "part",
    [{"labels": "AWSRole"}, {"id": True}, {"id": None}, {"properties": []}, {"labels": [1]},
     {"type": "path"}, {"properties": {"name": "x"}}],
)  # fmt: skip
def test_wrong_parts_are_set_aside(read, part):
    wrong = {"type": "node", "id": "99", "labels": ["AWSRole"], "properties": {"id": "x"}} | part
    found = read(lines([*WHOLE, wrong]))
    assert len(found.reasons) == 1
    assert not found.graph.coverage[0].complete


@pytest.mark.parametrize(
    "said",
    ["[]", "{}", "x", '{"nodes": [], "rels": []}', '{"results": [], "errors": []}',
     '{"results": [], "errors": [{"code": "Neo.ClientError.Security.Forbidden"}]}',
     json.dumps([{"type": "node", "id": "1", "labels": ["Person"], "properties": {"id": "x"}}])],
)  # fmt: skip
def test_other_files_are_refused(tmp_path, said):
    (tmp_path / "x.json").write_text(said)
    with pytest.raises(InputRefused):
        load(SOURCE, tmp_path, tmp_path / "x.json")


@pytest.mark.parametrize("value", ["yesterday", 1e40, -5])
def test_an_instant_that_is_none_is_left_out_and_counted(read, value):
    labels, said = THINGS["6"]
    found = read(lines(nodes({"6": (labels, said | {"lastuseddate": value}), "8": THINGS["8"]})))
    assert found.one(CREDENTIAL)["last_used_at"] is None
    assert any(w.startswith("1 instants could not be read") for w in found.done.warnings)


def test_an_id_that_holds_a_secret_is_set_aside_and_joins_nothing(read):
    """Redacted alike, two strangers would be one."""
    keys = {n: (["APIKey"], {"id": "AccountKey=" + n * 40 + "=="}) for n in "ab"}
    found = read(lines(nodes(keys | {"8": THINGS["8"]})))
    assert [r for _, r in found.reasons] == ["id holds something like a secret"] * 2
    assert found.rows(CREDENTIAL) == []


def test_no_secret_gets_into_rows_or_messages(tmp_path):
    document = {"nodes": nodes({k: THINGS[k] for k in "23678"}), "rels": rels(LINKS[1:4])}
    assert leaks(SOURCE, tmp_path / "all.json", document) == []
