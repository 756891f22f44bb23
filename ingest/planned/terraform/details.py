"""Planned identities of AWS in the form of get-account-authorization-details.

So the reader of AWS exports evaluates the policies of a plan exactly as those of an account.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ingest.planned.terraform.plan import Plan, Resource
from ingest.rows import listed
from ingest.sources.aws.policies.holders import AWS_MANAGED

ROLE, USER, GROUP, POLICY = "aws_iam_role", "aws_iam_user", "aws_iam_group", "aws_iam_policy"
KINDS = {ROLE: "role", USER: "user", GROUP: "group"}
LISTS = {ROLE: "RoleDetailList", USER: "UserDetailList", GROUP: "GroupDetailList"}
NAMES = {ROLE: "RoleName", USER: "UserName", GROUP: "GroupName"}
INLINE = {ROLE: "RolePolicyList", USER: "UserPolicyList", GROUP: "GroupPolicyList"}
HOLDER = {  # of a policy: the attribute that names the holder, and the type of the holder
    "aws_iam_role_policy": ("role", ROLE),
    "aws_iam_user_policy": ("user", USER),
    "aws_iam_group_policy": ("group", GROUP),
    "aws_iam_role_policy_attachment": ("role", ROLE),
    "aws_iam_user_policy_attachment": ("user", USER),
    "aws_iam_group_policy_attachment": ("group", GROUP),
}
SEVERAL = "aws_iam_policy_attachment"  # to roles, users and groups at once
MEMBERS = ("aws_iam_group_membership", "aws_iam_user_group_membership")
KEY, LOGIN = "aws_iam_access_key", "aws_iam_user_login_profile"
HARMLESS = {  # gives no access by itself
    *("aws_iam_instance_profile", "aws_iam_account_alias", "aws_iam_server_certificate"),
    *("aws_iam_openid_connect_provider", "aws_iam_saml_provider", "aws_iam_service_linked_role"),
    *("aws_iam_account_password_policy", "aws_iam_virtual_mfa_device"),
    *("aws_iam_signing_certificate", "aws_iam_user_ssh_key", "aws_iam_service_specific_credential"),
}
ACCOUNT = re.compile(r"arn:aws[\w-]*:[\w-]*:[\w-]*:(\d{12}):")


@dataclass
class Identity:
    """A role, user or group of a plan: its record in the details, its keys, and what is open."""

    resource: Resource
    arn: str
    record: dict[str, Any]
    keys: list[Resource] = field(default_factory=list)
    changes: bool = False
    unknown: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Its name, without the path."""
        return self.arn.rpartition("/")[2]


