"""Small AWS accounts for tests: authorization details from a few words, read and typed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from graph.element import Element, Node, Relationship
from graph.frames import conform, empty
from graph.schema import ASSUMES, CAN_ACCESS, MEMBER_OF, TRUSTS
from ingest.source import Reading, Request
from ingest.sources.aws import SOURCE

ACCOUNT = "123456789012"
IAM = f"arn:aws:iam::{ACCOUNT}:"
ROOT = f"{IAM}root"
TAKEN_AT = pd.Timestamp("2026-08-01", tz="UTC")


def allow(actions: Any, resources: Any = "*", **more: Any) -> dict[str, Any]:
    """Write a statement that allows."""
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def deny(actions: Any, resources: Any = "*", **more: Any) -> dict[str, Any]:
    """Write a statement that denies."""
    return {"Effect": "Deny", "Action": actions, "Resource": resources, **more}


def trust(principal: Any, action: str = "sts:AssumeRole", **more: Any) -> dict[str, Any]:
    """Write a statement of a trust policy."""
    return {"Effect": "Allow", "Principal": principal, "Action": action, **more}


def document(*statements: Mapping[str, Any]) -> dict[str, Any]:
    """Write a policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def user(name: str, *statements: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Write a user with one inline policy `own`."""
    policies = [{"PolicyName": "own", "PolicyDocument": document(*statements)}]
    record = {"UserName": name, "UserId": f"AIDA{name.upper()}0", "Arn": f"{IAM}user/{name}"}
    return record | {"UserPolicyList": policies if statements else []} | more


def group(name: str, *statements: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Write a group with one inline policy `own`."""
    policies = [{"PolicyName": "own", "PolicyDocument": document(*statements)}]
    return {"GroupName": name, "Arn": f"{IAM}group/{name}", "GroupPolicyList": policies} | more


def role(
    name: str, trusting: Sequence[Mapping[str, Any]], *statements: Mapping[str, Any], **more: Any
) -> dict[str, Any]:
    """Write a role with a trust policy and one inline policy `own`."""
    policies = [{"PolicyName": "own", "PolicyDocument": document(*statements)}]
    record = {"RoleName": name, "RoleId": f"AROA{name.upper()}0", "Arn": f"{IAM}role/{name}"}
    record |= {"AssumeRolePolicyDocument": document(*trusting)}
    return record | {"RolePolicyList": policies if statements else []} | more


def managed(name: str, *statements: Mapping[str, Any], owner: str = ACCOUNT) -> dict[str, Any]:
    """Write a managed policy."""
    versions = [
        {"VersionId": "v1", "IsDefaultVersion": False, "Document": document(allow("*"))},
        {"VersionId": "v2", "IsDefaultVersion": True, "Document": document(*statements)},
    ]
    arn = f"arn:aws:iam::{owner}:policy/{name}"
    return {"Arn": arn, "DefaultVersionId": "v2", "PolicyVersionList": versions}


def details(
    users: Sequence[Any] = (),
    roles: Sequence[Any] = (),
    groups: Sequence[Any] = (),
    policies: Sequence[Any] = (),
) -> dict[str, Any]:
    """Write authorization details."""
    return {
        "UserDetailList": list(users),
        "RoleDetailList": list(roles),
        "GroupDetailList": list(groups),
        "Policies": list(policies),
    }


@dataclass(frozen=True)
class Read:
    """A reading and its frames, typed; every row is good and has both its ends."""

    reading: Reading
    frames: Mapping[str, pd.DataFrame]

    def rows(self, element: Element) -> list[dict[str, Any]]:
        """Return the rows of an element, absent facts as None."""
        frame = self.frames.get(element.name, empty(element)).astype(object)
        return frame.where(frame.notna(), None).to_dict("records")

    def one(self, element: Element, id_: str) -> dict[str, Any]:
        """Return the only row with this id."""
        (found,) = [r for r in self.rows(element) if r["id"] == id_]
        return found

    def grants(self, holder: str, target: str) -> list[dict[str, Any]]:
        """Return the grants of a holder on a target, lists taken apart."""
        found = [
            r | {"levels": json.loads(r["levels"]), "actions": json.loads(r["actions"])}
            for r in self.rows(CAN_ACCESS)
            if (r["source_id"], r["target_id"]) == (holder, target)
        ]
        return sorted(found, key=lambda r: r["condition"] or "")

    def levels(self, holder: str, target: str) -> list[str]:
        """Return the levels that a holder has on a target without condition."""
        free = [g["levels"] for g in self.grants(holder, target) if g["condition"] is None]
        return sorted({level for levels in free for level in levels})

    def ways(self, role_name: str) -> dict[str, str | None]:
        """Return who may take a role, and on which condition."""
        target = f"{IAM}role/{role_name}"
        found = [r for r in self.rows(ASSUMES) if r["target_id"] == target]
        return {r["source_id"].rsplit(":", 1)[-1]: r["condition"] for r in found}

    def trusted(self, role_name: str) -> set[str]:
        """Return whom a role trusts."""
        source = f"{IAM}role/{role_name}"
        return {r["target_id"] for r in self.rows(TRUSTS) if r["source_id"] == source}

    def groups(self, name: str) -> set[str]:
        """Return the groups whose member a user is."""
        source = f"{IAM}user/{name}"
        return {r["target_id"] for r in self.rows(MEMBER_OF) if r["source_id"] == source}


def read(*paths: Path, **known: Any) -> Read:
    """Read an export, and check what every reading owes: good rows, whole ends, one label."""
    reading = SOURCE.read(Request(list(paths), **({"taken_at": TAKEN_AT} | known)))
    frames, labels = {}, {}
    for element, rows in reading.rows.items():
        checked = conform(rows.assign(source="aws", scope=reading.scope), element)
        assert checked.rejected.empty, checked.rejected.to_dict("records")
        assert checked.unknown_columns == ()
        frames[element.name] = checked.frame
        if isinstance(element, Node):
            for id_ in checked.frame["id"]:
                assert id_ not in labels, f"{id_} is {element} and {labels[id_]}"
                labels[id_] = element
    for element in reading.rows:
        if isinstance(element, Relationship):
            ends = frames[element.name]
            for source, target in zip(ends["source_id"], ends["target_id"], strict=True):
                assert labels.get(source) in element.sources, f"{element} from {source}"
                assert labels.get(target) in element.targets, f"{element} to {target}"
    return Read(reading, frames)


def read_details(folder: Path, **account: Any) -> Read:
    """Read an account that was written with the functions above."""
    file = folder / "details.json"
    file.write_text(json.dumps(details(**account)))
    return read(file)
