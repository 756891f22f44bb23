"""How well credentials authenticate, which have leaked, and what holds the code of an agent.

Each where the export of a system says it. Shapes by
https://docs.github.com/rest/secret-scanning/secret-scanning,
https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_GetAgentRuntime.html,
https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html and
https://learn.microsoft.com/en-us/graph/api/resources/passwordcredential.
"""

import json

import pytest

from analytics.posture import assess
from graph.access import AccessGraph
from graph.schema import AGENT, AUTHENTICATES_AS, CREDENTIAL, OWNS, RESOURCE, STORED_IN
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from ingest.source import Request
from ingest.sources import all_sources
from tests.support.exports.aws_account import ACCOUNT, allow, details, user
from tests.support.exports.loading import TAKEN_AT, load

CORE = f"arn:aws:bedrock-agentcore:eu-west-1:{ACCOUNT}"
RUNTIME = f"{CORE}:runtime/helper-a1b2c3d4e5"
REPOSITORY = f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/agents/helper"
IMAGE = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/agents/helper"
GOVERNMENT = "us-gov-west-1"
SECRET = "ghp_" + "q7Zt" * 9


def write(folder, **documents):
    folder.mkdir(exist_ok=True)
    for name, said in documents.items():
        (folder / f"{name.replace('__', '-')}.json").write_text(json.dumps(said))
    return folder


# -- GitHub: secret scanning ----------------------------------------------------------------------


def alert(number, **facts):
    said = {
        "number": number,
        "state": "open",
        "resolution": None,
        "validity": "unknown",
        "secret_type": "github_personal_access_token",
        "secret": SECRET,
        "secret_type_display_name": "GitHub Personal Access Token",
        "repository": {"name": "app", "full_name": "acme/app", "private": True},
    }
    return said | facts


ALERTS = [
    alert(1, validity="active"),
    alert(2),
    alert(3, validity="inactive"),
    alert(4, state="resolved", resolution="revoked"),
    alert(5, state="resolved", resolution="false_positive"),
    alert(6, state="resolved", resolution="wont_fix"),
]


def test_secrets_that_scanning_found_have_leaked_unless_they_work_no_more(tmp_path):
    folder = write(tmp_path / "acme", secret__scanning__alerts=ALERTS)
    loaded = load(all_sources()["github"], tmp_path / "s", folder, scope="acme")
    found = {r["id"].rpartition("/")[2]: r["status"] for r in loaded.rows(CREDENTIAL)}
    assert found == {"1": "leaked", "2": "leaked", "3": "revoked", "4": "revoked", "6": "leaked"}
    one = loaded.one(CREDENTIAL, id="github:acme/repository/app/secret-alert/1")
    assert (one["type"], one["storage"]) == ("pat", "code")
    assert {t for _, t in loaded.links(STORED_IN)} == {"acme/app"}
    assert "credentials" in loaded.graph.coverage[0].declares
    assert SECRET not in str(loaded.rows(CREDENTIAL)) + str(loaded.done.warnings)


@pytest.mark.parametrize("private", [True, False])
def test_custom_properties_of_a_repository_are_its_tags(tmp_path, private):
    """A public repository is public, whatever its properties say."""
    said = {
        "data-classification": "confidential",
        "environment": "prod",
        "owner": "Cards: c@a.example",
    }
    repository = {
        "name": "app",
        "full_name": "acme/app",
        "private": private,
        "custom_properties": said,
    }
    folder = write(tmp_path / "acme", repos=[repository])
    loaded = load(all_sources()["github"], tmp_path / "s", folder, scope="acme")
    found = loaded.one(RESOURCE, type="repository")
    assert (found["sensitivity"], found["env"]) == ("confidential" if private else "public", "prod")
    assert loaded.links(OWNS) == {("Cards", "acme/app")}


# -- AgentCore ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("artifact", "charter"),
    [
        ({"containerConfiguration": {"containerUri": f"{IMAGE}:v3"}}, REPOSITORY),
        ({"containerConfiguration": {"containerUri": IMAGE}}, REPOSITORY),
        ({"containerConfiguration": {"containerUri": "public.ecr.aws/x/y:1"}}, None),
        (
            {
                "codeConfiguration": {
                    "code": {"s3": {"bucket": "code", "prefix": "a.zip"}},
                    "runtime": "PYTHON_3_13",
                    "entryPoint": ["a.py"],
                }
            },
            "arn:aws:s3:::code",
        ),
        (None, None),
    ],
)
def test_what_holds_the_code_of_a_runtime_is_its_charter(tmp_path, artifact, charter):
    said = {"agentRuntimeArn": RUNTIME, "agentRuntimeName": "helper", "status": "READY"}
    folder = write(tmp_path / "in", runtime=said | {"agentRuntimeArtifact": artifact})
    loaded = load(all_sources()["bedrock"], tmp_path / "s", folder)
    assert loaded.one(AGENT, id=RUNTIME)["charter_id"] == charter


@pytest.mark.parametrize(
    ("artifact", "charter"),
    [
        (
            {"containerConfiguration": {"containerUri": f"{IMAGE}:v3"}},
            REPOSITORY.replace("arn:aws:", "arn:aws-us-gov:"),
        ),
        ({"codeConfiguration": {"code": {"s3": {"bucket": "code"}}}}, "arn:aws-us-gov:s3:::code"),
    ],
)
def test_the_code_of_a_runtime_lies_in_its_partition(tmp_path, artifact, charter):
    runtime = RUNTIME.replace("arn:aws:", "arn:aws-us-gov:")
    said = {"agentRuntimeArn": runtime, "agentRuntimeName": "helper", "status": "READY"}
    content = json.dumps(said | {"agentRuntimeArtifact": artifact})
    folder = write(tmp_path / "in", runtime=json.loads(content.replace("eu-west-1", GOVERNMENT)))
    loaded = load(all_sources()["bedrock"], tmp_path / "s", folder)
    (agent,) = loaded.rows(AGENT)
    assert agent["charter_id"] == charter.replace("eu-west-1", GOVERNMENT)


