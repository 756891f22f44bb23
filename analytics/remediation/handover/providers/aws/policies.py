"""Grants, memberships and trust of IAM.

A policy is taken away as a whole only where the step is on all that it gives. Otherwise its
document is edited: an inline policy is put anew, and a managed one, which others may have too, is
replaced for this identity by an inline copy of what stays.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_manage-attach-detach.html
"""

import re

from analytics.remediation.handover.facts import Link, Thing, one_line
from analytics.remediation.handover.providers.aws.names import (
    NAME,
    Principal,
    called,
    principal,
    principal_in,
)
from analytics.remediation.handover.providers.aws.services import disassociate
from analytics.remediation.handover.shell import checked, line, lines
from analytics.remediation.handover.step import Instruction, together
from graph.schema import ASSUMES, CAN_ACCESS, MEMBER_OF, TRUSTS

MANAGED = re.compile(
    r"arn:aws[a-z-]*:iam::(?:[0-9]{12}|aws):policy/(?:.*/)?(?P<name>[^/]+)", re.DOTALL
)
INLINE = re.compile(r"(?P<holder>arn:.+)/inline/(?P<name>[^/]+)", re.DOTALL)
GONE = "without what it allows"
NEEDED = "without what is not needed"
ENDING = "with a condition DateLessThan on aws:CurrentTime in what it allows"
OF_RESOURCE = "#policy"
CLUSTER = ":cluster-access-policy/"


def remove_grant(link: Link) -> Instruction | None:
    """Take away what a policy gives on one thing, and the policy if that is all it gives."""
    return _grant(link) if link.element is CAN_ACCESS else None


def narrow_grant(link: Link) -> Instruction | None:
    """Edit the policy so that fewer levels or actions are left."""
    return _grant(link, NEEDED) if link.element is CAN_ACCESS else None


def set_expiry(link: Link) -> Instruction | None:
    """Give the statement an end, which policies have as a condition.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws-dates.html
    """
    return _grant(link, ENDING) if link.element is CAN_ACCESS else None


def _grant(link: Link, edit: str = "") -> Instruction | None:
    """Return how a grant is taken away, or how its policy is edited to what `edit` says."""
    policy, holder = link.text("policy_id"), principal(link.source)
    if CLUSTER in link.text("grant_id"):
        return _of_cluster(link)
    if policy.endswith(OF_RESOURCE):
        resource = one_line(policy.removesuffix(OF_RESOURCE))
        return Instruction(
            place=f"The policy of the resource {resource} itself: remove"
            f" {one_line(called(link.source))} from its statements, with the service's own"
            " operation for policies."
        )
    if holder is None:
        return disassociate(link)
    if inline := INLINE.fullmatch(policy):
        return _inline(link, holder, inline, edit)
    if managed := MANAGED.fullmatch(policy):
        return _managed(link, holder, managed, edit)
    return Instruction(
        place=f"{holder.shown} > Permissions: the source names no single policy that gives this;"
        f" edit what allows {one_line(called(link.target))}."
    )


def _inline(link: Link, holder: Principal, policy: re.Match[str], edit: str) -> Instruction:
    owner = principal_in(policy["holder"])
    if owner != holder:  # of a group, of whose policies a member may have only a part
        home = owner.shown if owner else one_line(policy["holder"])
        return Instruction(
            place=f"{home} > Permissions: the policy {one_line(policy['name'])}, which gives this"
            f" to {holder.shown} and may give it to others."
        )
    named = ("--policy-name", checked(policy["name"], NAME))
    put = holder.call(f"put-{holder.kind}-policy", *named, "--policy-document")
    get = holder.call(f"get-{holder.kind}-policy", *named)
    files = _files(holder, policy["name"])
    if edit or link.others("source_id", "policy_id"):
        place = _edited(link, holder, get, files, edit)
        return Instruction(f"{put} file://{files[0]}", place, f"{put} file://{files[1]}")
    return Instruction(
        holder.call(f"delete-{holder.kind}-policy", *named),
        f"{holder.shown} > Permissions. Keep its document as {files[1]}: {get}",
        f"{put} file://{files[1]}",
    )


def _files(holder: Principal, policy: str) -> tuple[str, str]:
    """Return the names of the files for the document after the change, and before it."""
    start = f"{holder.name}-{policy}"
    return f"{start}.json", f"{start}-before.json"


