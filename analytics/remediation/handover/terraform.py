"""Addresses of what Terraform manages, from `terraform show -json` of a state or a plan.

https://developer.hashicorp.com/terraform/internals/json-format. What Terraform manages comes back
with the next apply, unless the configuration loses it too. What the document does not name is
unknown, and an address is never guessed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from analytics.remediation.handover.facts import Link, Thing
from analytics.remediation.handover.providers.aws.names import IAM
from graph.schema import CAN_ACCESS, MEMBER_OF

Pair = tuple[str, str, str]
OF_ID: Mapping[str, tuple[str, str]] = {  # by type: the value that identifies it, and its prefix
    "aws_iam_access_key": ("id", "aws_id:"),
    "google_service_account": ("email", "gcp:"),
    "google_service_account_key": ("name", ""),
    "azuread_service_principal": ("object_id", "entra:"),
    "azuread_user": ("object_id", "entra:"),
    "azuread_group": ("object_id", "entra:"),
}
HOLDERS = ("user", "role", "group")
MOST = 1_000_000  # modules and resources that are looked at


@dataclass(frozen=True)
class Addresses:
    """What Terraform calls things, and policies and groups of principals.

    `of_things` is by id. `of_links` is by kind and name of a principal of AWS and, for a policy,
    its ARN or inline name, or, for a membership, the name of the group. Two addresses of one thing
    are none.
    """

    of_things: Mapping[str, str] = field(default_factory=dict)
    of_links: Mapping[Pair, str] = field(default_factory=dict)

    def of(self, subject: Link | Thing) -> str:
        """Return the address of a node or a relationship; "" if none is known."""
        if isinstance(subject, Thing):
            return next((a for id_ in subject.names if (a := self.of_things.get(id_))), "")
        pair = _pair(subject)
        if pair is None or not self._knows(subject):
            return ""
        return self.of_links.get(pair, "")

    def _knows(self, link: Link) -> bool:
        """Return whether the document is of the account of the link, and not of another."""
        policy = link.text("policy_id") if link.element is CAN_ACCESS else ""
        return any(self.of(end) for end in (link.source, link.target)) or policy in self.of_things


def addresses_in(document: Any) -> Addresses:
    """Return the addresses in the JSON of a state or a plan; none where it is neither."""
    of_things: dict[str, str] = {}
    of_links: dict[Pair, str] = {}
    for address, type_, values in _resources(document):
        for id_ in _ids(type_, values):
            _put(of_things, id_, address)
        for pair in _pairs(type_, values):
            _put(of_links, pair, address)
    return Addresses(_sure(of_things), _sure(of_links))


def _put(known: dict[Any, str], key: Any, address: str) -> None:
    known[key] = address if known.get(key, address) == address else ""


def _sure(known: dict[Any, str]) -> dict[Any, str]:
    return {key: address for key, address in known.items() if address}


def _resources(document: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield address, type and values of each resource that is managed, module by module."""
    parts = [_part(document, *steps) for steps in (("values",), ("prior_state", "values"))]
    modules = [_part(part, "root_module") for part in (*parts, _part(document, "planned_values"))]
    for _ in range(MOST):
        if not modules:
            return
        module = modules.pop()
        below = module.get("child_modules")
        modules += [m for m in below if isinstance(m, dict)] if isinstance(below, list) else []
        resources = module.get("resources")
        for resource in resources if isinstance(resources, list) else ():
            if not isinstance(resource, dict) or resource.get("mode") != "managed":
                continue
            address, type_ = resource.get("address"), resource.get("type")
            if isinstance(address, str) and isinstance(type_, str):
                yield address, type_, _part(resource, "values")


def _part(document: Any, *steps: str) -> dict[str, Any]:
    here = document
    for step in steps:
        here = here.get(step) if isinstance(here, dict) else None
    return here if isinstance(here, dict) else {}


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""


def _ids(type_: str, values: Mapping[str, Any]) -> Iterator[str]:
    name, prefix = OF_ID.get(type_, ("", ""))
    if name and _text(values, name):
        yield prefix + _text(values, name)
    if type_.startswith("aws_") and _text(values, "arn"):
        yield _text(values, "arn")


def _pairs(type_: str, values: Mapping[str, Any]) -> Iterator[Pair]:
    """Yield principal and policy, or user and group, of what attaches one to the other."""
    for kind in HOLDERS:
        if type_ == f"aws_iam_{kind}_policy_attachment":
            yield kind, _text(values, kind), _text(values, "policy_arn")
        if type_ == f"aws_iam_{kind}_policy":
            yield kind, _text(values, kind), _text(values, "name")
    if type_ == "aws_iam_user_group_membership" and isinstance(values.get("groups"), list):
        for group in values["groups"]:
            yield "member", _text(values, "user"), str(group)
    if type_ == "aws_iam_group_membership" and isinstance(values.get("users"), list):
        for user in values["users"]:
            yield "member", str(user), _text(values, "group")


def _pair(link: Link) -> Pair | None:
    source, target = (_named(end) for end in (link.source, link.target))
    if link.element is MEMBER_OF and source and target:
        return "member", source[1], target[1]
    if link.element is CAN_ACCESS and source:
        policy = link.text("policy_id")
        return *source, policy.rpartition("/inline/")[2] if "/inline/" in policy else policy
    return None


def _named(thing: Thing) -> tuple[str, str] | None:
    """Return the kind and name of a principal of AWS."""
    match = next((m for id_ in thing.names if (m := IAM.fullmatch(id_))), None)
    return (match["kind"], match["path"].rpartition("/")[2]) if match else None