@pytest.mark.parametrize("action", ["ecr:PutImage", "ecr:GetAuthorizationToken"])
def test_who_writes_the_code_of_an_agent_controls_it(tmp_path, action):
    """X3, from the exports of two sources; who may not write there does not."""
    runtime = {
        "agentRuntimeArn": RUNTIME,
        "agentRuntimeName": "helper",
        "status": "READY",
        "agentRuntimeArtifact": {"containerConfiguration": {"containerUri": IMAGE}},
    }
    bedrock = write(tmp_path / "bedrock", runtime=runtime)
    repositories = {
        "repositories": [{"repositoryArn": REPOSITORY, "repositoryName": "agents/helper"}]
    }
    aws = write(
        tmp_path / "aws", iam=details([user("ci", allow(action, REPOSITORY))]), ecr=repositories
    )
    store = ParquetStore(tmp_path / "s")
    jobs = [
        (all_sources()[n], Request([p], taken_at=TAKEN_AT))
        for n, p in (("aws", aws), ("bedrock", bedrock))
    ]
    ingest(store, jobs)
    posture = assess(AccessGraph.of(store.read(store.current().id)[1]))
    name = posture.graph.thing
    found = {
        (name(p.source)["name"], name(p.target)["name"], p.rule) for p in posture.escalated.proofs
    }
    assert (("ci", "helper", "X3") in found) is (action == "ecr:PutImage")


def test_tags_of_an_agent(tmp_path):
    pairs = [("Owner", "ann@acme.example"), ("env", "prod"), ("expires", "2026-12-31")]
    tags = [{"Key": k, "Value": v} for k, v in pairs]
    mapping = {"ResourceTagMappingList": [{"ResourceARN": RUNTIME, "Tags": tags}]}
    runtime = {"agentRuntimeArn": RUNTIME, "agentRuntimeName": "helper", "status": "READY"}
    folder = write(tmp_path / "in", runtime=runtime, tags=mapping)
    loaded = load(all_sources()["bedrock"], tmp_path / "s", folder)
    agent = loaded.one(AGENT, id=RUNTIME)
    assert (agent["env"], str(agent["expires_at"])[:10]) == ("prod", "2026-12-31")
    assert loaded.links(OWNS) == {("ann@acme.example", "helper")}


# -- Entra, Kubernetes, MCP, Backstage ------------------------------------------------------------


def test_a_secret_of_entra_is_weak_and_a_certificate_strong(tmp_path):
    uid = "0000000{}-0000-4000-8000-000000000000".format
    secret = {"keyId": uid(1), "displayName": "s", "endDateTime": "2027-01-01T00:00:00Z"}
    bot = {
        "id": uid(3),
        "displayName": "Bot",
        "appId": uid(4),
        "accountEnabled": True,
        "passwordCredentials": [secret],
        "keyCredentials": [secret | {"keyId": uid(2), "type": "AsymmetricX509Cert"}],
    }
    page = {
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#servicePrincipals",
        "value": [bot],
    }
    loaded = load(all_sources()["entra"], tmp_path / "s", write(tmp_path / "in", page=page))
    assert {r["type"]: r["strength"] for r in loaded.rows(CREDENTIAL)} == {
        "client_secret": "weak",
        "certificate": "strong",
    }


def test_a_token_that_a_cluster_keeps_as_a_secret_is_weak(tmp_path):
    token = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/service-account-token",
        "metadata": {
            "name": "t",
            "namespace": "shop",
            "annotations": {"kubernetes.io/service-account.name": "bot"},
        },
    }
    loaded = load(all_sources()["kubernetes"], tmp_path / "s", write(tmp_path / "in", t=token))
    (found,) = loaded.rows(CREDENTIAL)
    assert (found["strength"], loaded.links(AUTHENTICATES_AS)) == ("weak", {("t", "bot")})


def test_a_secret_in_a_configuration_works_for_whoever_copies_it(tmp_path):
    server = {
        "command": "npx",
        "args": ["x"],
        "env": {"GITHUB_TOKEN": "abc12345678", "PGPASSWORD": "hunter22"},
    }
    path = tmp_path / "mcp.json"
    path.write_text(json.dumps({"mcpServers": {"git": server}}))
    loaded = load(all_sources()["mcp_config"], tmp_path / "s", path)
    found = {r["type"]: (r["strength"], r["sender_constrained"]) for r in loaded.rows(CREDENTIAL)}
    assert found == {"pat": (None, False), "password": ("weak", False)}


def test_the_repository_of_an_agent_in_a_catalogue_is_its_charter(tmp_path):
    said = """\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: helper, annotations: {github.com/project-slug: acme/helper}}
spec: {type: ai-agent, owner: "user:ann"}
"""
    path = tmp_path / "catalog-info.yaml"
    path.write_text(said)
    loaded = load(all_sources()["backstage"], tmp_path / "s", path)
    assert loaded.one(AGENT, name="helper")["charter_id"] == "github:acme/repository/helper"
