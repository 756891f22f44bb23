"""Examples for the source gcp: small exports, ids in them, and files that are damaged."""

from typing import Any

from tests.support.exports.example import Export, Native, Several, as_json, documents

_MAIL = "bot@acme-prod.iam.gserviceaccount.com"
_UNIQUE = "100000000000000000001"
_ACCOUNT = {
    "email": _MAIL,
    "uniqueId": _UNIQUE,
    "name": f"projects/acme-prod/serviceAccounts/{_MAIL}",
    "displayName": "Bot",
    "description": "pays bills",
    "disabled": False,
}
_KEY = {
    "name": f"projects/acme-prod/serviceAccounts/{_MAIL}/keys/{'a1' * 20}",
    "keyType": "USER_MANAGED",
    "validAfterTime": "2024-05-06T07:08:09Z",
    "validBeforeTime": "9999-12-31T23:59:59Z",
}
_ASSET = {
    "name": "//storage.googleapis.com/ledger",
    "asset_type": "storage.googleapis.com/Bucket",
    "ancestors": ["projects/34", "folders/7", "organizations/12"],
    "iam_policy": {
        "bindings": [
            {
                "role": "roles/storage.objectViewer",
                "members": ["user:ann@acme.example"],
                "condition": {
                    "title": "t",
                    "expression": 'request.time < timestamp("2027-01-01T00:00:00Z")',
                },
            }
        ]
    },
    "resource": {"data": {"timeCreated": "2021-01-01T00:00:00Z", "labels": {"env": "prod"}}},
}
_POLICY = {
    "bindings": [
        {"role": "roles/editor", "members": [f"serviceAccount:{_MAIL}"]},
        {"role": "projects/acme-prod/roles/payer", "members": ["group:devs@acme.example"]},
    ]
}
PROJECT = {
    "projects/acme-prod/iam.json": as_json(_POLICY),
    "projects/acme-prod/accounts.json": as_json([_ACCOUNT]),
    "projects/acme-prod/keys.json": as_json([_KEY]),
}
BUCKETS = {
    "projects/acme-prod/buckets/ledger/iam.json": as_json(
        {"bindings": [{"role": "roles/storage.admin", "members": ["user:ann@acme.example"]}]}
    ),
    "projects/acme-prod/iam.json": as_json(_POLICY),
}
DOCUMENTS: dict[str, Any] = {
    "acme-prod": _POLICY,
    "asset": [_ASSET],
    "account": [_ACCOUNT],
    "key": [_KEY],
    "role": [
        {
            "name": "projects/acme-prod/roles/payer",
            "title": "Payer",
            "includedPermissions": ["storage.objects.get", "storage.buckets.list"],
        },
        {
            "resource": "//cloudresourcemanager.googleapis.com/projects/acme-prod",
            "project": "projects/34",
            "folders": ["folders/7"],
            "organization": "organizations/12",
            "policy": _POLICY,
        },
    ],
    "project": [
        {
            "projectId": "acme-prod",
            "projectNumber": "34",
            "name": "Prod",
            "parent": {"type": "folder", "id": "7"},
            "lifecycleState": "ACTIVE",
            "createTime": "2020-01-02T03:04:05Z",
            "labels": {"env": "prod"},
        }
    ],
}
EXPORTS: list[Export] = [PROJECT, *documents(DOCUMENTS)]

NATIVE: Native = (EXPORTS[0], {_UNIQUE: f"gcp:{_MAIL}", _MAIL: f"gcp:{_MAIL}"})
SEVERAL = [
    Several(
        BUCKETS,
        "projects/acme-prod/buckets/ledger/iam.json",
        "gcp:ann@acme.example",
        "gcp:projects/acme-prod",
    ),
]
