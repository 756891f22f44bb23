"""A small export for every source, with something of each kind that the source reads.

What is wrong with an export is tried on these: `DOCUMENTS` are single JSON documents, `EXPORTS`
are whole exports, one or more for each source, as the names and contents of their files.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ingest.source import Source
from ingest.sources.a2a import SOURCE as A2A
from ingest.sources.bedrock import SOURCE as BEDROCK
from ingest.sources.cartography import SOURCE as CARTOGRAPHY
from ingest.sources.cloudtrail import SOURCE as CLOUDTRAIL
from ingest.sources.decisions import SOURCE as DECISIONS
from ingest.sources.entra import SOURCE as ENTRA
from ingest.sources.github import SOURCE as GITHUB
from ingest.sources.kubernetes import SOURCE as KUBERNETES
from ingest.sources.mcp_config import SOURCE as MCP_CONFIG
from ingest.sources.mcp_registry import SOURCE as MCP_REGISTRY
from ingest.sources.opengraph import SOURCE as OPENGRAPH
from tests.support.exports.aws_account import (
    allow,
    deny,
    details,
    group,
    managed,
    role,
    trust,
    user,
)
from tests.support.exports.small_inventories import INVENTORIES

ENDS = {"start": {"value": "a", "kind": "User"}, "end": {"match_by": "name", "value": "b"}}
BY_PROPERTY = {"match_by": "property", "property_matchers": [
    {"key": "name", "operator": "equals", "value": "a"}]}  # fmt: skip
METADATA = {"name": "x", "namespace": "n", "annotations": {"a": "b"}, "labels": {"a": "b"}}
RULES = [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*", "pods/exec"],
          "resourceNames": ["x"]}]  # fmt: skip
ID = "00000001-0000-4000-8000-000000000000"
LISTS = "https://graph.microsoft.com/v1.0/$metadata#"
KEY = {"keyId": ID, "displayName": "k", "startDateTime": "2026-01-01T00:00:00Z", "usage": "Sign"}
ROLES = LISTS + "roleManagement/directory/"
OWN = "arn:aws:bedrock:eu-west-1:123456789012:"
DOCUMENTS: dict[str, tuple[Source, Any]] = {
    "github tokens": (
        GITHUB,
        [{"id": 1, "owner": {"login": "ann", "type": "User"}, "repository_selection": "all",
          "token_id": 2, "token_name": "n", "permissions": {"repository": {"contents": "write"},
          "organization": {"members": "read"}}, "access_granted_at": "2026-02-01T00:00:00Z",
          "token_expires_at": "2026-12-01T00:00:00Z", "token_expired": False}],
    ),
    "github apps": (
        GITHUB,
        {"total_count": 1, "installations": [
            {"id": 1, "app_slug": "a", "account": {"login": "acme"}, "suspended_at": None,
             "repository_selection": "all", "permissions": {"contents": "write"},
             "created_at": "2026-01-01T00:00:00Z"}]},
    ),
    "github teams": (
        GITHUB,
        [{"slug": "s", "name": "n", "parent": {"slug": "p"},
          "html_url": "https://github.com/orgs/acme/teams/s"}],
    ),
    "cloudtrail": (
        CLOUDTRAIL,
        {"Records": [
            {"eventTime": "2026-07-01T10:00:00Z", "eventSource": "s3.amazonaws.com",
             "eventName": "GetObject", "awsRegion": "x", "eventType": "AwsApiCall",
             "eventID": "1", "recipientAccountId": "123456789012", "userIdentity": {
                "type": "AssumedRole", "arn": "arn:aws:sts::123456789012:assumed-role/r/s",
                "sessionContext": {"sessionIssuer": {
                    "type": "Role", "arn": "arn:aws:iam::123456789012:role/r"}}},
             "requestParameters": {"bucketName": "b"}, "resources": [{"ARN": "arn:aws:s3:::b/k"}]},
            {"eventTime": "2026-07-01T10:00:00Z", "eventSource": "sqs.amazonaws.com",
             "eventName": "SendMessage", "errorCode": None, "userIdentity": {
                "type": "IAMUser", "arn": "arn:aws:iam::123456789012:user/u"},
             "requestParameters": {"queueUrl": "https://sqs.x.amazonaws.com/123456789012/q"}}]},
    ),
    "cartography": (
        CARTOGRAPHY,
        {"nodes": [
            {"type": "node", "id": "1", "labels": ["AWSBedrockAgent"], "properties": {
                "id": OWN + "agent/AB12CD34EF", "agent_name": "n", "lastupdated": 1785542400}},
            {"type": "node", "id": "2", "labels": ["AWSRole", "PermissionRole"], "properties": {
                "id": "arn:aws:iam::1:role/r", "_ont_name": "r"}},
            {"type": "node", "id": "3", "labels": ["EntraUser", "UserAccount"], "properties": {
                "id": ID, "email": "a@b.c", "_ont_lastactivity": "2026-01-01T00:00:00Z"}},
            {"type": "node", "id": "4", "labels": ["APIKey"], "properties": {"id": "k"}},
            {"type": "node", "id": "5", "labels": ["S3Bucket"], "properties": {
                "id": "b", "arn": "arn:aws:s3:::b"}}],
         "rels": [
            {"id": "1", "type": "relationship", "label": "HAS_ROLE", "start": {"id": "1"},
             "end": {"id": "2"}},
            {"id": "2", "type": "relationship", "label": "OWNED_BY", "start": {"id": "4"},
             "end": {"id": "3"}},
            {"id": "3", "type": "relationship", "label": "CAN_READ", "start": {"id": "2"},
             "end": {"id": "5"}, "properties": {
                "has_condition": True, "condition_keys": ["aws:SourceIp"]}}]},
    ),
    "bedrock": (
        BEDROCK,
        [{"agent": {"agentId": "AB12CD34EF", "agentArn": OWN + "agent/AB12CD34EF",
                    "agentName": "n", "agentResourceRoleArn": "arn:aws:iam::1:role/r",
                    "createdAt": "2026-01-01T00:00:00Z"}},
         {"agentActionGroup": {"agentId": "AB12CD34EF", "actionGroupId": "GRP1234567",
             "actionGroupExecutor": {"lambda": "arn:aws:lambda:x:1:function:f"}}},
         {"agentKnowledgeBase": {"agentId": "AB12CD34EF", "knowledgeBaseId": "KB12345678"}},
         {"agentCollaborator": {"agentId": "AB12CD34EF", "agentDescriptor": {
             "aliasArn": OWN + "agent-alias/ZZ12CD34EF/TSTALIASID"}}},
         {"agentRuntimeArn": OWN + "runtime/r", "agentRuntimeName": "n", "createdAt": 1.5,
          "roleArn": "arn:aws:iam::1:role/r", "environmentVariables": {"A_TOKEN": "x"},
          "workloadIdentityDetails": {"workloadIdentityArn": OWN + "workload-identity/w"},
          "authorizerConfiguration": {"customJWTAuthorizer": {
              "discoveryUrl": "https://i/.well-known/openid-configuration",
              "allowedAudience": ["a"], "allowedClients": ["c"]}}},
         {"gatewayArn": OWN + "gateway/g", "targetId": "T", "targetConfiguration": {"mcp": {
             "lambda": {"lambdaArn": "arn:aws:lambda:x:1:function:f"}}},
          "credentialProviderConfigurations": [{"credentialProvider": {"apiKeyCredentialProvider":
              {"providerArn": OWN + "token-vault/default/apikeycredentialprovider/k"}}}]},
         {"credentialProviders": [{"credentialProviderArn": OWN + "x/k", "name": "n"}]}],
    ),
    "entra": (
        ENTRA,
        [{"@odata.context": LISTS + "organization", "value": [{"id": ID, "displayName": "n"}]},
         {"@odata.context": LISTS + "servicePrincipals", "@odata.count": 1, "value": [
            {"id": ID, "appId": ID, "displayName": "n", "passwordCredentials": [KEY],
             "keyCredentials": [KEY], "owners": [{"id": ID, "displayName": "o"}],
             "agentIdentityBlueprintId": ID, "appRoles": [{"id": ID, "value": "A.Read"}],
             "appRoleAssignments": [{"id": "i", "principalId": ID, "resourceId": ID,
                                     "appRoleId": ID, "createdDateTime": "2026-01-01"}],
             "oauth2PermissionGrants": [{"clientId": ID, "resourceId": ID, "scope": "A.Read",
                                         "principalId": ID}]}]},
         {"@odata.context": LISTS + "applications", "value": [{"id": ID, "appId": ID,
            "federatedIdentityCredentials": [{"id": ID, "issuer": "https://i", "subject": "s",
                                              "audiences": ["a"]}]}]},
         {"@odata.context": LISTS + "users", "value": [{"id": ID, "manager": {"id": ID},
            "signInActivity": {"lastSignInDateTime": "2026-01-01T00:00:00Z"}}]},
         {"@odata.context": ROLES + "roleDefinitions", "value": [{"id": ID, "rolePermissions": [
            {"allowedResourceActions": ["a.b/c/d"], "condition": None}]}]},
         {"@odata.context": ROLES + "roleAssignmentSchedules", "value": [{"principalId": ID,
            "roleDefinitionId": ID, "scheduleInfo": {"expiration": {"endDateTime": None}},
            "principal": {"@odata.type": "#microsoft.graph.user", "id": ID}}]}],
    ),
    "scubagear": (
        ENTRA,
        {"timestamp_zulu": "2026-01-01T00:00:00Z", "tenant_details": {"TenantId": ID},
         "privileged_users": {ID: {"DisplayName": "n", "roles": ["Global Administrator"]}},
         "privileged_roles": {"RoleTemplateId": ID, "DisplayName": "r", "Assignments": {
             "PrincipalId": ID, "StartDateTime": "/Date(1)/", "DirectoryScopeId": "/"}},
         "risky_applications": [{"ObjectId": {"Application": ID, "ServicePrincipal": ID},
             "KeyCredentials": {"KeyId": ID, "EndDateTime": "/Date(1)/"}, "Permissions": [
             {"RoleDisplayName": "A.B", "IsAdminConsented": True, "RoleType": "Application"}]}]},
    ),
    "opengraph": (
        OPENGRAPH,
        {"metadata": {"source_kind": "X"}, "graph": {
            "nodes": [{"id": "a", "kinds": ["User"], "properties": {"name": "a", "enabled": True,
                       "whencreated": 1, "email": "a@b"}}],
            "edges": [{"kind": "GenericAll", **ENDS, "properties": {"p": 1}},
                      {"kind": "K", "start": BY_PROPERTY, "end": {"value": "c"}}]}},
    ),
    "own opengraph": (
        OPENGRAPH,
        {"metadata": {"source_kind": "TrustDebt"}, "graph": {
            "nodes": [{"id": "a", "kinds": ["Agent"], "properties": {"name": "a", "tags": ["x"]}},
                      {"id": "b", "kinds": ["Resource"], "properties": {}}],
            "edges": [{"kind": "CAN_ACCESS", "start": {"value": "a"}, "end": {"value": "b"},
                       "properties": {"id": "i", "levels": ["read"]}}]}},
    ),
    "mcp_config": (
        MCP_CONFIG,
        {"mcpServers": {"s": {"command": "npx", "args": ["-y", "p", "--token", "x"], "env": {
            "A_TOKEN": "x"}, "headers": {"Authorization": "x"}, "disabled": False,
            "url": "https://u:p@h:1/x?key=1", "transport": {"type": "sse"}}},
         "mcp": {"servers": [{"name": "t", "command": {"path": "x", "args": ["y"]}}]}},
    ),
    "a2a": (
        A2A,
        {"name": "n", "url": "https://h/x", "protocolVersion": "1", "capabilities": {},
         "provider": {"organization": "o"}, "supportedInterfaces": [{"url": "u"}],
         "securitySchemes": {"a": {"type": "oauth2", "flows": {"x": {"tokenUrl": "https://t/x"}}},
                             "b": {"apiKeySecurityScheme": {"name": "k"}}},
         "security": [{"a": ["s"]}], "securityRequirements": [{"schemes": {"a": {"list": ["s"]}}}],
         "skills": [{"id": "i", "name": "n"}], "signatures": [{"protected": "p"}]},
    ),
    "mcp_registry": (
        MCP_REGISTRY,
        {"servers": [{"server": {"name": "a/b", "version": "1", "remotes": [{"url": "https://h"}],
                                 "packages": [{"name": "p"}], "version_detail": {"is_latest": 1}},
                      "_meta": {"io.modelcontextprotocol.registry/official": {"isLatest": True}}}],
         "metadata": {"nextCursor": "x"}},
    ),
    "kubernetes": (
        KUBERNETES,
        {"kind": "List", "metadata": {"continue": ""}, "items": [
            {"kind": "ServiceAccount", "apiVersion": "v1", "metadata": METADATA},
            {"kind": "ClusterRole", "metadata": METADATA, "rules": RULES,
             "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}},
            {"kind": "Role", "metadata": METADATA, "rules": RULES},
            {"kind": "RoleBinding", "metadata": METADATA, "roleRef": {"kind": "Role", "name": "x"},
             "subjects": [{"kind": "User", "name": "system:serviceaccount:n:x"}]},
            {"kind": "ClusterRoleBinding", "metadata": METADATA, "roleRef": {
                "kind": "ClusterRole", "name": "cluster-admin"}, "subjects": [
                {"kind": "Group", "name": "system:masters"}]},
            {"kind": "Secret", "metadata": METADATA, "type": "Opaque"},
            {"kind": "Pod", "metadata": METADATA, "spec": {"serviceAccountName": "x"}},
            {"kind": "CronJob", "metadata": METADATA, "spec": {"jobTemplate": {"spec": {
                "template": {"spec": {"automountServiceAccountToken": False}}}}}}]},
    ),
    "decisions": (
        DECISIONS,
        {"entries": [
            {"id": "d", "at": "2026-07-01T10:00:00Z", "subject": {"id": "b", "properties": {}},
             "action": {"name": "read"}, "resource": {"id": "x"}, "decision": "allow",
             "policy": {"id": "p"}, "context": {"delegation_chain": ["a"]}, "risk": {"score": 1}},
            {"event_type": "e", "agent_did": "d", "timestamp": "2026-07-01T10:00:00", "data": {
                "tool": "t"}, "outcome": "denied", "action": "a", "policy_decision": "deny"},
            {"specversion": "1.0", "type": "ai.agentmesh.tool.blocked", "data": {"action": "a"},
             "time": "2026-07-01T10:00:00Z", "source": "s", "id": "i"}]},
    ),
}  # fmt: skip

Export = Mapping[str, bytes]


def _json(document: Any) -> bytes:
    return json.dumps(document).encode()


def _aws() -> Any:
    limit = managed("limit", allow("s3:*"), allow("sqs:*", Condition={"Bool": {"x": "true"}}))
    bound = {"PermissionsBoundary": {"PermissionsBoundaryArn": limit["Arn"]}}
    statements = [allow(["s3:Get*"], ["arn:aws:s3:::b/*"]), deny("iam:*"), allow("*", "*")]
    return details(
        users=[user("ann", *statements, GroupList=["staff"], **bound)],
        groups=[group("staff", allow("sqs:*", "arn:aws:sqs:*:*:q*"))],
        roles=[role("r", [trust({"AWS": "*"}), trust({"Federated": "x"}, "sts:*")], allow("*"))],
        policies=[limit],
    )


def _entra() -> Export:
    graph = "https://graph.microsoft.com/v1.0/$metadata#"
    pages = {
        "organization": [{"id": _uid(1), "displayName": "Contoso"}],
        "users": [{"id": _uid(5), "displayName": "Ann", "mail": "ann@contoso.test",
                   "accountEnabled": True}],
        "groups": [{"id": _uid(7), "displayName": "Ops", "isAssignableToRole": None}],
        "servicePrincipals": [
            {"id": _uid(3), "displayName": "Bot", "appId": _uid(11), "accountEnabled": True,
             "owners": [{"@odata.type": "#microsoft.graph.user", "id": _uid(5)}],
             "passwordCredentials": [{"keyId": _uid(40), "displayName": "old",
                                      "endDateTime": "2026-03-01T00:00:00Z"}]},
            {"id": _uid(6), "displayName": "Planner", "agentIdentityBlueprintId": _uid(12),
             "@odata.type": "#microsoft.graph.agentIdentity", "owners": []}],
        "applications": [
            {"id": _uid(9), "appId": _uid(11), "displayName": "Deploy",
             "federatedIdentityCredentials": [
                 {"id": _uid(70), "name": "ci", "issuer": "https://token.example.test/",
                  "subject": "repo:acme/app:ref", "audiences": ["api://x"]}]}],
        "oauth2PermissionGrants": [
            {"id": "g1", "clientId": _uid(3), "consentType": "AllPrincipals",
             "resourceId": _uid(2), "scope": "openid Mail.Read"}],
        "roleManagement/directory/roleAssignments": [
            {"principalId": _uid(5), "roleDefinitionId": _uid(80), "directoryScopeId": "/"}],
    }  # fmt: skip
    return {
        f"page{number}.json": _json({"@odata.context": graph + what, "value": values})
        for number, (what, values) in enumerate(pages.items())
    }


def _uid(number: int) -> str:
    return f"{number:08d}-0000-4000-8000-000000000000"


ESTATE = {
    "estate.toml": b"""taken_at = 2026-08-01T00:00:00Z
