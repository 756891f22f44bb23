"""Identities that agent-bom discovered in Okta and Entra ID.

By `graph/nhi_overlay.py`, `identity/okta_nhi.py` and `identity/entra_nhi.py` of
https://github.com/msaad00/agent-bom.
"""

import json

import pandas as pd
import pytest

from graph.schema import CREDENTIAL, OWNS, SERVICE_ACCOUNT
from ingest.sources.agent_bom import SOURCE
from tests.support.exports.loading import load

OBJECT, OWNER = "0000000A-0000-4000-8000-000000000001", "0000000b-0000-4000-8000-000000000002"
USED, ENDS = "2026-07-01T00:00:00Z", "2026-09-01T00:00:00Z"


@pytest.fixture
def read(tmp_path):
    def reading(*nodes):
        path = tmp_path / "graph.json"
        graph = {"scan_id": "s", "tenant_id": "t", "nodes": list(nodes), "edges": []}
        path.write_text(json.dumps(graph))
        return load(SOURCE, tmp_path / "s", path)

    return reading


def node(kind, key, **attributes):
    return {"id": f"{kind}:{key}", "entity_type": kind, "label": key, "status": "active",
            "attributes": attributes}  # fmt: skip


def discovered(key, provider, type_, **attributes):
    about = {"discovered": True, "provider": provider, "identity_id": key, "identity_type": type_}
    return node("managed_identity", key, **about, **attributes)


def test_a_token_of_okta_is_a_credential_with_its_end(read):
    loaded = read(discovered("t1", "okta", "api_token", created_at=USED, status="active",
                             credential_expires_at=ENDS, last_used_at=USED))  # fmt: skip
    token = loaded.one(CREDENTIAL)
    assert (token["type"], token["status"], token["name"]) == ("token", "active", "t1")
    assert (token["created_at"], token["expires_at"]) == (pd.Timestamp(USED), pd.Timestamp(ENDS))
    assert pd.isna(token["last_used_at"])
    assert loaded.rows(SERVICE_ACCOUNT) == []


@pytest.mark.parametrize(
    ("stated", "status"), [("revoked", "revoked"), ("EXPIRED", "expired"), ("inactive", "disabled")]
)
def test_a_token_that_ended_says_how(read, stated, status):
    token = discovered("t1", "okta", "api_token", status=stated)
    assert read(token).one(CREDENTIAL)["status"] == status


@pytest.mark.parametrize(("provider", "used"), [("okta", None), ("aws", pd.Timestamp(USED))])
def test_when_okta_changed_an_application_is_no_use_of_it(read, provider, used):
    """Its discovery takes `lastUpdated` for it: an application that was never used seemed alive."""
    loaded = read(discovered("a1", provider, "service_account", last_used_at=USED))
    at = loaded.one(SERVICE_ACCOUNT)["last_used_at"]
    assert (None if pd.isna(at) else at) == used


@pytest.mark.parametrize(
    ("type_", "known"),
    [
        ("service_principal", f"entra_object:{OBJECT.lower()}"),
        ("app_registration", f"entra_app:{OBJECT.lower()}"),
        ("service_account", None),
    ],
)
def test_an_identity_of_entra_is_known_by_its_id_there(read, type_, known):
    ids = read(discovered(OBJECT, "entra", type_)).one(SERVICE_ACCOUNT)["external_ids"]
    assert (None if pd.isna(ids) else ids) == (json.dumps([known]) if known else None)


def test_the_owner_that_its_provider_names_is_inferred_if_the_graph_has_it(read):
    people = node("user", "ann", principal_id=OWNER, cloud_provider="azure")
    one = discovered(OBJECT, "entra", "service_principal", owner=OWNER.upper())
    other = discovered("x", "entra", "service_principal", owner="nobody here")
    loaded = read(people, one, other)
    assert loaded.links(OWNS) == {("ann", OBJECT)}
    assert loaded.one(OWNS)["evidence"] == "inferred"
