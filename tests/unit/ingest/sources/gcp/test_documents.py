"""Documents of Google Cloud as people have them: lists of gcloud, and exports of its assets.

https://cloud.google.com/asset-inventory/docs/reference/rest/v1/TopLevel/exportAssets,
https://cloud.google.com/asset-inventory/docs/reference/rest/v1/TopLevel/searchAllIamPolicies,
https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts.keys and
https://cloud.google.com/sdk/gcloud/reference/projects/get-ancestors-iam-policy.
"""

import json

import pandas as pd
import pytest

from graph.schema import (
    AGENT,
    AUTHENTICATES_AS,
    CAN_ACCESS,
    CREDENTIAL,
    OWNS,
    RESOURCE,
    RUNS_AS,
    SERVICE_ACCOUNT,
)
from ingest.source import InputRefused
from ingest.sources.gcp import SOURCE
from tests.support.exports.loading import reader

MAIL = "bot@acme-prod.iam.gserviceaccount.com"
DEFAULT = "34-compute@developer.gserviceaccount.com"
BOT, SHOP, ORG = f"gcp:{MAIL}", "gcp:projects/acme-prod", "gcp:organizations/12"
MANAGER = "//cloudresourcemanager.googleapis.com"
ACCOUNT = {
    "email": MAIL,
    "uniqueId": "100000000000000000001",
    "name": f"projects/acme-prod/serviceAccounts/{MAIL}",
    "projectId": "acme-prod",
    "displayName": "Bot",
    "description": "pays bills",
    "disabled": True,
}
ABOVE = ["projects/34", "folders/7", "organizations/12"]


def bindings(role, *members):
    return {"bindings": [{"role": role, "members": list(members)}]}


def asset(name, kind, data=None, policy=None, above=ABOVE):
    """Return an asset as an export to storage writes it."""
    held = {"resource": {"data": data, "version": "v1"}} if data is not None else {}
    own = {"iam_policy": policy} if policy is not None else {}
    return {"name": name, "asset_type": kind, "ancestors": above, **held, **own}


def lines(*documents):
    return "\n".join(map(json.dumps, documents))


PROJECT = asset(
    f"{MANAGER}/projects/34",
    "cloudresourcemanager.googleapis.com/Project",
    {"projectId": "acme-prod", "projectNumber": "34", "lifecycleState": "ACTIVE",
     "labels": {"env": "prod", "team": "payments"}, "createTime": "2020-01-02T03:04:05Z"},
)  # fmt: skip


@pytest.fixture
def read(tmp_path):
    return reader(SOURCE, tmp_path)


def rows(loaded, element):
    return loaded.graph.frames[element].set_index("id")


def ends(loaded, element):
    frame = loaded.graph.frames[element]
    return set(zip(frame["source_id"], frame["target_id"], strict=True))


def test_assets_lie_where_their_ancestors_say(read):
    """The number of the project stands for its id, in whatever file it is named."""
    loaded = read(
        (
            "assets.ndjson",
            lines(
                asset(
                    f"{MANAGER}/organizations/12",
                    "cloudresourcemanager.googleapis.com/Organization",
                    policy=bindings("roles/storage.objectViewer", f"serviceAccount:{MAIL}"),
                    above=ABOVE[2:],
                ),
                asset(
                    "//storage.googleapis.com/ledger",
                    "storage.googleapis.com/Bucket",
                    {"name": "ledger", "timeCreated": "2021-01-01T00:00:00Z",
                     "labels": {"data-classification": "confidential"}},
                ),
                PROJECT,
            ),
        ),
    )  # fmt: skip
    things = rows(loaded, RESOURCE)
    bucket = things.loc["gcp:storage.googleapis.com/ledger"]
    assert (bucket["parent_id"], bucket["sensitivity"]) == (SHOP, "confidential")
    assert things["parent_id"].dropna().to_dict() == {
        "gcp:storage.googleapis.com/ledger": SHOP, SHOP: "gcp:folders/7", "gcp:folders/7": ORG
    }  # fmt: skip
    assert (things["env"][SHOP], things["created_at"][SHOP].year) == ("prod", 2020)
    frame = loaded.graph.frames[CAN_ACCESS]
    assert set(frame["target_id"]) == {ORG, "gcp:folders/7", SHOP, bucket.name}
    assert frame["assumed"].isna().all()


