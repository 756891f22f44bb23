"""Entra: each rule with a case in which it fires, and near misses in which it does not."""

import pytest

from analytics.answers.coverage import coverage
from graph.access import AccessGraph
from graph.facts import Coverage, Facts
from tests.support.estates.small_estates import AS_OF, Estate, ago, together
from tests.support.printed import blast_radius, findings, what_if

TENANT, OTHER = "entra:t1", "entra:t2"
API = "api/00000003-0000-0000-c000-000000000000"
ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
MAY = "mallory"


def tenant(name=TENANT, scope="acme"):
    """Build a tenant: two applications, a blueprint with an agent, two groups and two roles."""
    e = Estate(declares=("grants", "owners", "trust", "inventory"), source="entra", scope=scope)
    mine = name.removeprefix("entra:")
    e.resource(name, type="tenant", control_plane="true")
    e.account(f"entra:{mine}-app", f"entra:{mine}-bot")
    e.account(f"entra:{mine}-mi", tags=["managed_identity"])
    e.agent(f"entra:{mine}-print", kind="blueprint")
    e.agent(f"entra:{mine}-agent", kind="ai_agent", blueprint_id=f"entra:{mine}-print")
    e.thing("Group", f"entra:{mine}-open", role_assignable="false")
    e.thing("Group", f"entra:{mine}-closed", role_assignable="true")
    e.thing("Group", f"entra:{mine}-untold")
    e.thing("Role", f"{name}/role/{ADMINISTRATOR}", f"{name}/role/helpdesk")
    return e.account(MAY) if name == TENANT else e


def may(e, action, area="Application", who=MAY, name=TENANT, api=API, **facts):
    target = f"{name}/{api}/{area}"
    e.resource(target, type="api area")
    return e.can(who, "admin", target, actions=[action], id=f"may-{action}-{who}", **facts)


def gained(e, who=MAY, rule=None):
    posture = e.posture() if isinstance(e, Estate) else e
    name = posture.graph.thing
    return {
        name(p.target)["id"].removeprefix("entra:").removeprefix("t1-").removeprefix("t1/")
        for p in posture.escalated.proofs
        if name(p.source)["id"] == who and rule in (None, p.rule)
    }


APPLICATIONS = {"app", "bot", "print"}
ROLES = {f"role/{ADMINISTRATOR}", "role/helpdesk"}
FIRES = [
    ("E2", "Application.ReadWrite.All", APPLICATIONS),
    ("E2", "ServicePrincipalEndpoint.ReadWrite.All", APPLICATIONS),
    ("E2", "microsoft.directory/servicePrincipals/credentials/update", APPLICATIONS),
    ("E2", "microsoft.directory/applications/allProperties/update", APPLICATIONS),
    ("E2", "microsoft.directory/servicePrincipals/allProperties/update", APPLICATIONS),
    ("E2", "AgentIdentityBlueprint.AddRemoveCreds.All", {"print"}),
    ("E3", "RoleManagement.ReadWrite.Directory", ROLES),
    ("E4", "AppRoleAssignment.ReadWrite.All", {f"role/{ADMINISTRATOR}"}),
    ("E5", "Group.ReadWrite.All", {"open"}),
    ("E5", "GroupMember.ReadWrite.All", {"open"}),
    ("E5", "microsoft.directory/groups/allProperties/update", {"open"}),
    ("E5", "RoleManagement.ReadWrite.Directory", {"open", "closed", "untold"}),
    # members of groups by privileged identity management, of those that hold roles too
    ("E5", "PrivilegedAccess.ReadWrite.AzureADGroup", {"open", "closed", "untold"}),
    ("E5", "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup", {"open", "closed", "untold"}),
    ("E5", "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup", {"open", "closed", "untold"}),
]
MISSES = [
    "Application.Read.All",
    "Application.ReadWrite.OwnedBy",
    "RoleManagement.Read.Directory",
    "RoleManagement.ReadWrite.CloudPC",
    "PrivilegedAssignmentSchedule.Read.AzureADGroup",
    "PrivilegedAssignmentSchedule.Remove.AzureADGroup",
    "AppRoleAssignment.Read.All",
    "Group.Read.All",
    "Mail.ReadWrite",
    "microsoft.directory/groups/standard/read",
    "microsoft.directory/applications/basic/update",
    "microsoft.directory/applications/allProperties/read",
]


