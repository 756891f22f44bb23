"""Command for policies as code against what is recorded: replay."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.command import UsageError, question
from app.cli.groups import Group
from app.cli.options.usual import LIMIT, LimitOption
from app.cli.output.columns import Columns

if TYPE_CHECKING:
    from analytics.answers.replay import Replay
    from analytics.answers.requests import Requests
    from analytics.posture import Posture

NOTHING_PERMITS = "nothing permits it"
PAIR: Columns = {
    "identity": "identity",
    "resource": "resource",
    "action": "action",
    "uses": "uses",
    "last used": "last_used_at",
    "policies": lambda r: r["policies"] or NOTHING_PERMITS,
    "debt": "debt",
}
CHANGED: Columns = {
    "at": "at",
    "identity": "identity",
    "resource": "resource",
    "action": "action",
    "now": "outcome",
    "policies": lambda r: r["policies"] or NOTHING_PERMITS,
}
REPLAY: dict[str, Columns] = {
    "identities": {
        "identity": "identity",
        "uses": "uses",
        "allow": "would_allow",
        "deny": "would_deny",
        "escalate": "would_escalate",
        "unknown": "unknown",
        "debt": "debt",
        "debt refused": "debt_refused",
    },
    "identities_broken_but_used": PAIR,
    "identities_needs_approval": PAIR,
    "now_refused": CHANGED,
    "now_allowed": CHANGED,
    "policies": {
        "policy": "id",
        "file": "file",
        "effect": "effect",
        "uses": "uses",
        "decisions": "decisions",
        "errors": "errors",
    },
    "requests": {
        "request": "request",
        "decision": "decision",
        "outcome": "outcome",
        "policies": lambda r: r["policies"] or (NOTHING_PERMITS if r["decision"] else None),
        "not evaluated": "refused",
    },
}


def _of_a_file(given: dict[str, Any]) -> bool:
    return given["requests"] is not None


@question("replay", Group.PROOF, storeless=_of_a_file, columns=REPLAY)
def replay(
    posture: "Posture | None",
    policies: Annotated[Path, typer.Argument(help="Cedar or Rego: a file, or a folder.")],
    requests: Annotated[
        Path | None, typer.Option(help="Requests to evaluate instead of what is recorded.")
    ] = None,
    entities: Annotated[
        Path | None, typer.Option(help="With --requests: the entities, in Cedar's JSON format.")
    ] = None,
    schema: Annotated[
        Path | None, typer.Option(help="With --requests: a Cedar schema to hold both to.")
    ] = None,
    limit: LimitOption = LIMIT,
) -> "Replay | Requests":
    """Try policies on all recorded uses and decisions.

    Example: trustdebt replay policies.cedar
    """
    from analytics.engines.reading import policy_set

    if posture is None:
        from analytics.answers.requests import evaluated

        assert requests is not None
        return evaluated(policy_set(policies), requests, entities, schema, limit)
    if entities is not None or schema is not None:
        raise UsageError("--entities and --schema go with --requests")
    from analytics.answers.replay import replay as answer

    return answer(posture, policy_set(policies), limit)
