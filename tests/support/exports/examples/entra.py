"""Examples for the source entra: small exports, ids in them, and files that are damaged."""

from typing import Any

from tests.support.exports.example import Export, Native, Several, as_json, documents


def _entra() -> Export:
    graph = "https://graph.microsoft.com/v1.0/$metadata#"
    pages = {
        "organization": [{"id": _uid(1), "displayName": "Contoso"}],
        "users": [
            {
                "id": _uid(5),
                "displayName": "Ann",
                "mail": "ann@contoso.test",
                "accountEnabled": True,
            }
        ],
        "groups": [{"id": _uid(7), "displayName": "Ops", "isAssignableToRole": None}],
        "servicePrincipals": [
            {
                "id": _uid(3),
                "displayName": "Bot",
                "appId": _uid(11),
                "accountEnabled": True,
                "owners": [{"@odata.type": "#microsoft.graph.user", "id": _uid(5)}],
                "passwordCredentials": [
                    {"keyId": _uid(40), "displayName": "old", "endDateTime": "2026-03-01T00:00:00Z"}
                ],
            },
            {
                "id": _uid(6),
                "displayName": "Planner",
                "agentIdentityBlueprintId": _uid(12),
                "@odata.type": "#microsoft.graph.agentIdentity",
                "owners": [],
            },
        ],
        "applications": [
            {
                "id": _uid(9),
                "appId": _uid(11),
                "displayName": "Deploy",
                "federatedIdentityCredentials": [
                    {
                        "id": _uid(70),
                        "name": "ci",
                        "issuer": "https://token.example.test/",
                        "subject": "repo:acme/app:ref",
                        "audiences": ["api://x"],
                    }
                ],
            }
        ],
        "oauth2PermissionGrants": [
            {
                "id": "g1",
                "clientId": _uid(3),
                "consentType": "AllPrincipals",
                "resourceId": _uid(2),
                "scope": "openid Mail.Read",
            }
        ],
        "roleManagement/directory/roleAssignments": [
            {"principalId": _uid(5), "roleDefinitionId": _uid(80), "directoryScopeId": "/"}
        ],
    }
    return {
        f"page{number}.json": as_json({"@odata.context": graph + what, "value": values})
        for number, (what, values) in enumerate(pages.items())
    }


def _uid(number: int) -> str:
    return f"{number:08d}-0000-4000-8000-000000000000"


ID = "00000001-0000-4000-8000-000000000000"
LISTS = "https://graph.microsoft.com/v1.0/$metadata#"
KEY = {"keyId": ID, "displayName": "k", "startDateTime": "2026-01-01T00:00:00Z", "usage": "Sign"}
ROLES = LISTS + "roleManagement/directory/"
GUID = "0000000{}-0000-4000-8000-000000000000"
TENANT = {
    "sp.json": as_json(
        {
            "@odata.context": LISTS + "servicePrincipals",
            "value": [
                {
                    "id": GUID.format(3),
                    "appId": GUID.format(4),
                    "displayName": "Vendor's",
                    "appOwnerOrganizationId": GUID.format(9),
                    "passwordCredentials": [{"keyId": GUID.format(5), "displayName": "k"}],
                }
            ],
        }
    ),
    "users.json": as_json(
        {
            "@odata.context": LISTS + "users",
            "value": [
                {
                    "id": GUID.format(6),
                    "displayName": "Bo",
                    "mail": "bo.chen@acme.test",
                    "userPrincipalName": "bo_ext@acme.test",
                }
            ],
        }
    ),
}
DOCUMENTS: dict[str, Any] = {
    "entra": [
        {"@odata.context": LISTS + "organization", "value": [{"id": ID, "displayName": "n"}]},
        {
            "@odata.context": LISTS + "servicePrincipals",
            "@odata.count": 1,
            "value": [
                {
                    "id": ID,
                    "appId": ID,
                    "displayName": "n",
                    "passwordCredentials": [KEY],
                    "keyCredentials": [KEY],
                    "owners": [{"id": ID, "displayName": "o"}],
                    "agentIdentityBlueprintId": ID,
                    "appRoles": [{"id": ID, "value": "A.Read"}],
                    "appRoleAssignments": [
                        {
                            "id": "i",
                            "principalId": ID,
                            "resourceId": ID,
                            "appRoleId": ID,
                            "createdDateTime": "2026-01-01",
                        }
                    ],
                    "oauth2PermissionGrants": [
                        {"clientId": ID, "resourceId": ID, "scope": "A.Read", "principalId": ID}
                    ],
                }
            ],
        },
        {
            "@odata.context": LISTS + "applications",
            "value": [
                {
                    "id": ID,
                    "appId": ID,
                    "federatedIdentityCredentials": [
                        {"id": ID, "issuer": "https://i", "subject": "s", "audiences": ["a"]}
                    ],
                }
            ],
        },
        {
            "@odata.context": LISTS + "users",
            "value": [
                {
                    "id": ID,
                    "manager": {"id": ID},
                    "signInActivity": {"lastSignInDateTime": "2026-01-01T00:00:00Z"},
                }
            ],
        },
        {
            "@odata.context": ROLES + "roleDefinitions",
            "value": [
                {
                    "id": ID,
                    "rolePermissions": [{"allowedResourceActions": ["a.b/c/d"], "condition": None}],
                }
            ],
        },
        {
            "@odata.context": ROLES + "roleAssignmentSchedules",
            "value": [
                {
                    "principalId": ID,
                    "roleDefinitionId": ID,
                    "scheduleInfo": {"expiration": {"endDateTime": None}},
                    "principal": {"@odata.type": "#microsoft.graph.user", "id": ID},
                }
            ],
        },
    ],
    "scubagear": {
        "timestamp_zulu": "2026-01-01T00:00:00Z",
        "tenant_details": {"TenantId": ID},
        "privileged_users": {ID: {"DisplayName": "n", "roles": ["Global Administrator"]}},
        "privileged_roles": {
            "RoleTemplateId": ID,
            "DisplayName": "r",
            "Assignments": {
                "PrincipalId": ID,
                "StartDateTime": "/Date(1)/",
                "DirectoryScopeId": "/",
            },
        },
        "risky_applications": [
            {
                "ObjectId": {"Application": ID, "ServicePrincipal": ID},
                "KeyCredentials": {"KeyId": ID, "EndDateTime": "/Date(1)/"},
                "Permissions": [
                    {"RoleDisplayName": "A.B", "IsAdminConsented": True, "RoleType": "Application"}
                ],
            }
        ],
    },
}
EXPORTS: list[Export] = [_entra(), *documents(DOCUMENTS)]

NATIVE: Native = (
    TENANT,
    {
        GUID.format(3): f"entra:{GUID.format(3)}",
        GUID.format(4): f"entra:{GUID.format(3)}",
        GUID.format(5): f"entra:{GUID.format(3)}/key/{GUID.format(5)}",
        "bo_ext@acme.test": f"entra:{GUID.format(6)}",
    },
)
SEVERAL = [
    Several(
        EXPORTS[0],
        "page2.json",
        "entra:00000007-0000-4000-8000-000000000000",
        "entra:00000003-0000-4000-8000-000000000000",
    ),
]