@pytest.mark.parametrize(("rule", "action", "expected"), FIRES)
def test_a_permission_hands_over(rule, action, expected):
    e = may(tenant(), action)
    assert gained(e, rule=rule) == expected
    proofs = [p for p in e.posture().escalated.proofs if p.rule == rule]
    assert {p.support for p in proofs} == {(f"may-{action}-{MAY}",)}


@pytest.mark.parametrize("action", MISSES)
def test_a_lesser_permission_hands_over_nothing(action):
    assert gained(may(tenant(), action)) == set()


@pytest.mark.parametrize(("rule", "action", "expected"), FIRES)
def test_a_delegated_permission_hands_over_nothing(rule, action, expected):
    """It works only together with a user who may do as much."""
    e = may(tenant(), action, tags=["delegated"], condition="delegated")
    assert gained(e, rule=rule) == set()


@pytest.mark.parametrize(("rule", "action", "expected"), FIRES)
def test_an_expired_grant_hands_over_nothing(rule, action, expected):
    assert gained(may(tenant(), action, valid_to=ago(1)), rule=rule) == set()


def test_another_api_may_call_its_permission_alike():
    e = may(tenant(), "Application.ReadWrite.All", api="api/11111111-0000-0000-c000-000000000000")
    assert gained(e) == set()


def test_a_longer_app_id_is_not_that_of_the_graph():
    assert gained(may(tenant(), "Application.ReadWrite.All", api=f"{API}0")) == set()


def test_the_permission_ends_with_the_tenant():
    """A second tenant in the same store is out of reach, and the other way round."""
    first = may(tenant(), "Application.ReadWrite.All")
    facts = together(first, tenant(OTHER, scope="other"))
    graph = AccessGraph.of(Facts.of(facts.frames, facts.coverage))
    from analytics.posture import assess

    assert gained(assess(graph)) == APPLICATIONS


def test_an_administrator_of_everything():
    """Whoever may take the Global Administrator reaches every application, role and group."""
    e = tenant()
    e.can(f"{TENANT}/role/{ADMINISTRATOR}", "admin", TENANT, actions=["*"], id="ga")
    role = f"{TENANT}/role/{ADMINISTRATOR}"
    assert gained(e, role) == APPLICATIONS | {"role/helpdesk", "open", "closed", "untold"}
    e.person("ann").link("ann", "ASSUMES", role, eligible="true", rule="E8", id="eligible")
    posture = e.posture()
    ann = posture.graph.find("ann")
    standing = blast_radius(posture, ann, mode="standing")["resources"]
    potential = blast_radius(posture, ann, mode="potential")["resources"]
    assert (standing, [r["id"] for r in potential]) == ([], [TENANT]), "E8: only once activated"


# -- owners, blueprints, federation ----------------------------------------------------------------


def test_a_technical_owner_can_act_as_what_it_owns():
    e = tenant().person("ann")
    e.owned("entra:t1-app", technical="ann").owned("entra:t1-bot", business="ann")
    assert gained(e, "ann") == {"app"}


def test_nobody_gives_a_secret_to_a_managed_identity():
    """As for E2: Azure alone keeps its credentials, whoever owns it."""
    e = tenant().person("ann").owned("entra:t1-mi", technical="ann")
    assert gained(e, "ann") == set()


def test_ownership_elsewhere_is_no_control():
    e = tenant().person("ann").account("arn:aws:iam::1:user/x")
    assert gained(e.owned("arn:aws:iam::1:user/x", technical="ann"), "ann") == set()


def test_a_former_owner_can_nothing():
    e = tenant().person("ann").owned("entra:t1-app", technical="ann", valid_to=ago(1))
    assert gained(e, "ann") == set()


def test_a_blueprint_acts_as_its_agents():
    e = tenant().agent("entra:t1-lone", kind="ai_agent", blueprint_id="entra:t1-unknown")
    assert gained(e, "entra:t1-print") == {"agent"}


def family(prefix, **facts):
    e = Estate(declares=("grants", "owners")).agent(f"{prefix}bp", kind="blueprint")
    e.agent(f"{prefix}a1", blueprint_id=f"{prefix}bp", **facts).resource("mail", "confidential")
    return e.can(f"{prefix}a1", "read", "mail", id="mail-grant")


