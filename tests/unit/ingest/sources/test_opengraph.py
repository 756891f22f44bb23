"""BloodHound OpenGraph, by its published schema.

https://bloodhound.specterops.io/opengraph/developer/nodes and /edges, and
/extension-definition-schema for what is walked.
"""

import json
import stat
import zipfile

import pandas as pd
import pytest

from graph.exports import opengraph as export
from graph.schema import (
    ASSUMES,
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
)
from ingest.source import InputRefused
from ingest.sources.opengraph import SOURCE
from tests.support.estates.small_estates import Estate
from tests.support.exports.loading import load, reached
from tests.support.hostile.canaries import leaks

GUID = "0B02B00D-267C-4CC3-A641-C9EA5F7353E1"


def node(id_, *kinds, **properties):
    return {"id": id_, "kinds": list(kinds), "properties": properties}


def edge(start, kind, end, **more):
    ends = {
        name: value if isinstance(value, dict) else {"match_by": "id", "value": value}
        for name, value in (("start", start), ("end", end))
    }
    return {"kind": kind, **ends, **more}


def graph(nodes=(), edges=(), **metadata):
    return {"metadata": metadata, "graph": {"nodes": list(nodes), "edges": list(edges)}}


def written(folder, document, name="graph.json"):
    path = folder / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


@pytest.fixture
def read(tmp_path):
    """Read nodes and edges, or whole documents."""

    def reading(*documents, **options):
        for n, document in enumerate(documents):
            written(tmp_path / "in", document, f"{n}.json")
        return load(SOURCE, tmp_path / "s", tmp_path / "in", **options)

    return reading


@pytest.fixture(scope="module")
def sample(real_data, tmp_path_factory):
    path = real_data / "opengraph" / "AuthenticationPolicyData_Sample.json"
    return load(SOURCE, tmp_path_factory.mktemp("og"), path)


def test_sample_has_its_nodes_stubs_and_distinct_edges(sample):
    """Counted in the file: 118 nodes, 6 more ends, 823 edges of which 706 are distinct."""
    assert len(sample.graph.ids) == 118 + 6
    assert len(sample.rows(CAN_ACCESS)) == 706
    assert sample.reasons == []
    said = " ".join(sample.done.warnings)
    assert "117 edges are listed more than once" in said
    assert "6 ends of edges are not among the nodes" in said
    assert "AZRegisterPasskey (351)" in said


def test_sample_stubs_have_the_kind_of_their_end(sample):
    counts = {
        label.name: len(sample.rows(label)) for label in (HUMAN, ROLE, GROUP, SERVICE_ACCOUNT)
    }
    assert counts == {"Human": 117, "Role": 3, "Group": 1, "ServiceAccount": 1}
    tenant = "entra:996af01c-adef-43b6-af73-7ae92866441e"
    assert sample.one(RESOURCE, id=tenant)["control_plane"] is True


def test_minimal_example_of_the_vendor_is_read(real_data, tmp_path):
    """Two persons; the schemas beside them are no graphs and are passed over."""
    loaded = load(SOURCE, tmp_path, real_data / "opengraph" / "opengraph-minimal.json")
    assert set(loaded.of(HUMAN, "name")) == {"BOB", "ALICE"}
    assert loaded.links(CAN_ACCESS) == {("BOB", "ALICE")}


def test_an_edge_that_nothing_declares_traversable_is_kept_and_not_walked(read):
    """An unknown kind keeps its name; only the extension schema makes it a step."""
    nodes = [node("a", "Okta_User", name="ann"), node("b", "Okta_ApiToken", name="key")]
    payload = graph(
        [*nodes, node("v", "Vault")], [edge("a", "Okta_X", "b"), edge("b", "Opens", "v")]
    )
    plain = read(payload)
    rows = plain.rows(CAN_ACCESS)
    assert {(r["role_name"], r["actions"], r["levels"]) for r in rows} == {
        ("Okta_X", '["Okta_X"]', "[]"),
        ("Opens", '["Opens"]', "[]"),
    }
    assert reached(plain, "ann") == {}


