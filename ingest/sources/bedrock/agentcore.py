"""Amazon Bedrock AgentCore: runtimes, gateways, workload identities and the token vault."""

import re
from typing import Any

from graph.aws.arn import partition_of
from graph.schema import (
    AGENT,
    CALLS,
    CONTROLS,
    CREDENTIAL,
    RESOURCE,
    RUNS_AS,
    SERVICE_ACCOUNT,
    STORED_IN,
    TOOL,
    TRUSTS,
    USES,
)
from graph.values import canonical
from ingest.rows import Place, text
from ingest.secrets.names import bare_public_address, held_secret
from ingest.secrets.redaction import redact_text
from ingest.sources.bedrock.documents import AGENTCORE, FAR, PROVIDER, Documents, status_of

IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/"
    r"(?P<name>[a-z0-9][a-z0-9._/-]*?)(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?"
)
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
DISCOVERY = "/.well-known/openid-configuration"


class AgentCore(Documents):
    """A reader of documents of `bedrock-agentcore-control`."""

    def _runtime(self, body: dict[str, Any], _: str, at: Place) -> None:
        arn = self.own_arn(body, "agentRuntime", AGENTCORE, at)
        keys = "agentRuntimeName", "status", "roleArn"
        if not arn or not self.agent(arn, body, at, keys, "bedrock-agentcore"):
            return
        self.agents[arn] = arn
        self.rows.complete(arn, charter_id=_code(body.get("agentRuntimeArtifact"), arn) or None)
        self._identified(arn, body, at)
        self._configured(arn, body, at)

    def _identified(self, arn: str, body: dict[str, Any], at: Place) -> None:
        """Declare the workload identity that a runtime or a gateway runs as."""
        details = body.get("workloadIdentityDetails")
        named = details.get("workloadIdentityArn") if isinstance(details, dict) else None
        if text(named) and (identity := self.arn(named, at)):
            self._add_workload(identity, "", at)
            self.link_once(RUNS_AS, arn, identity, at)

    def _configured(self, arn: str, body: dict[str, Any], at: Place) -> None:
        """Declare the credentials in an agent's environment, and its callers."""
        variables = body.get("environmentVariables")
        for name, value in variables.items() if isinstance(variables, dict) else ():
            self._variable(arn, name, value, at.at("environmentVariables"))
        self._callers(arn, body.get("authorizerConfiguration"), at)

    def _runtime_summary(self, body: dict[str, Any], _: str, at: Place) -> None:
        arn = self.own_arn(body, "agentRuntime", AGENTCORE, at)
        if arn:
            self.listed[arn] = at
            self.last.append(lambda: self._add_listed(arn, body, at))

    def _add_listed(self, arn: str, body: dict[str, Any], at: Place) -> None:
        """Add a runtime that is only listed; its role stays unknown."""
        self.rows.node(
            AGENT,
            arn,
            at,
            name=redact_text(text(body.get("agentRuntimeName"))) or None,
            kind="ai_agent",
            provider=PROVIDER,
            platform="bedrock-agentcore",
            status=status_of(body.get("status")),
            third_party=False,
        )

    def _item(self, body: dict[str, Any], _: str, at: Place) -> None:
        """Count the gateways, and targets of gateways, that a list only names."""
        key = "targetId" if text(body.get("targetId")) else "gatewayId"
        id_ = text(body.get(key))
        if not id_:
            self.passed["items"] += 1
        else:
            self.items.setdefault(id_, "targets of gateways" if key == "targetId" else "gateways")

    def _harness(self, body: dict[str, Any], _: str, at: Place) -> None:
        """Declare a managed agent: the role it runs as, its variables, and its tools."""
        arn = self.arn(body.get("arn"), at)
        keys = "harnessName", "status", "executionRoleArn"
        if not arn or not self.agent(arn, body, at, keys, "bedrock-agentcore"):
            return
        self.agents[arn] = arn
        self._configured(arn, body, at)
        self.later.append(lambda: self._harness_tools(arn, body, at))

    def _harness_tools(self, agent: str, body: dict[str, Any], at: Place) -> None:
        for part, name in _walk(body.get("tools")):
            if name in ("gatewayArn", "codeInterpreterArn", "browserArn") and text(part):
                tool = self.arn(part, at.at("tools"))
                if tool:
                    kind = "mcp_server" if name == "gatewayArn" else "api"
                    self.rows.node(TOOL, tool, at, kind=kind, provider=PROVIDER)
                    self.link_once(CALLS, agent, tool, at)

    def _harness_summary(self, body: dict[str, Any], _: str, at: Place) -> None:
        arn = self.arn(body.get("arn"), at)
        if arn:
            self.listed[arn] = at

    def _memory(self, body: dict[str, Any], _: str, at: Place) -> None:
        arn = self.arn(body.get("arn"), at)
        if not arn:
            return
        name = redact_text(text(body.get("name"))) or None
        self.rows.node(RESOURCE, arn, at, name=name, type="memory", provider=PROVIDER)
        if text(body.get("memoryExecutionRoleArn")):
            self.runs_as(arn, body.get("memoryExecutionRoleArn"), at)

    def _interpreter(self, body: dict[str, Any], _: str, at: Place) -> None:
        self._environment(body, "codeInterpreterArn", ["code_exec"], at)

    def _browser(self, body: dict[str, Any], _: str, at: Place) -> None:
        self._environment(body, "browserArn", ["external_comm", "untrusted_input"], at)

    def _environment(self, body: dict[str, Any], key: str, can: list[str], at: Place) -> None:
        """Declare a code interpreter or browser, which may run as a role of its own."""
        arn = self.arn(body.get(key), at)
        if (
            arn
            and self.rows.node(
                TOOL,
                arn,
                at,
                name=redact_text(text(body.get("name"))) or None,
                kind="api",
                provider=PROVIDER,
                third_party=False,
                capabilities=canonical(can),
            )
            and text(body.get("executionRoleArn"))
        ):
            self.runs_as(arn, body.get("executionRoleArn"), at)

    def _variable(self, agent: str, name: str, value: Any, at: Place) -> None:
        secret = held_secret(name, value) if isinstance(value, str) else None
        shown = redact_text(name)
        if secret is None or shown != name:
            return
        id_ = f"{agent}/env/{name}"
        self.rows.node(
            CREDENTIAL,
            id_,
            at,
            name=name,
            type=secret.type,
            storage=secret.storage,
            fingerprint=secret.fingerprint,
        )
        self.rows.link(USES, agent, id_, at)

    def _callers(self, agent: str, body: Any, at: Place) -> None:
        """Declare the issuer of the tokens with which an agent can be called."""
        jwt = body.get("customJWTAuthorizer") if isinstance(body, dict) else None
        address = text(jwt.get("discoveryUrl")) if isinstance(jwt, dict) else ""
        if not address:
            return
        issuer = redact_text(bare_public_address(address)).removesuffix(DISCOVERY)
        if "://" not in issuer:
            return
        names = [*_texts(jwt, "allowedAudience"), *_texts(jwt, "allowedClients")]
        self.rows.node(RESOURCE, issuer, at, name=issuer.partition("://")[2], type="oidc_provider")
        self.rows.link(
            TRUSTS,
            agent,
            issuer,
            at,
            action="bedrock-agentcore:InvokeAgentRuntime",
            issuer=issuer,
            condition=f"token for {' or '.join(sorted(names))}" if names else None,
        )

    def _workload(self, body: dict[str, Any], _: str, at: Place) -> None:
        arn = self.arn(body.get("workloadIdentityArn"), at)
        if arn:
            self._add_workload(arn, text(body.get("name")), at)

    def _add_workload(self, arn: str, name: str, at: Place) -> None:
        shown = redact_text(name) or arn.rpartition("/")[2]
        self.rows.node(SERVICE_ACCOUNT, arn, at, name=shown, provider=PROVIDER)

    def _provider(self, body: dict[str, Any], _: str, at: Place) -> None:
        """Add a credential of the token vault, and the secret that keeps its value."""
        arn = self.arn(body.get("credentialProviderArn"), at)
        if not arn:
            return
        type_ = "api_key" if "/apikeycredentialprovider/" in arn else "client_secret"
        self.rows.node(
            CREDENTIAL,
            arn,
            at,
            name=redact_text(text(body.get("name"))) or None,
            type=type_,
            storage="vault",
            created_at=self.moment(body, "createdTime", at),
        )
        for key in ("apiKeySecretArn", "clientSecretArn"):
            kept = body.get(key)
            kept = kept.get("secretArn") if isinstance(kept, dict) else kept
            if text(kept):
                secret = self.arn(kept, at.at(key))
                if secret:
                    self.rows.node(RESOURCE, secret, at)
                    self.rows.link(STORED_IN, arn, secret, at)

    def _gateway(self, body: dict[str, Any], _: str, at: Place) -> None:
        arn = self.own_arn(body, "gateway", AGENTCORE, at)
        if arn and self.rows.node(
            TOOL,
            arn,
            at,
            name=redact_text(text(body.get("name"))) or None,
            kind="mcp_server",
            provider=PROVIDER,
            third_party=False,
        ):
            self.items.pop(text(body.get("gatewayId")) or arn.rpartition("/")[2], None)
            self.runs_as(arn, body.get("roleArn"), at)
            self._identified(arn, body, at)

    def _target(self, body: dict[str, Any], _: str, at: Place) -> None:
        """Let a gateway use its target: a function or runtime, and the credentials for it."""
        gateway = self.arn(body.get("gatewayArn"), at)
        if not gateway:
            return
        self.items[text(body.get("targetId"))] = ""
        self.later.append(lambda: self._add_target(gateway, body, at))

    def _add_target(self, gateway: str, body: dict[str, Any], at: Place) -> None:
        if gateway not in self.rows.labels:
            self.rows.node(TOOL, gateway, at, kind="mcp_server", provider=PROVIDER)
        for part, name in _walk(body.get("targetConfiguration")):
            if name == "lambdaArn":
                self.function(gateway, part, "the target", at)
            elif name == "agentcoreRuntime" and isinstance(part, dict):
                runtime = self.arn(part.get("arn"), at)
                if runtime:
                    self.rows.node(AGENT, runtime, at)
                    condition = FAR.format("the target")
                    self.rows.link(CONTROLS, gateway, runtime, at, condition=condition)
        for part, name in _walk(body.get("credentialProviderConfigurations")):
            if name == "providerArn":
                provider = self.arn(part, at)
                if provider:
                    self.rows.node(CREDENTIAL, provider, at)
                    far = FAR.format("the target")
                    self.rows.link(CONTROLS, gateway, provider, at, condition=far)


