"""Creations and deletions of identities and keys in a log.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html and its neighbours. Only
successful calls count, by any actor.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from graph.aws.arn import ACCOUNT, parse, partition_of
from graph.element import Node
from graph.schema import AGENT, CREDENTIAL, HUMAN, ROLE
from ingest.rows import text
from ingest.secrets.redaction import redact_text
from ingest.sources.cloudtrail.actors import LASTING, plain

GONE, MADE = "deleted", "active"
IAM = {  # the event, and the parameter that names the thing
    "DeleteUser": (HUMAN, "userName", GONE),
    "CreateUser": (HUMAN, "userName", MADE),
    "DeleteRole": (ROLE, "roleName", GONE),
    "DeleteServiceLinkedRole": (ROLE, "roleName", GONE),
    "CreateRole": (ROLE, "roleName", MADE),
    "DeleteAccessKey": (CREDENTIAL, "accessKeyId", GONE),
    "CreateAccessKey": (CREDENTIAL, "accessKeyId", MADE),
    "DeleteLoginProfile": (CREDENTIAL, "userName", GONE),
    "CreateLoginProfile": (CREDENTIAL, "userName", MADE),
}
AGENTS = {  # the event source and event, the parameter, and the form of the agent's id
    ("bedrock.amazonaws.com", "DeleteAgent"): ("agentId", "bedrock", "agent/{v}"),
    ("bedrock-agentcore.amazonaws.com", "DeleteAgentRuntime"): (
        "agentRuntimeId",
        "bedrock-agentcore",
        "runtime/{v}",
    ),
}
LOGIN = "#password"  # suffix of the id of a user's password for the console
KIND = {HUMAN: "user", ROLE: "role"}


@dataclass(frozen=True, slots=True)
class Turn:
    """The creation or deletion of a thing, at an instant (milliseconds)."""

    label: Node
    id: str
    state: str
    at_ms: int
    key: str = ""
    name: str = ""


def turn(record: dict[str, Any], source: str, name: str, at_ms: int) -> Turn | None:
    """Return the creation or deletion in a record; None if it holds none."""
    if text(record.get("errorCode")) or text(record.get("errorMessage")):
        return None
    account, parameters = text(record.get("recipientAccountId")), record.get("requestParameters")
    parameters = parameters if isinstance(parameters, dict) else {}
    if (source, name) in AGENTS:
        return _agent(record, parameters, source, name, at_ms)
    if source != "iam.amazonaws.com" or name not in IAM or not ACCOUNT.fullmatch(account):
        return None
    label, parameter, state = IAM[name]
    answer = record.get("responseElements")
    given = _within(answer, "accessKey", "user", "role")
    if name.endswith("AccessKey"):
        key = text(given.get("accessKeyId")) or text(parameters.get(parameter))
        lasts = LASTING.fullmatch(key) and redact_text(key) == key
        return Turn(label, f"aws:access_key/{key}", state, at_ms, key=key) if lasts else None
    owner = text(parameters.get(parameter)) or text(given.get(parameter))
    arn = text(given.get("arn")) or _arn(record, account, KIND.get(label, "user"), owner)
    if not owner or not plain(arn) or parse(arn) is None:
        return None
    if name.endswith("LoginProfile"):
        return Turn(label, arn + LOGIN, state, at_ms, name=owner)
    return Turn(label, arn, state, at_ms, name=owner)


def _agent(
    record: dict[str, Any], parameters: dict[str, Any], source: str, name: str, at_ms: int
) -> Turn | None:
    parameter, service, written = AGENTS[source, name]
    value, region = text(parameters.get(parameter)), text(record.get("awsRegion"))
    account = text(record.get("recipientAccountId"))
    id_ = f"arn:{partition_of(region)}:{service}:{region}:{account}:{written.format(v=value)}"
    id_ = value if value.startswith("arn:") else id_
    return Turn(AGENT, id_, GONE, at_ms) if value and plain(id_) else None


def _arn(record: dict[str, Any], account: str, kind: str, name: str) -> str:
    return f"arn:{partition_of(text(record.get('awsRegion')))}:iam::{account}:{kind}/{name}"


def _within(answer: Any, *names: str) -> dict[str, Any]:
    """Return the answer of a call without its wrapper."""
    parts = answer if isinstance(answer, dict) else {}
    return next((parts[n] for n in names if isinstance(parts.get(n), dict)), {})


def named(turns: Iterable[Turn], known: Iterable[str]) -> list[Turn]:
    """Return `turns` under the ids that are known: a call names a user or role without its path.

    The name identifies it, as names are unique in an account.
    """
    turns = list(turns)
    ids = {*known, *(t.id for t in turns if t.label in KIND)}
    arn_by_short = {_short(arn): arn for arn in sorted(ids, key=lambda arn: arn.count("/"))}
    renamed = []
    for each in turns:
        bare, mark, rest = each.id.partition("#")
        is_named = each.label in KIND or bool(mark)
        id_ = arn_by_short.get(_short(bare), bare) + mark + rest if is_named else each.id
        renamed.append(replace(each, id=id_))
    return renamed


def _short(arn: str) -> str:
    """Return an ARN without the path between kind and name."""
    return f"{arn.partition('/')[0]}/{arn.rpartition('/')[2]}"


def lived(turns: Iterable[Turn]) -> dict[str, tuple[Turn, dict[str, int | str]]]:
    """Return for each thing its label, and the facts of its life: state, made, deleted (ms)."""
    life_by_id: dict[str, tuple[Turn, dict[str, int | str]]] = {}
    for each in sorted(turns, key=lambda t: (t.at_ms, t.state == GONE)):
        facts = life_by_id.setdefault(each.id, (each, {}))[1]
        facts |= {"status": each.state, "status_at": each.at_ms}
        facts["deleted_at" if each.state == GONE else "created_at"] = each.at_ms
    passwords = [i for i, (_, facts) in life_by_id.items() if i.endswith(LOGIN)]
    for id_ in passwords:  # no source declares passwords as nodes: only deletions count
        if "deleted_at" not in life_by_id[id_][1]:
            del life_by_id[id_]
    return life_by_id
