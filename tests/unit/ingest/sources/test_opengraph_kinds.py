"""Kinds of node and edge that newer versions and extensions of BloodHound define."""

import pytest

from graph.schema import RESOURCE
from ingest.sources.opengraph import SOURCE
from tests.support.exports.loading import reached, reader


def node(kind, name):
    return {"id": name, "kinds": [kind], "properties": {"name": name}}


def graph(nodes, edges=()):
    ends = [
        {"kind": kind, "start": {"value": start}, "end": {"value": end}}
        for start, kind, end in edges
    ]
    return {"graph": {"nodes": nodes, "edges": ends}}


@pytest.fixture
def read(tmp_path):
    return reader(SOURCE, tmp_path)


@pytest.mark.parametrize(
    "kind",
    [
        "ClaimSpecialIdentity",
        "ContainsIdentity",
        "PropagatesACEsTo",
        "GPOAppliesTo",
        "CanApplyGPO",
        "HasTrustKeys",
        "ManageCA",
        "ManageCertificates",
        "CanBackup",
    ],
)
def test_kinds_of_newer_versions_of_bloodhound_are_steps(read, kind):
    """Pathfinding relationships of https://github.com/SpecterOps/BloodHound, packages/cue/bh/ad."""
    nodes = [node("Group", "all"), node("Domain", "corp")]
    loaded = read(graph(nodes, [("all", kind, "corp")]))
    assert reached(loaded, "all") == {"corp": "admin"}


def test_the_organisation_of_a_collector_is_a_control_plane(read):
    """By BloodHound's own extensions, and by the environments that the schema of another names.

    https://bloodhound.specterops.io/opengraph/developer/extension-definition-schema
    """
    kinds = ("Okta_Organization", "GH_Organization", "Acme_Realm", "Acme_Vault")
    payload = graph([node(kind, kind) for kind in kinds])
    assert read(payload).one(RESOURCE, name="Acme_Realm")["control_plane"] is None
    environment = {"environment_kind": "Acme_Realm", "source_kind": "A", "principal_kinds": []}
    schema = {"relationship_kinds": [], "environments": [environment]}
    found = {r["name"]: r["control_plane"] for r in read(payload, schema).rows(RESOURCE)}
    assert found == {**dict.fromkeys(kinds[:3], True), "Acme_Vault": None}


def test_a_federated_credential_leads_from_whom_it_trusts_to_its_application(read):
    """A node of its own since BloodHound 8.9, between a repository of GitHub and an application.

    https://bloodhound.specterops.io/resources/edges
    """
    kinds = {
        "dev": "GH_User", "app": "GH_Repository", "trust": "AZFederatedIdentityCredential",
        "client": "AZApp", "principal": "AZServicePrincipal", "vm": "AZVM",
    }  # fmt: skip
    steps = [
        ("dev", "GH_WriteRepoContents", "app"), ("app", "GH_CanAssumeIdentity", "trust"),
        ("trust", "AZAuthenticatesTo", "client"), ("client", "AZRunsAs", "principal"),
        ("principal", "AZOwner", "vm"),
    ]  # fmt: skip
    payload = graph([node(kind, name) for name, kind in kinds.items()], steps)
    for edge in payload["graph"]["edges"][:2]:
        edge["properties"] = {"traversable": True}
    loaded = read(payload)
    assert reached(loaded, "dev") == {"app": "admin", "vm": "admin"}
    posture = loaded.posture
    judged = {posture.graph.thing(int(n))["name"] for n in posture.accountable}
    assert judged == {"client", "principal"}