@pytest.mark.parametrize("prefix", ["entra:", ""], ids=["entra", "any source"])
def test_a_blueprint_reaches_what_its_agents_reach_and_is_judged(prefix):
    """No relationship ties the two, so nothing supports the edge: every answer copes with that."""
    posture = family(prefix, created_at=ago(30)).posture()
    bp = posture.graph.find(f"{prefix}bp")
    assert [r["id"] for r in blast_radius(posture, bp)["resources"]] == ["mail"]
    (found,) = [f for f in findings(posture)["findings"] if f["rule"] == "LPR-04"]
    assert (found["subject"]["id"], found["evidence"]) == (f"{prefix}bp", [])
    assert found["since"] == ago(30)
    assert "rests on what the latter is made from" in found["sentence"]
    assert found["remediation"] == f"Guard {prefix}bp as closely as {prefix}a1, or retire it."
    after = what_if(posture, ["mail-grant"])["after"]
    assert after["reach"] == 0


def test_a_stranger_to_the_blueprint_is_not_controlled():
    e = family("").agent("a2", blueprint_id="b2").agent("a3").resource("other")
    assert gained(e.can("a2", "read", "other"), "bp") == {"a1"}


@pytest.mark.parametrize(
    ("label", "facts", "expected"),
    [
        ("Agent", {"kind": "blueprint"}, {"thing"}),
        ("Agent", {"kind": "ai_agent"}, set()),
        ("Agent", {"kind": "ai_agent", "provider": "entra"}, {"thing"}),
        ("ServiceAccount", {"provider": "Entra"}, {"thing"}),
        ("ServiceAccount", {"provider": "aws"}, set()),
    ],
)
def test_ownership_is_control_where_the_platform_lets_an_owner_add_a_secret(label, facts, expected):
    e = Estate(declares=("owners",)).person("ann").thing(label, "thing", **facts)
    assert gained(e.owned("thing", technical="ann"), "ann") == expected


def test_credential_of_a_blueprint_reaches_what_its_agents_reach():
    e = tenant().thing("Credential", "key").resource("mail")
    e.link("key", "AUTHENTICATES_AS", "entra:t1-print").can("entra:t1-agent", "read", "mail")
    posture = e.posture()
    found = blast_radius(posture, posture.graph.find("key"))["resources"]
    assert [r["id"] for r in found] == ["mail"]


GUID = "0a000000-0000-4000-8000-00000000000b"
LOGIN = f"https://login.microsoftonline.com/{GUID}/v2.0"


@pytest.mark.parametrize(
    ("issuer", "subject", "expected"),
    [
        (LOGIN, GUID, {"app"}),
        (LOGIN, GUID.upper(), {"app"}),
        (f"https://sts.windows.net/{GUID}/", GUID, {"app"}),
        (LOGIN, "0a000000-0000-4000-8000-00000000000c", set()),
        ("https://token.actions.githubusercontent.com", GUID, set()),
        (f"https://login.microsoftonline.com.evil.example/{GUID}/v2.0", GUID, set()),
    ],
)
def test_whom_a_federated_credential_trusts(issuer, subject, expected):
    e = tenant().account(f"entra:{GUID}").resource(issuer, type="oidc_provider")
    e.link("entra:t1-app", "TRUSTS", issuer, issuer=issuer, subject=subject, id="trusts")
    assert gained(e, f"entra:{GUID}") == expected


def test_silent_without_a_tenant():
    """Grants of a source that states no tenant conclude nothing, and nothing breaks."""
    e = Estate().account("a", "entra:x").resource(f"{TENANT}/{API}/Application")
    e.can("a", "admin", f"{TENANT}/{API}/Application", actions=["Application.ReadWrite.All"])
    assert gained(e, "a") == set()


def test_rules_that_lack_their_facts_are_named():
    assert Coverage("x", "y", True, AS_OF, ()).declares == ()
    posture = Estate(declares=("grants",)).account("a").posture()
    said = str(coverage(posture, AS_OF))
    assert all(rule in said for rule in ("E1", "E6", "E7"))


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("microsoft.directory/applications.myOrganization/credentials/update", APPLICATIONS),
        ("microsoft.directory/groups.security/members/update", {"open"}),
        ("microsoft.directory/groups.unified/standard/read", set()),
    ],
)
def test_a_custom_role_for_one_sort_leads_there_on_condition(action, expected):
    """Which applications and groups are of that sort is not known."""
    e = may(tenant(), action, "directory")
    posture = e.posture()
    assert gained(posture) == expected
    assert all(p.condition for p in posture.escalated.proofs if p.rule in ("E2", "E5"))