def test_the_extension_schema_makes_its_kinds_steps(read):
    nodes = [node("a", "Okta_User", name="ann"), node("b", "Okta_ApiToken", name="key")]
    payload = graph(
        [*nodes, node("v", "Vault")], [edge("a", "Okta_X", "b"), edge("b", "Opens", "v")]
    )
    kinds = [{"name": "Okta_X", "is_traversable": True}, {"name": "Opens", "is_traversable": True}]
    loaded = read(payload, {"schema": {"name": "x"}, "relationship_kinds": kinds})
    assert loaded.one(CONTROLS, rule="Okta_X")["target_id"] == "opengraph:b"
    assert reached(loaded, "ann") == {"opengraph:v": "admin"}
    assert not any("not walked" in w for w in loaded.done.warnings)


def test_a_collector_may_say_on_an_edge_whether_it_is_walked(read):
    """As GitHound writes it. Twins: no word, and a schema that says otherwise."""
    nodes = [node("u", "GH_User", login="ann", name="ann"), node("t", "GH_Team"), node("r", "GH_X")]
    nodes.append(node("o", "GH_OrgRole"))
    said = {"properties": {"traversable": True}}
    edges = [
        edge("u", "GH_MemberOf", "t", **said),
        edge("u", "GH_HasRole", "o", **said),
        edge("u", "GH_Owns", "r", **said),
        edge("u", "GH_Reads", "r", properties={"traversable": False}),
        edge("u", "GH_Sees", "r"),
    ]
    loaded = read(graph(nodes, edges))
    assert len(loaded.rows(MEMBER_OF)) == len(loaded.rows(ASSUMES)) == 1
    grants = {r["role_name"]: r["levels"] for r in loaded.rows(CAN_ACCESS)}
    assert grants == {"GH_Owns": '["admin"]', "GH_Reads": "[]", "GH_Sees": "[]"}
    assert loaded.one(HUMAN, name="ann")["external_ids"] == '["github:ann","opengraph:u"]'
    schema = {"relationship_kinds": [{"name": "GH_MemberOf", "is_traversable": False}]}
    assert read(graph(nodes, edges), schema).rows(MEMBER_OF) == []


def test_ids_are_one_in_any_case_and_may_be_matched_as_a_property(read):
    """As BloodHound takes them, which writes them in capitals. Twin: the product's own do not."""
    nodes = [node("S-1-5-21-7", "User"), node("okta-ab", "Okta_Group")]
    by_property = {
        "match_by": "property",
        "property_matchers": [{"key": "objectid", "operator": "equals", "value": "OKTA-AB"}],
    }
    loaded = read(graph(nodes, [edge("s-1-5-21-7", "MemberOf", by_property)]))
    assert sorted(loaded.graph.ids.to_pylist()) == ["opengraph:S-1-5-21-7", "opengraph:okta-ab"]
    own = graph([node("a", "Human"), node("A", "Human")], source_kind="TrustDebt")
    assert len(read(own).rows(HUMAN)) == 2


@pytest.mark.parametrize(
    ("kind", "facts", "label", "status"),
    [
        ("Okta_User", {"status": "DEPROVISIONED"}, HUMAN, "disabled"),
        ("Okta_User", {"status": "ACTIVE"}, HUMAN, None),
        ("jamf_DisabledAccount", {}, HUMAN, "disabled"),
        ("jamf_DisabledApiClient", {}, SERVICE_ACCOUNT, "disabled"),
        ("OP_Login", {}, CREDENTIAL, None),
        ("OP_SshKey", {}, CREDENTIAL, None),
        ("MSSQL_Login", {}, SERVICE_ACCOUNT, None),
    ],
)
def test_kinds_of_known_collectors(read, kind, facts, label, status):
    (row,) = read(graph([node("x", kind, **facts)])).rows(label)
    assert row["status"] == status


def test_a_schema_can_say_that_a_known_kind_is_not_walked(read):
    payload = graph([node("a", "User"), node("b", "User")], [edge("a", "GenericAll", "b")])
    assert read(payload).links(CONTROLS) == {("opengraph:a", "opengraph:b")}
    schema = {"relationship_kinds": [{"name": "GenericAll", "is_traversable": False}]}
    assert read(payload, schema).links(CONTROLS) == set()


