"""Agents of Bedrock and AgentCore, in the shapes of Amazon's API references, with made-up ids.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_GetAgent.html and
https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_GetAgentRuntime.html
"""

import json

import pandas as pd
import pytest

from graph.access import AccessGraph
from graph.schema import (
    AGENT,
    CALLS,
    CAN_ACCESS,
    CONTROLS,
    CREDENTIAL,
    RESOURCE,
    ROLE,
    RUNS_AS,
    SERVICE_ACCOUNT,
    STORED_IN,
    TOOL,
    TRUSTS,
    USES,
)
from ingest.job.run import ingest
from ingest.source import InputRefused, Request
from ingest.sources.aws import SOURCE as AWS
from ingest.sources.bedrock import SOURCE
from tests.support.exports.aws_account import allow, details, role, trust
from tests.support.exports.loading import TAKEN_AT, load, reader
from tests.support.exports.memory import Memory
from tests.support.hostile.canaries import leaks

ACCOUNT = "123456789012"
HERE = f"arn:aws:bedrock:eu-west-1:{ACCOUNT}"
CORE = f"arn:aws:bedrock-agentcore:eu-west-1:{ACCOUNT}"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/agent-role"
FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:refund"
AGENT_ID, OTHER_ID = "AB12CD34EF", "ZZ12CD34EF"
ARN = f"{HERE}:agent/{AGENT_ID}"
RUNTIME = f"{CORE}:runtime/helper-a1b2c3d4e5"
AN_AGENT = {
    "agent": {
        "agentId": AGENT_ID, "agentArn": ARN, "agentName": "refunds", "agentStatus": "PREPARED",
        "agentResourceRoleArn": ROLE_ARN, "createdAt": "2026-01-02T03:04:05+00:00",
        "instruction": "You give refunds.", "foundationModel": "x",
    }
}  # fmt: skip
A_RUNTIME = {
    "agentRuntimeArn": RUNTIME, "agentRuntimeName": "helper", "status": "READY",
    "roleArn": ROLE_ARN, "createdAt": 1767323045.5,
    "workloadIdentityDetails": {
        "workloadIdentityArn": f"{CORE}:workload-identity-directory/default/workload-identity/h"},
    "environmentVariables": {"GITHUB_TOKEN": "abcdefgh12345678", "LOG_LEVEL": "info",
                             "DB_PASSWORD": "{{resolve}}"},
    "authorizerConfiguration": {"customJWTAuthorizer": {
        "discoveryUrl": "https://login.example.com/x/.well-known/openid-configuration",
        "allowedAudience": ["helper"]}},
}  # fmt: skip


@pytest.fixture
def read(tmp_path):
    return reader(SOURCE, tmp_path)


def test_an_agent_runs_as_its_role(read):
    found = read(AN_AGENT, scope=None)
    agent = found.one(AGENT, id=ARN)
    assert (agent["name"], agent["kind"], agent["status"]) == ("refunds", "ai_agent", "active")
    assert agent["created_at"] == pd.Timestamp("2026-01-02T03:04:05Z")
    assert {(r["source_id"], r["target_id"]) for r in found.rows(RUNS_AS)} == {(ARN, ROLE_ARN)}
    (coverage,) = found.graph.coverage
    assert coverage.scope == ACCOUNT
    assert "refunds." not in str([found.graph.frames[e].to_dict() for e in (AGENT, TOOL)])


def test_action_groups_are_tools(read):
    """A function acts when the tool is called; one that is disabled is kept and not called."""
    group = {
        "agentId": AGENT_ID,
        "actionGroupId": "GRP1234567",
        "actionGroupName": "pay",
        "actionGroupState": "ENABLED",
        "actionGroupExecutor": {"lambda": f"{FUNCTION}:3"},
    }
    code = {"actionGroupId": "GRP2234567", "actionGroupName": "code", "actionGroupState": "ENABLED",
            "parentActionSignature": "AMAZON.CodeInterpreter"}  # fmt: skip
    off = {"actionGroupId": "GRP3234567", "actionGroupName": "old", "actionGroupState": "DISABLED"}
    found = read(
        {"agentActionGroup": group},
        (f"groups-{AGENT_ID}.json", {"actionGroupSummaries": [code, off]}),
        AN_AGENT,
    )
    assert found.links(CALLS) == {("refunds", "pay"), ("refunds", "code")}
    assert found.one(TOOL, name="old")["status"] == "disabled"
    assert json.loads(found.one(TOOL, name="code")["capabilities"]) == ["code_exec"]
    (row,) = found.rows(CONTROLS)
    assert (row["target_id"], row["condition"]) == (FUNCTION, "as far as the action group goes")
    assert found.reasons == []


