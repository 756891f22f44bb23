"""Users, roles, groups and agents of AWS as a whole: disable, end sessions, delete.

IAM has no switch for an identity. What comes nearest, and is taken back at once, is AWS's own
policy that denies everything:
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html,
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSDenyAll.html
"""

import re

from analytics.remediation.handover.facts import Thing
from analytics.remediation.handover.providers.aws.names import Principal, arn_of, principal
from analytics.remediation.handover.shell import checked, line
from analytics.remediation.handover.step import Instruction

# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html
OLDER = "AWSRevokeOlderSessions"
NOW = "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
DENY = (
    """'{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["*"],"Resource":["*"],"""
    f""""Condition":{{"DateLessThan":{{"aws:TokenIssueTime":"'"{NOW}"'"}}}}}}]}}'"""
)
EVERYBODY = "It hits every session of the role, also those of others that may take it."
AGENT = re.compile(r"agent/(?P<id>[A-Za-z0-9]{10})")
RUNTIME = re.compile(r"runtime/(?P<id>[A-Za-z0-9_-]{1,128})")


def disable(thing: Thing) -> Instruction | None:
    """Deny an identity everything, which also hits its sessions."""
    holder = principal(thing)
    if holder is None:
        return _of_agent(thing)
    policy = ("--policy-arn", f"arn:{holder.partition}:iam::aws:policy/AWSDenyAll")
    shared = " It hits everybody who may take the role." if holder.kind == "role" else ""
    return Instruction(
        holder.call(f"attach-{holder.kind}-policy", *policy),
        f"{holder.shown} > Permissions.{shared}",
        holder.call(f"detach-{holder.kind}-policy", *policy),
    )


def revoke_sessions(thing: Thing) -> Instruction | None:
    """Deny whatever was issued before the moment of the run; nothing else ends a session."""
    holder = principal(thing)
    if holder is None or holder.kind == "group":
        return None
    call = holder.call(f"put-{holder.kind}-policy", "--policy-name", OLDER, "--policy-document")
    shared = f" {EVERYBODY}" if holder.kind == "role" else ""
    return Instruction(
        f"{call} {DENY}",
        f"{holder.shown} > Permissions.{shared}",
        holder.call(f"delete-{holder.kind}-policy", "--policy-name", OLDER),
    )


def delete(thing: Thing) -> Instruction | None:
    """Delete a user, role, group or agent, once nothing is attached to it any more."""
    holder = principal(thing)
    if holder is not None:
        return Instruction(holder.call(f"delete-{holder.kind}"), _emptied(holder))
    agent = arn_of(thing, "bedrock")
    if agent is not None and (match := AGENT.fullmatch(agent.rest)):
        words = ("aws", "bedrock-agent", "delete-agent", "--agent-id", match["id"], *agent.at())
        return Instruction(line(*words), f"{agent.where}. Its aliases are deleted before it.")
    runtime = arn_of(thing, "bedrock-agentcore")
    if runtime is not None and (match := RUNTIME.fullmatch(runtime.rest)):
        call = ("aws", "bedrock-agentcore-control", "delete-agent-runtime")
        id_ = ("--agent-runtime-id", checked(match["id"]))
        return Instruction(line(*call, *id_, *runtime.at()), f"{runtime.where}.")
    return None


def _emptied(holder: Principal) -> str:
    before = {
        "user": "its keys, console password, second factors, policies and memberships",
        "role": "its policies and instance profiles",
        "group": "its members and policies",
    }
    return f"{holder.shown}. AWS refuses it until {before[holder.kind]} are gone."


def _of_agent(thing: Thing) -> Instruction | None:
    """Return what stops an agent of Bedrock, which runs only when somebody invokes it."""
    agent = arn_of(thing, "bedrock")
    if agent is None or not (match := AGENT.fullmatch(agent.rest)):
        return None
    words = ("aws", "bedrock-agent", "list-agent-aliases", "--agent-id", match["id"], *agent.at())
    return Instruction(
        place=f"{agent.where}. An agent of Bedrock has no switch: delete the aliases by which it is"
        f" invoked (list them with: {line(*words)}), or disable the role that it runs as."
    )
