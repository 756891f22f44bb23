"""Google Cloud: what a permission on a service account or project hands over, and near misses.

Each rule with every support dropped: without it the edge falls.
"""

import itertools

import pytest

from tests.support.estates.small_estates import Estate

SHOP, OTHER, ORG = "gcp:project/shop", "gcp:project/other", "gcp:organization/1"
PAY = "gcp:pay@shop.iam.gserviceaccount.com"
FAR = "gcp:far@other.iam.gserviceaccount.com"
BUCKET, FOLDER = "gcp:bucket/ledger", "gcp:folder/2"


def world(shop_in=ORG):
    e = Estate(declares=("grants",)).account("bot", PAY, FAR).thing("Group", "devs")
    e.resource(ORG, type="organization", provider="gcp")
    e.resource(SHOP, type="GCPProject", provider="gcp", parent_id=shop_in)
    e.resource(OTHER, type="project", provider="gcp", parent_id=ORG)
    return e.resource(BUCKET, type="bucket", provider="gcp", parent_id=SHOP)


def may(e, holder, target, *actions, role=None, **facts):
    given = list(actions) or [role]
    return e.can(holder, "", target, actions=given, role_name=role, grant_id=f"{given}", **facts)


def gained(e):
    posture = e.posture()
    name = posture.graph.thing
    return {
        (name(p.source)["id"], name(p.target)["id"], p.rule, bool(p.condition))
        for p in posture.escalated.proofs
    }


@pytest.mark.parametrize("target", [PAY, SHOP, ORG])
@pytest.mark.parametrize(
    ("permission", "rule"),
    [
        ("iam.serviceAccounts.getAccessToken", "G1"),
        ("iam.serviceAccounts.signJwt", "G1"),
        ("iam.serviceAccounts.signBlob", "G1"),
        ("iam.serviceAccounts.implicitDelegation", "G1"),
        ("iam.serviceAccountKeys.create", "G2"),
        ("iam.serviceAccounts.setIamPolicy", "G4"),
    ],
)
def test_a_permission_on_an_account_or_on_what_it_lies_in(permission, rule, target):
    whom = {PAY} if target != ORG else {PAY, FAR}
    assert gained(may(world(), "bot", target, permission)) == {
        ("bot", one, rule, False) for one in whom
    }


@pytest.mark.parametrize("permission", ["iam.serviceAccounts.get", "iam.serviceAccounts.actAs"])
def test_seeing_or_attaching_an_account_is_not_taking_it(permission):
    assert gained(may(world(), "bot", PAY, permission)) == set()


@pytest.mark.parametrize(
    ("role", "rule"),
    [
        ("roles/iam.serviceAccountTokenCreator", "G1"),
        ("roles/iam.workloadIdentityUser", "G1"),
        ("roles/iam.serviceAccountKeyAdmin", "G2"),
        ("roles/iam.serviceAccountAdmin", "G4"),
        ("roles/iam.serviceAccountUser", None),
        ("roles/iam.serviceAccountViewer", None),
    ],
)
def test_a_role_is_what_it_holds(role, rule):
    found = gained(may(world(), "bot", PAY, role=role))
    assert found == ({("bot", PAY, rule, False)} if rule else set())


COMPUTE = [
    ("cloudfunctions.functions.create",),
    ("run.services.create",),
    ("run.jobs.create", "run.jobs.run"),
    ("compute.instances.create", "compute.disks.create", "compute.subnetworks.use"),
    ("dataproc.clusters.create",),
    ("dataflow.jobs.create",),
]


@pytest.mark.parametrize("starts", COMPUTE)
def test_attaching_an_account_and_starting_code_takes_it_and_each_part_is_needed(starts):
    needs = ("iam.serviceAccounts.actAs", *starts)
    for kept in itertools.product((True, False), repeat=len(needs)):
        e = world()
        for number, (permission, there) in enumerate(zip(needs, kept, strict=True)):
            if there:
                may(e, "bot", PAY if number == 0 else SHOP, permission)
        assert gained(e) == ({("bot", PAY, "G3", False)} if all(kept) else set())