def test_knowledge_bases_and_collaborators(read):
    base = f"{HERE}:knowledge-base/KB12345678"
    found = read(
        AN_AGENT,
        (f"{AGENT_ID}_kb.json", {"agentKnowledgeBaseSummaries": [
            {"knowledgeBaseId": "KB12345678", "knowledgeBaseState": "ENABLED"},
            {"knowledgeBaseId": "KB22345678", "knowledgeBaseState": "DISABLED"}]}),
        {"knowledgeBase": {"knowledgeBaseArn": base, "name": "policies", "roleArn": ROLE_ARN}},
        {"agentCollaborator": {"agentId": AGENT_ID, "agentDescriptor": {
            "aliasArn": f"{HERE}:agent-alias/{OTHER_ID}/TSTALIASID"}}},
    )  # fmt: skip
    assert found.links(CAN_ACCESS) == {("refunds", "policies")}
    assert found.links(CALLS) == {("refunds", f"{HERE}:agent/{OTHER_ID}")}
    assert (base, ROLE_ARN) in {(r["source_id"], r["target_id"]) for r in found.rows(RUNS_AS)}


def test_a_runtime_and_what_it_holds(read):
    found = read(A_RUNTIME)
    agent = found.one(AGENT, id=RUNTIME)
    assert (agent["platform"], agent["status"]) == ("bedrock-agentcore", "active")
    assert agent["created_at"] == pd.Timestamp("2026-01-02T03:04:05.5Z")
    targets = {r["target_id"].rpartition("/")[2] for r in found.rows(RUNS_AS)}
    assert targets == {"agent-role", "h"}
    assert found.links(USES) == {("helper", "GITHUB_TOKEN"), ("helper", "DB_PASSWORD")}
    assert "abcdefgh12345678" not in str(found.graph.frames[CREDENTIAL].to_dict())
    (row,) = found.rows(TRUSTS)
    assert (row["issuer"], row["condition"]) == ("https://login.example.com/x", "token for helper")
    assert found.of(SERVICE_ACCOUNT, "name") == ["h"]


def test_a_runtime_without_an_authorizer_trusts_no_issuer(read):
    found = read({k: v for k, v in A_RUNTIME.items() if k != "authorizerConfiguration"})
    assert found.rows(TRUSTS) == []


def test_the_token_vault_and_gateways(read):
    vault = f"{CORE}:token-vault/default"
    key, oauth = f"{vault}/apikeycredentialprovider/k", f"{vault}/oauth2credentialprovider/o"
    secret = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:k-AbCdEf"
    gateway = f"{CORE}:gateway/g-1"
    found = read(
        {"name": "k", "credentialProviderArn": key, "apiKeySecretArn": {"secretArn": secret}},
        {"credentialProviders": [{"name": "o", "credentialProviderArn": oauth}]},
        {"gatewayArn": gateway, "name": "g", "roleArn": ROLE_ARN, "protocolType": "MCP"},
        {"gatewayArn": gateway, "targetId": "T", "name": "t",
         "targetConfiguration": {"mcp": {"lambda": {"lambdaArn": FUNCTION}}},
         "credentialProviderConfigurations": [{"credentialProvider": {
             "oauthCredentialProvider": {"providerArn": oauth}}}]},
    )  # fmt: skip
    kinds = {r["id"]: (r["type"], r["storage"]) for r in found.rows(CREDENTIAL)}
    assert kinds == {key: ("api_key", "vault"), oauth: ("client_secret", "vault")}
    assert [r["target_id"] for r in found.rows(STORED_IN)] == [secret]
    assert {r["target_id"] for r in found.rows(CONTROLS)} == {FUNCTION, oauth}
    assert all(r["condition"] == "as far as the target goes" for r in found.rows(CONTROLS))
    assert found.one(TOOL, id=gateway)["kind"] == "mcp_server"