def _managed(link: Link, holder: Principal, policy: re.Match[str], edit: str) -> Instruction:
    arn = ("--policy-arn", checked(policy.group()))
    detach = holder.call(f"detach-{holder.kind}-policy", *arn)
    attach = holder.call(f"attach-{holder.kind}-policy", *arn)
    by_group = " If AWS answers NoSuchEntity, a group gives it." if holder.kind == "user" else ""
    if not (edit or link.others("source_id", "policy_id")):
        return Instruction(detach, f"{holder.shown} > Permissions.{by_group}", attach)
    named = ("--policy-name", checked(policy["name"], NAME))
    put = holder.call(f"put-{holder.kind}-policy", *named, "--policy-document")
    get = f"{line('aws', 'iam', 'get-policy', *arn)} names its version for get-policy-version"
    files = _files(holder, policy["name"])
    place = _edited(link, holder, get, files, edit)
    return Instruction(
        lines((f"{put} file://{files[0]}", detach)),
        f"{place} For everybody else the managed policy stays as it is.{by_group}",
        lines((attach, holder.call(f"delete-{holder.kind}-policy", *named))),
    )


def _edited(link: Link, holder: Principal, get: str, files: tuple[str, str], edit: str) -> str:
    """Return what the edited document is, and what must stay in it."""
    more = link.others("source_id", "policy_id")
    stays = f" What else it gives stays: {more} grants." if more else ""
    return (
        f"{holder.shown} > Permissions. {files[0]} is the document of now ({get}) {edit or GONE}"
        f" on {one_line(called(link.target))}; keep that of now as {files[1]}.{stays}"
    )


def _of_cluster(link: Link) -> Instruction:
    """Return what takes an access policy of EKS away: the cluster's name and region are unknown."""
    words = ("--principal-arn", checked(called(link.source)), "--policy-arn", link.text("grant_id"))
    command = line("aws", "eks", "disassociate-access-policy", *words)
    cluster = one_line(called(link.target))
    return Instruction(
        place=f"With --cluster-name and --region of the cluster {cluster}: {command}"
    )


def remove_member(link: Link) -> Instruction | None:
    """Take a user out of a group."""
    user, group = principal(link.source), principal(link.target)
    if link.element is not MEMBER_OF or user is None or group is None or user.kind != "user":
        return None
    named = ("--group-name", group.name)
    return Instruction(
        user.call("remove-user-from-group", *named),
        f"{user.shown} > Groups.",
        user.call("add-user-to-group", *named),
    )


def remove_trust(link: Link) -> Instruction | None:
    """Let a role be taken no longer: by its trust policy, or by the permission to ask for it."""
    if link.element is TRUSTS:
        return _trust(link.source, called(link.target))
    if link.element is not ASSUMES:
        return None
    support = list(link.support())
    permits = [each for each in support if each.element is CAN_ACCESS]
    trusted = {each.target.id for each in support if each.element is TRUSTS}
    if permits and link.source.id not in trusted:
        return _permission(link, permits)
    return _trust(link.target, called(link.source))


def _trust(thing: Thing, trusted: str) -> Instruction | None:
    role = principal(thing)
    if role is None or role.kind != "role":
        return None
    get = role.call("get-role", "--query", "Role.AssumeRolePolicyDocument")
    put = role.call("update-assume-role-policy", "--policy-document")
    new, before = _files(role, "trust")
    return Instruction(
        f"{put} file://{new}",
        f"{role.shown} > Trust relationships. {new} is the policy of now ({get}) without"
        f" {one_line(trusted)} in its statements; keep that of now as {before}.",
        f"{put} file://{before}",
    )


def _permission(link: Link, permits: list[Link]) -> Instruction:
    """Return how the permission is taken away where the role trusts the account as a whole."""
    holder = one_line(called(link.source))
    why = f"The role trusts more than {holder}, so the permission to ask for it"
    if any(each.source.id != link.source.id for each in permits):
        groups = ", ".join(sorted({one_line(called(each.source)) for each in permits}))
        return Instruction(place=f"{why} is what ends: {groups} gives it, perhaps to others too.")
    made = together([_grant(each) or Instruction() for each in permits])
    return Instruction(made.command, f"{why} is taken away. {made.place or ''}".strip(), made.undo)
