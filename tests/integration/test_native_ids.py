"""What a source itself calls a thing finds it: by `show`, in every source."""

import json
from pathlib import Path

import pytest

from graph.identity import lookup
from graph.identity.external_ids import KINDS
from graph.schema import FACT_NODES
from graph.stores.parquet_store import ParquetStore
from ingest.sources import all_sources
from tests.integration.cli import Run
from tests.support.exports.aws_account import details, role, user
from tests.support.exports.small_exports import DOCUMENTS, ESTATE, EXPORTS, Export, write
from tests.support.exports.small_inventories import INVENTORIES

UID = "3f2c9a1e-7b4d-4c55-9d0e-1a2b3c4d5e6f"
GUID = "0000000{}-0000-4000-8000-000000000000"
AWS = "arn:aws:iam::123456789012:"


def _json(document: object) -> bytes:
    return json.dumps(document).encode()


def _of(name: str) -> Export:
    return {"export.json": _json(DOCUMENTS[name][1])}


ANN, TEAM = {"login": "Ann", "id": 583231, "node_id": "MDQ6VXNlcjU4MzIzMQ=="}, {
    "slug": "pay", "name": "Payments", "id": 7, "node_id": "T_kwDOAA",
    "html_url": "https://github.com/orgs/acme/teams/pay"}  # fmt: skip
GITHUB = {
    "acme/org.json": _json({"login": "acme", "id": 9, "node_id": "O_kgDOBB"}),
    "acme/repos.json": _json([{"name": "app", "full_name": "acme/app", "id": 1296269,
                               "node_id": "MDEwOlJlcG9zaXRvcnkxMjk2MjY5", "private": True}]),
    "acme/members.json": _json([ANN]), "acme/teams.json": _json([TEAM]),
    "acme/repos/app/keys.json": INVENTORIES["github"][0]["acme/repos/app/keys.json"],
    "acme/installations.json": INVENTORIES["github"][0]["acme/installations.json"],
}  # fmt: skip
CLUSTER = {"all.json": _json({"kind": "List", "items": [
    {"kind": "ServiceAccount", "apiVersion": "v1",
     "metadata": {"name": "bot", "namespace": "shop", "uid": UID}},
    {"kind": "Role", "apiVersion": "rbac.authorization.k8s.io/v1", "rules": [],
     "metadata": {"name": "reader", "namespace": "shop", "uid": UID.replace("3", "4")}},
    {"kind": "Pod", "apiVersion": "v1", "spec": {"serviceAccountName": "bot"},
     "metadata": {"name": "web-1", "namespace": "shop", "uid": UID.replace("3", "5")}},
]})}  # fmt: skip
LISTS = "https://graph.microsoft.com/v1.0/$metadata#"
TENANT = {"sp.json": _json({"@odata.context": LISTS + "servicePrincipals", "value": [
    {"id": GUID.format(3), "appId": GUID.format(4), "displayName": "Vendor's",
     "appOwnerOrganizationId": GUID.format(9), "passwordCredentials": [
        {"keyId": GUID.format(5), "displayName": "k"}]}]}),
    "users.json": _json({"@odata.context": LISTS + "users", "value": [
        {"id": GUID.format(6), "displayName": "Bo", "mail": "bo.chen@acme.test",
         "userPrincipalName": "bo_ext@acme.test"}]})}  # fmt: skip
REGISTRY = {"servers.json": _json({"servers": [{
    "server": {"name": "com.acme/weather", "version": "1", "packages": [{"identifier": "w"}]},
    "_meta": {"io.modelcontextprotocol.registry/official": {"serverId": UID}}}]})}  # fmt: skip
PEOPLE = {"users.json": _json({
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 1,
    "Resources": [{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": "u-2",
                   "userName": "alee", "externalId": "x-77", "displayName": "Ann Lee"}],
})}  # fmt: skip
CATALOG = {"catalog-info.yaml": EXPORTS["backstage"][0]["catalog-info.yaml"].replace(
    b'name: "payments"', b'name: "payments"\n  uid: ' + UID.encode())}  # fmt: skip
