"""Examples for the source kubernetes: small exports, ids in them, and files that are damaged."""

from typing import Any

from tests.support.exports.example import Export, Native, Several, as_json, documents


def _account(name: str) -> bytes:
    head = "apiVersion: v1\nkind: ServiceAccount\n"
    return f"{head}metadata: {{name: {name}, namespace: shop}}\n".encode()


METADATA = {"name": "x", "namespace": "n", "annotations": {"a": "b"}, "labels": {"a": "b"}}
RULES = [
    {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*", "pods/exec"], "resourceNames": ["x"]}
]
UID = "3f2c9a1e-7b4d-4c55-9d0e-1a2b3c4d5e6f"
CLUSTER = {
    "all.json": as_json(
        {
            "kind": "List",
            "items": [
                {
                    "kind": "ServiceAccount",
                    "apiVersion": "v1",
                    "metadata": {"name": "bot", "namespace": "shop", "uid": UID},
                },
                {
                    "kind": "Role",
                    "apiVersion": "rbac.authorization.k8s.io/v1",
                    "rules": [],
                    "metadata": {
                        "name": "reader",
                        "namespace": "shop",
                        "uid": UID.replace("3", "4"),
                    },
                },
                {
                    "kind": "Pod",
                    "apiVersion": "v1",
                    "spec": {"serviceAccountName": "bot"},
                    "metadata": {
                        "name": "web-1",
                        "namespace": "shop",
                        "uid": UID.replace("3", "5"),
                    },
                },
            ],
        }
    )
}
DOCUMENTS: dict[str, Any] = {
    "kubernetes": {
        "kind": "List",
        "metadata": {"continue": ""},
        "items": [
            {"kind": "ServiceAccount", "apiVersion": "v1", "metadata": METADATA},
            {
                "kind": "ClusterRole",
                "metadata": METADATA,
                "rules": RULES,
                "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]},
            },
            {"kind": "Role", "metadata": METADATA, "rules": RULES},
            {
                "kind": "RoleBinding",
                "metadata": METADATA,
                "roleRef": {"kind": "Role", "name": "x"},
                "subjects": [{"kind": "User", "name": "system:serviceaccount:n:x"}],
            },
            {
                "kind": "ClusterRoleBinding",
                "metadata": METADATA,
                "roleRef": {"kind": "ClusterRole", "name": "cluster-admin"},
                "subjects": [{"kind": "Group", "name": "system:masters"}],
            },
            {"kind": "Secret", "metadata": METADATA, "type": "Opaque"},
            {"kind": "Pod", "metadata": METADATA, "spec": {"serviceAccountName": "x"}},
            {
                "kind": "CronJob",
                "metadata": METADATA,
                "spec": {
                    "jobTemplate": {
                        "spec": {"template": {"spec": {"automountServiceAccountToken": False}}}
                    }
                },
            },
        ],
    },
}
EXPORTS: list[Export] = documents(DOCUMENTS)

NATIVE: Native = (
    CLUSTER,
    {
        UID: "k8s:acme/shop/serviceaccount/bot",
        UID.replace("3", "4"): "k8s:acme/shop/role/reader",
        UID.replace("3", "5"): "k8s:acme/shop/pod/web-1",
        "shop/serviceaccount/bot": "k8s:acme/shop/serviceaccount/bot",
    },
)
SEVERAL = [
    Several(
        {"a.yaml": _account("ann"), "b.yaml": _account("bo")},
        "a.yaml",
        "k8s:acme/shop/serviceaccount/ann",
        "k8s:acme/shop/serviceaccount/bo",
    ),
]