def test_search_results_are_policies_with_their_places(read):
    found = {
        "results": [
            {
                "resource": f"{MANAGER}/projects/acme-prod",
                "assetType": "cloudresourcemanager.googleapis.com/Project",
                "project": "projects/34",
                "folders": ["folders/7"],
                "organization": "organizations/12",
                "policy": bindings("roles/viewer", f"serviceAccount:{DEFAULT}"),
            },
            {
                "resource": "//pubsub.googleapis.com/projects/acme-prod/topics/bills",
                "project": "projects/34",
                "organization": "organizations/12",
                "policy": bindings("roles/pubsub.publisher", f"serviceAccount:{MAIL}"),
            },
        ]
    }
    loaded = read(found)
    topic = "gcp:pubsub.googleapis.com/projects/acme-prod/topics/bills"
    frame = loaded.graph.frames[CAN_ACCESS].set_index(["source_id", "target_id"])["levels"]
    assert {key: json.loads(levels) for key, levels in frame.items()} == {
        (f"gcp:{DEFAULT}", SHOP): ["list", "read"],
        (f"gcp:{DEFAULT}", topic): ["list", "read"],
        (BOT, topic): ["write"],
    }
    assert rows(loaded, RESOURCE)["parent_id"][SHOP] == "gcp:folders/7"


def test_policies_of_all_ancestors(read):
    listed = [
        {"id": "acme-prod", "type": "project", "policy": bindings("roles/viewer", "user:a@b.c")},
        {"id": "7", "type": "folder", "policy": {"etag": "ACAB"}},
        {"id": "12", "type": "organization", "policy": bindings("roles/editor", "group:g@b.c")},
    ]
    loaded = read(listed)
    assert rows(loaded, RESOURCE)["parent_id"].dropna().to_dict() == {
        SHOP: "gcp:folders/7", "gcp:folders/7": ORG
    }  # fmt: skip
    assert ends(loaded, CAN_ACCESS) == {
        ("gcp:a@b.c", SHOP),
        *(("gcp:g@b.c", place) for place in (SHOP, "gcp:folders/7", ORG)),
    }


def test_accounts_and_their_keys(read):
    key = {
        "name": f"{ACCOUNT['name']}/keys/{'a1' * 20}",
        "keyType": "USER_MANAGED",
        "validAfterTime": "2024-05-06T07:08:09Z",
        "validBeforeTime": "9999-12-31T23:59:59Z",
    }
    ends_once = {
        **key,
        "name": f"projects/-/serviceAccounts/{ACCOUNT['uniqueId']}/keys/{'b2' * 20}",
        "validBeforeTime": "2027-05-06T07:08:09Z",
        "disabled": True,
    }
    of_google = {**key, "name": f"{ACCOUNT['name']}/keys/{'c3' * 20}", "keyType": "SYSTEM_MANAGED"}
    loaded = read([ACCOUNT], [key, ends_once, of_google])
    bot = rows(loaded, SERVICE_ACCOUNT).loc[BOT]
    assert (bot["name"], bot["status"], bot["purpose"]) == ("Bot", "disabled", "pays bills")
    keys = rows(loaded, CREDENTIAL)
    first, second = (f"gcp:{ACCOUNT['name']}/keys/{n * 20}" for n in ("a1", "b2"))
    assert set(keys.index) == {first, second}
    assert (keys["status"][first], keys["expires_at"].isna()[first]) == ("active", True)
    assert (keys["status"][second], keys["expires_at"][second].year) == ("disabled", 2027)
    assert keys["created_at"][first] == pd.Timestamp("2024-05-06T07:08:09Z")
    assert ends(loaded, AUTHENTICATES_AS) == {(first, BOT), (second, BOT)}
    assert set(loaded.graph.coverage[0].declares) == {"credentials", "inventory"}


def test_what_an_export_does_not_list_is_not_declared(read):
    loaded = read(("projects/acme-prod/iam.json", bindings("roles/viewer", "user:a@b.c")))
    assert loaded.graph.coverage[0].declares == ("grants",)


def test_what_runs_as_an_account(read):
    engine = "projects/acme-prod/locations/eu/reasoningEngines/9"
    loaded = read(
        PROJECT,
        asset(
            "//compute.googleapis.com/projects/acme-prod/zones/z/instances/vm",
            "compute.googleapis.com/Instance",
            {"serviceAccounts": [{"email": DEFAULT, "scopes": []}]},
        ),
        asset(
            "//run.googleapis.com/projects/acme-prod/locations/eu/services/api",
            "run.googleapis.com/Service",
            {"spec": {"template": {"spec": {"serviceAccountName": MAIL}}}},
        ),
        asset(
            f"//aiplatform.googleapis.com/{engine}",
            "aiplatform.googleapis.com/ReasoningEngine",
            {"displayName": "helper", "spec": {"serviceAccount": MAIL}},
        ),
        (
            "projects/acme-prod/iam.json",
            bindings(
                "roles/run.invoker",
                f"principal://agents.global.org-12.system.id.goog/resources/aiplatform/{engine}",
            ),
        ),
    )
    agent = f"gcp:aiplatform.googleapis.com/{engine}"
    assert ends(loaded, RUNS_AS) == {
        (
            "gcp:compute.googleapis.com/projects/acme-prod/zones/z/instances/vm",
            f"gcp:{DEFAULT}",
        ),
        ("gcp:run.googleapis.com/projects/acme-prod/locations/eu/services/api", BOT),
        (agent, BOT),
    }
    assert rows(loaded, AGENT).loc[agent, "name"] == "helper"
    assert (agent, SHOP) in ends(loaded, CAN_ACCESS)
    assert (agent, "gcp:run.googleapis.com/projects/acme-prod/locations/eu/services/api") in ends(
        loaded, CAN_ACCESS
    )


