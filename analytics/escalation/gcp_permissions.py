"""Permissions of Google Cloud by which one identity gains another, with holders and targets.

A grant names permissions, or a role; the permissions of roles are listed here as far as the rules
need them, by https://cloud.google.com/iam/docs/roles-permissions. A grant on a project, folder or
organisation holds for everything below it, so also for the service accounts of its projects.
"""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from analytics.escalation.aws_permissions import Permission, Permissions, with_groups
from analytics.escalation.support import facts_of
from graph.access import AccessGraph
from graph.schema import CAN_ACCESS, RESOURCE, SERVICE_ACCOUNT
from graph.values import text_array

TAKES = (
    "iam.serviceAccounts.getAccessToken",
    "iam.serviceAccounts.implicitDelegation",
    "iam.serviceAccounts.signBlob",
    "iam.serviceAccounts.signJwt",
)
MAKES_KEYS = "iam.serviceAccountKeys.create"
ACTS_AS = "iam.serviceAccounts.actAs"
RULES_ACCOUNTS = "iam.serviceAccounts.setIamPolicy"
RULES_PARENTS = tuple(
    f"resourcemanager.{kind}.setIamPolicy" for kind in ("projects", "folders", "organizations")
)
SETS_POLICY = dict(zip(("project", "folder", "organization"), RULES_PARENTS, strict=True))
SETS_POLICY["organisation"] = SETS_POLICY["organization"]
SET_POLICY = ".setIamPolicy"
COMPUTE: Mapping[str, tuple[str, ...]] = {  # to start code, beside `actAs`
    "cloudfunctions": ("cloudfunctions.functions.create",),
    "cloudfunctions-update": ("cloudfunctions.functions.update",),
    "run": ("run.services.create",),
    "run-update": ("run.services.update",),
    "run-jobs": ("run.jobs.create", "run.jobs.run"),
    "compute": ("compute.instances.create", "compute.disks.create", "compute.subnetworks.use"),
    "compute-update": ("compute.instances.setServiceAccount", "compute.instances.setMetadata"),
    "cloudbuild": ("cloudbuild.builds.create",),
    "cloudscheduler": ("cloudscheduler.jobs.create",),
    "dataflow": ("dataflow.jobs.create",),
    "dataproc": ("dataproc.clusters.create",),
    "composer": ("composer.environments.create",),
    "aiplatform": ("aiplatform.customJobs.create",),
    "notebooks": ("notebooks.instances.create",),
}
STARTS = tuple(dict.fromkeys(action for needs in COMPUTE.values() for action in needs))
BASIC = (ACTS_AS, *STARTS)  # permissions of an editor of a project, as far as the rules need them
ROLES: Mapping[str, tuple[str, ...]] = {
    "roles/iam.serviceAccountTokenCreator": TAKES,
    "roles/iam.workloadIdentityUser": ("iam.serviceAccounts.getAccessToken",),
    "roles/iam.serviceAccountKeyAdmin": (MAKES_KEYS,),
    "roles/iam.serviceAccountUser": (ACTS_AS,),
    "roles/iam.serviceAccountAdmin": (RULES_ACCOUNTS,),
    "roles/iam.securityAdmin": (RULES_ACCOUNTS, *RULES_PARENTS),
    "roles/resourcemanager.projectIamAdmin": (RULES_PARENTS[0],),
    "roles/resourcemanager.folderIamAdmin": RULES_PARENTS[:2],
    "roles/resourcemanager.folderAdmin": RULES_PARENTS[:2],
    "roles/resourcemanager.organizationAdmin": RULES_PARENTS,
    "roles/cloudfunctions.admin": COMPUTE["cloudfunctions"] + COMPUTE["cloudfunctions-update"],
    "roles/cloudfunctions.developer": COMPUTE["cloudfunctions"] + COMPUTE["cloudfunctions-update"],
    "roles/run.admin": (*COMPUTE["run"], *COMPUTE["run-update"], *COMPUTE["run-jobs"]),
    "roles/run.developer": (*COMPUTE["run"], *COMPUTE["run-update"], *COMPUTE["run-jobs"]),
    "roles/compute.admin": COMPUTE["compute"] + COMPUTE["compute-update"],
    "roles/compute.instanceAdmin.v1": COMPUTE["compute"] + COMPUTE["compute-update"],
    "roles/cloudbuild.builds.editor": COMPUTE["cloudbuild"],
    "roles/cloudscheduler.admin": COMPUTE["cloudscheduler"],
    "roles/dataflow.admin": COMPUTE["dataflow"],
    "roles/dataflow.developer": COMPUTE["dataflow"],
    "roles/dataproc.admin": COMPUTE["dataproc"],
    "roles/dataproc.editor": COMPUTE["dataproc"],
    "roles/composer.admin": COMPUTE["composer"],
    "roles/aiplatform.admin": COMPUTE["aiplatform"],
    "roles/aiplatform.user": COMPUTE["aiplatform"],
    "roles/notebooks.admin": COMPUTE["notebooks"],
    "roles/editor": BASIC,
    "roles/owner": (*BASIC, RULES_ACCOUNTS, RULES_PARENTS[0]),
}
WANTED = frozenset((*TAKES, MAKES_KEYS, ACTS_AS, *STARTS))
LIKELY = (
    r'"iam\.service|\.setIamPolicy"|roles/|"(?:'
    + "|".join(sorted({re.escape(action.partition(".")[0]) for action in STARTS}))
    + r")\."
)
MAIL = re.compile(
    r"(?<![^@\s])(?P<name>[^@\s]+)@(?:(?P<project>[a-z0-9.:-]+)\.iam|(?P<default>appspot|developer))"
    r"\.gserviceaccount\.com"
)
PARENTS = re.compile(r"(?:gcp)?(?:project|folder|organi[sz]ation)", re.IGNORECASE)
PROJECT = re.compile(r"(?:gcp)?project", re.IGNORECASE)
NUMBERED = re.compile(r'"gcp_project_number:(\d{1,25})"')  # of the names of default accounts


