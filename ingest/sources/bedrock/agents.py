"""Agents of Amazon Bedrock: action groups, knowledge bases and collaborators."""

import re
from collections.abc import Callable
from typing import Any

from graph.schema import (
    AGENT,
    CALLS,
    CAN_ACCESS,
    RESOURCE,
    TOOL,
)
from graph.values import canonical
from ingest.rows import Place, text
from ingest.secrets.redaction import redact_text
from ingest.sources.bedrock.documents import BEDROCK, PROVIDER, Documents

AGENT_ID = re.compile(r"(?<![A-Z0-9])[A-Z0-9]{10}(?![A-Z0-9])")
ALIAS = re.compile(r"(arn:[\w-]+:bedrock:[\w-]*:\d*):agent-alias/([A-Z0-9]{10})/[\w-]+")
BUILT_IN = {
    "AMAZON.CodeInterpreter": ["code_exec"],
    "ANTHROPIC.Computer": ["code_exec"],
    "ANTHROPIC.Bash": ["code_exec"],
}
DETAILS = {"agentId", "actionGroupExecutor", "parentActionSignature", "functionSchema", "apiSchema"}


class Agents(Documents):
    """A reader of documents of `bedrock-agent`."""

    def _agent(self, body: dict[str, Any], _: str, at: Place) -> None:
        arn = self.own_arn(body, "agent", BEDROCK, at)
        keys = "agentName", "agentStatus", "agentResourceRoleArn"
        if arn and self.agent(arn, body, at, keys, "bedrock"):
            self.agents[text(body.get("agentId")) or arn.rpartition("/")[2]] = arn

    def _version(self, body: dict[str, Any], _: str, at: Place) -> None:
        """Let an agent run as the role of a version of it, which its aliases may use."""
        arn = self.arn(body.get("agentArn"), at)
        if arn:
            arn = re.sub(r"(:agent/[A-Z0-9]{10}).*", r"\1", arn)
            self.later.append(lambda: self._add_version(arn, body, at))

    def _add_version(self, arn: str, body: dict[str, Any], at: Place) -> None:
        if arn in self.rows.labels:
            if text(body.get("agentResourceRoleArn")):
                self.runs_as(arn, body.get("agentResourceRoleArn"), at)
        else:
            self._agent(body, "", at)

    def _summary(self, body: dict[str, Any], _: str, at: Place) -> None:
        id_ = text(body.get("agentId"))
        if id_:
            self.listed[id_] = at
        else:
            self.rows.reject(at, "an agent must have an agentId")

    def _action_group(self, body: dict[str, Any], agent: str, at: Place) -> None:
        id_ = text(body.get("actionGroupId"))
        if not AGENT_ID.fullmatch(id_):
            self.rows.reject(at, "an action group must have an actionGroupId")
            return
        add: Callable[[str], None] = lambda arn: self._add_group(arn, id_, body, at)  # noqa: E731
        part = f"/action-group/{id_}"
        self.of_agent(agent, at, add, part, last=not _is_detailed(body))

    def _add_group(self, agent: str, id_: str, body: dict[str, Any], at: Place) -> None:
        tool = f"{agent}/action-group/{id_}"
        self.named_only["action groups"] += tool not in self.rows.labels and not _is_detailed(body)
        built_in = BUILT_IN.get(text(body.get("parentActionSignature")))
        disabled = text(body.get("actionGroupState")) == "DISABLED"
        executor = body.get("actionGroupExecutor")
        self.rows.node(
            TOOL,
            tool,
            at,
            name=redact_text(text(body.get("actionGroupName"))) or None,
            kind="api",
            provider=PROVIDER,
            status="disabled" if disabled else "active",
            capabilities=canonical(built_in) if built_in else None,
        )
        if not disabled:
            self.link_once(CALLS, agent, tool, at)
        if isinstance(executor, dict) and text(executor.get("lambda")) and not disabled:
            self.function(tool, executor.get("lambda"), "the action group", at)

    def _knowledge(self, body: dict[str, Any], agent: str, at: Place) -> None:
        id_ = text(body.get("knowledgeBaseId"))
        if not AGENT_ID.fullmatch(id_):
            self.rows.reject(at, "a knowledge base must have a knowledgeBaseId")
        elif text(body.get("knowledgeBaseState")) != "DISABLED":
            self.of_agent(agent, at, lambda arn: self._add_knowledge(arn, id_, at))

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

    def _base(self, body: dict[str, Any], _: str, at: Place) -> None:
        arn = self.own_arn(body, "knowledgeBase", BEDROCK, at)
        if arn and self.rows.node(
            RESOURCE,
            arn,
            at,
            name=redact_text(text(body.get("name"))) or None,
            type="knowledge base",
            provider=PROVIDER,
            created_at=self.moment(body, "createdAt", at),
        ):
            self.runs_as(arn, body.get("roleArn"), at)

    def _collaborator(self, body: dict[str, Any], agent: str, at: Place) -> None:
        descriptor = body.get("agentDescriptor")
        alias = text(descriptor.get("aliasArn")) if isinstance(descriptor, dict) else ""
        match = ALIAS.fullmatch(alias)
        if match is None:
            self.rows.reject(at, "a collaborator must name the alias of an agent")
            return
        other = f"{match[1]}:agent/{match[2]}"
        self.of_agent(agent, at, lambda arn: self._add_collaborator(arn, other, at))

    def _add_collaborator(self, agent: str, other: str, at: Place) -> None:
        self.rows.node(AGENT, other, at)
        self.link_once(CALLS, agent, other, at)


def _is_detailed(body: dict[str, Any]) -> bool:
    """Return whether an action group has details; a list only names it."""
    return bool(DETAILS & body.keys())