@pytest.mark.parametrize("numbered", [True, False])
def test_the_default_account_lies_in_the_project_of_its_number(read, numbered):
    """Who may act as it and starts code in the project gains it, where the number is known."""
    project = {"projectId": "acme-prod", **({"projectNumber": "34"} if numbered else {})}
    loaded = read(
        ("projects.json", [project | {"lifecycleState": "ACTIVE"}]),
        (
            "projects/acme-prod/iam.json",
            {
                "bindings": [
                    {"role": "roles/editor", "members": [f"serviceAccount:{MAIL}"]},
                    {"role": "roles/viewer", "members": [f"serviceAccount:{DEFAULT}"]},
                ]
            },
        ),
    )
    name = loaded.posture.graph.thing
    gained = {
        (name(p.source)["id"], name(p.target)["id"], p.rule)
        for p in loaded.posture.escalated.proofs
    }
    assert gained == ({(BOT, f"gcp:{DEFAULT}", "G3")} if numbered else set())


def test_the_account_of_google_apis_tells_the_number_of_a_project(read):
    own = bindings("roles/editor", "serviceAccount:34@cloudservices.gserviceaccount.com")
    loaded = read(
        ("projects/acme-prod/iam.json", own),
        asset("//storage.googleapis.com/b", "storage.googleapis.com/Bucket", {}, above=ABOVE[:1]),
    )
    assert rows(loaded, RESOURCE)["parent_id"]["gcp:storage.googleapis.com/b"] == SHOP


def test_yaml_and_owners_by_labels(read):
    loaded = read(
        (
            "projects/acme-prod/iam.yaml",
            "bindings:\n- members: ['user:a@b.c']\n  role: roles/viewer\n",
        ),
        asset(
            f"{MANAGER}/projects/34",
            "cloudresourcemanager.googleapis.com/Project",
            {"projectId": "acme-prod", "labels": {"owner": "payments"}},
        ),
    )
    assert ends(loaded, CAN_ACCESS) == {("gcp:a@b.c", SHOP)}
    assert ends(loaded, OWNS) == {("tag:team/payments", SHOP)}


def test_two_policies_of_one_resource(read):
    """They may be of different days: one is read, by the surer path, and the other shown."""
    loaded = read(
        ("acme-prod/iam.json", bindings("roles/owner", "user:early@b.c")),
        ("projects/acme-prod/iam.json", bindings("roles/viewer", "user:late@b.c")),
    )
    assert ends(loaded, CAN_ACCESS) == {("gcp:late@b.c", SHOP)}
    [(_, reason)] = loaded.reasons
    assert reason.startswith(f"another policy of {SHOP} was read")
    assert not loaded.graph.coverage[0].complete


def test_the_same_policy_twice_is_no_fault(read):
    own = bindings("roles/viewer", "user:a@b.c")
    loaded = read(("acme-prod/iam.json", own), ("projects/acme-prod/iam.json", own))
    assert (ends(loaded, CAN_ACCESS), loaded.reasons) == ({("gcp:a@b.c", SHOP)}, [])


@pytest.mark.parametrize(
    ("document", "place", "reason"),
    [
        ({"bindings": [{"members": ["user:a@b.c"]}]}, "/bindings/0", "must have a role"),
        (bindings("roles/viewer", "nobody"), "/bindings/0/members/0", "no form of a member"),
        (bindings("roles/viewer", 7), "/bindings/0/members/0", "no form of a member"),
    ],
)
def test_a_part_that_cannot_be_read_is_shown_and_makes_it_partial(read, document, place, reason):
    loaded = read(
        ("projects/acme-prod/iam.json", document),
        ("projects/acme-test/iam.json", bindings("roles/viewer", "user:b@b.c")),
    )
    [(at, why)] = loaded.reasons
    assert (at, reason in why) == (place, True)
    assert not loaded.graph.coverage[0].complete
    assert ends(loaded, CAN_ACCESS) == {("gcp:b@b.c", "gcp:projects/acme-test")}


def test_a_policy_of_nobody_knows_what(read):
    loaded = read(
        ("iam.json", bindings("roles/viewer", "user:a@b.c")),
        ("projects/acme-test/iam.json", bindings("roles/viewer", "user:b@b.c")),
    )
    [(_, reason)] = loaded.reasons
    assert reason.startswith("does not say which resource it is the policy of")


def test_what_is_not_of_google_cloud_is_refused(read):
    with pytest.raises(InputRefused, match="nothing in it"):
        read({"Version": "2012-10-17", "Statement": []})
