"""Exports of Bedrock and AgentCore as people have them, by the answers of the AWS command line.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_ListAgentActionGroups.html,
https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_ListGateways.html,
https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_GetHarness.html.
"""

import json

import pytest

from graph.schema import AGENT, CALLS, CONTROLS, CREDENTIAL, RESOURCE, RUNS_AS, TOOL, USES
from ingest.source import InputRefused
from ingest.sources.bedrock import SOURCE
from tests.support.exports.loading import load
from tests.support.hostile.canaries import leaks

ACCOUNT, OTHER = "123456789012", "210987654321"
HERE = f"arn:aws:bedrock:eu-west-1:{ACCOUNT}"
CORE = f"arn:aws:bedrock-agentcore:eu-west-1:{ACCOUNT}"
ROLE_ARN, OLD_ROLE = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("agent", "old"))
AGENT_ID = "AB12CD34EF"
ARN = f"{HERE}:agent/{AGENT_ID}"
GATEWAY = f"{CORE}:gateway/g-1"
AN_AGENT = {"agentId": AGENT_ID, "agentArn": ARN, "agentName": "refunds",
            "agentStatus": "PREPARED", "agentResourceRoleArn": ROLE_ARN}  # fmt: skip


@pytest.fixture
def read(tmp_path):
    def reading(*files, **options):
        folder = tmp_path / "bedrock"
        for number, one in enumerate(files):
            name, said = one if isinstance(one, tuple) else (f"{number}x.json", one)
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(said if isinstance(said, str) else json.dumps(said))
        return load(SOURCE, tmp_path, folder, **options)

    return reading


def said(loaded, part):
    return any(part in warning for warning in loaded.done.warnings)


def whole(loaded):
    return loaded.graph.coverage[0].complete


def test_names_in_capitals_are_the_same_names(read):
    """As CloudFormation and the tools for PowerShell write them; variables keep theirs."""
    agent = {k[0].upper() + k[1:]: v for k, v in AN_AGENT.items()}
    runtime = {"AgentRuntimeArn": f"{CORE}:runtime/h-1", "AgentRuntimeName": "h",
               "RoleArn": ROLE_ARN, "EnvironmentVariables": {"DbPassword": "abcdefgh"}}  # fmt: skip
    found = read({"Agent": agent}, runtime)
    assert found.links(RUNS_AS) == {("refunds", ROLE_ARN), ("h", ROLE_ARN)}
    assert found.links(USES) == {("h", "DbPassword")}
    assert whole(found)


def test_an_agent_acts_by_its_versions_too(read):
    version = {k: v for k, v in AN_AGENT.items() if k != "agentResourceRoleArn"}
    found = read({"agent": AN_AGENT}, {"agentVersion": version | {
        "version": "1", "agentResourceRoleArn": OLD_ROLE}})  # fmt: skip
    assert found.links(RUNS_AS) == {("refunds", ROLE_ARN), ("refunds", OLD_ROLE)}
    assert len(found.rows(AGENT)) == 1


def test_an_action_group_told_by_a_list_and_by_itself_is_one(read):
    """Which comes first does not matter; one that is only listed makes the reading partial."""
    group = {"actionGroupId": "GRP1234567", "actionGroupName": "run", "actionGroupState": "ENABLED"}
    listed = (f"a-{AGENT_ID}.json", {"actionGroupSummaries": [group]})
    told = group | {"agentId": AGENT_ID, "parentActionSignature": "ANTHROPIC.Bash"}
    alone, both = read({"agent": AN_AGENT}, listed), None
    assert not whole(alone)
    assert said(alone, "1 action groups are listed without their details")
    both = read({"agent": AN_AGENT}, listed, {"agentActionGroup": told})
    assert whole(both)
    assert json.loads(both.one(TOOL)["capabilities"]) == ["code_exec"]
    assert len(both.rows(CALLS)) == 1


def test_gateways_and_targets_that_are_only_listed(read):
    gateways = {"items": [{"gatewayId": "g-1", "name": "g", "status": "READY"}]}
    targets = {"items": [{"targetId": "T1", "name": "t", "targetType": "LAMBDA"}]}
    found = read({"agent": AN_AGENT}, gateways, targets)
    assert not whole(found)
    assert said(found, "1 gateways are listed")
    assert said(found, "1 targets of gateways are listed")
    runtime = f"{CORE}:runtime/h-1"
    target = {"gatewayArn": GATEWAY, "targetId": "T1", "targetConfiguration": {
        "http": {"agentcoreRuntime": {"arn": runtime}}}}  # fmt: skip
    told = {"gatewayArn": GATEWAY, "gatewayId": "g-1", "name": "g", "roleArn": ROLE_ARN}
    found = read({"agent": AN_AGENT}, gateways, targets, ("g.json", told), ("t.json", target))
    assert whole(found)
    assert {(r["source_id"], r["target_id"]) for r in found.rows(CONTROLS)} == {(GATEWAY, runtime)}


