"""Kubernetes: lines of `kubectl`, in the context of the cluster that the place names.

A binding may have many subjects: it is deleted only where the step is on all of them, and edited
otherwise. https://kubernetes.io/docs/reference/access-authn-authz/rbac/
"""

import json
import re
from dataclasses import dataclass

from analytics.remediation.handover.facts import Link, Thing, one_line
from analytics.remediation.handover.provider import Provider
from analytics.remediation.handover.shell import checked, line
from analytics.remediation.handover.step import Instruction, together
from graph.schema import ASSUMES, CAN_ACCESS, RUNS_AS

ID = re.compile(r"k8s:(?P<cluster>[^/]+)/(?P<space>[^/]+)/(?P<kind>[a-z]+)/(?P<name>.+)", re.DOTALL)
SPACE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:@_+/-]{0,252}")
EVERYWHERE = "-"  # in place of the namespace of what is in none
BINDINGS = ("rolebinding", "clusterrolebinding")
ROLES = ("role", "clusterrole")
SCALED = ("deployment", "statefulset", "replicaset", "replicationcontroller")
SUSPENDED = ("cronjob", "job")
TOKEN = re.compile(r"(?P<secret>k8s:.+)#token", re.DOTALL)
SUBJECTS = {"user": "--user", "group": "--group"}
FIND = "kubectl get rolebindings,clusterrolebindings --all-namespaces --output wide"


@dataclass(frozen=True, slots=True)
class Named:
    """A thing of a cluster by the parts of its id."""

    cluster: str
    space: str
    kind: str
    name: str

    @property
    def within(self) -> tuple[str, ...]:
        """The option for its namespace; empty if it is in none."""
        return () if self.space == EVERYWHERE else ("--namespace", checked(self.space, SPACE))

    @property
    def where(self) -> str:
        """The cluster, for a sentence."""
        return f"Cluster {one_line(self.cluster)} (kubectl config use-context chooses it)"

    def call(self, *words: str, more: tuple[str, ...] = ()) -> str:
        """Return the line of `kubectl` on it."""
        return line("kubectl", *words, self.kind, checked(self.name, NAME), *self.within, *more)


def named(id_: str) -> Named | None:
    """Return the parts of an id; None if it is of no cluster."""
    match = ID.fullmatch(id_)
    return Named(*match.groups()) if match else None


def of_cluster(thing: Thing) -> Named | None:
    """Return the parts of the id of a thing in a cluster; None if it is in none."""
    match = thing.match(ID)
    return Named(*match.groups()) if match else None


def delete_token(thing: Thing) -> Instruction | None:
    """Delete the Secret that holds a token, which ends the token."""
    match = thing.match(TOKEN)
    secret = named(match["secret"]) if match else None
    if secret is None or secret.kind != "secret":
        return None
    return Instruction(
        secret.call("delete"),
        f"{secret.where}. A token that is kept cannot be paused.",
        "cannot be undone: kubectl create token gives the account a short-lived one",
    )


def delete(thing: Thing) -> Instruction | None:
    """Delete an account or a role."""
    known = of_cluster(thing)
    if known is None or known.kind not in ("serviceaccount", *ROLES):
        return None
    get = known.call("get", more=("--output", "yaml"))
    return Instruction(
        known.call("delete"),
        f"{known.where}. Keep what it is: {get}",
        "apply what was kept, with kubectl apply",
    )


def disable(thing: Thing) -> Instruction | None:
    """Say that an account has no switch, and what ends its access instead."""
    known = of_cluster(thing)
    if known is None or known.kind != "serviceaccount":
        return None
    return Instruction(
        place=f"{known.where}. Kubernetes cannot disable an account: delete its bindings (find them"
        f" with: {FIND}), or the account {one_line(known.name)} itself."
    )


def revoke_sessions(thing: Thing) -> Instruction | None:
    """Say that tokens end with the account or the pod that they are bound to."""
    known = of_cluster(thing)
    if known is None or known.kind != "serviceaccount":
        return None
    return Instruction(
        place=f"{known.where}. A token of {one_line(known.name)} in {one_line(known.space)} ends"
        " with the pod that it is bound to, or with the account: stop the pods, or delete the"
        " account."
    )


def stop(thing: Thing) -> Instruction | None:
    """Stop the workloads that run as an account, or the thing itself if it is one."""
    running = [part for each in thing.running() if (part := _stopped(each))]
    return together(running) if running and len(running) == len(thing.running()) else None


def _stopped(thing: Thing) -> Instruction | None:
    known = of_cluster(thing)
    if known is None:
        return None
    if known.kind in SCALED:
        return Instruction(
            known.call("scale", more=("--replicas=0",)),
            f"{known.where}. Keep the count of replicas that it has.",
            known.call("scale", more=("--replicas=1",)),
        )
    if known.kind in SUSPENDED:
        off, on = (json.dumps({"spec": {"suspend": value}}) for value in (True, False))
        return Instruction(
            known.call("patch", more=("--patch", off)),
            f"{known.where}. What it has started runs on until it is deleted.",
            known.call("patch", more=("--patch", on)),
        )
    if known.kind == "pod":
        return Instruction(
            known.call("delete"),
            f"{known.where}. A controller that owns a pod starts it again: stop that instead.",
            "apply the manifest of the pod, with kubectl apply",
        )
    return None