def held_permissions(graph: AccessGraph) -> Permissions:
    """Return the permissions of each holder, those of groups also for their members."""
    frame = graph.frames[CAN_ACCESS]
    holder, target = graph.ends(CAN_ACCESS)
    texts, roles = text_array(frame["actions"]), frame["role_name"]
    likely = pc.match_substring_regex(texts, LIKELY).fill_null(False).to_numpy(zero_copy_only=False)
    likely = likely | roles.isin(list(ROLES)).fillna(False).to_numpy(bool)
    likely = likely & graph.in_force(CAN_ACCESS) & graph.live[holder]
    own: dict[int, dict[str, list[Permission]]] = defaultdict(lambda: defaultdict(list))
    if not likely.any():
        return Permissions()
    fact = facts_of(graph, CAN_ACCESS)
    for row in np.flatnonzero(likely).tolist():
        text, role = texts[row].as_py(), roles.iloc[row]
        for permission in _permissions(json.loads(text) if text else [], role):
            own[int(holder[row])][permission].append(Permission(int(target[row]), fact(row)))
    return with_groups(graph, own)


def _permissions(named: list[str], role: object) -> Iterator[str]:
    """Yield the permissions that a grant names, directly or by a role."""
    permissions: set[str] = set()
    for name in (*named, role):
        if isinstance(name, str):
            permissions |= {*ROLES.get(name, ())}
            if name in WANTED or name.endswith(SET_POLICY):
                permissions.add(name)
    yield from sorted(permissions)


@dataclass(frozen=True)
class World:
    """The hierarchy: projects of accounts and parents of resources, all by number.

    `below` lists for a project, folder or organisation those within it, itself included, and
    `policies` has the permission that sets the policy of each.
    """

    accounts: dict[int, list[int]]  # service accounts of a project
    project_of: dict[int, int]
    below: dict[int, list[int]]
    policies: dict[int, str]

    @property
    def parents(self) -> Collection[int]:
        """The projects, folders and organisations."""
        return self.policies.keys()

    def ruled(self, target: int, permission: str) -> list[int]:
        """Return what a permission on a target rules: those whose policy it sets, and all within.

        Who may set the policies of projects, in a whole organisation, sets not its own.
        """
        ruled = [part for part in self.below[target] if self.policies[part] == permission]
        return list(dict.fromkeys(inner for part in ruled for inner in self.below[part]))

    def accounts_in(self, target: int) -> list[int]:
        """Return the accounts that a grant on a target covers."""
        return [a for part in self.below.get(target, ()) for a in self.accounts.get(part, ())]


def world(graph: AccessGraph) -> World:
    """Return the hierarchy of a graph: the accounts of projects, and the parents of resources."""
    frame = graph.frames[RESOURCE]
    kind = frame["type"].fillna("")
    rows = frame[kind.str.fullmatch(PARENTS.pattern, flags=re.IGNORECASE).to_numpy(bool)]
    numbers = graph.numbers(rows["id"]).tolist()
    above = graph.numbers(rows["parent_id"].fillna("")).tolist()
    inside: dict[int, list[int]] = {}
    for number, parent in zip(numbers, above, strict=True):
        inside.setdefault(parent, []).append(number)
    named: dict[str, int] = {}
    known_as = rows["external_ids"].fillna("")
    columns = (rows["id"], rows["name"], rows["type"], known_as, numbers)
    for id_, name, type_, known, number in zip(*columns, strict=True):
        if PROJECT.fullmatch(type_):
            for called in (re.split(r"[/:]", id_)[-1], name, *NUMBERED.findall(known)):
                named.setdefault(str(called).lower(), number)
    accounts: dict[int, list[int]] = {}
    project_of: dict[int, int] = {}
    for number, project in _projects_of_accounts(graph):
        if project in named:
            accounts.setdefault(named[project], []).append(number)
            project_of[number] = named[project]
    below = {number: list(_within(number, inside)) for number in numbers}
    policies = [SETS_POLICY[type_.lower().removeprefix("gcp")] for type_ in rows["type"]]
    return World(accounts, project_of, below, dict(zip(numbers, policies, strict=True)))


def _within(start: int, inside: Mapping[int, list[int]]) -> Iterator[int]:
    seen, front = {start}, [start]
    while front:
        at = front.pop()
        yield at
        front += [child for child in inside.get(at, ()) if child not in seen]
        seen.update(front)


def _projects_of_accounts(graph: AccessGraph) -> Iterator[tuple[int, str]]:
    """Yield the service accounts of Google Cloud with the project in their address."""
    frame = graph.frames[SERVICE_ACCOUNT]
    columns = (frame["id"], frame["email"], frame["external_ids"])
    ours = [c.str.contains("gserviceaccount.com", regex=False).fillna(False) for c in columns]
    mask = np.logical_or.reduce([c.to_numpy(bool) for c in ours])
    numbers = graph.numbers(frame["id"][mask]).tolist()
    texts = zip(*(c[mask].fillna("") for c in columns), strict=True)
    for number, values in zip(numbers, texts, strict=True):
        match = next((m for text in values for m in MAIL.finditer(_bare(text))), None)
        if match is not None:
            own = match["name"].rpartition("-compute")[0] or match["name"]
            yield number, (match["project"] or own).lower()


def _bare(text: str) -> str:
    """Return a text without the marks around addresses in ids and lists."""
    return re.sub(r'["\[\],]|gcp:', " ", text).strip()
