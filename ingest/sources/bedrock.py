"""Agents of Amazon Bedrock and Bedrock AgentCore, and the roles that they run as.

Reads what the AWS command line writes for `bedrock-agent` and `bedrock-agentcore-control`, each
document known by its keys. An agent is joined to the roles, functions and secrets of an account
by their resource names. https://docs.aws.amazon.com/bedrock/latest/APIReference/welcome.html and
https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/Welcome.html
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from graph.element import Node
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
from graph.values import WrongValue, canonical, instant
from ingest.exports import Budget, ExportFile, export_files, scope_of, taken_at
from ingest.files import decode, parse_json
from ingest.redaction import redact_text
from ingest.rows import Place, Rows, text
from ingest.secret_names import bare_address, held_secret
from ingest.source import InputRefused, Reading, Request, Source
from ingest.sources.aws.arn import parse

PROVIDER = "aws"
SUFFIXES = (".json", ".json.gz")
AGENT_ID = re.compile(r"(?<![A-Z0-9])[A-Z0-9]{10}(?![A-Z0-9])")
ALIAS = re.compile(r"(arn:[\w-]+:bedrock:[\w-]*:\d*):agent-alias/([A-Z0-9]{10})/[\w-]+")
DISCOVERY = "/.well-known/openid-configuration"
MAX_ARN = 2048
READY = {"PREPARED", "READY", "ACTIVE"}
FAR = "as far as {} goes"
BUILT_IN = {"AMAZON.CodeInterpreter": ["code_exec"], "ANTHROPIC.Computer": ["code_exec"]}


@dataclass
class _Reader:
    """Takes documents in; what belongs to an agent waits until all agents are known."""

    rows: Rows
    agents: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, None] = field(default_factory=dict)
    later: list[Callable[[], None]] = field(default_factory=list)
    listed: dict[str, Place] = field(default_factory=dict)

    def take(self, said: Any, file: ExportFile, place: Place) -> bool:
        """Take in a document; return whether anything in it was known."""
        if isinstance(said, list):
            return any([self.take(one, file, place.at(n)) for n, one in enumerate(said)])
        if not isinstance(said, dict):
            return False
        if text(said.get("nextToken")):
            self.rows.whole = False
            self.rows.warn(f"{place.file}: the list goes on in a page that is not there")
        known = False
        for key, take in self._wrapped().items():
            value = said.get(key)
            if isinstance(value, dict | list):
                items = value if isinstance(value, list) else [value]
                for number, one in enumerate(items):
                    at = place.at(key, number) if isinstance(value, list) else place.at(key)
                    self._one(take, one, file, at)
                known = True
        for key, take in self._bare().items():
            if not known and text(said.get(key)):
                self._one(take, said, file, place)
                return True
        return known

    def _one(
        self,
        take: Callable[[dict[str, Any], str, Place], None],
        one: Any,
        file: ExportFile,
        at: Place,
    ) -> None:
        if isinstance(one, dict):
            take(one, _agent_of(one, file), at)
        else:
            self.rows.reject(at, "must be an object")

    def _wrapped(self) -> dict[str, Callable[[dict[str, Any], str, Place], None]]:
        return {
            "agent": self._agent,
            "agentSummaries": self._summary,
            "agentActionGroup": self._action_group,
            "actionGroupSummaries": self._action_group,
            "agentKnowledgeBase": self._knowledge,
            "agentKnowledgeBaseSummaries": self._knowledge,
            "knowledgeBase": self._base,
            "agentCollaborator": self._collaborator,
            "agentCollaboratorSummaries": self._collaborator,
            "agentRuntimes": self._runtime_summary,
            "workloadIdentities": self._workload,
            "credentialProviders": self._provider,
        }

    def _bare(self) -> dict[str, Callable[[dict[str, Any], str, Place], None]]:
        return {
            "agentArn": self._agent,
            "agentRuntimeArn": self._runtime,
            "credentialProviderArn": self._provider,
            "targetId": self._target,  # before the gateway, whose name it carries
            "gatewayArn": self._gateway,
            "workloadIdentityArn": self._workload,
        }

    # -- agents of Bedrock -------------------------------------------------------------------------

    def _agent(self, said: dict[str, Any], _: str, at: Place) -> None:
        arn = self._arn(said.get("agentArn"), at)
        if not arn:
            return
        if not self.rows.node(
            AGENT,
            arn,
            at,
            name=redact_text(text(said.get("agentName"))) or None,
            kind="ai_agent",
            provider=PROVIDER,
            platform="bedrock",
            status=_status(said.get("agentStatus")),
            created_at=self._moment(said, "createdAt", at),
            third_party=False,
        ):
            return
        self.agents[text(said.get("agentId")) or arn.rpartition("/")[2]] = arn
        self._runs_as(arn, said.get("agentResourceRoleArn"), at)

    def _summary(self, said: dict[str, Any], _: str, at: Place) -> None:
        id_ = text(said.get("agentId"))
        if id_:
            self.listed[id_] = at
        else:
            self.rows.reject(at, "an agent must have an agentId")

    def _action_group(self, said: dict[str, Any], agent: str, at: Place) -> None:
        id_ = text(said.get("actionGroupId"))
        if not AGENT_ID.fullmatch(id_):
            self.rows.reject(at, "an action group must have an actionGroupId")
            return
        self._of_agent(agent, at, lambda arn: self._add_group(arn, id_, said, at))

    def _add_group(self, agent: str, id_: str, said: dict[str, Any], at: Place) -> None:
        tool = f"{agent}/action-group/{id_}"
        built_in = BUILT_IN.get(text(said.get("parentActionSignature")))
        disabled = text(said.get("actionGroupState")) == "DISABLED"
        executor = said.get("actionGroupExecutor")
        added = self.rows.node(
            TOOL,
            tool,
            at,
            name=redact_text(text(said.get("actionGroupName"))) or None,
            kind="api",
            provider=PROVIDER,
            status="disabled" if disabled else "active",
            capabilities=canonical(built_in) if built_in else None,
        )
        if added and not disabled:
            self.rows.link(CALLS, agent, tool, at)
        if isinstance(executor, dict) and text(executor.get("lambda")) and not disabled:
            self._function(tool, executor.get("lambda"), "the action group", at)

    def _function(self, tool: str, said: Any, what: str, at: Place) -> None:
        """Let a tool make a function act, which runs as a role of its own."""
        arn = self._arn(said, at)
        if arn:
            arn = ":".join(arn.split(":")[:7])  # without a version or alias
            self.rows.node(RESOURCE, arn, at)
            self.rows.link(CONTROLS, tool, arn, at, condition=FAR.format(what))

    def _knowledge(self, said: dict[str, Any], agent: str, at: Place) -> None:
        id_ = text(said.get("knowledgeBaseId"))
        if not AGENT_ID.fullmatch(id_):
            self.rows.reject(at, "a knowledge base must have a knowledgeBaseId")
        elif text(said.get("knowledgeBaseState")) != "DISABLED":
            self._of_agent(agent, at, lambda arn: self._add_knowledge(arn, id_, at))

    def _add_knowledge(self, agent: str, id_: str, at: Place) -> None:
        base = f"{agent.partition(':agent/')[0]}:knowledge-base/{id_}"
        self.rows.node(RESOURCE, base, at)
        self.rows.link(
            CAN_ACCESS,
            agent,
            base,
            at,
            grant_id="association",
            actions=canonical(["bedrock:Retrieve"]),
            levels=canonical(["read"]),
        )

    def _base(self, said: dict[str, Any], _: str, at: Place) -> None:
        arn = self._arn(said.get("knowledgeBaseArn"), at)
        if arn and self.rows.node(
            RESOURCE,
            arn,
            at,
            name=redact_text(text(said.get("name"))) or None,
            type="knowledge base",
            provider=PROVIDER,
            created_at=self._moment(said, "createdAt", at),
        ):
            self._runs_as(arn, said.get("roleArn"), at)

    def _collaborator(self, said: dict[str, Any], agent: str, at: Place) -> None:
        descriptor = said.get("agentDescriptor")
        alias = text(descriptor.get("aliasArn")) if isinstance(descriptor, dict) else ""
        match = ALIAS.fullmatch(alias)
        if match is None:
            self.rows.reject(at, "a collaborator must name the alias of an agent")
            return
        other = f"{match[1]}:agent/{match[2]}"
        self._of_agent(agent, at, lambda arn: self._add_collaborator(arn, other, at))

    def _add_collaborator(self, agent: str, other: str, at: Place) -> None:
        self.rows.node(AGENT, other, at)
        self.rows.link(CALLS, agent, other, at)

    def _of_agent(self, id_: str, at: Place, add: Callable[[str], None]) -> None:
        """Add something of an agent once all agents are known."""

        def when_known() -> None:
            if id_ in self.agents:
                add(self.agents[id_])
            else:
                self.rows.reject(at, "belongs to an agent that is not in the export")

        self.later.append(when_known)

    # -- AgentCore ---------------------------------------------------------------------------------

    def _runtime(self, said: dict[str, Any], _: str, at: Place) -> None:
        arn = self._arn(said.get("agentRuntimeArn"), at)
        if not arn or not self.rows.node(
            AGENT,
            arn,
            at,
            name=redact_text(text(said.get("agentRuntimeName"))) or None,
            kind="ai_agent",
            provider=PROVIDER,
            platform="bedrock-agentcore",
            status=_status(said.get("status")),
            created_at=self._moment(said, "createdAt", at),
            third_party=False,
        ):
            return
        self.agents[arn] = arn
        self._runs_as(arn, said.get("roleArn"), at)
        details = said.get("workloadIdentityDetails")
        if isinstance(details, dict) and text(details.get("workloadIdentityArn")):
            identity = self._arn(details.get("workloadIdentityArn"), at)
            if identity:
                self._add_workload(identity, "", at)
                self.rows.link(RUNS_AS, arn, identity, at)
        variables = said.get("environmentVariables")
        for name, value in variables.items() if isinstance(variables, dict) else ():
            self._variable(arn, name, value, at.at("environmentVariables"))
        self._callers(arn, said.get("authorizerConfiguration"), at)

    def _runtime_summary(self, said: dict[str, Any], _: str, at: Place) -> None:
        arn = self._arn(said.get("agentRuntimeArn"), at)
        if arn:
            self.listed[arn] = at

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

    def _callers(self, agent: str, said: Any, at: Place) -> None:
        """State whose tokens let somebody call an agent."""
        jwt = said.get("customJWTAuthorizer") if isinstance(said, dict) else None
        address = text(jwt.get("discoveryUrl")) if isinstance(jwt, dict) else ""
        if not address:
            return
        issuer = redact_text(bare_address(address)).removesuffix(DISCOVERY)
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

    def _workload(self, said: dict[str, Any], _: str, at: Place) -> None:
        arn = self._arn(said.get("workloadIdentityArn"), at)
        if arn:
            self._add_workload(arn, text(said.get("name")), at)

    def _add_workload(self, arn: str, name: str, at: Place) -> None:
        shown = redact_text(name) or arn.rpartition("/")[2]
        self.rows.node(SERVICE_ACCOUNT, arn, at, name=shown, provider=PROVIDER)

    def _provider(self, said: dict[str, Any], _: str, at: Place) -> None:
        """Add a credential of the token vault, and the secret that keeps its value."""
        arn = self._arn(said.get("credentialProviderArn"), at)
        if not arn:
            return
        type_ = "api_key" if "/apikeycredentialprovider/" in arn else "client_secret"
        self.rows.node(
            CREDENTIAL,
            arn,
            at,
            name=redact_text(text(said.get("name"))) or None,
            type=type_,
            storage="vault",
            created_at=self._moment(said, "createdTime", at),
        )
        for key in ("apiKeySecretArn", "clientSecretArn"):
            kept = said.get(key)
            kept = kept.get("secretArn") if isinstance(kept, dict) else kept
            if text(kept):
                secret = self._arn(kept, at.at(key))
                if secret:
                    self.rows.node(RESOURCE, secret, at)
                    self.rows.link(STORED_IN, arn, secret, at)

    def _gateway(self, said: dict[str, Any], _: str, at: Place) -> None:
        arn = self._arn(said.get("gatewayArn"), at)
        if arn and self.rows.node(
            TOOL,
            arn,
            at,
            name=redact_text(text(said.get("name"))) or None,
            kind="mcp_server",
            provider=PROVIDER,
            third_party=False,
        ):
            self._runs_as(arn, said.get("roleArn"), at)

    def _target(self, said: dict[str, Any], _: str, at: Place) -> None:
        """Let a gateway use what its target is: a function, and the credentials for it."""
        gateway = self._arn(said.get("gatewayArn"), at)
        if not gateway:
            return
        self.later.append(lambda: self._add_target(gateway, said, at))

    def _add_target(self, gateway: str, said: dict[str, Any], at: Place) -> None:
        if gateway not in self.rows.labels:
            self.rows.node(TOOL, gateway, at, kind="mcp_server", provider=PROVIDER)
        for part, name in _walk(said.get("targetConfiguration")):
            if name == "lambdaArn":
                self._function(gateway, part, "the target", at)
        for part, name in _walk(said.get("credentialProviderConfigurations")):
            if name == "providerArn":
                provider = self._arn(part, at)
                if provider:
                    self.rows.node(CREDENTIAL, provider, at)
                    far = FAR.format("the target")
                    self.rows.link(CONTROLS, gateway, provider, at, condition=far)

    # -- what they share ---------------------------------------------------------------------------

    def _arn(self, value: Any, at: Place) -> str:
        """Return a resource name as an id; "" (and a rejected part) where it is none."""
        said = text(value)
        arn = parse(said) if len(said) <= MAX_ARN else None
        if arn is None or not arn.service or not arn.resource or re.search(r"[\s*]", said):
            self.rows.reject(at, "names no resource of AWS where it must")
            return ""
        if redact_text(said) != said:
            self.rows.reject(at, "the name of a resource holds something like a secret")
            return ""
        if arn.account and arn.account != "aws":
            self.accounts[arn.account] = None
        return said

    def _runs_as(self, source: str, value: Any, at: Place) -> None:
        if not text(value):
            self.rows.warn("some have no role yet, so what they can do is unknown")
            return
        role = self._arn(value, at)
        if role:
            self._stub(ROLE, role, at)
            self.rows.link(RUNS_AS, source, role, at)

    def _stub(self, label: Node, id_: str, at: Place) -> None:
        """Name something that another export describes, with nothing but its id."""
        self.rows.node(label, id_, at)

    def _moment(self, said: Mapping[str, Any], name: str, at: Place) -> pd.Timestamp | None:
        value = said.get(name)
        try:
            if isinstance(value, int | float) and not isinstance(value, bool):
                return pd.Timestamp(value, unit="s", tz="UTC").as_unit("ms")
            return instant(text(value)) if text(value) else None
        except (WrongValue, ValueError, OverflowError):
            self.rows.reject(at.at(name), "is no instant")
            return None

    def finish(self) -> None:
        """Join what belongs together, and say which agents are only named."""
        for add in self.later:
            add()
        missing = sum(id_ not in self.agents for id_ in self.listed)
        if missing:
            self.rows.whole = False
            self.rows.warn(
                f"{missing} agents are listed without their details (get-agent,"
                " get-agent-runtime): they are not in the graph"
            )


def _agent_of(said: Mapping[str, Any], file: ExportFile) -> str:
    """Return the id of the agent that a part belongs to; the file's name has it if it has none."""
    stated = text(said.get("agentId"))
    if stated:
        return stated
    for step in (file.path.name.partition(".json")[0], file.path.parent.name):
        found = AGENT_ID.search(step)
        if found:
            return found.group()
    return ""