def test_a_managed_agent_with_its_tools(read):
    interpreter = f"{CORE}:code-interpreter-custom/c-1"
    harness = {"harnessId": "n", "harnessName": "n", "arn": f"{CORE}:harness/n", "status": "READY",
               "executionRoleArn": ROLE_ARN, "environmentVariables": {"API_KEY": "abcdefgh12345"},
               "tools": [{"type": "agentcore_code_interpreter", "name": "c", "config": {
                   "agentCoreCodeInterpreter": {"codeInterpreterArn": interpreter}}}]}  # fmt: skip
    can = {"codeInterpreterArn": interpreter, "name": "calc", "executionRoleArn": OLD_ROLE}
    found = read({"harness": harness}, can)
    assert found.links(CALLS) == {("n", "calc")}
    assert found.links(RUNS_AS) == {("n", ROLE_ARN), ("calc", OLD_ROLE)}
    assert found.of(CREDENTIAL, "name") == ["API_KEY"]
    assert "abcdefgh12345" not in str(found.graph.frames[CREDENTIAL].to_dict())


def test_memory_and_what_says_nothing_of_access(read):
    memory = {"memory": {"arn": f"{CORE}:memory/m", "id": "m", "name": "notes",
                         "memoryExecutionRoleArn": ROLE_ARN}}  # fmt: skip
    aliases = {"agentAliasSummaries": [{"agentAliasId": "A"}, {"agentAliasId": "B"}]}
    found = read({"agent": AN_AGENT}, memory, aliases)
    assert found.one(RESOURCE, name="notes")["type"] == "memory"
    assert said(found, "agentAliasSummaries (2)")
    assert whole(found)


def test_a_runtime_that_is_only_listed_is_known_by_name(read):
    listed = {"agentRuntimes": [{"agentRuntimeArn": f"{CORE}:runtime/h-1", "status": "READY",
                                 "agentRuntimeName": "h"}]}  # fmt: skip
    found = read(listed)
    assert found.one(AGENT)["name"] == "h"
    assert not whole(found)


def test_pages_of_a_list_in_files_of_their_own(read):
    page = {"agentSummaries": [{"agentId": AGENT_ID}]}
    agent = ("agent.json", {"agent": AN_AGENT})
    cut = ("agents-1.json", page | {"NextToken": "x"})
    assert not whole(read(agent, cut))
    assert whole(read(agent, cut, ("agents-2.json", page)))


def test_a_list_of_another_agent_does_not_end_a_list(read):
    groups = {"actionGroupSummaries": [], "nextToken": "x"}
    other = AN_AGENT | {"agentId": "ZZ12CD34EF", "agentArn": f"{HERE}:agent/ZZ12CD34EF"}
    found = read({"agent": AN_AGENT}, {"agent": other}, (f"groups-{AGENT_ID}.json", groups),
                 ("groups-ZZ12CD34EF.json", {"actionGroupSummaries": []}))  # fmt: skip
    assert not whole(found)


def test_two_accounts_in_one_input(read):
    """Each agent is in the account that its name says, and so is its role."""
    elsewhere = AN_AGENT | {
        "agentArn": ARN.replace(ACCOUNT, OTHER), "agentName": "b", "agentId": "CC12CD34EF",
        "agentResourceRoleArn": ROLE_ARN.replace(ACCOUNT, OTHER),
    }  # fmt: skip
    text = json.dumps({"agent": AN_AGENT}) + "\n" + json.dumps({"agent": elsewhere})
    found = read(("all.json", text), scope=None)
    assert {r["target_id"] for r in found.rows(RUNS_AS)} == {
        ROLE_ARN, ROLE_ARN.replace(ACCOUNT, OTHER)
    }  # fmt: skip
    assert found.graph.coverage[0].scope == "bedrock"


def test_what_says_nothing_of_agents_alone_is_refused(tmp_path):
    (tmp_path / "x.json").write_text('{"foundationModels": []}')
    with pytest.raises(InputRefused):
        load(SOURCE, tmp_path, tmp_path / "x.json")


def test_no_secret_gets_into_rows_or_messages(tmp_path):
    harness = {"HarnessName": "n", "Arn": f"{CORE}:harness/n", "ExecutionRoleArn": ROLE_ARN,
               "EnvironmentVariables": {"API_KEY": "abcdefgh"}, "SystemPrompt": [{"Text": "t"}],
               "Tools": [{"Config": {"AgentCoreGateway": {"GatewayArn": GATEWAY}}}]}  # fmt: skip
    documents = [
        {"Harness": harness},
        {"memory": {"arn": f"{CORE}:memory/m", "name": "m"}},
        {"items": [{"gatewayId": "g", "name": "n"}, {"other": "x"}]},
        {"agentAliasSummaries": [{"agentAliasName": "n"}], "nextToken": "t"},
    ]
    assert leaks(SOURCE, tmp_path / "all.json", documents) == []