def test_known_kinds_are_what_they_are_here(read):
    """Ann is in a group that has a role and contributes to a machine, which runs as an identity."""
    nodes = [
        node("ann", "AZUser", name="ann"), node("g", "AZGroup", name="g"),
        node("r", "AZRole", name="r"), node("vm", "AZVM", name="vm"),
        node("sp", "AZServicePrincipal", name="sp"), node("kv", "AZKeyVault", name="kv"),
        node("rg", "AZResourceGroup", name="rg"), node("q", "AZRole", name="q"),
    ]  # fmt: skip
    edges = [
        edge("ann", "AZMemberOf", "g"), edge("g", "AZHasRole", "r"),
        edge("r", "AZContributor", "rg"), edge("rg", "AZContains", "vm"),
        edge("vm", "AZManagedIdentity", "sp"), edge("sp", "AZGetSecrets", "kv"),
        edge("ann", "AZRoleEligible", "q"), edge("ann", "AZMGGroup_ReadWrite_All", "rg"),
    ]  # fmt: skip
    loaded = read(graph(nodes, edges))
    assert loaded.links(MEMBER_OF) == {("ann", "g")}
    assert loaded.links(RUNS_AS) == {("vm", "sp")}
    assert {(r["target_id"], r["eligible"]) for r in loaded.rows(ASSUMES)} == {
        ("opengraph:r", None),
        ("opengraph:q", True),
    }
    assert reached(loaded, "ann") == {"rg": "admin", "vm": "admin", "kv": "read"}
    assert "AZMGGroup_ReadWrite_All (1)" in " ".join(loaded.done.warnings)


def test_ids_are_those_of_the_system_where_the_kind_tells_it(read):
    """The same object is one thing, whichever collector and file names it."""
    nodes = [
        node(GUID, "AZUser"), node("S-1-5-21-1-2-3-500", "User"),
        node("arn:aws:iam::1:role/x", "AWSRole"), node("/subscriptions/S/vm", "AZVM"),
    ]  # fmt: skip
    assert set(read(graph(nodes)).graph.ids.to_pylist()) == {
        f"entra:{GUID.lower()}",
        "opengraph:S-1-5-21-1-2-3-500",
        "arn:aws:iam::1:role/x",
        "azure:/subscriptions/s/vm",
    }


def test_ends_are_matched_by_name_and_by_properties(read):
    nodes = [
        node("1", "User", name="ALICE@X", team="red", level=1),
        node("2", "User", name="BOB@X", team="red", level=2),
        node("3", "Server", name="alice@x"),
    ]
    red = [{"key": "team", "operator": "equals", "value": "red"}]
    second = {"key": "level", "operator": "equals", "value": 2}
    edges = [
        edge({"match_by": "name", "value": "alice@x", "kind": "User"}, "A", "3"),
        edge({"match_by": "property", "property_matchers": [*red, second]}, "B", "3"),
        edge({"match_by": "property", "property_matchers": red}, "C", "3"),
        edge({"match_by": "name", "value": "nobody", "kind": "Group"}, "D", "3"),
        edge({"value": "1"}, "E", "3"),
    ]
    loaded = read(graph(nodes, edges))
    got = {(r["role_name"], r["source_id"]) for r in loaded.rows(CAN_ACCESS)}
    assert got == {
        ("A", "opengraph:1"),
        ("B", "opengraph:2"),
        ("D", "opengraph:matched:Group:nobody"),
        ("E", "opengraph:1"),
    }
    assert loaded.one(GROUP, name="nobody")
    assert loaded.reasons == [("/graph/edges/2/start", "several nodes match this end")]


