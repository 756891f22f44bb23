"""Small clusters for tests: objects in a few words, by the documentation of Kubernetes."""

import json
from typing import Any

from graph.schema import CAN_ACCESS
from tests.support.exports.loading import Loaded

RBAC = "rbac.authorization.k8s.io"
MANIFEST = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: bot, namespace: shop, creationTimestamp: "2026-01-02T00:00:00Z"}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: shop, creationTimestamp: "2026-01-03T00:00:00Z"}
rules:
- {apiGroups: [""], resources: [pods, pods/log], verbs: [get, list]}
- {apiGroups: [""], resources: [configmaps], resourceNames: [prices], verbs: [get, update, create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: read, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects:
- {kind: ServiceAccount, name: bot}
- {kind: User, name: ann@example.com}
- {kind: Group, name: "system:serviceaccounts:shop"}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {serviceAccountName: bot, containers: [{name: web, image: web}]}
"""


def thing(kind: str, name: str, namespace: str | None = None, **body: Any) -> dict[str, Any]:
    """Write an object."""
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **body}


def rule(
    verbs: str, resources: str, groups: str = "*", names: tuple[str, ...] | list[str] = ()
) -> dict[str, Any]:
    """Write a rule; the parts are words."""
    said = {"verbs": verbs.split(), "resources": resources.split(), "apiGroups": groups.split()}
    return said | ({"resourceNames": list(names)} if names else {})


def binding(
    role: str, *subjects: Any, namespace: str | None = None, kind: str | None = None
) -> dict[str, Any]:
    """Bind a role, in a namespace or in the whole cluster."""
    kind = kind or ("Role" if namespace else "ClusterRole")
    return thing(
        "RoleBinding" if namespace else "ClusterRoleBinding",
        f"{role}-binding",
        namespace,
        roleRef={"apiGroup": RBAC, "kind": kind, "name": role},
        subjects=list(subjects),
    )


def account(name: str, namespace: str = "shop") -> dict[str, str]:
    """Name an account as a subject."""
    return {"kind": "ServiceAccount", "name": name, "namespace": namespace}


def grants(loaded: Loaded, holder: str) -> dict[str, tuple[list[str], list[str]]]:
    """Return levels and actions of a holder, by target without its cluster."""
    return {
        r["target_id"].split("/", 1)[1]: (json.loads(r["levels"]), json.loads(r["actions"]))
        for r in loaded.rows(CAN_ACCESS)
        if r["source_id"].endswith(holder)
    }