def remove_schedule(thing: Thing) -> Instruction | None:
    """Suspend the schedules that start something as an account."""
    parts = [
        part
        for each in thing.running()
        if (known := of_cluster(each)) and known.kind == "cronjob" and (part := _stopped(each))
    ]
    return together(parts) if parts else None


def remove_grant(link: Link) -> Instruction | None:
    """Delete a binding, or edit it or the role where others depend on it too."""
    by = named(link.text("grant_id"))
    if link.element is not CAN_ACCESS or by is None:
        return None
    if by.kind in ROLES:
        return _edited(by, f"the rule that allows {one_line(link.target.id)}", link)
    if by.kind not in BINDINGS:
        return None
    if link.others("source_id", "grant_id"):
        return _smaller(by, link)
    if link.others("grant_id"):
        return _edited(by, f"the subject {one_line(link.source.id)} only", link)
    return Instruction(by.call("delete"), f"{by.where}.", _bound_again(link, by))


def narrow_grant(link: Link) -> Instruction | None:
    """Edit the role, or bind a smaller one."""
    by = named(link.text("grant_id"))
    if link.element is not CAN_ACCESS or by is None or by.kind not in (*ROLES, *BINDINGS):
        return None
    if by.kind in BINDINGS:
        return _smaller(by, link)
    return _edited(by, f"the verbs that are not needed on {one_line(link.target.id)}", link)


def set_expiry(link: Link) -> Instruction | None:
    """Say that bindings have no end, and what stands in for one."""
    by = named(link.text("grant_id"))
    if link.element is not CAN_ACCESS or by is None:
        return None
    return Instruction(
        place=f"{by.where}. A binding has no end: plan the day on which {by.kind}"
        f" {one_line(by.name)} is deleted, or let people ask for it each time."
    )


def _smaller(by: Named, link: Link) -> Instruction:
    """Return what to do about a binding of a role that others may have too."""
    role = one_line(link.text("role_name"))
    return Instruction(
        place=f"{by.where}. {by.kind} {one_line(by.name)} gives more than this: bind a smaller role"
        f" than {role} instead, and delete this binding."
    )


def _edited(by: Named, part: str, link: Link) -> Instruction:
    get = by.call("get", more=("--output", "yaml"))
    return Instruction(
        by.call("edit"),
        f"{by.where}. In the editor, remove {part}. Keep what it is before: {get}",
        "apply what was kept, with kubectl apply",
    )


def _bound_again(link: Link, by: Named) -> str | None:
    """Return the line that makes a deleted binding of one cluster role anew."""
    holder, role = of_cluster(link.source), link.text("role_name")
    if holder is None or not NAME.fullmatch(role):
        return None
    name = checked(holder.name, NAME)
    bound = (
        ("--serviceaccount", f"{checked(holder.space, SPACE)}:{name}")
        if holder.kind == "serviceaccount"
        else (SUBJECTS.get(holder.kind, ""), name)
    )
    return by.call("create", more=("--clusterrole", checked(role), *bound)) if bound[0] else None


def remove_trust(link: Link) -> Instruction | None:
    """Take a role away, whose binding no source names, or a workload's account."""
    known, target = of_cluster(link.source), of_cluster(link.target)
    if known is None or target is None:
        return None
    if link.element is RUNS_AS and known.kind in ("deployment", "statefulset", "daemonset"):
        return Instruction(
            known.call("set", "serviceaccount", more=("default",)),
            f"{known.where}. Its pods then run as the account default of their namespace, which may"
            " have grants of its own.",
            known.call("set", "serviceaccount", more=(checked(target.name, NAME),)),
        )
    if link.element is not ASSUMES or target.kind not in ROLES:
        return None
    return Instruction(
        place=f"{target.where}. Find the bindings of {target.kind} {one_line(target.name)} to"
        f" {known.kind} {one_line(known.name)} with: {FIND}. Delete those that have no other"
        " subject (kubectl delete), and edit the others (kubectl edit)."
    )


PROVIDER = Provider(
    title="Kubernetes",
    recognises=lambda id_: id_.startswith("k8s:"),
    things={
        "deactivate_credential": delete_token,
        "delete_credential": delete_token,
        "disable_identity": disable,
        "revoke_sessions": revoke_sessions,
        "delete_identity": delete,
        "stop": stop,
        "remove_schedule": remove_schedule,
    },
    links={
        "remove_grant": remove_grant,
        "narrow_grant": narrow_grant,
        "set_expiry": set_expiry,
        "remove_trust": remove_trust,
    },
)