def test_what_nodes_say_of_themselves_is_kept(read):
    ann = node("a", "User", "Base", displayname="Ann", email="ann@x.org", enabled=False,
               whencreated=1577836800, lastlogontimestamp=-1)  # fmt: skip
    bot = node("b", "GH_AppInstallation", Name="bot", created_at="2024-05-01T00:00:00Z")
    loaded = read(graph([ann, bot, node("c", "Weird", when="soon"), node("d")]))
    human = loaded.one(HUMAN, name="Ann")
    assert (human["email"], human["status"]) == ("ann@x.org", "disabled")
    assert human["created_at"] == pd.Timestamp("2020-01-01", tz="UTC")
    assert human["last_used_at"] is None
    account = loaded.one(SERVICE_ACCOUNT, name="bot")
    assert account["created_at"] == pd.Timestamp("2024-05-01", tz="UTC")
    assert account["tags"] == '["GH_AppInstallation"]'
    assert loaded.one(RESOURCE, id="opengraph:c")["type"] == "Weird"
    assert loaded.one(RESOURCE, id="opengraph:d")["type"] is None


def test_two_words_for_one_node_are_joined_and_told(read):
    first = graph([node("a", "User", name="Ann")])
    second = graph([node("a", "Base", name="Anne", email="a@x")])
    loaded = read(first, second)
    assert (loaded.one(HUMAN)["name"], loaded.one(HUMAN)["email"]) == ("Ann", "a@x")
    assert "some nodes are described twice and differently" in " ".join(loaded.done.warnings)


@pytest.mark.parametrize(
    ("nodes", "edges", "place", "reason"),
    [
        ([{"id": 1, "kinds": []}], [], "/graph/nodes/0", "a node must have an id that is text"),
        (["x"], [], "/graph/nodes/0", "a node must have an id that is text"),
        ([{"id": "x"}], [], "/graph/nodes/0", "the kinds of a node must be a list of texts"),
        ([{"id": "x", "kinds": [1]}], [], "/graph/nodes/0", "the kinds of a node must be a list"),
        ([], [edge("a", "has space", "b")], "/graph/edges/0", "the kind of an edge must be"),
        ([], [{"kind": "A", "start": {"value": "x"}}], "/graph/edges/0/end", "must have a start"),
        ([], [edge({"match_by": "sid", "value": "x"}, "A", "b")], "/graph/edges/0/start", "an end"),
        ([], [edge({"match_by": "property"}, "A", "b")], "/graph/edges/0/start", "property"),
    ],
)
def test_what_breaks_the_schema_is_set_aside_and_the_rest_stays(read, nodes, edges, place, reason):
    loaded = read(graph([*nodes, node("ok", "User", name="ok")], edges))
    ((where, why),) = loaded.reasons
    assert (where, reason in why) == (place, True)
    assert loaded.one(HUMAN, name="ok")


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("{}", "is JSON, and no OpenGraph"),
        ("[]", "is JSON, and no OpenGraph"),
        ('{"graph": {"nodes": {}}}', "is JSON, and no OpenGraph"),
        ('{"data": [], "meta": {"type": "users"}}', "a collection of SharpHound or AzureHound"),
        ('{"graph": {"nodes": [{"id": "a", "id": "b"}]}}', "a key is repeated"),
        ('{"graph": {"nodes": [', "the JSON text ends too early"),
        ('{"a": ' * 120, "is nested more than 100 deep"),
    ],
)
def test_what_is_no_opengraph_is_refused(tmp_path, document, reason):
    with pytest.raises(InputRefused, match=reason):
        load(SOURCE, tmp_path / "s", written(tmp_path, document))


def test_an_empty_graph_is_read(read):
    assert (
        len(read('\ufeff{"graph": {"nodes": [], "edges": []}}', graph([node("a")])).graph.ids) == 1
    )


# -- archives --------------------------------------------------------------------------------------


def zipped(path, members, **options):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def test_an_archive_is_read_like_a_folder(tmp_path):
    documents = [("a/1.json", json.dumps(graph([node("a", "User", name="ann")]))), ("x.txt", "x"),
                 ("2.json", json.dumps(graph([], [edge("a", "GenericAll", "b")])))]  # fmt: skip
    loaded = load(SOURCE, tmp_path / "s", zipped(tmp_path / "all.zip", documents))
    assert loaded.of(HUMAN, "name") == ["ann"]
    assert "1 ends of edges" in " ".join(loaded.done.warnings)


