"""Who may do what by the allow policies of Google Cloud: levels, inheritance and members.

Worked out by hand from https://cloud.google.com/iam/docs/resource-hierarchy-access-control,
https://cloud.google.com/iam/docs/principal-identifiers and
https://cloud.google.com/iam/docs/roles-permissions.
"""

import json

import pandas as pd
import pytest

from graph.schema import CAN_ACCESS, GROUP, HUMAN, MEMBER_OF, RESOURCE, SERVICE_ACCOUNT
from ingest.sources.gcp import SOURCE
from tests.support.exports.loading import reader

BOT = "gcp:bot@acme-prod.iam.gserviceaccount.com"
BUCKET, SECRET = (
    "gcp:storage.googleapis.com/ledger",
    "gcp:secretmanager.googleapis.com/projects/acme-prod/secrets/key",
)
SHOP, ORG = "gcp:projects/acme-prod", "gcp:organizations/12"


@pytest.fixture
def read(tmp_path):
    return reader(SOURCE, tmp_path)


def policy(*bindings):
    """Return a policy of bindings, each a role, its members and perhaps a condition."""
    named = ("role", "members", "condition")
    return {"bindings": [dict(zip(named, b, strict=False)) for b in bindings], "version": 3}


def bot(role, condition=None):
    member = f"serviceAccount:{BOT.removeprefix('gcp:')}"
    return (role, [member], condition) if condition else (role, [member])


def grants(loaded, holder=BOT):
    """Return the levels by target of what somebody is granted."""
    frame = loaded.graph.frames[CAN_ACCESS]
    own = frame[frame["source_id"] == holder]
    pairs = zip(own["target_id"], own["levels"], strict=True)
    return {target: json.loads(levels) for target, levels in pairs}


def rows(loaded, element):
    return loaded.graph.frames[element].set_index("id")


PLACES = [
    ("projects/acme-prod/buckets/ledger/iam.json", policy()),
    ("projects/acme-prod/secrets/key/iam.json", policy()),
]


@pytest.mark.parametrize(
    ("role", "project", "bucket", "secret"),
    [
        ("roles/viewer", ["list", "read"], ["list"], ["list"]),
        ("roles/editor", ["list", "read", "write"], ["list", "write"], ["list", "write"]),
        ("roles/secretmanager.secretAccessor", ["read"], None, ["read"]),
        ("roles/storage.objectViewer", ["list", "read"], ["list", "read"], None),
        (
            "roles/storage.admin",
            ["list", "read", "write"],
            ["list", "read", "write", "admin"],
            None,
        ),
        ("roles/logging.logWriter", ["write"], None, None),
        ("roles/resourcemanager.projectIamAdmin", ["list", "read", "write", "admin"], None, None),
    ],
)
def test_a_role_on_a_project_holds_for_what_lies_in_it(read, role, project, bucket, secret):
    """A basic role reads no data of buckets and secrets; only who sets its policy rules it."""
    given = grants(read(*PLACES, ("projects/acme-prod/iam.json", policy(bot(role)))))
    wanted = {SHOP: project, BUCKET: bucket, SECRET: secret}
    assert given == {target: levels for target, levels in wanted.items() if levels}


def test_a_role_on_one_thing_holds_for_it_alone(read):
    loaded = read(("projects/acme-prod/buckets/ledger/iam.json", policy(bot("roles/viewer"))))
    assert grants(loaded) == {BUCKET: ["list"]}
    assert rows(loaded, RESOURCE).loc[BUCKET, "parent_id"] == SHOP


