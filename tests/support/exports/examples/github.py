"""Examples for the source github: small exports, ids in them, and files that are damaged."""

from typing import Any

from tests.support.exports.example import Export, Native, Several, as_json, documents

OWNER = {"login": "ann", "type": "User"}
ANN, TEAM = (
    {"login": "Ann", "id": 583231, "node_id": "MDQ6VXNlcjU4MzIzMQ=="},
    {
        "slug": "pay",
        "name": "Payments",
        "id": 7,
        "node_id": "T_kwDOAA",
        "html_url": "https://github.com/orgs/acme/teams/pay",
    },
)
DOCUMENTS: dict[str, Any] = {
    "github tokens": [
        {
            "id": 1,
            "owner": {"login": "ann", "type": "User"},
            "repository_selection": "all",
            "token_id": 2,
            "token_name": "n",
            "permissions": {
                "repository": {"contents": "write"},
                "organization": {"members": "read"},
            },
            "access_granted_at": "2026-02-01T00:00:00Z",
            "token_expires_at": "2026-12-01T00:00:00Z",
            "token_expired": False,
        }
    ],
    "github apps": {
        "total_count": 1,
        "installations": [
            {
                "id": 1,
                "app_slug": "a",
                "account": {"login": "acme"},
                "suspended_at": None,
                "repository_selection": "all",
                "permissions": {"contents": "write"},
                "created_at": "2026-01-01T00:00:00Z",
            }
        ],
    },
    "github teams": [
        {
            "slug": "s",
            "name": "n",
            "parent": {"slug": "p"},
            "html_url": "https://github.com/orgs/acme/teams/s",
        }
    ],
}
EXPORTS: list[Export] = [
    {
        "acme/org.json": as_json({"login": "acme", "default_repository_permission": "read"}),
        "acme/repos.json": as_json(
            [{"name": "app", "full_name": "acme/app", "private": True, "visibility": "private"}]
        ),
        "acme/members.json": as_json([OWNER]),
        "acme/repos/app/keys.json": as_json(
            [
                {
                    "id": 7,
                    "title": "ci",
                    "key": "ssh-ed25519 AAAA",
                    "read_only": False,
                    "enabled": True,
                    "created_at": "2026-01-02T03:04:05Z",
                }
            ]
        ),
        "acme/installations.json": as_json(
            {
                "total_count": 1,
                "installations": [
                    {
                        "id": 25,
                        "app_id": 1,
                        "app_slug": "renovate",
                        "account": {"login": "acme"},
                        "repository_selection": "all",
                        "permissions": {"contents": "write"},
                    }
                ],
            }
        ),
        "acme/personal-access-tokens.json": as_json(
            [
                {
                    "id": 25381,
                    "owner": OWNER,
                    "repository_selection": "all",
                    "token_id": 98716,
                    "permissions": {"repository": {"contents": "write"}},
                    "token_name": "script",
                    "token_expires_at": "2026-12-01T00:00:00Z",
                }
            ]
        ),
    },
    *documents(DOCUMENTS),
]
GITHUB = {
    "acme/org.json": as_json({"login": "acme", "id": 9, "node_id": "O_kgDOBB"}),
    "acme/repos.json": as_json(
        [
            {
                "name": "app",
                "full_name": "acme/app",
                "id": 1296269,
                "node_id": "MDEwOlJlcG9zaXRvcnkxMjk2MjY5",
                "private": True,
            }
        ]
    ),
    "acme/members.json": as_json([ANN]),
    "acme/teams.json": as_json([TEAM]),
    "acme/repos/app/keys.json": EXPORTS[0]["acme/repos/app/keys.json"],
    "acme/installations.json": EXPORTS[0]["acme/installations.json"],
}
NATIVE: Native = (
    GITHUB,
    {
        "583231": "github:user/ann",
        "MDQ6VXNlcjU4MzIzMQ==": "github:user/ann",
        "MDEwOlJlcG9zaXRvcnkxMjk2MjY5": "github:acme/repository/app",
        "O_kgDOBB": "github:acme/organization/acme",
        "T_kwDOAA": "github:acme/team/pay",
        "25": "github:acme/installation/25",
        "github_app:1": "github:app/renovate",
    },
)
SEVERAL = [
    Several(
        EXPORTS[0], "acme/repos/app/keys.json", "github:acme/deploy-key/app/7", "github:user/ann"
    ),
]
