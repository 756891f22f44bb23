"""What every document of an export needs: names, instants, roles, and what waits for others."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

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
from ingest.sources.aws.arn import parse

PROVIDER = "aws"
MAX_ARN = 2048
READY = {"PREPARED", "READY", "ACTIVE"}
FAR = "as far as {} goes"


@dataclass
class Documents:
    """What documents say so far; what belongs to an agent waits until all agents are known."""

    rows: Rows
    agents: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, None] = field(default_factory=dict)
    later: list[Callable[[], None]] = field(default_factory=list)
    listed: dict[str, Place] = field(default_factory=dict)
    named_only: Counter[str] = field(default_factory=Counter)  # what is listed without its details
    passed: Counter[str] = field(default_factory=Counter)
    items: dict[str, str] = field(default_factory=dict)  # by id: what a list only names, "" if told
    last: list[Callable[[], None]] = field(default_factory=list)
    linked: set[tuple[str, str, str]] = field(default_factory=set)

    def link_once(self, kind: Relationship, source: str, target: str, at: Place) -> None:
        """Join two things unless they are joined: the same part is told by list and by itself."""
        if (kind.name, source, target) not in self.linked:
            self.linked.add((kind.name, source, target))
            self.rows.link(kind, source, target, at)

    def arn(self, value: Any, at: Place) -> str:
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

    def agent(
        self, arn: str, said: dict[str, Any], at: Place, keys: tuple[str, str, str], platform: str
    ) -> bool:
        """State an agent and as what it runs; `keys` hold its name, its status and its role."""
        name, status, role = (said.get(key) for key in keys)
        added = self.rows.node(
            AGENT,
            arn,
            at,
            name=redact_text(text(name)) or None,
            kind="ai_agent",
            provider=PROVIDER,
            platform=platform,
            status=status_of(status),
            created_at=self.moment(said, "createdAt", at),
            third_party=False,
        )
        if added:
            self.runs_as(arn, role, at)
        return added

    def runs_as(self, source: str, value: Any, at: Place) -> None:
        """Join something to the role that it runs as."""
        if not text(value):
            self.rows.warn("some agents have no role yet, so what they can do is unknown")
            return
        role = self.arn(value, at)
        if role and ":role/" not in role:
            self.rows.reject(at, "runs as something that is no role")
        elif role:
            self.rows.node(ROLE, role, at)  # another export describes it
            self.link_once(RUNS_AS, source, role, at)

    def moment(self, said: Mapping[str, Any], name: str, at: Place) -> pd.Timestamp | None:
        """Return an instant, in ISO 8601 or in seconds since 1970."""
        value = said.get(name)
        try:
            if isinstance(value, int | float) and not isinstance(value, bool):
                return pd.Timestamp(value, unit="s", tz="UTC").as_unit("ms")
            return instant(text(value)) if text(value) else None
        except (WrongValue, ValueError, OverflowError):
            self.rows.reject(at.at(name), "is no instant")
            return None

    def function(self, tool: str, said: Any, what: str, at: Place) -> None:
        """Let a tool make a function act, which runs as a role of its own."""
        arn = self.arn(said, at)
        if arn:
            arn = ":".join(arn.split(":")[:7])  # without a version or alias
            self.rows.node(RESOURCE, arn, at)
            self.rows.link(CONTROLS, tool, arn, at, condition=FAR.format(what))

    def of_agent(
        self, id_: str, at: Place, add: Callable[[str], None], *, last: bool = False
    ) -> None:
        """Add something of an agent once all agents are known, or after all that is told so."""

        def when_known() -> None:
            if id_ in self.agents:
                add(self.agents[id_])
            else:
                self.rows.reject(at, "belongs to an agent that is not in the export")

        (self.last if last else self.later).append(when_known)

    def finish(self) -> None:
        """Join what belongs together, and say which agents are only named."""
        for add in (*self.later, *self.last):
            add()
        missing = sum(id_ not in self.agents for id_ in self.listed)
        if missing:
            self.rows.whole = False
            self.rows.warn(
                f"{missing} agents are listed without their details (get-agent,"
                " get-agent-runtime): what they run as is unknown"
            )
        self.named_only.update(filter(None, self.items.values()))
        for what, count in self.named_only.items():
            if count > 0:
                self.rows.whole = False
                self.rows.warn(f"{count} {what} are listed without their details")
        if self.passed:
            said = ", ".join(f"{kind} ({n})" for kind, n in sorted(self.passed.items()))
            self.rows.warn(f"parts that say nothing of access were passed over: {said}")


def status_of(value: Any) -> str | None:
    """Return the state of an agent that says it is ready; nothing else is certain."""
    return "active" if text(value) in READY else None