def _code(artifact: Any, runtime: str) -> str:
    """Return the id of the repository of images, or the bucket, with the code of a runtime.

    Whoever can write there controls the next version of the agent.
    """
    texts = {name: part for part, name in _walk(artifact) if isinstance(part, str)}
    image = IMAGE.fullmatch(texts.get("containerUri", ""))
    if image:
        partition = partition_of(image["region"])
        return (
            f"arn:{partition}:ecr:{image['region']}:{image['account']}:repository/{image['name']}"
        )
    bucket = texts.get("bucket", "")
    start = ":".join(runtime.split(":", 2)[:2])  # both lie in one partition
    return f"{start}:s3:::{bucket}" if BUCKET.fullmatch(bucket) else ""


def _texts(body: Any, key: str) -> list[str]:
    values = body.get(key)
    listed = values if isinstance(values, list) else []
    return [redact_text(text(value)) for value in listed if text(value)]


def _walk(value: Any) -> list[tuple[Any, str]]:
    """Return every nested value with its key."""
    parts: list[tuple[Any, str]] = []
    pending = [value]
    while pending:
        here = pending.pop()
        if isinstance(here, dict):
            parts += [(part, str(key)) for key, part in here.items()]
            pending += here.values()
        elif isinstance(here, list):
            pending += here
    return parts