def test_a_group_attaches_and_its_member_starts():
    """Rights of a group and of its member count together; without the membership they do not."""
    for member in (True, False):
        e = may(world(), "devs", PAY, "iam.serviceAccounts.actAs")
        may(e, "bot", SHOP, "run.services.create")
        if member:
            e.link("bot", "MEMBER_OF", "devs")
        assert gained(e) == ({("bot", PAY, "G3", False)} if member else set())


def test_starting_code_in_another_project_is_conditional():
    e = may(world(), "bot", FAR, "iam.serviceAccounts.actAs")
    assert gained(may(e, "bot", SHOP, "run.services.create")) == {("bot", FAR, "G3", True)}


def test_an_editor_of_the_project_takes_its_accounts_and_an_owner_rules_it():
    editor = gained(may(world(), "bot", SHOP, role="roles/editor"))
    assert editor == {("bot", PAY, "G3", False)}
    owner = gained(may(world(), "bot", SHOP, role="roles/owner"))
    assert {(target, certain) for _, target, _, certain in owner} == {(SHOP, False), (PAY, False)}
    assert ("bot", SHOP, "G4", False) in owner
    assert gained(may(world(), "bot", SHOP, role="roles/viewer")) == set()


def test_who_sets_the_policy_of_a_parent_administers_what_is_below():
    e = may(world(), "bot", ORG, "resourcemanager.organizations.setIamPolicy")
    assert gained(e) == {("bot", x, "G4", False) for x in (ORG, SHOP, OTHER, PAY, FAR)}
    posture = e.posture()
    reached = posture.totals()
    place = posture.accountable.tolist().index(posture.graph.find("bot"))
    assert reached.resources[place] == 4  # the organisation, both projects and the bucket


@pytest.mark.parametrize(
    ("granted", "on", "ruled"),
    [
        ("resourcemanager.projects.setIamPolicy", ORG, {SHOP, OTHER, PAY, FAR}),
        ("resourcemanager.projects.setIamPolicy", FOLDER, {SHOP, PAY}),
        ("resourcemanager.folders.setIamPolicy", ORG, {FOLDER, SHOP, PAY}),
        ("resourcemanager.folders.setIamPolicy", SHOP, set()),
        ("resourcemanager.organizations.setIamPolicy", FOLDER, set()),
        ("roles/owner", ORG, {SHOP, OTHER, PAY, FAR}),
    ],
)
def test_who_sets_the_policies_of_one_sort_of_parent_sets_no_other(granted, on, ruled):
    """A policy of a folder is set by `folders`, that of a project in it by `projects`."""
    e = world(FOLDER).resource(FOLDER, type="folder", provider="gcp", parent_id=ORG)
    e = may(e, "bot", on, role=granted) if "/" in granted else may(e, "bot", on, granted)
    assert {target for _, target, _, _ in gained(e)} == ruled


def test_who_sets_the_policy_of_a_bucket_administers_it_alone():
    e = may(world(), "bot", BUCKET, "storage.buckets.setIamPolicy")
    assert gained(e) == {("bot", BUCKET, "G4", False)}
    assert gained(may(world(), "bot", SHOP, "storage.buckets.setIamPolicy")) == set()


def test_a_condition_of_a_binding_stays_one():
    e = may(world(), "bot", PAY, "iam.serviceAccounts.getAccessToken", condition="until 2027")
    assert gained(e) == {("bot", PAY, "G1", True)}


def test_a_default_account_lies_in_the_project_that_its_address_names():
    e = world().account("gcp:shop@appspot.gserviceaccount.com")
    found = gained(may(e, "bot", SHOP, "iam.serviceAccountKeys.create"))
    assert {t for _, t, _, _ in found} == {PAY, "gcp:shop@appspot.gserviceaccount.com"}


def test_permissions_of_another_cloud_mean_nothing_here():
    assert gained(may(world(), "bot", PAY, "iam:PassRole", "sts:AssumeRole")) == set()