scope = "demo"
complete = true
declares = ["inventory", "owners", "grants"]
""",
    "nodes/Agent.csv": b'id,name,purpose,tags\nbot,Bot,pays bills,"[""x""]"\nb2,B,,\n',
    "nodes/Human.csv": b"id,name,email\nann,Ann,ann@acme.test\n",
    "nodes/Resource.jsonl": b'{"id": "db", "name": "Ledger", "sensitivity": "restricted"}\n',
    "relationships/OWNS.csv": b"source_id,target_id,role\nann,bot,business\n",
    "relationships/CAN_ACCESS.jsonl": b'{"source_id": "bot", "target_id": "db", '
    b'"levels": ["read"], "condition": "in office"}\n',
    "decisions.jsonl": b'{"id": "d1", "at": "2026-07-01T10:00:00Z", "subject": {"id": "bot"}, '
    b'"action": {"name": "read"}, "resource": {"id": "db"}, "decision": "allow"}\n',
}

COLUMNS = b"""scope = "iga"
taken_at = 2026-08-01
[[table]]
file = "owners.csv"
holds = "owners"
columns = { thing = "Account", owner = "Mail", owner_name = "Owner", role = "Kind" }
always = { thing_label = "ServiceAccount" }
"""
OWNERS = b"""Account,Owner,Mail,Kind
svc-pay,Ann Lee,ann@acme.test,business
svc-pay,Bo Chen,bo@acme.test,technical
svc-old,,,
"""
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
CODEOWNERS = b"""# who reviews
*       @acme/pay-team @ann bo@acme.test
"""
_ACCOUNT = "123456789012"
_ROLE = f"arn:aws:iam::{_ACCOUNT}:role/agent-role"
_BEDROCK = f"arn:aws:bedrock:eu-west-1:{_ACCOUNT}:agent/AB12CD34EF"
_RUNTIME = f"arn:aws:bedrock-agentcore:eu-west-1:{_ACCOUNT}:runtime/helper-a1b2c3d4e5"
AGENTS = {
    "agent.json": _json({"agent": {
        "agentId": "AB12CD34EF", "agentArn": _BEDROCK, "agentName": "refunds",
        "agentStatus": "PREPARED", "agentResourceRoleArn": _ROLE, "instruction": "Refund.",
        "createdAt": "2026-01-02T03:04:05+00:00", "description": "gives money back"}}),
    "runtime.json": _json({
        "agentRuntimeArn": _RUNTIME, "agentRuntimeName": "helper", "status": "READY",
        "roleArn": _ROLE, "createdAt": 1767323045.5,
        "environmentVariables": {"GITHUB_TOKEN": "abcdefgh12345678", "LOG_LEVEL": "info"},
        "authorizerConfiguration": {"customJWTAuthorizer": {
            "discoveryUrl": "https://login.acme.test/x/.well-known/openid-configuration",
            "allowedAudience": ["helper"]}}}),
}  # fmt: skip
EVENT = {
    "eventVersion": "1.11", "eventTime": "2026-07-01T10:00:00Z", "eventName": "GetObject",
    "eventSource": "s3.amazonaws.com", "awsRegion": "eu-west-1", "eventType": "AwsApiCall",
    "recipientAccountId": _ACCOUNT, "requestParameters": {"bucketName": "invoices", "key": "a"},
    "userIdentity": {"type": "AssumedRole", "sessionContext": {"sessionIssuer": {
        "type": "Role", "arn": _ROLE}},
        "arn": f"arn:aws:sts::{_ACCOUNT}:assumed-role/agent-role/i-1"},
}  # fmt: skip
KEYED = EVENT | {"eventID": "2", "userIdentity": {
    "type": "IAMUser", "arn": f"arn:aws:iam::{_ACCOUNT}:user/ann", "userName": "ann",
    "accessKeyId": "AKIAIOSFODNN7EXAMPLE"}}  # fmt: skip
ROW = {  # as CloudTrail Lake and Athena name columns
    "eventtime": "2026-07-01 10:00:00.000", "eventname": "GetObject", "eventtype": "AwsApiCall",
    "eventsource": "s3.amazonaws.com", "requestparameters": '{"bucketName": "invoices"}',
    "useridentity": {"type": "IAMUser", "arn": f"arn:aws:iam::{_ACCOUNT}:user/ann"},
}  # fmt: skip
MESSAGE = {"detail-type": "AWS API Call via CloudTrail", "detail": KEYED}
LOOKED_UP = {"Events": [{"EventId": "2", "CloudTrailEvent": json.dumps(KEYED)}]}
TRAIL = b"".join(_json(one) + b"\n" for one in (EVENT, MESSAGE, ROW, LOOKED_UP))

EXPORTS: dict[str, list[Export]] = {
    "aws": [{"details.json": _json(_aws())}],
    "entra": [_entra()],
    "estate": [ESTATE],
    "backstage": [{"catalog-info.yaml": CATALOG}],
    "bedrock": [AGENTS],
    "cloudtrail": [{"log.json": _json({"Records": [EVENT, KEYED]})}, {"log.jsonl": TRAIL}],
    "codeowners": [{".github/CODEOWNERS": CODEOWNERS}],
    "csv": [{"columns.toml": COLUMNS, "owners.csv": OWNERS}],
}
EXPORTS.update({name: list(exports) for name, exports in INVENTORIES.items()})
for _name, (_source, _document) in DOCUMENTS.items():
    _file = f"{_name.replace(' ', '-')}.json"
    EXPORTS.setdefault(_source.name, []).append({_file: _json(_document)})


def write(export: Export, folder: Path) -> Path:
    """Write an export into a new folder; return the folder, or the only file in it."""
    for name, data in export.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder / next(iter(export)) if len(export) == 1 else folder
