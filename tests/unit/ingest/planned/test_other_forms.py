"""Files that are taken instead of a manifest: recognised by content, silent about the rest."""

import json
from pathlib import Path
from typing import Any

import pytest

from graph.rows.planned import Planned, PlannedCredential
from graph.schema import CAN_ACCESS
from ingest.planned import planned_agents
from ingest.planned.forms import all_forms
from ingest.source import InputRefused
from tests.support.estates.small_estates import Estate

ACCOUNT = "123456789012"
GRAPH = Estate().agent("x").graph()


def read(folder: Path, document: Any, name: str = "file.json") -> list[Planned]:
    path = folder / name
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return planned_agents(path, GRAPH)


CARD = {
    "name": "Planner",
    "url": "https://planner.example.com",
    "protocolVersion": "0.3.0",
    "capabilities": {},
    "skills": [{"id": "plan", "name": "Plan", "description": "", "tags": []}],
}


@pytest.mark.parametrize(
    "document", [CARD, {"agents": [CARD]}, [CARD]], ids=["card", "map", "list"]
)
def test_a_card_names_an_agent_and_states_nothing_else(tmp_path: Path, document: Any) -> None:
    (planned,) = read(tmp_path, document)
    assert (planned.form, planned.name, planned.stated) == ("agent card", "Planner", frozenset())


CONFIG = """{
  // servers of the assistant
  "mcpServers": {
    "crm": {"url": "https://mcp.example.com/crm", "headers": {"Authorization": "Bearer ${TOKEN}"}},
    "files": {"command": "npx", "args": ["@x/files"], "env": {"API_KEY": "not-shown-anywhere-1"}},
    "off": {"command": "npx", "args": ["@x/off"], "disabled": true},
  }
}"""


def test_a_configuration_states_servers_and_where_secrets_are(tmp_path: Path) -> None:
    (planned,) = read(tmp_path, CONFIG, "settings.json")
    assert planned.stated == {"tools", "credentials"}
    assert {tool.name for tool in planned.tools} == {"crm", "files"}
    assert "not-shown-anywhere-1" not in str(planned)
    assert PlannedCredential("api_key", "config") in planned.credentials


def test_forms_are_told_apart_and_the_manifest_is_the_last() -> None:
    names = list(all_forms())
    assert names == ["terraform", "agent_card", "mcp_configuration", "manifest"]


# -- Terraform -----------------------------------------------------------------------------------


def statement(action: str, resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def policy_text(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "lambda.amazonaws.com"},
            }
        ],
    }
)


class Plan:
    """A Terraform plan, resource by resource."""

    def __init__(self) -> None:
        self.resources: list[dict[str, Any]] = []
        self.changes: list[dict[str, Any]] = []
        self.configured: list[dict[str, Any]] = []

    def add(
        self,
        type_: str,
        name: str,
        values: dict[str, Any],
        unknown: tuple[str, ...] = (),
        actions: tuple[str, ...] = ("create",),
        **references: str,
    ) -> "Plan":
        """Plan one resource; `references` are the resources that attributes wait for."""
        address = f"{type_}.{name}"
        common = {"address": address, "mode": "managed", "type": type_, "name": name}
        self.resources.append({**common, "values": values})
        change = {"actions": list(actions), "after_unknown": dict.fromkeys(unknown, True)}
        self.changes.append({**common, "change": change})
        expressions = {key: {"references": [f"{to}.arn", to]} for key, to in references.items()}
        self.configured.append({**common, "expressions": expressions})
        return self

    def document(self, account: str | None = ACCOUNT) -> dict[str, Any]:
        """Return it as `terraform show -json` prints it."""
        caller = {"type": "aws_caller_identity", "mode": "data", "values": {"account_id": account}}
        return {
            "format_version": "1.2",
            "terraform_version": "1.9.0",
            "planned_values": {"root_module": {"resources": self.resources}},
            "resource_changes": self.changes,
            "configuration": {"root_module": {"resources": self.configured}},
            "prior_state": {"values": {"root_module": {"resources": [caller] if account else []}}},
        }


def role(plan: Plan | None = None, name: str = "bot", **more: Any) -> Plan:
    values = {"name": name, "path": "/", "assume_role_policy": TRUST, **more}
    return (plan or Plan()).add("aws_iam_role", name, values)


def grants(planned: Planned) -> set[tuple[str, str]]:
    frame = planned.rows.get(CAN_ACCESS)
    if frame is None:
        return set()
    own = frame[frame["source_id"] == planned.id]
    return set(zip(own["target_id"], own["levels"], strict=True))


BUCKET = "arn:aws:s3:::ledger"
READS = policy_text(statement("s3:GetObject", f"{BUCKET}/*"))


def test_an_inline_policy_of_a_role(tmp_path: Path) -> None:
    plan = role().add("aws_iam_role_policy", "read", {"role": "bot", "name": "r", "policy": READS})
    (planned,) = read(tmp_path, plan.document())
    assert planned.id == f"arn:aws:iam::{ACCOUNT}:role/bot"
    assert planned.stated == {"access", "credentials"}
    assert grants(planned) == {(BUCKET, '["read"]')}
    assert planned.unknown == ()