BOTS = "arn:aws:bedrock-agentcore:eu-west-1:123456789012:runtime/helper-a1b2c3d4e5"
# By source: an export, and ids as they stand in it with those of the things that they name.
NATIVE: dict[str, tuple[Export, dict[str, str]]] = {
    "a2a": (_of("a2a"), {"https://h/x": "a2a:https://h/x", "i": "a2a:https://h/x/skill/i"}),
    "agent_bom": (EXPORTS["agent_bom"][0], {
        "agent:desktop": "agent_bom:acme/agent/agent:desktop",
        "server:db": "agent_bom:acme/server/server:db",
        "credential:DB_PASSWORD": "agent_bom:acme/credential/credential:DB_PASSWORD"}),
    "aws": ({"details.json": _json(details(
        users=[user("ann", UserId="AIDAIOSFODNN7EXAMPLE")],
        roles=[role("r", [], RoleId="AROAIOSFODNN7EXAMPLE")]))}, {
        "AIDAIOSFODNN7EXAMPLE": f"{AWS}user/ann", "AROAIOSFODNN7EXAMPLE": f"{AWS}role/r",
        f"{AWS}role/r": f"{AWS}role/r"}),
    "backstage": (CATALOG, {
        "component:default/payments": "backstage:acme/component/default/payments",
        "group:default/team-pay": "backstage:acme/group/default/team-pay",
        UID: "backstage:acme/component/default/payments"}),
    "bedrock": (EXPORTS["bedrock"][0], {
        "AB12CD34EF": "arn:aws:bedrock:eu-west-1:123456789012:agent/AB12CD34EF",
        "helper-a1b2c3d4e5": BOTS}),
    "cartography": (_of("cartography"), {
        "AB12CD34EF": "arn:aws:bedrock:eu-west-1:123456789012:agent/AB12CD34EF",
        GUID.format(1): f"entra:{GUID.format(1)}", "b": "arn:aws:s3:::b",
        "k": "cartography:acme/APIKey/k"}),
    "cloudtrail": (EXPORTS["cloudtrail"][0], {
        "AKIAIOSFODNN7EXAMPLE": "aws:access_key/AKIAIOSFODNN7EXAMPLE",
        f"{AWS}user/ann": f"{AWS}user/ann", "invoices": "arn:aws:s3:::invoices"}),
    "codeowners": ({".github/CODEOWNERS": EXPORTS["codeowners"][0][".github/CODEOWNERS"]}, {
        "acme/pay-team": "codeowners:acme/team/acme/pay-team",
        "bo@acme.test": "codeowners:acme/human/bo@acme.test"}),
    "csv": (EXPORTS["csv"][0], {"svc-pay": "csv:acme/serviceaccount/svc-pay"}),
    "entra": (TENANT, {
        GUID.format(3): f"entra:{GUID.format(3)}", GUID.format(4): f"entra:{GUID.format(3)}",
        GUID.format(5): f"entra:{GUID.format(3)}/key/{GUID.format(5)}",
        "bo_ext@acme.test": f"entra:{GUID.format(6)}"}),
    "estate": (ESTATE, {"bot": "bot", "db": "db"}),
    "github": (GITHUB, {
        "583231": "github:user/ann", "MDQ6VXNlcjU4MzIzMQ==": "github:user/ann",
        "MDEwOlJlcG9zaXRvcnkxMjk2MjY5": "github:acme/repository/app",
        "O_kgDOBB": "github:acme/organization/acme", "T_kwDOAA": "github:acme/team/pay",
        "25": "github:acme/installation/25", "github_app:1": "github:app/renovate"}),
    "hr": (PEOPLE, {"u-2": "hr:acme/person/u-2", "alee": "hr:acme/person/u-2",
                    "x-77": "hr:acme/person/u-2"}),
    "kubernetes": (CLUSTER, {
        UID: "k8s:acme/shop/serviceaccount/bot",
        UID.replace("3", "4"): "k8s:acme/shop/role/reader",
        UID.replace("3", "5"): "k8s:acme/shop/pod/web-1",
        "shop/serviceaccount/bot": "k8s:acme/shop/serviceaccount/bot"}),
    "mcp_config": (_of("mcp_config"), {"export.json": "mcp_config:acme/agent/export.json"}),
    "mcp_registry": (REGISTRY, {"com.acme/weather": "mcp:com.acme/weather",
                                UID: "mcp:com.acme/weather"}),
    "ocsf": (INVENTORIES["ocsf"][0], {"ag-7": "ocsf:acme/agent/ag-7",
                                      "u-2": "ocsf:acme/user/u-2"}),
    "opengraph": (_of("opengraph"), {"a": "opengraph:a"}),
}  # fmt: skip
NO_THINGS = {"decisions"}  # records name things that others state
PAIRS = [
    pytest.param(source, native, id_, id=f"{source}-{native}")
    for source, (_, ids) in NATIVE.items()
    for native, id_ in ids.items()
]


