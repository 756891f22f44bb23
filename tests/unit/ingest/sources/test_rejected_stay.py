"""What a rejected part of a complete export is about stays, as it is unreadable and not gone.

Each case is a full export, the same with one part broken in another field than its id, and the
same without that part: then the thing is gone, and so is the relationship.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from graph.element import Element, Relationship
from graph.schema import (
    AGENT,
    ASSUMES,
    CAN_ACCESS,
    CONTROLS,
    CREDENTIAL,
    HUMAN,
    MEMBER_OF,
    ROLE,
    SERVICE_ACCOUNT,
    TOOL,
)
from ingest.source import Source
from ingest.sources import (
    a2a,
    agent_bom,
    backstage,
    bedrock,
    entra,
    gcp,
    github,
    mcp_registry,
    opengraph,
)
from tests.support.exports.loading import TAKEN_AT, Loaded, load

Files = Mapping[str, Any]
DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Case:
    """An export without a part, that part, and the part when it is broken, by file."""

    source: Source
    rest: Files
    part: tuple[str, Any]
    broken: Any
    kept: tuple[tuple[Element, str | tuple[str, str]], ...]


def uid(number: int) -> str:
    return f"{number:08d}-0000-4000-8000-000000000000"


def entity(kind: Any, name: str) -> dict[str, Any]:
    spec = {"type": "ai-agent", "lifecycle": "production"}
    return {
        "apiVersion": "backstage.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": spec,
    }


def values(what: str, *parts: Any) -> dict[str, Any]:
    return {
        "@odata.context": f"https://graph.microsoft.com/v1.0/$metadata#{what}",
        "value": list(parts),
    }


ANN, BOB = {"login": "ann", "type": "User"}, {"login": "bob", "type": "User"}
REPOS = [{"name": "app", "full_name": "acme/app", "private": True}]
ROLES = [{"id": 7, "name": "auditor", "base_role": "read", "permissions": []}]
INSTALLED = {
    "id": 25,
    "app_slug": "renovate",
    "repository_selection": "none",
    "permissions": {},
}
TOKEN = {
    "id": 4,
    "token_id": 9,
    "token_name": "t",
    "owner": ANN,
    "repository_selection": "none",
    "permissions": {},
    "access_granted_at": "2026-02-01T00:00:00Z",
}
KEY = {"credential_id": 5, "credential_type": "SSH key", "login": "ann"}
GITHUB = {"acme/members.json": [ANN, BOB], "acme/repos.json": REPOS}
TENANT, BOT, API, CLARA, GROUP_ID, KEY_ID, APP_ROLE = map(uid, range(1, 8))
READER = uid(9)
ROLE_ID = f"entra:{TENANT}/role/{READER}"
ENTRA = {
    "organization.json": values("organization", {"id": TENANT, "displayName": "Contoso"}),
    "roles.json": values(
        "roleManagement/directory/roleDefinitions", {"id": READER, "displayName": "Reader"}
    ),
    "groups.json": values("groups", {"id": GROUP_ID, "displayName": "ops"}),
    "users.json": values("users", {"id": CLARA, "displayName": "Clara"}),
}
PRINCIPAL = {"id": BOT, "displayName": "bot", "appId": uid(31)}
SECRET = {"keyId": KEY_ID, "endDateTime": "2027-01-01T00:00:00Z"}
ASSIGNED = {"id": "a", "principalId": CLARA, "roleDefinitionId": READER, "directoryScopeId": "/"}
MEMBER = {"id": "m", "principalId": CLARA, "groupId": GROUP_ID, "accessId": "member"}
GIVEN = {
    "id": "g",
    "principalId": BOT,
    "principalType": "ServicePrincipal",
    "principalDisplayName": "bot",
    "resourceId": API,
    "resourceDisplayName": "Ledger",
    "appRoleId": APP_ROLE,
    "createdDateTime": "2026-01-01T00:00:00Z",
}
HERE = "arn:aws:bedrock:eu-west-1:123456789012"
CORE = "arn:aws:bedrock-agentcore:eu-west-1:123456789012"
ROLE_ARN = "arn:aws:iam::123456789012:role/agent-role"


def agent(id_: str) -> dict[str, Any]:
    return {"agentId": id_, "agentArn": f"{HERE}:agent/{id_}", "agentResourceRoleArn": ROLE_ARN}


FIRST, SECOND = agent("AB12CD34EF"), agent("ZZ12CD34EF")
RUNTIME = {"agentRuntimeArn": f"{CORE}:runtime/h", "agentRuntimeId": "h", "roleArn": ROLE_ARN}
GOOGLE = {
    "email": "bot@acme-prod.iam.gserviceaccount.com",
    "uniqueId": "100000000000000000001",
    "name": "projects/acme-prod/serviceAccounts/bot@acme-prod.iam.gserviceaccount.com",
}
SERVER = {"name": "com.example/wiki", "remotes": [{"type": "sse", "url": "https://w.test/mcp"}]}
OTHER = {"name": "com.example/other", "remotes": [{"type": "sse", "url": "https://o.test/mcp"}]}
CARD = {
    "name": "Closer",
    "url": "https://agent.test/a2a",
    "version": "1",
    "skills": [],
    "capabilities": {},
    "defaultInputModes": ["text"],
}
NODE = {"id": "s-1", "kinds": ["User"], "properties": {"name": "Ann"}}
ENTRA_NODE = {"id": uid(77), "kinds": ["AZUser"]}
EDGE = {"kind": "AdminTo", "start": {"value": "s-1"}, "end": {"value": "s-2"}}
ENDS = [NODE, {"id": "s-2", "kinds": ["Computer"]}]
BOM = {"id": "n-1", "entity_type": "agent", "label": "Closer"}
BOM_TOOL = {"id": "n-2", "entity_type": "server", "label": "wiki"}
BAD_DATE = "the day before"


def graph(nodes: list[Any], edges: list[Any]) -> dict[str, Any]:
    return {"graph": {"nodes": nodes, "edges": edges}}


def bom(*nodes: Any) -> dict[str, Any]:
    return {"scan_id": "1", "tenant_id": "acme", "nodes": list(nodes), "edges": []}


CASES = {
    "a2a: a card without a name": Case(
        a2a.SOURCE,
        {"other.json": CARD | {"url": "https://other.test/a2a"}},
        ("card.json", [CARD]),
        [CARD | {"name": " "}],
        ((AGENT, "a2a:https://agent.test/a2a"),),
    ),
    "opengraph: a node whose kinds are no list": Case(
        opengraph.SOURCE,
        {"other.json": graph(ENDS[1:], [])},
        ("nodes.json", graph([NODE], [])),
        graph([NODE | {"kinds": "User"}], []),
        ((HUMAN, "opengraph:s-1"),),
    ),
    "opengraph: a node of Entra whose kinds are no list": Case(
        opengraph.SOURCE,
        {"other.json": graph(ENDS, [])},
        ("nodes.json", graph([ENTRA_NODE], [])),
        graph([ENTRA_NODE | {"kinds": None}], []),
        ((HUMAN, f"entra:{uid(77)}"),),
    ),
    "opengraph: an edge whose properties are no object": Case(
        opengraph.SOURCE,
        {"other.json": graph(ENDS, [])},
        ("edges.json", graph([], [EDGE])),
        graph([], [EDGE | {"properties": []}]),
        ((CONTROLS, ("opengraph:s-1", "opengraph:s-2")),),
    ),
    "agent_bom: a node without a type": Case(
        agent_bom.SOURCE,
        {"other.json": bom(BOM_TOOL)},
        ("graph.json", bom(BOM)),
        bom(BOM | {"entity_type": None}),
        ((AGENT, "agent_bom:demo/agent/n-1"),),
    ),
    "mcp_registry: a server without a name": Case(
        mcp_registry.SOURCE,
        {"other.json": {"servers": [OTHER]}},
        ("wiki.json", {"servers": [SERVER, OTHER]}),
        {"servers": [SERVER | {"name": None}, OTHER]},
        ((TOOL, "mcp:https://w.test/mcp"),),
    ),
    "backstage: an entity without a kind": Case(
        backstage.SOURCE,
        {"catalog-info.json": [entity("Component", "other")]},
        ("helper-catalog.json", [entity("Component", "Helper")]),
        [entity(None, "Helper")],
        ((AGENT, "backstage:demo/component/default/helper"),),
    ),
    "github: an app without the number of its installation": Case(
        github.SOURCE,
        GITHUB,
        ("acme/installations.json", {"installations": [INSTALLED]}),
        {"installations": [INSTALLED | {"id": None}]},
        ((AGENT, "github:app/renovate"),),
    ),
    "github: a token whose owner has no login": Case(
        github.SOURCE,
        GITHUB,
        ("acme/personal-access-tokens.json", [TOKEN]),
        [TOKEN | {"owner": {"login": None}}],
        ((CREDENTIAL, "github:acme/pat/9"),),
    ),
    "github: a key whose person has no login": Case(
        github.SOURCE,
        GITHUB,
        ("acme/credential-authorizations.json", [KEY]),
        [KEY | {"login": 5}],
        ((CREDENTIAL, "github:acme/credential/5"),),
    ),
    "github: a role without a number": Case(
        github.SOURCE,
        GITHUB,
        ("acme/organization-roles.json", {"roles": ROLES}),
        {"roles": [ROLES[0] | {"id": "seven"}]},
        (
            (ROLE, "github:acme/role/auditor"),
            (CAN_ACCESS, ("github:acme/role/auditor", "github:acme/repository/app")),
        ),
    ),
    "github: a collaborator of no known role": Case(
        github.SOURCE,
        GITHUB,
        ("acme/repos/app/collaborators.json", [ANN | {"role_name": "write"}]),
        [ANN | {"role_name": None}],
        ((CAN_ACCESS, ("github:user/ann", "github:acme/repository/app")),),
    ),
    "entra: a credential whose end is no instant": Case(
        entra.SOURCE,
        ENTRA
        | {
            "servicePrincipals.json": values(
                "servicePrincipals", PRINCIPAL | {"passwordCredentials": []}
            )
        },
        (
            "servicePrincipals.json",
            values("servicePrincipals", PRINCIPAL | {"passwordCredentials": [SECRET]}),
        ),
        values(
            "servicePrincipals",
            PRINCIPAL | {"passwordCredentials": [SECRET | {"endDateTime": BAD_DATE}]},
        ),
        ((CREDENTIAL, f"entra:{BOT}/key/{KEY_ID}"),),
    ),
    "entra: a role that is assigned since no instant": Case(
        entra.SOURCE,
        ENTRA,
        (
            "assigned.json",
            values("roleManagement/directory/roleAssignmentScheduleInstances", ASSIGNED),
        ),
        values(
            "roleManagement/directory/roleAssignmentScheduleInstances",
            ASSIGNED | {"startDateTime": BAD_DATE},
        ),
        ((ROLE, ROLE_ID), (ASSUMES, (f"entra:{CLARA}", ROLE_ID))),
    ),
    "entra: a membership that ends at no instant": Case(
        entra.SOURCE,
        ENTRA,
        (
            "in.json",
            values("identityGovernance/privilegedAccess/group/assignmentScheduleInstances", MEMBER),
        ),
        values(
            "identityGovernance/privilegedAccess/group/assignmentScheduleInstances",
            MEMBER | {"endDateTime": BAD_DATE},
        ),
        ((MEMBER_OF, (f"entra:{CLARA}", f"entra:{GROUP_ID}")),),
    ),
    "entra: a permission that is given at no instant": Case(
        entra.SOURCE,
        ENTRA,
        ("given.json", values(f"servicePrincipals('{BOT}')/appRoleAssignments", GIVEN)),
        values(
            f"servicePrincipals('{BOT}')/appRoleAssignments", GIVEN | {"createdDateTime": BAD_DATE}
        ),
        (
            (SERVICE_ACCOUNT, f"entra:{BOT}"),
            (CAN_ACCESS, (f"entra:{BOT}", f"entra:{TENANT}/api/{API}")),
        ),
    ),
    "bedrock: an agent whose name as a resource is broken": Case(
        bedrock.SOURCE,
        {"get-agent-1.json": {"agent": FIRST}},
        ("get-agent-2.json", {"agent": SECOND}),
        {"agent": SECOND | {"agentArn": "arn:broken"}},
        ((AGENT, f"{HERE}:agent/ZZ12CD34EF"),),
    ),
    "gcp: a service account whose address is broken": Case(
        gcp.SOURCE,
        {"other.json": [GOOGLE | {"email": "far@acme-prod.iam.gserviceaccount.com"}]},
        ("projects/acme-prod/accounts.json", [GOOGLE]),
        [GOOGLE | {"email": "broken"}],
        ((SERVICE_ACCOUNT, f"gcp:{GOOGLE['email']}"),),
    ),
    "bedrock: a runtime whose name as a resource is broken": Case(
        bedrock.SOURCE,
        {"get-agent-1.json": {"agent": FIRST}},
        ("get-agent-runtime.json", RUNTIME),
        RUNTIME | {"agentRuntimeArn": "arn:broken"},
        ((AGENT, f"{CORE}:runtime/h"),),
    ),
}


def published(case: Case, folder: Path, name: str, files: Files, day: int) -> Loaded:
    for file, content in files.items():
        path = folder / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    return load(case.source, folder, folder / name, taken_at=TAKEN_AT + day * DAY)


def emptied(file: str, part: Any) -> dict[str, Any]:
    """Return a file whose list, which was asked for, is empty; none where it is no list."""
    if isinstance(part, list):
        return {file: []}
    lists = {key: [] for key, value in part.items() if isinstance(value, list | tuple)}
    return {file: part | lists} if lists else {}


def is_known(loaded: Loaded, element: Element, key: str | tuple[str, str]) -> bool:
    related = isinstance(element, Relationship)
    keys = {
        (row["source_id"], row["target_id"]) if related else row["id"]
        for row in loaded.rows(element)
    }
    return key in keys


@pytest.mark.parametrize("name", CASES)
def test_what_a_rejected_part_is_about_stays_until_it_is_gone(tmp_path: Path, name: str) -> None:
    """It is known, stays known while it is unreadable, and is gone where the export lacks it."""
    case = CASES[name]
    file, part = case.part
    full = published(case, tmp_path, "full", {**case.rest, file: part}, 0)
    assert [key for key in case.kept if not is_known(full, *key)] == []
    assert full.reasons == []
    broken = published(case, tmp_path, "broken", {**case.rest, file: case.broken}, 1)
    assert len(broken.reasons) == 1
    rest = published(case, tmp_path, "rest", emptied(file, part) | dict(case.rest), 2)
    for loaded, known in ((broken, True), (rest, False)):
        (coverage,) = loaded.graph.coverage
        assert coverage.complete
        assert [key for key in case.kept if is_known(loaded, *key) != known] == []