def link(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ([("../evil.json", "{}")], "names a file outside the archive"),
        ([("/etc/evil.json", "{}")], "names a file outside the archive"),
        ([("a\\..\\..\\evil.json", "{}")], "names a file outside the archive"),
        ([("C:/evil.json", "{}")], "names a file outside the archive"),
        ([(link("a.json"), "/etc/passwd")], "is a link"),
        ([("in.zip", b"PK\x03\x04rest")], "is an archive within the archive"),
        ([("a.json.gz", b"\x1f\x8brest")], "is an archive within the archive"),
        ([("bomb.json", b" " * (40 << 20))], "expands to more than 16 MiB"),
        ([(f"{n}.json", "{}") for n in range(10_001)], "holds more than 10000 files"),
        ([("a.txt", "x")], "nothing in it is an OpenGraph"),
    ],
)
def test_a_hostile_archive_is_refused(tmp_path, members, reason):
    with pytest.raises(InputRefused, match=reason):
        load(SOURCE, tmp_path / "s", zipped(tmp_path / "all.zip", members))


@pytest.mark.parametrize("cut", [6, 60, -10])
def test_a_cut_archive_is_refused(tmp_path, cut):
    path = zipped(tmp_path / "all.zip", [("a.json", json.dumps(graph([node("a", "User")])))])
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(InputRefused, match="is not a ZIP archive that can be read"):
        load(SOURCE, tmp_path / "s", path)


# -- the product's own export, and secrets ---------------------------------------------------------


def test_the_own_export_comes_back_as_it_was(tmp_path):
    estate = Estate().person("ann", email="ann@x.org").agent("bot", aars="3.5").account("svc")
    estate.resource("ledger", "restricted").thing("Credential", "key", type="api_key")
    estate.owned("bot", "ann").link("bot", "USES", "key").link("key", "AUTHENTICATES_AS", "svc")
    estate.can("svc", "read write", "ledger", grant_id="g1", last_used_at={"read": "2026-01-01"})
    estate.can("svc", "admin", "ledger", grant_id="g2", condition="IpAddress")
    estate.link("bot", "SPAWNS", "bot", valid_from="2026-01-01T00:00:00Z")
    before = estate.posture().graph
    export.write(before, tmp_path / "own.json")
    after = load(SOURCE, tmp_path / "s", tmp_path / "own.json").graph
    hidden = ["source", "scope", "first_seen", "last_seen"]
    for element, frame in before.frames.items():
        same = after.frames[element]
        left = frame.drop(columns=hidden, errors="ignore").sort_values("id", ignore_index=True)
        right = same.drop(columns=hidden, errors="ignore").sort_values("id", ignore_index=True)
        pd.testing.assert_frame_equal(left, right)


def test_no_secret_gets_out_wherever_it_stands(tmp_path):
    ends = {"match_by": "property",
            "property_matchers": [{"key": "k", "operator": "equals", "value": "v"}]}  # fmt: skip
    document = graph(
        [node("a", "User", name="ann", email="a@x", secret="v"), node("b", "Weird", x=["y"])],
        [edge("a", "Knows", "b", properties={"p": "q"}), edge(ends, "GenericAll", "c")],
        source_kind="Base",
    )
    assert leaks(SOURCE, tmp_path / "graph.json", document) == []


def test_a_user_of_github_goes_by_login_and_by_what_the_collector_calls_it(tmp_path):
    """The id of a user is one over organisations and sources; the node id stays an alias."""
    nodes = [
        {"id": "MDQ6VXNlcjE=", "kinds": ["GH_User", "GH_Base"], "properties": {"login": "Ann-Lee"}},
        {"id": "MDQ6VXNlcjI=", "kinds": ["GH_Team", "GH_Base"], "properties": {"name": "ops"}},
    ]
    path = tmp_path / "graph.json"
    path.write_text(json.dumps({"graph": {"nodes": nodes, "edges": []}}))
    loaded = load(SOURCE, tmp_path / "s", path)
    graph = loaded.graph
    names = {said: graph.thing(graph.find(said))["id"] for said in ("MDQ6VXNlcjE=", "Ann-Lee")}
    assert set(names.values()) == {"github:user/ann-lee"}
    assert graph.thing(graph.find("MDQ6VXNlcjI="))["id"] == "opengraph:MDQ6VXNlcjI="
