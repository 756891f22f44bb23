"""Labels and annotations of a cluster: whose a namespace is, and so whose the accounts in it are.

https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations/
"""

import pytest

from graph.schema import OWNS, RESOURCE, ROLE, SERVICE_ACCOUNT, TEAM
from ingest.sources.kubernetes import SOURCE
from tests.support.exports.kubernetes_cluster import thing
from tests.support.exports.loading import load


def marked(kind, name, namespace=None, labels=None, annotations=None):
    said = thing(kind, name, namespace)
    said["metadata"] |= {"labels": labels or {}, "annotations": annotations or {}}
    return said


@pytest.fixture
def shop(read):
    return read(
        marked(
            "Namespace",
            "shop",
            labels={"acme.example/environment-name": "production"},
            annotations={"acme.example/owner": "Cards: cards@acme.example"},
        ),
        marked("ServiceAccount", "bot", "shop"),
        marked("ServiceAccount", "pay", "shop", {"env": "dev", "owner": "ann@acme.example"}),
        marked("ServiceAccount", "lone", "other"),
        marked("Role", "reader", "shop"),
    )


def test_a_namespace_and_what_is_in_it_have_its_environment(shop):
    assert shop.one(RESOURCE, name="shop", type="namespace")["env"] == "prod"
    env = {r["name"]: r["env"] for r in shop.rows(SERVICE_ACCOUNT)}
    assert env == {"bot": "prod", "pay": "dev", "lone": None}
    assert [r["env"] for r in shop.rows(ROLE)] == ["prod"]


def test_who_owns_a_namespace_owns_the_accounts_in_it(shop):
    """Unless an account names its own; and where nobody says anything it is unknown."""
    rows = shop.rows(OWNS)
    owners = {(r["source_id"], r["target_id"].rpartition("/")[2], r["inherited"]) for r in rows}
    assert owners == {
        ("tag:team/cards", "shop", None),
        ("tag:team/cards", "bot", True),
        ("tag:person/ann@acme.example", "pay", None),
    }
    assert shop.one(TEAM, name="Cards")["email"] == "cards@acme.example"
    owned, at = shop.posture.ownership, shop.graph.find
    assert {name: bool(owned.known[at(name)]) for name in ("bot", "pay", "lone")} == {
        "bot": True,
        "pay": True,
        "lone": False,
    }
    assert not owned.nobody().any()  # of a team that only a tag names nobody knows the members


def test_a_real_estate_has_owners_environments_and_few_warnings(real_data, tmp_path):
    """59 namespaces with owner and environment; one file is encrypted, the rest is read."""
    loaded = load(SOURCE, tmp_path / "s", real_data / "cloud-platform-sample", scope="live")
    spaces = [r for r in loaded.rows(RESOURCE) if r["type"] == "namespace" and r["env"]]
    assert len(spaces) >= 55
    owned = {r["target_id"] for r in loaded.rows(OWNS) if r["role"] == "business"}
    assert len([i for i in owned if "/namespace/" in i]) >= 57
    assert [(r.place, r.reason) for r in loaded.done.quarantined] == [
        ("line 1", "is not UTF-8 text")
    ]
    assert not loaded.graph.coverage[0].complete
    assert len(loaded.done.warnings) < 10
