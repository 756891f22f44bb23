"""Permissions that agent identities have from their blueprint.

By https://learn.microsoft.com/en-us/entra/agent-id/configure-inheritable-permissions-blueprints and
https://learn.microsoft.com/en-us/graph/api/resources/inheritablepermission: what the blueprint
declares inheritable of an API and what is granted to the principal of the blueprint, together.
"""

import json

import pytest

from graph.schema import CAN_ACCESS
from ingest.sources.entra import SOURCE
from tests.support.exports.loading import load

CONTEXT = "https://graph.microsoft.com/v1.0/$metadata#"
GRAPH_APP = "00000003-0000-0000-c000-000000000000"


def uid(number):
    return f"{number:08d}-0000-4000-8000-000000000000"


TENANT, API, APP, APP_ID, PRINCIPAL, ONE, TWO, OTHER, ANN = map(uid, range(1, 10))
MAIL_SEND = "b633e1c5-b582-4048-a93e-9f11b44c7e96"  # an app role of Microsoft Graph
ALL_SCOPES = {"@odata.type": "#microsoft.graph.allAllowedScopes", "kind": "allAllowed"}
ONE_SCOPE = {"@odata.type": "#microsoft.graph.enumeratedScopes", "kind": "enumerated",
             "scopes": ["User.Read"]}  # fmt: skip
NO_SCOPES = {"@odata.type": "#microsoft.graph.noScopes", "kind": "none"}
ALL_ROLES = {"@odata.type": "#microsoft.graph.allAllowedRoles", "kind": "allAllowed"}


def page(what, *values):
    return {"@odata.context": CONTEXT + what, "value": list(values)}


def consent(scope, user=None):
    kind = "Principal" if user else "AllPrincipals"
    return {"id": "g1", "clientId": PRINCIPAL, "consentType": kind, "principalId": user,
            "resourceId": API, "scope": scope}  # fmt: skip


def agent(id_, blueprint):
    return {"@odata.type": "#microsoft.graph.agentIdentity", "id": id_, "displayName": id_[:8],
            "agentIdentityBlueprintId": blueprint}  # fmt: skip


def inheritable(scopes=None, roles=None, app=GRAPH_APP):
    return {"resourceAppId": app, "inheritableScopes": scopes, "inheritableRoles": roles}


@pytest.fixture
def read(tmp_path):
    def reading(*rules, scope="User.Read Mail.Read", user=None, expanded=False, path=None):
        blueprint = {"id": APP, "appId": APP_ID, "displayName": "Maker"}
        listed = path or f"applications('{APP}')/microsoft.graph.agentIdentityBlueprint"
        pages = [
            page("organization", {"id": TENANT}),
            page("servicePrincipals",
                 {"id": API, "appId": GRAPH_APP, "displayName": "Microsoft Graph"},
                 {"@odata.type": "#microsoft.graph.agentIdentityBlueprintPrincipal",
                  "id": PRINCIPAL, "appId": APP_ID, "displayName": "Maker"},
                 agent(ONE, APP_ID), agent(TWO, APP_ID), agent(OTHER, uid(77))),
            page("applications/microsoft.graph.agentIdentityBlueprint",
                 blueprint | ({"inheritablePermissions": list(rules)} if expanded else {})),
            page("oauth2PermissionGrants", consent(scope, user)),
            page("appRoleAssignments",
                 {"id": "a1", "principalId": PRINCIPAL, "resourceId": API, "appRoleId": MAIL_SEND}),
        ]  # fmt: skip
        pages += [] if expanded else [page(f"{listed}/inheritablePermissions", *rules)]
        folder = tmp_path / "pages"
        folder.mkdir()
        for number, one in enumerate(pages):
            (folder / f"p{number}.json").write_text(json.dumps(one))
        return load(SOURCE, tmp_path, folder)

    return reading


def actions(loaded, holder):
    return {
        action
        for row in loaded.rows(CAN_ACCESS)
        if row["source_id"] == f"entra:{holder}"
        for action in json.loads(row["actions"])
    }


@pytest.mark.parametrize(
    ("scopes", "roles", "has"),
    [
        (ALL_SCOPES, None, {"User.Read", "Mail.Read"}),
        (ONE_SCOPE, None, {"User.Read"}),
        (NO_SCOPES, None, set()),
        (None, ALL_ROLES, {"Mail.Send"}),
        (ONE_SCOPE, ALL_ROLES, {"User.Read", "Mail.Send"}),
    ],
)
@pytest.mark.parametrize("expanded", [True, False])
def test_agents_inherit_what_is_declared_and_granted(read, scopes, roles, has, expanded):
    loaded = read(inheritable(scopes, roles), expanded=expanded)
    assert [actions(loaded, one) for one in (ONE, TWO, OTHER)] == [has, has, set()]
    assert actions(loaded, PRINCIPAL) == {"User.Read", "Mail.Read", "Mail.Send"}
    assert not any("do not concern access" in w for w in loaded.done.warnings)


def test_a_pattern_without_its_kind_is_known_by_its_type(read):
    loaded = read(inheritable({"@odata.type": "microsoft.graph.allAllowedScopes"}))
    assert actions(loaded, ONE) == {"User.Read", "Mail.Read"}


@pytest.mark.parametrize(
    "rules",
    [
        [],
        [inheritable(ALL_SCOPES, ALL_ROLES, app=uid(88))],  # another API
        [inheritable({"kind": "enumerated", "scopes": ["Files.Read"]})],  # never granted
    ],
)
def test_what_is_only_granted_or_only_declared_is_not_inherited(read, rules):
    assert actions(read(*rules), ONE) == set()


def test_the_consent_of_one_user_to_the_blueprint_is_not_inherited(read):
    """It must be granted by an administrator."""
    assert actions(read(inheritable(ALL_SCOPES), user=ANN), ONE) == set()


def test_a_blueprint_may_be_named_by_its_app_id(read):
    path = f"applications(appId='{APP_ID}')/microsoft.graph.agentIdentityBlueprint"
    assert actions(read(inheritable(ONE_SCOPE), path=path), ONE) == {"User.Read"}


def test_what_an_agent_inherits_works_only_for_a_user_as_it_does_for_the_blueprint(read):
    loaded = read(inheritable(ONE_SCOPE))
    (row,) = [r for r in loaded.rows(CAN_ACCESS) if r["source_id"] == f"entra:{ONE}"]
    assert row["condition"] == "delegated: only for a user who is signed in"
    assert row["grant_id"] == "g1"
    assert json.loads(row["levels"]) == ["read"]