def load(source: str, cli: Run, folder: Path) -> None:
    where = write(NATIVE[source][0], folder / "export")
    where = folder / "export" if where.is_dir() else where
    said = cli("ingest", source, where, "--scope", "acme", "--taken-at", "2026-08-01T00:00:00Z",
               "--store", folder / "store", "--json")  # fmt: skip
    assert said.code == 0, said


def test_every_source_is_tried() -> None:
    assert {*NATIVE, *NO_THINGS} == {*all_sources()}


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Keep the store of each source, made when it is first asked for."""
    return {source: tmp_path_factory.mktemp(source) for source in NATIVE}


@pytest.fixture
def store_of(stores: dict[str, Path], cli: Run):
    def opened(source: str) -> Path:
        if not (stores[source] / "store").exists():
            load(source, cli, stores[source])
        return stores[source] / "store"

    return opened


@pytest.mark.parametrize(("source", "native", "id_"), PAIRS)
def test_what_a_source_calls_a_thing_shows_it(source, native, id_, store_of, cli) -> None:
    said = cli("show", native, "--store", store_of(source), "--json")
    assert said.code == 0, said
    assert said.result["id"] == id_


@pytest.mark.parametrize("source", NATIVE)
def test_every_id_that_is_kept_of_another_system_shows_its_thing(source, store_of, cli) -> None:
    """An id of several things is refused with all of them."""
    store = store_of(source)
    frames = ParquetStore(store).read()[1].frames
    for label in FACT_NODES:
        for row in frames[label].dropna(subset="external_ids").to_dict("records"):
            for known in json.loads(row["external_ids"]):
                said = cli("show", known.partition(":")[2], "--store", store, "--json")
                if said.code:
                    assert row["id"] in said.refused(2)["message"]
                else:
                    assert said.result["id"] == row["id"]


def test_an_id_of_two_things_is_told_as_ambiguous(cli: Run, tmp_path: Path) -> None:
    """GitHub numbers each sort of thing apart: repository 7 and team 7 are two."""
    export = GITHUB | {
        "acme/repos.json": _json([{"name": "app", "full_name": "acme/app", "id": 7}])
    }
    write(export, tmp_path / "export")
    cli("ingest", "github", tmp_path / "export", "--store", tmp_path / "store", "--json")
    error = cli("show", "7", "--store", tmp_path / "store", "--json").refused(2)
    assert error["code"] == "ambiguous-thing"
    assert "github:acme/repository/app" in error["message"]
    assert "github:acme/team/pay" in error["message"]
    named = cli("show", "github_id:7", "--store", tmp_path / "store", "--json").refused(2)
    assert named["code"] == "ambiguous-thing"


def test_a_part_of_a_step_is_no_alias(store_of, cli) -> None:
    error = cli("show", "yments", "--store", store_of("backstage"), "--json").refused(2)
    assert error["code"] == "unknown-thing"


def test_without_the_end_of_its_id_a_thing_would_not_be_found(store_of, cli, monkeypatch) -> None:
    """The twin."""
    monkeypatch.setattr(lookup, "_native", lambda *_: [])
    error = cli("show", "ag-7", "--store", store_of("ocsf"), "--json").refused(2)
    assert error["code"] == "unknown-thing"


def test_such_ids_make_nothing_one() -> None:
    """Two systems may number their things alike."""
    kinds = {"github_id", "github_node", "github_app", "kubernetes_uid", "backstage_uid"}
    kinds |= {"application", "sign_in", "registry", "scim"}
    assert not kinds & {*KINDS}