def test_agents_join_the_roles_of_an_account_in_any_order(tmp_path):
    """The agent reaches what its role may do, whichever export came first."""
    agent, account = tmp_path / "agent.json", tmp_path / "account.json"
    agent.write_text(json.dumps(AN_AGENT))
    service = [trust({"Service": "bedrock.amazonaws.com"})]
    invoices = allow("s3:GetObject", "arn:aws:s3:::invoices/*")
    account.write_text(json.dumps(details(roles=[role("agent-role", service, invoices)])))
    jobs = [
        (SOURCE, Request((agent,), "demo", TAKEN_AT)),
        (AWS, Request((account,), None, TAKEN_AT)),
    ]
    hashes = set()
    for number, order in enumerate((jobs, jobs[::-1])):
        store = Memory(str(tmp_path / f"store{number}"))
        for one in order:
            ingest(store, [one])
        info, facts = store.read()
        hashes.add(info.hash)
        graph = AccessGraph.of(facts)
        from analytics.posture import assess
        from tests.support.printed import blast_radius

        found = blast_radius(assess(graph), graph.find("refunds"))["resources"]
        assert [r["id"] for r in found] == ["arn:aws:s3:::invoices"]
        names = dict(zip(graph.frames[ROLE]["id"], graph.frames[ROLE]["name"], strict=True))
        assert names == {ROLE_ARN: "agent-role"}
    assert len(hashes) == 1


def test_agents_without_details_make_the_reading_partial(read):
    listed = [{"agentId": AGENT_ID, "agentName": "refunds"}, {"agentId": OTHER_ID}]
    found = read(AN_AGENT, {"agentSummaries": listed})
    (coverage,) = found.graph.coverage
    assert not coverage.complete
    assert any("1 agents are listed without" in said for said in found.done.warnings)


def test_a_list_with_a_next_page_is_partial(read):
    found = read(AN_AGENT, {"agentSummaries": [{"agentId": AGENT_ID}], "nextToken": "x"})
    (coverage,) = found.graph.coverage
    assert not coverage.complete


@pytest.mark.parametrize(
    "changed",
    [{"agentArn": "me"}, {"agentResourceRoleArn": f"arn:aws:iam::{ACCOUNT}:user/x"},
     {"createdAt": "yesterday"}, {"agentArn": f"{ARN} x"}],
)  # fmt: skip
def test_wrong_parts_are_set_aside(read, changed):
    found = read({"agent": AN_AGENT["agent"] | changed})
    assert len(found.reasons) == 1


def test_a_part_of_an_unknown_agent_is_set_aside(read):
    part = {"agentId": OTHER_ID, "actionGroupId": "GRP1234567"}
    found = read(AN_AGENT, {"agentActionGroup": part})
    assert [r for _, r in found.reasons] == ["belongs to an agent that is not in the export"]
    assert found.rows(TOOL) == []
    assert found.rows(RESOURCE) == []


@pytest.mark.parametrize("said", ["[]", "{}", '{"agents": []}', "x"])
def test_other_files_are_refused(tmp_path, said):
    (tmp_path / "x.json").write_text(said)
    with pytest.raises(InputRefused):
        load(SOURCE, tmp_path, tmp_path / "x.json")


def test_no_secret_gets_into_rows_or_messages(tmp_path):
    group = {"agentId": AGENT_ID, "actionGroupId": "GRP1234567", "actionGroupName": "pay",
             "actionGroupExecutor": {"lambda": FUNCTION}}  # fmt: skip
    runtime = A_RUNTIME | {"description": "d"}
    documents = [AN_AGENT, {"agentActionGroup": group}, runtime]
    assert leaks(SOURCE, tmp_path / "all.json", documents) == []