def test_what_is_certain_and_what_is_assumed_of_an_organization(read):
    """A project that binds a role of the organization lies in it; of the other it is assumed."""
    org = policy(
        bot("roles/secretmanager.secretAccessor"), ("organizations/12/roles/x", ["user:a@b.c"])
    )
    own = policy(("organizations/12/roles/x", ["user:ann@acme.example"]))
    loaded = read(
        ("org_acme.example/iam.json", org),
        ("projects/acme-prod/iam.json", own),
        ("projects/acme-prod/secrets/key/iam.json", policy()),
        ("projects/acme-test/iam.json", policy()),
    )
    assert grants(loaded) == {
        ORG: ["read"], SHOP: ["read"], "gcp:projects/acme-test": ["read"], SECRET: ["read"]
    }  # fmt: skip
    frame = loaded.graph.frames[CAN_ACCESS]
    own = frame[frame["source_id"] == BOT].set_index("target_id")
    assert own["assumed"].fillna(False).to_dict() == {
        ORG: False, SHOP: False, SECRET: False, "gcp:projects/acme-test": True
    }  # fmt: skip
    assert own["derived"].fillna(False).to_dict() == {
        ORG: False, SHOP: True, SECRET: True, "gcp:projects/acme-test": True
    }  # fmt: skip
    parents = rows(loaded, RESOURCE)["parent_id"]
    assert (parents[SHOP], parents.isna()["gcp:projects/acme-test"]) == (ORG, True)
    assert rows(loaded, RESOURCE).loc[ORG, "name"] == "acme.example"
    assert any("1 projects or folders do not say" in line for line in loaded.done.warnings)


def test_the_permissions_of_a_custom_role_count_and_without_them_its_name(read):
    role = "projects/acme-prod/roles/bucketReader"
    bound = ("projects/acme-prod/iam.json", policy(bot(role)))
    listed = {
        "name": role,
        "title": "x",
        "includedPermissions": ["storage.objects.get", "secretmanager.versions.add"],
    }
    known = read(*PLACES, bound, ("roles.json", [listed]))
    assert grants(known) == {SHOP: ["read", "write"], BUCKET: ["read"], SECRET: ["write"]}
    frame = known.graph.frames[CAN_ACCESS].set_index("target_id")
    assert json.loads(frame.loc[BUCKET, "actions"]) == ["storage.objects.get"]
    assert frame["assumed"].isna().all()


def test_the_name_of_a_custom_role_is_assumed(read):
    role = "projects/acme-prod/roles/bucketReader"
    guessed = read(*PLACES, ("projects/acme-prod/iam.json", policy(bot(role))))
    assert grants(guessed) == {SHOP: ["list", "read"], BUCKET: ["list"], SECRET: ["list"]}
    assert guessed.graph.frames[CAN_ACCESS]["assumed"].fillna(False).all()
    assert any("1 custom roles" in line and role in line for line in guessed.done.warnings)


@pytest.mark.parametrize(
    ("condition", "expires", "kept"),
    [
        (
            {"title": "t", "expression": 'request.time < timestamp("2027-01-01T00:00:00Z")'},
            pd.Timestamp("2027-01-01", tz="UTC"),
            None,
        ),
        (
            {"expression": "resource.name.startsWith('projects/_/buckets/x')"},
            None,
            "resource.name.startsWith('projects/_/buckets/x')",
        ),
        (
            {"expression": 'request.time < timestamp("2027-01-01T00:00:00Z") || true'},
            None,
            'request.time < timestamp("2027-01-01T00:00:00Z") || true',
        ),
        ({"title": "only in May"}, None, "only in May"),
    ],
)
def test_an_end_is_one_only_where_the_condition_says_nothing_else(read, condition, expires, kept):
    loaded = read(("projects/acme-prod/iam.json", policy(bot("roles/viewer", condition))))
    row = loaded.graph.frames[CAN_ACCESS].iloc[0]
    assert (row["expires_at"] if expires else row["condition"]) == (expires or kept)
    assert pd.isna(row["condition"] if expires else row["expires_at"])


def test_two_bindings_of_a_role_with_different_conditions_are_two_grants(read):
    at = [{"expression": f"resource.name == '{n}'"} for n in "ab"]
    bound = [bot("roles/viewer", condition) for condition in (*at, *at)]
    loaded = read(("projects/acme-prod/iam.json", policy(*bound)))
    assert sorted(loaded.graph.frames[CAN_ACCESS]["condition"]) == [
        "resource.name == 'a'", "resource.name == 'b'"
    ]  # fmt: skip


