"""Examples for the source backstage: small exports, ids in them, and files that are damaged."""

from tests.support.exports.example import Export, Native, Several


def _catalog(name: str) -> bytes:
    return CATALOG.replace(b'"payments"', f'"{name}"'.encode())


CATALOG = b"""apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: "payments"
  title: "Payment service"
  annotations: {github.com/project-slug: acme/payments}
spec: {type: service, lifecycle: production, owner: team-pay, system: money}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: team-pay}
spec: {type: team, profile: {displayName: "Pay"}, children: [], members: [ann]}
"""
UID = "3f2c9a1e-7b4d-4c55-9d0e-1a2b3c4d5e6f"
EXPORTS: list[Export] = [{"catalog-info.yaml": CATALOG}]
NUMBERED = {
    "catalog-info.yaml": EXPORTS[0]["catalog-info.yaml"].replace(
        b'name: "payments"', b'name: "payments"\n  uid: ' + UID.encode()
    )
}
NATIVE: Native = (
    NUMBERED,
    {
        "component:default/payments": "backstage:acme/component/default/payments",
        "group:default/team-pay": "backstage:acme/group/default/team-pay",
        UID: "backstage:acme/component/default/payments",
    },
)
SEVERAL = [
    Several(
        {"a/catalog-info.yaml": _catalog("ann"), "b/catalog-info.yaml": _catalog("bo")},
        "a/catalog-info.yaml",
        "backstage:acme/component/default/ann",
        "backstage:acme/component/default/bo",
    ),
]