def test_a_policy_that_is_attached_before_its_name_is_known(tmp_path: Path) -> None:
    plan = role().add("aws_iam_policy", "read", {"name": "read", "policy": READS}, ("arn",))
    plan.add(
        "aws_iam_role_policy_attachment",
        "a",
        {"role": "bot"},
        ("policy_arn",),
        policy_arn="aws_iam_policy.read",
    )
    (planned,) = read(tmp_path, plan.document())
    assert grants(planned) == {(BUCKET, '["read"]')}
    assert planned.unknown == ()


def unknown_of(planned: Planned) -> str:
    return " ".join(reason for _, reason, _ in planned.unknown)


UNKNOWN = {
    "the policy": (
        role().add("aws_iam_role_policy", "p", {"role": "bot"}, ("policy",)),
        "aws_iam_role_policy.p is known only after apply",
    ),
    "the attached policy": (
        role().add("aws_iam_role_policy_attachment", "a", {"role": "bot"}, ("policy_arn",)),
        "aws_iam_role_policy_attachment.a attaches is known only after apply",
    ),
    "a policy elsewhere": (
        role().add(
            "aws_iam_role_policy_attachment",
            "a",
            {"role": "bot", "policy_arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
        ),
        "ReadOnlyAccess allows is not in the plan",
    ),
    "the policy of a bucket": (
        role().add("aws_s3_bucket_policy", "b", {"bucket": "ledger", "policy": READS}),
        "aws_s3_bucket_policy.b gives is not evaluated",
    ),
    "a type that is not read": (
        role().add("aws_iam_something_new", "n", {}),
        "aws_iam_something_new.n gives is not evaluated",
    ),
    "a broken policy": (
        role().add("aws_iam_role_policy", "p", {"role": "bot", "policy": "{}}"}),
        "cannot be read",
    ),
    "who may take it": (
        Plan().add("aws_iam_role", "bot", {"name": "bot"}, ("assume_role_policy",)),
        "who may take it is known only after apply",
    ),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_a_plan_leaves_open_is_unknown(tmp_path: Path, case: str) -> None:
    plan, reason = UNKNOWN[case]
    (planned,) = read(tmp_path, plan.document())
    assert reason in unknown_of(planned)


def test_the_account_is_unknown_where_nothing_tells_it(tmp_path: Path) -> None:
    (planned,) = read(tmp_path, role().document(None))
    assert "account" in unknown_of(planned)


def test_an_administrator_by_the_policy_of_aws(tmp_path: Path) -> None:
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    plan = role().add("aws_iam_role_policy_attachment", "a", {"role": "bot", "policy_arn": arn})
    (planned,) = read(tmp_path, plan.document())
    assert (f"arn:aws:iam::{ACCOUNT}:root", True) in {
        (t, "admin" in lv) for t, lv in grants(planned)
    }


def test_a_user_with_a_key_and_a_group(tmp_path: Path) -> None:
    plan = Plan().add("aws_iam_user", "bot", {"name": "bot", "path": "/"})
    plan.add("aws_iam_group", "readers", {"name": "readers", "path": "/"})
    plan.add("aws_iam_group_policy", "r", {"group": "readers", "name": "r", "policy": READS})
    plan.add("aws_iam_user_group_membership", "m", {"user": "bot", "groups": ["readers"]})
    plan.add("aws_iam_access_key", "k", {"user": "bot"}, ("secret",))
    (planned,) = read(tmp_path, plan.document())
    assert planned.credentials == (PlannedCredential("access_key"),)
    frame = planned.rows[CAN_ACCESS]
    assert frame["source_id"].tolist() == [f"arn:aws:iam::{ACCOUNT}:group/readers"]


def test_every_identity_that_changes_is_an_agent(tmp_path: Path) -> None:
    plan = role(role(), "second").add(
        "aws_iam_role", "same", {"name": "same", "assume_role_policy": TRUST}, actions=("no-op",)
    )
    plan.add("aws_iam_role_policy", "p", {"role": "there", "name": "p", "policy": READS})
    names = [planned.name for planned in read(tmp_path, plan.document())]
    assert names == ["bot", "second", "there"]


KEPT = {"actions": ("no-op",)}  # of what a plan leaves as it is


def attached(holder: str, arn: str, **kept: Any) -> Plan:
    """Plan a policy that changes, attached to a role or group as it was before."""
    plan = Plan().add(
        "aws_iam_policy", "p", {"name": "p", "policy": READS, "arn": arn}, actions=("update",)
    )
    plan.add(
        f"aws_iam_{holder}", "x", {"name": "x", "path": "/", "assume_role_policy": TRUST}, **KEPT
    )
    values = {holder: "x", "policy_arn": arn}
    return plan.add(f"aws_iam_{holder}_policy_attachment", "a", values, **KEPT)


def test_whose_attached_policy_changes_is_given_more(tmp_path: Path) -> None:
    """Neither the role nor the attachment is in the changes: what the role may do is."""
    arn = f"arn:aws:iam::{ACCOUNT}:policy/p"
    (planned,) = read(tmp_path, attached("role", arn).document())
    assert planned.name == "x"
    assert grants(planned) == {(BUCKET, '["read"]')}
    in_place = {"name": "y", "assume_role_policy": TRUST, "managed_policy_arns": [arn]}
    plan = attached("role", arn).add("aws_iam_role", "y", in_place, **KEPT)
    assert {each.name for each in read(tmp_path, plan.document())} == {"x", "y"}


def test_whose_group_is_given_more_is_too(tmp_path: Path) -> None:
    plan = attached("group", f"arn:aws:iam::{ACCOUNT}:policy/p")
    for name, groups in (("u", ["x"]), ("other", ["y"])):
        plan.add("aws_iam_user", name, {"name": name, "path": "/"}, **KEPT)
        plan.add("aws_iam_user_group_membership", name, {"user": name, "groups": groups}, **KEPT)
    (planned,) = read(tmp_path, plan.document())
    assert planned.name == "u"


def test_tags_tell_owners_and_purpose(tmp_path: Path) -> None:
    tags = {"Owner": "ann@example.com", "Purpose": "monthly close"}
    (planned,) = read(tmp_path, role(tags=tags).document())
    assert list(planned.owners.values()) == [("ann@example.com",)]
    assert planned.purpose == "monthly close"
    assert planned.stated >= {"owners", "purpose"}


def test_a_plan_without_identities_is_refused(tmp_path: Path) -> None:
    plan = Plan().add("aws_s3_bucket", "b", {"bucket": "b"})
    with pytest.raises(InputRefused, match="no role and no user"):
        read(tmp_path, plan.document())


BROKEN = [[], "x", 7, {"root_module": 7}, {"root_module": {"resources": [7]}}]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_plan_of_other_shapes_is_refused(tmp_path: Path, broken: Any) -> None:
    document = role().document()
    with pytest.raises(InputRefused):
        read(tmp_path, {**document, "planned_values": broken, "resource_changes": broken})
    for name in ("configuration", "prior_state"):
        assert [planned.name for planned in read(tmp_path, {**document, name: broken})] == ["bot"]


def test_a_plan_without_changes_speaks_of_all_that_it_states(tmp_path: Path) -> None:
    document = role().document()
    del document["resource_changes"]
    assert [planned.name for planned in read(tmp_path, document)] == ["bot"]


def test_changes_alone_are_enough(tmp_path: Path) -> None:
    document = role().document()
    document["resource_changes"][0]["change"]["after"] = document.pop("planned_values")[
        "root_module"
    ]["resources"][0]["values"]
    assert [planned.name for planned in read(tmp_path, document)] == ["bot"]


def test_a_state_is_no_plan(tmp_path: Path) -> None:
    document = role().document()
    state = {"format_version": "1.0", "values": document["planned_values"]}
    with pytest.raises(InputRefused, match="is a state of Terraform"):
        read(tmp_path, state)


def test_an_attached_policy_of_the_account_by_its_name(tmp_path: Path) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/read"
    plan = role().add("aws_iam_policy", "read", {"name": "read", "policy": READS, "arn": arn})
    plan.add("aws_iam_role_policy_attachment", "a", {"role": "bot", "policy_arn": arn})
    (planned,) = read(tmp_path, plan.document())
    assert grants(planned) == {(BUCKET, '["read"]')}
    assert planned.unknown == ()


def test_a_resource_that_the_snapshot_knows_by_another_id(tmp_path: Path) -> None:
    """A catalogue names it by an id of its own, and states its ARN beside."""
    graph = Estate().resource("a:ledger", external_ids=[f"arn:{BUCKET}"]).graph()
    path = tmp_path / "plan.json"
    given = {"role": "bot", "name": "r", "policy": READS}
    path.write_text(json.dumps(role().add("aws_iam_role_policy", "read", given).document()))
    (planned,) = planned_agents(path, graph)
    assert grants(planned) == {("a:ledger", '["read"]')}


def test_a_card_of_nobody_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="must name its agent"):
        read(tmp_path, {**CARD, "name": " "})


def test_a_server_that_cannot_be_read_is_unknown(tmp_path: Path) -> None:
    (planned,) = read(tmp_path, {"mcpServers": {"a": {"command": "npx"}, "b": 7}})
    assert [tool.name for tool in planned.tools] == ["a"]
    assert [part for part, _, _ in planned.unknown] == ["tools"]


@pytest.mark.parametrize("name", ["*", "a b?", "x" * 3_000])
def test_a_name_that_no_role_can_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputRefused, match="no role and no user of AWS can have"):
        read(tmp_path, role(name=name).document())