def test_members_by_the_forms_that_policies_have(read):
    pool = "iam.googleapis.com/projects/34/locations/global/workloadIdentityPools"
    members = {
        "user:Ann@acme.example": (HUMAN, "gcp:ann@acme.example"),
        "group:devs@acme.example": (GROUP, "gcp:devs@acme.example"),
        "domain:acme.example": (GROUP, "gcp:domain:acme.example"),
        "serviceAccount:acme-prod.svc.id.goog[ns/sa]": (
            SERVICE_ACCOUNT,
            "gcp:acme-prod.svc.id.goog[ns/sa]",
        ),
        f"principal://{pool}/acme-test.svc.id.goog/subject/ns/web/sa/api": (
            SERVICE_ACCOUNT,
            "gcp:acme-test.svc.id.goog[web/api]",
        ),
        f"principal://{pool}/github/subject/repo:a/b": (
            SERVICE_ACCOUNT,
            f"gcp:principal://{pool}/github/subject/repo:a/b",
        ),
        f"principalSet://{pool}/github/*": (GROUP, f"gcp:principalSet://{pool}/github/*"),
        "deleted:user:bo@acme.example?uid=7": (HUMAN, "gcp:deleted:bo@acme.example?uid=7"),
        "allUsers": (RESOURCE, "*"),
    }
    loaded = read(("projects/acme-prod/iam.json", policy(("roles/viewer", list(members)))))
    for member, (label, id_) in members.items():
        assert id_ in rows(loaded, label).index, member
    gone = rows(loaded, HUMAN)["status"]
    assert gone["gcp:deleted:bo@acme.example?uid=7"] == "deleted"
    frame = loaded.graph.frames[MEMBER_OF]
    assert set(zip(frame["source_id"], frame["target_id"], strict=True)) == {
        ("gcp:ann@acme.example", "gcp:domain:acme.example"),
        (
            f"gcp:principal://{pool}/github/subject/repo:a/b",
            f"gcp:principalSet://{pool}/github/*",
        ),
    }


def test_who_has_a_basic_role_on_a_project_is_in_its_set(read):
    """`projectEditor:` of a bucket stands for the editors of the project, whoever they are."""
    loaded = read(
        (
            "projects/acme-prod/iam.json",
            policy(bot("roles/editor"), ("roles/owner", ["user:a@b.c"])),
        ),
        (
            "projects/acme-prod/buckets/ledger/iam.json",
            policy(("roles/storage.objectViewer", ["projectEditor:acme-prod"])),
        ),
    )
    editors = f"{SHOP}/editors"
    frame = loaded.graph.frames[MEMBER_OF]
    assert list(zip(frame["source_id"], frame["target_id"], strict=True)) == [(BOT, editors)]
    assert grants(loaded, editors) == {BUCKET: ["list", "read"]}


def test_signed_in_is_a_condition_and_everybody_is_none(read):
    for named, condition in (
        (["allAuthenticatedUsers"], True),
        (["allAuthenticatedUsers", "allUsers"], False),
    ):
        path = f"projects/acme-prod/buckets/{'ab'[condition]}/iam.json"
        loaded = read((path, policy(("roles/storage.objectViewer", named))))
        frame = loaded.graph.frames[CAN_ACCESS]
        row = frame[frame["target_id"] == f"gcp:storage.googleapis.com/{'ab'[condition]}"]
        assert (len(row), row["condition"].notna().all()) == (1, condition)


def test_a_set_has_those_whose_role_is_limited_with_that_limit(read):
    ends = {"expression": 'request.time < timestamp("2027-01-01T00:00:00Z")'}
    first = ("roles/viewer", ["user:ann@acme.example", "user:bo@acme.example"], ends)
    loaded = read(
        ("projects/acme-prod/iam.json", policy(first, ("roles/viewer", ["user:bo@acme.example"]))),
        (
            "projects/acme-prod/buckets/ledger/iam.json",
            policy(("roles/storage.objectViewer", ["projectViewer:acme-prod"])),
        ),
    )
    frame = loaded.graph.frames[MEMBER_OF].set_index("source_id")["condition"]
    assert frame["gcp:ann@acme.example"] == "until 2027-01-01T00:00:00Z"
    assert pd.isna(frame["gcp:bo@acme.example"])
