"""A small Cartography graph of made-up things, with the labels that its models give.

Labels, relationships and properties are those of the schemas of its modules and of its ontology
(https://cartography-cncf.github.io/cartography/), and of `cartography/models` in its repository.
"""

import json
from datetime import UTC, datetime
from typing import Any

import neo4j

SYNC = 1785542400  # 2026-08-01T00:00:00Z
ACCOUNT = "123456789012"
IAM = f"arn:aws:iam::{ACCOUNT}:"
AGENT = f"arn:aws:bedrock:eu-west-1:{ACCOUNT}:agent/AB12CD34EF"
BASE = f"arn:aws:bedrock:eu-west-1:{ACCOUNT}:knowledge-base/KB12345678"
GUID = "00000001-0000-4000-8000-00000000000"
SUBSCRIPTION = f"/subscriptions/{GUID}9"
SECRET = "canary-hunter2-hunter2"

Things = dict[str, tuple[list[str], dict[str, Any]]]
Links = list[tuple[str, str, str, dict[str, Any]]]

NODES: Things = {
    "account": (["AWSAccount", "Tenant"], {"id": ACCOUNT, "name": "prod"}),
    "agent": (["AWSBedrockAgent", "AIAgent"],
              {"id": AGENT, "arn": AGENT, "agent_name": "refunds", "instruction": SECRET,
               "created_at": datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)}),
    "base": (["AWSBedrockKnowledgeBase"], {"id": BASE, "arn": BASE, "name": "returns"}),
    "role": (["AWSPrincipal", "AWSRole", "PermissionRole"],
             {"id": IAM + "role/refunds", "arn": IAM + "role/refunds", "name": "refunds",
              "_ont_name": "refunds", "roleid": "AROA000000000EXAMPLE"}),
    "ops": (["AWSPrincipal", "AWSRole", "PermissionRole"],
            {"id": IAM + "role/ops", "arn": IAM + "role/ops", "name": "ops"}),
    "ada": (["AWSPrincipal", "AWSUser", "UserAccount"],
            {"id": IAM + "user/ada", "arn": IAM + "user/ada", "name": "ada",
             "passwordlastused": "2026-07-01 10:00:00+00:00"}),
    "key": (["APIKey", "AWSAccountAccessKey", "AccountAccessKey"],
            {"id": "AKIAIOSFODNN7EXAMPLE", "accesskeyid": "AKIAIOSFODNN7EXAMPLE",
             "status": "Active", "createdate": "2025-01-01 00:00:00+00:00"}),
    "policy": (["AWSManagedPolicy", "AWSPolicy"],
               {"id": "arn:aws:iam::aws:policy/AdministratorAccess", "name": "AdministratorAccess",
                "arn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
    "statement": (["AWSPolicyStatement"], {"id": "s/1", "effect": "Allow", "condition": SECRET,
                                           "action": ["*"], "resource": ["*"]}),
    "bucket": (["AWSS3Bucket", "ObjectStorage", "S3Bucket"],
               {"id": "invoices", "arn": "arn:aws:s3:::invoices", "name": "invoices"}),
    "tag": (["AWSTag", "Tag"], {"id": "team:a", "key": "team", "value": SECRET}),
    "service": (["AWSPrincipal", "AWSServicePrincipal", "ServiceAccount"],
                {"id": "bedrock.amazonaws.com", "arn": "bedrock.amazonaws.com"}),
    "tenant": (["AzureTenant", "EntraTenant", "Tenant"], {"id": GUID + "0", "display_name": "A"}),
    "ann": (["EntraPrincipal", "EntraUser", "UserAccount"],
            {"id": GUID + "1", "display_name": "Ann", "email": "ann@example.com",
             "_ont_lastactivity": datetime(2026, 7, 30, tzinfo=UTC), "account_enabled": True}),
    "principal": (["EntraPrincipal", "EntraServicePrincipal", "ServiceAccount"],
                  {"id": GUID + "2", "display_name": "deployer", "account_enabled": True}),
    "subscription": (["AzureSubscription", "Tenant"], {"id": SUBSCRIPTION, "name": "main"}),
    "owner": (["AzureRoleDefinition", "PermissionRole"],
              {"id": SUBSCRIPTION + "/r/1", "name": GUID + "5", "role_name": "Owner"}),
    "assignment": (["AzureRoleAssignment"], {"id": SUBSCRIPTION + "/a/1", "scope": SUBSCRIPTION}),
    "directory": (["EntraRoleDefinition"],
                  {"id": GUID + "6", "display_name": "Global Administrator"}),
    "assigned": (["EntraRoleAssignment"], {"id": "era-1", "directory_scope_id": "/"}),
    "project": (["GCPProject", "Tenant"], {"id": "shop", "displayname": "Shop"}),
    "sa": (["GCPPrincipal", "GCPServiceAccount", "ServiceAccount"],
           {"id": "1001", "email": "bot@shop.iam.gserviceaccount.com", "display_name": "bot"}),
    "viewer": (["GCPRole", "PermissionRole"],
               {"id": "roles/storage.objectViewer", "name": "roles/storage.objectViewer",
                "title": "Storage Object Viewer", "permissions": ["storage.objects.get"] * 3}),
    "binding": (["GCPPolicyBinding"],
                {"id": "shop_viewer", "role": "roles/storage.objectViewer", "has_condition": True,
                 "condition_expression": SECRET}),
    "blobs": (["GCPBucket", "ObjectStorage"], {"id": "blobs", "name": "blobs"}),
    "cluster": (["ComputeCluster", "KubernetesCluster"], {"id": "c-uid", "name": "c1"}),
    "web": (["ComputeNamespace", "KubernetesNamespace"], {"id": "ns-uid", "name": "web"}),
    "runner": (["KubernetesServiceAccount", "ServiceAccount"],
               {"id": "c1/web/runner", "name": "runner", "namespace": "web"}),
    "pod": (["ComputePod", "KubernetesPod"], {"id": "pod-uid", "name": "runner-1"}),
    "edit": (["KubernetesRole", "PermissionRole"],
             {"id": "c1/web/edit", "name": "edit", "verbs": ["get", "create"]}),
    "bound": (["KubernetesRoleBinding"], {"id": "c1/web/edit-runner", "name": "edit-runner"}),
    "sync": (["ModuleSyncMetadata", "SyncMetadata"],
             {"id": f"AWSAccount_{ACCOUNT}_AWSPrincipal", "grouptype": "AWSAccount",
              "groupid": ACCOUNT, "syncedtype": "AWSPrincipal"}),
}  # fmt: skip
LINKS: Links = [
    *[("RESOURCE", "account", one, {}) for one in ("agent", "role", "ops", "ada", "key", "bucket")],
    ("HAS_ROLE", "agent", "role", {}),
    ("USES_KNOWLEDGE_BASE", "agent", "base", {}),
    ("RESOURCE", "account", "base", {}),
    ("CAN_READ", "role", "bucket", {}),
    ("CAN_WRITE", "ada", "bucket", {"has_condition": True, "condition_keys": ["aws:SourceIp"],
                                    "conditions": SECRET}),
    ("STS_ASSUMEROLE_ALLOW", "ada", "ops", {}),
    ("POLICY", "ops", "policy", {}),
    ("STATEMENT", "policy", "statement", {}),
    ("AWS_ACCESS_KEY", "ada", "key", {}),
    ("OWNED_BY", "key", "ada", {}),
    ("TRUSTS_AWS_PRINCIPAL", "role", "service", {}),
    ("TAGGED", "bucket", "tag", {}),
    *[("RESOURCE", "tenant", one, {}) for one in ("ann", "principal", "assigned")],
    *[("RESOURCE", "subscription", one, {}) for one in ("owner", "assignment")],
    ("HAS_ROLE_ASSIGNMENT", "principal", "assignment", {}),
    ("ROLE_ASSIGNED", "assignment", "owner", {}),
    ("HAS_ROLE", "ann", "assigned", {}),
    ("ASSIGNED_TO", "assigned", "directory", {}),
    *[("RESOURCE", "project", one, {}) for one in ("sa", "binding", "blobs")],
    ("HAS_ALLOW_POLICY", "sa", "binding", {}),
    ("GRANTS_ROLE", "binding", "viewer", {}),
    ("APPLIES_TO", "binding", "blobs", {}),
    *[("RESOURCE", "cluster", one, {}) for one in ("web", "runner", "pod", "edit", "bound")],
    *[("CONTAINS", "web", one, {}) for one in ("runner", "pod", "edit", "bound")],
    ("RUNS_AS", "pod", "runner", {}),
    ("SUBJECT", "bound", "runner", {}),
    ("ROLE_REF", "bound", "edit", {}),
    ("ASSUMES_ROLE", "runner", "role", {}),
]  # fmt: skip


def load(driver: neo4j.Driver, nodes: Things | None = None, links: Links | None = None) -> None:
    """Write a graph as a sync does: every node and relationship with the time of the sync."""
    for key, (labels, said) in (NODES if nodes is None else nodes).items():
        named = ":".join(f"`{one}`" for one in labels)
        values = {"lastupdated": SYNC} | said | {"test_key": key}
        driver.execute_query(f"CREATE (n:{named}) SET n = $values", values=values)
    for type_, start, end, said in LINKS if links is None else links:
        driver.execute_query(
            "MATCH (a {test_key: $start}) MATCH (b {test_key: $end}) "
            f"CREATE (a)-[r:`{type_}`]->(b) SET r = $values",
            start=start,
            end=end,
            values=said | {"lastupdated": SYNC},
        )


def as_json(value: Any) -> Any:
    """Return a value as the HTTP API writes it."""
    return value.iso_format() if hasattr(value, "iso_format") else value


def answered(driver: neo4j.Driver, statement: str) -> str:
    """Return what the HTTP API would answer to a statement that makes one map a row."""
    rows = [record[0] for record in driver.execute_query(statement).records]
    data = [{"row": [json.loads(json.dumps(row, default=as_json))], "meta": [None]} for row in rows]
    return json.dumps({"results": [{"columns": ["x"], "data": data}], "errors": []})