class Details:
    """The identities and policies of a plan, in one account."""

    def __init__(self, plan: Plan, account: str, partition: str = "aws") -> None:
        self.plan, self.account, self.partition = plan, account, partition
        self.identities = {r.address: self._identity(r) for r in plan.of(*KINDS)}
        self.policies = {r.address: self._arn(r, "policy") for r in plan.of(POLICY)}
        self.outside: dict[str, Identity] = {}  # identities that the plan changes and does not make
        for resource in plan.of(*HOLDER, SEVERAL):
            self._attach(resource)
        for resource in plan.of(*MEMBERS):
            self._join(resource)
        for resource in plan.of(KEY, LOGIN):
            self._sign_in(resource)
        self._follow_changes()
        for identity in self.all():
            identity.unknown += self._missing(identity)

    def _follow_changes(self) -> None:
        """Count identities as changed whose attached policy, or whose group, the plan changes."""
        policies = {self.policies[r.address] for r in self.plan.of(POLICY) if r.changes}
        for identity in self.all():
            attached = {p["PolicyArn"] for p in identity.record["AttachedManagedPolicies"]}
            identity.changes |= not policies.isdisjoint(attached)
        groups = {i.name for i in self.all() if i.resource.type == GROUP and i.changes}
        for identity in self.all():
            identity.changes |= not groups.isdisjoint(identity.record["GroupList"])

    def _missing(self, identity: Identity) -> list[str]:
        """Name the attached policies whose content neither the plan nor this program has."""
        attached = [p["PolicyArn"] for p in identity.record["AttachedManagedPolicies"]]
        known = set(self.policies.values())
        managed = tuple(f":iam::aws:policy/{name}" for name in AWS_MANAGED)
        return [
            f"what the policy {arn} allows is not in the plan"
            for arn in dict.fromkeys(attached)
            if arn not in known and not arn.endswith(managed)
        ]

    @staticmethod
    def types() -> set[str]:
        """Return the types of resources that are evaluated."""
        return {*KINDS, POLICY, *HOLDER, SEVERAL, *MEMBERS, KEY, LOGIN}

    def document(self) -> dict[str, Any]:
        """Return the details as the AWS command line writes them."""
        lists: dict[str, list[Any]] = {name: [] for name in LISTS.values()}
        for identity in self.all():
            lists[LISTS[identity.resource.type]].append(identity.record)
        policies = [p for p in map(self._policy, self.plan.of(POLICY)) if p is not None]
        return {**lists, "Policies": policies}

    def all(self) -> list[Identity]:
        """Return all identities, those outside of the plan last."""
        return [*self.identities.values(), *self.outside.values()]

    def _arn(self, resource: Resource, kind: str) -> str:
        """Return the name that a resource has, or will have."""
        if resource.text("arn"):
            return resource.text("arn")
        path, name = resource.text("path") or "/", resource.text("name")
        name = name or re.sub(r"[^\w+=,.@-]", "-", resource.address)
        return f"arn:{self.partition}:iam::{self.account}:{kind}{path}{name}"

    def _identity(self, resource: Resource) -> Identity:
        type_ = resource.type
        arn = self._arn(resource, KINDS[type_])
        record: dict[str, Any] = {
            "Arn": arn,
            NAMES[type_]: arn.rpartition("/")[2],
            INLINE[type_]: [],
            "AttachedManagedPolicies": [],
            "GroupList": [],
            "Tags": resource.attributes.get("tags_all") or resource.attributes.get("tags") or {},
        }
        identity = Identity(resource, arn, record, changes=resource.changes)
        if type_ == ROLE:
            self._trust(identity)
        boundary = resource.text("permissions_boundary")
        if boundary:
            record["PermissionsBoundary"] = {"PermissionsBoundaryArn": boundary}
        self._own_policies(identity)
        return identity

    def _trust(self, identity: Identity) -> None:
        given = identity.resource.attributes.get("assume_role_policy")
        if isinstance(given, str) and given.strip():
            identity.record["AssumeRolePolicyDocument"] = given
        else:
            identity.unknown.append("who may take it is known only after apply")

    def _own_policies(self, identity: Identity) -> None:
        """Take over the policies that stand in a role itself."""
        resource = identity.resource
        for block in listed(resource.attributes.get("inline_policy")):
            given = block.get("policy") if isinstance(block, dict) else None
            if isinstance(given, str) and given.strip():
                self._add_inline(identity, str(block.get("name")), given)
        for arn in resource.texts("managed_policy_arns"):
            identity.record["AttachedManagedPolicies"].append({"PolicyArn": arn})
        for attribute in ("inline_policy", "managed_policy_arns"):
            if resource.waits(attribute) and resource.references.get(attribute):
                identity.unknown.append(_waits(f"{attribute} of {resource.address}"))

    def _add_inline(self, identity: Identity, name: str, given: str) -> None:
        policy = {"PolicyName": name, "PolicyDocument": given}
        identity.record[INLINE[identity.resource.type]].append(policy)

    # -- what other resources of the plan add ------------------------------------------------

    def _attach(self, resource: Resource) -> None:
        several = [("roles", ROLE), ("users", USER), ("groups", GROUP)]
        holding = several if resource.type == SEVERAL else [HOLDER[resource.type]]
        for attribute, type_ in holding:
            for holder in self._holders(resource, attribute, type_):
                holder.changes |= resource.changes
                if "attachment" in resource.type:
                    self._add_managed(holder, resource)
                else:
                    self._add_given(holder, resource)

    def _add_managed(self, holder: Identity, resource: Resource) -> None:
        arn = resource.text("policy_arn")
        referred = self.plan.referred(resource, "policy_arn", POLICY)
        arns = [arn] if arn else [self.policies[r.address] for r in referred]
        for each in arns:
            holder.record["AttachedManagedPolicies"].append({"PolicyArn": each})
        for made in referred:
            if not made.text("policy"):
                holder.unknown.append(_waits(f"the policy {made.address}"))
        if not arns:
            holder.unknown.append(_waits(f"the policy that {resource.address} attaches"))

    def _add_given(self, holder: Identity, resource: Resource) -> None:
        given = resource.attributes.get("policy")
        if isinstance(given, str) and given.strip():
            self._add_inline(holder, resource.text("name") or resource.address, given)
        else:
            holder.unknown.append(_waits(f"the policy {resource.address}"))

    def _join(self, resource: Resource) -> None:
        """Take over memberships, which stand with the user or with the group."""
        if resource.type == "aws_iam_user_group_membership":
            users = self._holders(resource, "user", USER)
            groups = self._names(resource, "groups", GROUP)
        else:
            users = self._holders(resource, "users", USER)
            groups = self._names(resource, "group", GROUP)
        for user in users:
            user.changes |= resource.changes
            user.record["GroupList"] += groups
            if not groups:
                user.unknown.append(_waits(f"the group of {resource.address}"))

    def _sign_in(self, resource: Resource) -> None:
        for user in self._holders(resource, "user", USER):
            user.changes |= resource.changes
            if resource.type == LOGIN:
                user.record["LoginProfile"] = {}
            else:
                user.keys.append(resource)

    def _names(self, resource: Resource, attribute: str, type_: str) -> list[str]:
        names = resource.texts(attribute)
        if names:
            return names
        referred = self.plan.referred(resource, attribute, type_)
        return [self.identities[r.address].name for r in referred]

    def _holders(self, resource: Resource, attribute: str, type_: str) -> Iterator[Identity]:
        """Yield the identities that an attribute names, of the plan or outside of it."""
        referred = self.plan.referred(resource, attribute, type_)
        if referred:
            yield from (self.identities[r.address] for r in referred)
            return
        for name in resource.texts(attribute):
            own = [i for i in self.identities.values() if _is_named(i, name, type_)]
            yield own[0] if own else self._outside(name, type_)

    def _outside(self, name: str, type_: str) -> Identity:
        address = f"{type_}:{name}"
        if address not in self.outside:
            stub = Resource(address, "", type_, name, "", {"name": name}, {}, {}, changes=False)
            self.outside[address] = self._identity(stub)
            self.outside[address].unknown.clear()  # the plan need not state all of it
        return self.outside[address]

    def _policy(self, resource: Resource) -> dict[str, Any] | None:
        given = resource.attributes.get("policy")
        if not isinstance(given, str) or not given.strip():
            return None
        version = {"VersionId": "v1", "IsDefaultVersion": True, "Document": given}
        return {
            "Arn": self.policies[resource.address],
            "DefaultVersionId": "v1",
            "PolicyVersionList": [version],
        }


def accounts_of(plan: Plan) -> set[str]:
    """Return the accounts in the resource names that a plan writes out."""
    texts = [v for r in plan.resources for v in r.attributes.values() if isinstance(v, str)]
    return {account for text in texts for account in ACCOUNT.findall(text)}


def _is_named(identity: Identity, name: str, type_: str) -> bool:
    return identity.resource.type == type_ and identity.name == name


def _waits(subject: str) -> str:
    return f"{subject} is known only after apply"