def _status(value: Any) -> str | None:
    return "active" if text(value) in READY else None


def _texts(said: Any, key: str) -> list[str]:
    found = said.get(key)
    return [redact_text(text(one)) for one in found if text(one)] if isinstance(found, list) else []


def _walk(value: Any) -> list[tuple[Any, str]]:
    """Return every value within with the key it stands under."""
    found: list[tuple[Any, str]] = []
    pending = [value]
    while pending:
        here = pending.pop()
        if isinstance(here, dict):
            found += [(part, str(key)) for key, part in here.items()]
            pending += here.values()
        elif isinstance(here, list):
            pending += here
    return found


def read(request: Request) -> Reading:
    """Read the documents at or below the paths of `request`.

    Raises
    ------
    InputRefused
        If a document is broken, or if nothing speaks of agents of Bedrock.
    """
    rows, budget = Rows(), Budget()
    reader, used = _Reader(rows), list[ExportFile]()
    for file in export_files(request.paths):
        if not file.alone and not file.path.name.endswith(SUFFIXES):
            continue
        document = parse_json(decode(budget.read(file.path), file.path), file.path)
        if reader.take(document, file, file.place):
            used.append(file)
        elif file.alone:
            raise InputRefused(file.path, "", "says nothing of agents of Bedrock")
        else:
            rows.warn(f"{file.path}: says nothing of agents of Bedrock; passed over")
    if not used:
        raise InputRefused(request.paths[0], "", "nothing in it speaks of agents of Bedrock")
    reader.finish()
    accounts = list(reader.accounts)
    scope = request.scope or (accounts[0] if len(accounts) == 1 else scope_of(request))
    return rows.reading(scope, taken_at(request, used, rows), SOURCE.declares)


SOURCE = Source(
    name="bedrock",
    title="Amazon Bedrock agents",
    reads="get-agent, get-agent-runtime and what belongs to them (JSON of the AWS command line)",
    declares=("grants", "credentials", "trust", "inventory"),
    read=read,
)
