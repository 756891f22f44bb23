"""What runs in AWS: functions, machines, schedules, and the parts of agents of Bedrock.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html: a function whose
reserved concurrency is zero is not run. The draft of an agent changes what is in use once it is
prepared: https://docs.aws.amazon.com/bedrock/latest/userguide/agents-action-delete.html
"""

import re

from analytics.remediation.handover.facts import Link, Thing
from analytics.remediation.handover.providers.aws.identities import disable
from analytics.remediation.handover.providers.aws.names import Arn, arn_of, principal
from analytics.remediation.handover.shell import checked, line, lines
from analytics.remediation.handover.step import Instruction, together
from graph.schema import CALLS, CAN_ACCESS

FUNCTION = re.compile(r"function:(?P<name>[A-Za-z0-9_-]{1,64})")
INSTANCE = re.compile(r"instance/(?P<id>i-[0-9a-f]{8,17})")
RULE = re.compile(r"rule/(?:(?P<bus>[A-Za-z0-9_./-]+)/)?(?P<name>[A-Za-z0-9_.-]{1,64})")
SCHEDULE = re.compile(r"schedule/(?P<group>[A-Za-z0-9_.-]{1,64})/(?P<name>[A-Za-z0-9_.-]{1,64})")
GROUP = re.compile(r"agent/(?P<agent>[A-Za-z0-9]{10})/action-group/(?P<group>[A-Za-z0-9]{10})")
AGENT = re.compile(r"agent/(?P<agent>[A-Za-z0-9]{10})")
BASE = re.compile(r"knowledge-base/(?P<base>[A-Za-z0-9]{10})")


def stop(thing: Thing) -> Instruction | None:
    """Stop what runs as an identity, or the thing itself if it is compute."""
    running = thing.running()
    parts = [_stopped(each) for each in running]
    if running and all(parts):
        return together([part for part in parts if part])
    return disable(thing) if principal(thing) is None else None


def _stopped(thing: Thing) -> Instruction | None:
    function, machine = arn_of(thing, "lambda"), arn_of(thing, "ec2")
    if function is not None and (match := FUNCTION.fullmatch(function.rest)):
        named = ("--function-name", checked(match["name"]), *function.at())
        none = ("--reserved-concurrent-executions", "0")
        return Instruction(
            line("aws", "lambda", "put-function-concurrency", *named, *none),
            f"{function.where}, Lambda > Functions > {match['name']} > Concurrency.",
            line("aws", "lambda", "delete-function-concurrency", *named),
        )
    if machine is not None and (match := INSTANCE.fullmatch(machine.rest)):
        named = ("--instance-ids", match["id"], *machine.at())
        return Instruction(
            line("aws", "ec2", "stop-instances", *named),
            f"{machine.where}, EC2 > Instances > {match['id']}.",
            line("aws", "ec2", "start-instances", *named),
        )
    return None


def remove_schedule(thing: Thing) -> Instruction | None:
    """Disable a rule of EventBridge, or delete a schedule of its scheduler."""
    rule, schedule = arn_of(thing, "events"), arn_of(thing, "scheduler")
    if rule is not None and (match := RULE.fullmatch(rule.rest)):
        bus = ("--event-bus-name", checked(match["bus"])) if match["bus"] else ()
        named = ("--name", checked(match["name"]), *rule.at(), *bus)
        return Instruction(
            line("aws", "events", "disable-rule", *named),
            f"{rule.where}, EventBridge > Rules > {match['name']}.",
            line("aws", "events", "enable-rule", *named),
        )
    if schedule is not None and (match := SCHEDULE.fullmatch(schedule.rest)):
        of_group = ("--group-name", checked(match["group"]), "--name", checked(match["name"]))
        get = line("aws", "scheduler", "get-schedule", *of_group, *schedule.at())
        return Instruction(
            line("aws", "scheduler", "delete-schedule", *of_group, *schedule.at()),
            f"{schedule.where}, EventBridge > Schedules. Keep what it is: {get}",
            "make it anew from what was kept, with aws scheduler create-schedule",
        )
    return None


def unregister_tool(link: Link) -> Instruction | None:
    """Delete an action group from the draft of an agent, and put the draft into use."""
    tool = arn_of(link.target, "bedrock")
    if link.element is not CALLS or tool is None or not (match := GROUP.fullmatch(tool.rest)):
        return None
    group = ("--action-group-id", match["group"])
    return _of_draft(tool, match["agent"], ("delete-agent-action-group", *group))


def disassociate(link: Link) -> Instruction | None:
    """Take a knowledge base away from an agent."""
    agent, base = arn_of(link.source, "bedrock"), arn_of(link.target, "bedrock")
    if link.element is not CAN_ACCESS or agent is None or base is None:
        return None
    of_agent, of_base = AGENT.fullmatch(agent.rest), BASE.fullmatch(base.rest)
    if of_agent is None or of_base is None:
        return None
    call = ("disassociate-agent-knowledge-base", "--knowledge-base-id", of_base["base"])
    return _of_draft(agent, of_agent["agent"], call)


def _of_draft(arn: Arn, agent: str, call: tuple[str, ...]) -> Instruction:
    operation, *words = call
    named = ("--agent-id", agent)
    draft = ("--agent-version", "DRAFT")
    prepare = line("aws", "bedrock-agent", "prepare-agent", *named, *arn.at())
    return Instruction(
        lines(
            (line("aws", "bedrock-agent", operation, *named, *draft, *words, *arn.at()), prepare)
        ),
        f"{arn.where}, Bedrock > Agents > {agent}. Versions and aliases of before keep what they"
        " had: point the aliases at a new version.",
        "add it to the draft again in the console, and prepare the agent",
    )
