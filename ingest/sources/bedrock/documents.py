"""The base of all documents: names, instants, roles, and parts that wait for their agent."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from graph.aws.arn import parse
from graph.element import Relationship
from graph.schema import (
    AGENT,
    CONTROLS,
    RESOURCE,
    ROLE,
    RUNS_AS,
)
from graph.values import WrongValue, instant
from ingest.rows import Place, Rows, text
from ingest.secrets.redaction import redact_text

PROVIDER = "aws"
BEDROCK, AGENTCORE = "bedrock", "bedrock-agentcore"
KINDS = {  # of resources in their names, by the start of the names of fields
    "agent": "agent",
    "agentRuntime": "runtime",
    "gateway": "gateway",
    "knowledgeBase": "knowledge-base",
}
ID = re.compile(r"[\w-]{1,100}", re.ASCII)
MAX_ARN = 2048
READY = {"PREPARED", "READY", "ACTIVE"}
FAR = "as far as {} goes"


@dataclass
class Documents:
    """The documents so far; parts of an agent wait until all agents are known.

    `regions` are those of all names of Bedrock's own resources: partition, region and account.
    `unread` has of what rejected parts are about the service and the name within a region.
    """

    rows: Rows
    agents: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, None] = field(default_factory=dict)
    later: list[Callable[[], None]] = field(default_factory=list)
    listed: dict[str, Place] = field(default_factory=dict)
    named_only: Counter[str] = field(default_factory=Counter)  # by kind, without details
    passed: Counter[str] = field(default_factory=Counter)
    items: dict[str, str] = field(default_factory=dict)  # kind by id; "" with details
    last: list[Callable[[], None]] = field(default_factory=list)
    linked: set[tuple[str, str, str]] = field(default_factory=set)
    regions: set[tuple[str, str, str]] = field(default_factory=set)
    unread: set[tuple[str, str]] = field(default_factory=set)

    def link_once(self, kind: Relationship, source: str, target: str, at: Place) -> None:
        """Link two things once: a part may be both in a list and in a document of its own."""
        if (kind.name, source, target) not in self.linked:
            self.linked.add((kind.name, source, target))
            self.rows.link(kind, source, target, at)

    def arn(self, value: Any, at: Place) -> str:
        """Return a resource name as an id; "" (and a rejected part) if it is invalid."""
        name = text(value)
        arn = parse(name) if len(name) <= MAX_ARN else None
        if arn is None or not arn.service or not arn.resource or re.search(r"[\s*]", name):
            self.rows.reject(at, "must name a resource of AWS")
            return ""
        if redact_text(name) != name:
            self.rows.reject(at, "the name of a resource holds something like a secret")
            return ""
        if arn.account and arn.account != "aws":
            self.accounts[arn.account] = None
        if arn.service.startswith("bedrock"):
            self.regions.add((arn.partition, arn.region, arn.account))
        return name

    def own_arn(self, body: Mapping[str, Any], kind: str, service: str, at: Place) -> str:
        """Return the resource name of what a document describes; "" if it is invalid.

        `kind` starts the names of its fields.
        What has an id but no valid name is not gone: it is sought in all regions of the export.
        """
        arn = self.arn(body.get(f"{kind}Arn"), at)
        id_ = text(body.get(f"{kind}Id"))
        if not arn and ID.fullmatch(id_):
            self.unread.add((service, f"{KINDS[kind]}/{id_}"))
        return arn

    def agent(
        self, arn: str, body: dict[str, Any], at: Place, keys: tuple[str, str, str], platform: str
    ) -> bool:
        """Declare an agent with the role it runs as; `keys`: of name, status and role."""
        name, status, role = (body.get(key) for key in keys)
        added = self.rows.node(
            AGENT,
            arn,
            at,
            name=redact_text(text(name)) or None,
            kind="ai_agent",
            provider=PROVIDER,
            platform=platform,
            status=status_of(status),
            created_at=self.moment(body, "createdAt", at),
            third_party=False,
        )
        if added:
            self.runs_as(arn, role, at)
        return added

    def runs_as(self, source: str, value: Any, at: Place) -> None:
        """Link something to the role that it runs as."""
        if not text(value):
            self.rows.warn("some agents have no role yet, so their access is unknown")
            return
        role = self.arn(value, at)
        if role and ":role/" not in role:
            self.rows.reject(at, "runs as something that is no role")
        elif role:
            self.rows.node(ROLE, role, at)  # another export describes it
            self.link_once(RUNS_AS, source, role, at)

    def moment(self, body: Mapping[str, Any], name: str, at: Place) -> pd.Timestamp | None:
        """Return an instant, in ISO 8601 or in seconds since 1970."""
        value = body.get(name)
        try:
            if isinstance(value, int | float) and not isinstance(value, bool):
                return pd.Timestamp(value, unit="s", tz="UTC").as_unit("ms")
            return instant(text(value)) if text(value) else None
        except (WrongValue, ValueError, OverflowError):
            self.rows.reject(at.at(name), "is no instant")
            return None

    def function(self, tool: str, value: Any, caller: str, at: Place) -> None:
        """Let a tool control a function, which runs as a role of its own."""
        arn = self.arn(value, at)
        if arn:
            arn = ":".join(arn.split(":")[:7])  # without a version or alias
            self.rows.node(RESOURCE, arn, at)
            self.rows.link(CONTROLS, tool, arn, at, condition=FAR.format(caller))

    def of_agent(
        self,
        id_: str,
        at: Place,
        add: Callable[[str], None],
        part: str = "",
        *,
        last: bool = False,
    ) -> None:
        """Add a part of an agent once all agents are known; `last` after all other parts.

        `part` is its name after that of the agent, where that makes an id.
        """

        def when_known() -> None:
            if id_ in self.agents:
                add(self.agents[id_])
            else:
                self.rows.reject(at, "belongs to an agent that is not in the export")
                names = [f"agent/{id_}", *([f"agent/{id_}{part}"] if part else [])]
                self.unread |= {(BEDROCK, name) for name in names if ID.fullmatch(id_)}

        (self.last if last else self.later).append(when_known)

    def finish(self) -> None:
        """Add the parts that waited, and warn of agents that are only named."""
        for add in (*self.later, *self.last):
            add()
        for service, name in self.unread:
            self.rows.in_rejected |= {
                f"arn:{partition}:{service}:{region}:{account}:{name}"
                for partition, region, account in self.regions
            }
        missing = sum(id_ not in self.agents for id_ in self.listed)
        if missing:
            self.rows.all_read = False
            self.rows.warn(
                f"{missing} agents are listed without their details (get-agent,"
                " get-agent-runtime): their roles are unknown"
            )
        self.named_only.update(filter(None, self.items.values()))
        for kinds, count in self.named_only.items():
            if count > 0:
                self.rows.all_read = False
                self.rows.warn(f"{count} {kinds} are listed without their details")
        if self.passed:
            passed = ", ".join(f"{kind} ({n})" for kind, n in sorted(self.passed.items()))
            self.rows.warn(f"parts that do not concern access were passed over: {passed}")


def status_of(value: Any) -> str | None:
    """Return "active" for an agent in a ready state; None as other states are uncertain."""
    return "active" if text(value) in READY else None
