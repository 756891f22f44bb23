"""What is handed over for AWS, line by line, as its documentation has it."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from analytics.posture import Posture
from analytics.remediation.handover import ACTIONS, Handover, Target, handover
from graph.schema import ASSUMES, CALLS, CAN_ACCESS, MEMBER_OF, RELATIONSHIPS, TRUSTS
from tests.support.estates.small_estates import Estate
from tests.support.references.aws_operations import GLOBAL, OPERATIONS

ACCOUNT = "arn:aws:iam::123456789012"
BOB, DEPLOY, READERS = (
    f"{ACCOUNT}:user/app/bob",
    f"{ACCOUNT}:role/deploy",
    f"{ACCOUNT}:group/readers",
)
KEY = f"{BOB}/access_key/1"
DB = "arn:aws:dynamodb:eu-west-1:123456789012:table/ledger"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:jobs"
READ_ALL = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def account() -> Estate:
    """State a user with a key, a group and a role, and grants by policies of each kind."""
    e = Estate(source="aws", scope="123456789012").account(BOB, name="bob")
    e.thing("Group", READERS).thing("Role", DEPLOY).resource(DB).resource(QUEUE)
    e.thing("Credential", KEY, type="access_key", name="AKIAIOSFODNN7EXAMPLE")
    e.link(KEY, "AUTHENTICATES_AS", BOB).link(BOB, "MEMBER_OF", READERS, id="m")
    e.can(BOB, "read", DB, id="inline", policy_id=f"{BOB}/inline/own", grant_id="aws:1")
    e.can(BOB, "read", QUEUE, id="managed", policy_id=READ_ALL, grant_id="aws:2")
    e.can(DEPLOY, "read", DB, id="one", policy_id=READ_ALL, grant_id="aws:3")
    return e.can(DEPLOY, "read", QUEUE, id="two", policy_id=READ_ALL, grant_id="aws:4")


def of(posture: Posture, action: str, subject: Any, *ids: str) -> Handover:
    """Hand over an action on relationships of a type, or on a node by its id."""
    if ids:
        return handover(posture, action, Target(subject, ids))
    return handover(posture, action, Target(node=posture.graph.find(subject)))


def aws(*words: str) -> str:
    return shlex.join(("aws", *words))


def test_a_key_is_made_inactive_and_active_again() -> None:
    made = of(account().posture(), "deactivate_credential", KEY)
    key = "--user-name bob --access-key-id AKIAIOSFODNN7EXAMPLE"
    assert made.command == f"aws iam update-access-key {key} --status Inactive"
    assert made.undo == f"aws iam update-access-key {key} --status Active"
    assert "123456789012" in str(made.place)
    assert made.refused is None


def test_a_key_without_a_known_id_is_looked_up_and_not_guessed() -> None:
    e = Estate().account(BOB).thing("Credential", KEY, type="access_key", name="bob/access_key/1")
    made = of(e.link(KEY, "AUTHENTICATES_AS", BOB).posture(), "deactivate_credential", KEY)
    assert made.command is None
    assert "aws iam list-access-keys --user-name bob" in str(made.place)


def test_a_key_that_only_a_log_shows_is_that_of_the_user_it_authenticates_as() -> None:
    seen = "aws:access_key/AKIAIOSFODNN7EXAMPLE"
    e = Estate().account(BOB).thing("Credential", seen, type="access_key")
    made = of(e.link(seen, "AUTHENTICATES_AS", BOB).posture(), "delete_credential", seen)
    key = "--user-name bob --access-key-id AKIAIOSFODNN7EXAMPLE"
    assert made.command == f"aws iam delete-access-key {key}"


def test_keys_of_the_root_user_are_left_to_the_root_user() -> None:
    root = f"{ACCOUNT}:root#user"
    e = Estate().person(root).thing("Credential", f"{root}/access_key/1", type="access_key")
    e.link(f"{root}/access_key/1", "AUTHENTICATES_AS", root)
    made = of(e.posture(), "deactivate_credential", f"{root}/access_key/1")
    assert made.command is None
    assert "root user" in str(made.place)


def test_a_policy_is_detached_if_the_step_is_on_all_that_it_gives() -> None:
    policy = f"--policy-arn {READ_ALL}"
    made = of(account().posture(), "remove_grant", CAN_ACCESS, "one", "two")
    assert made.command == f"aws iam detach-role-policy --role-name deploy {policy}"
    assert made.undo == f"aws iam attach-role-policy --role-name deploy {policy}"


def test_the_twin_of_a_policy_that_gives_more_only_a_part_is_taken() -> None:
    made = of(account().posture(), "remove_grant", CAN_ACCESS, "one")
    put, detach = str(made.command).splitlines()
    named = ("--role-name", "deploy", "--policy-name", "ReadOnlyAccess")
    document = ("--policy-document", "file://deploy-ReadOnlyAccess.json")
    assert put == aws("iam", "put-role-policy", *named, *document)
    assert detach == f"aws iam detach-role-policy --role-name deploy --policy-arn {READ_ALL}"
    assert "1 grants" in str(made.place)
    assert DB in str(made.place)
    attach, delete = made.undo.splitlines()
    assert attach == f"aws iam attach-role-policy --role-name deploy --policy-arn {READ_ALL}"
    assert delete == "aws iam delete-role-policy --role-name deploy --policy-name ReadOnlyAccess"


def test_an_inline_policy_is_deleted_and_can_be_put_back() -> None:
    made = of(account().posture(), "remove_grant", CAN_ACCESS, "inline")
    assert made.command == "aws iam delete-user-policy --user-name bob --policy-name own"
    assert "aws iam get-user-policy --user-name bob --policy-name own" in str(made.place)
    assert made.undo.startswith("aws iam put-user-policy --user-name bob --policy-name own")


def test_narrowing_edits_the_document() -> None:
    made = of(account().posture(), "narrow_grant", CAN_ACCESS, "inline")
    assert made.command == (
        "aws iam put-user-policy --user-name bob --policy-name own"
        " --policy-document file://bob-own.json"
    )


def test_an_end_is_a_condition_of_the_policy() -> None:
    made = of(account().posture(), "set_expiry", CAN_ACCESS, "inline")
    assert made.command == (
        "aws iam put-user-policy --user-name bob --policy-name own"
        " --policy-document file://bob-own.json"
    )
    assert "DateLessThan on aws:CurrentTime" in str(made.place)


def test_a_grant_without_a_policy_is_only_described() -> None:
    e = Estate().account(BOB).resource(DB).can(BOB, "admin", DB, id="g")
    made = of(e.posture(), "remove_grant", CAN_ACCESS, "g")
    assert made.command is None
    assert "bob" in str(made.place)
    assert DB in str(made.place)


def test_the_policy_of_a_resource_is_edited_at_the_resource() -> None:
    e = Estate().account(BOB).resource(QUEUE)
    e.can(BOB, "read", QUEUE, id="g", policy_id=f"{QUEUE}#policy")
    made = of(e.posture(), "remove_grant", CAN_ACCESS, "g")
    assert made.command is None
    assert f"resource {QUEUE} itself" in str(made.place)


def test_an_inline_policy_of_a_group_is_not_one_of_its_member() -> None:
    e = Estate().account(BOB).resource(QUEUE)
    e.can(BOB, "read", QUEUE, id="g", policy_id=f"{READERS}/inline/part")
    made = of(e.posture(), "remove_grant", CAN_ACCESS, "g")
    assert made.command is None
    assert "Groups > readers" in str(made.place)


def test_a_user_leaves_a_group() -> None:
    made = of(account().posture(), "remove_member", MEMBER_OF, "m")
    assert made.command == "aws iam remove-user-from-group --user-name bob --group-name readers"
    assert made.undo == "aws iam add-user-to-group --user-name bob --group-name readers"


def trusting(target: str) -> Estate:
    """State a role that trusts a party, and that a user may take by it and by a permission."""
    e = Estate().account(BOB).thing("Role", DEPLOY).resource(target, type="account")
    e.link(DEPLOY, "TRUSTS", BOB if target == BOB else target, id="t", action="sts:AssumeRole")
    e.can(BOB, "", DEPLOY, id="p", actions=["sts:AssumeRole"], policy_id=f"{BOB}/inline/take")
    return e.link(BOB, "ASSUMES", DEPLOY, id="a", derived=True, rule="A1", support=["t", "p"])


EDIT = "aws iam update-assume-role-policy --role-name deploy --policy-document file://deploy-trust.json"


def test_a_role_that_trusts_the_user_by_name_stops_to() -> None:
    e = Estate().account(BOB).thing("Role", DEPLOY)
    e.link(DEPLOY, "TRUSTS", BOB, id="t", action="sts:AssumeRole")
    e.link(BOB, "ASSUMES", DEPLOY, id="a", derived=True, rule="A1", support=["t"])
    posture = e.posture()
    for made in (
        of(posture, "remove_trust", ASSUMES, "a"),
        of(posture, "remove_trust", TRUSTS, "t"),
    ):
        assert made.command == EDIT
        assert BOB in str(made.place)
        assert made.undo == EDIT.replace("trust.json", "trust-before.json")


def test_where_it_trusts_the_account_the_permission_ends_and_others_keep_theirs() -> None:
    posture = trusting(f"{ACCOUNT}:root").posture()
    made = of(posture, "remove_trust", ASSUMES, "a")
    assert made.command == "aws iam delete-user-policy --user-name bob --policy-name take"


@pytest.mark.parametrize(("thing", "kind"), [(BOB, "user"), (DEPLOY, "role"), (READERS, "group")])
def test_an_identity_is_denied_everything_and_deleted_later(thing: str, kind: str) -> None:
    posture = account().posture()
    name = f"--{kind}-name {thing.rpartition('/')[2]}"
    policy = "--policy-arn arn:aws:iam::aws:policy/AWSDenyAll"
    made = of(posture, "disable_identity", thing)
    assert made.command == f"aws iam attach-{kind}-policy {name} {policy}"
    assert made.undo == f"aws iam detach-{kind}-policy {name} {policy}"
    assert of(posture, "delete_identity", thing).command == f"aws iam delete-{kind} {name}"


def test_sessions_end_that_were_issued_before_the_run(tmp_path: Path) -> None:
    import subprocess

    made = of(account().posture(), "revoke_sessions", DEPLOY)
    script = f'aws() {{ printf "%s\\n" "$@"; }}\n{made.command}'
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    *words, document = done.stdout.splitlines()
    assert words[:4] == ["iam", "put-role-policy", "--role-name", "deploy"]
    (statement,) = json.loads(document)["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", ["*"])
    assert statement["Condition"]["DateLessThan"]["aws:TokenIssueTime"].endswith("Z")
    assert "every session of the role" in str(made.place)


def test_what_runs_as_a_role_is_stopped() -> None:
    function = "arn:aws:lambda:eu-west-1:123456789012:function:nightly"
    e = account().resource(function, type="function").link(function, "RUNS_AS", DEPLOY)
    made = of(e.posture(), "stop", DEPLOY)
    named = "--function-name nightly --region eu-west-1"
    none = "--reserved-concurrent-executions 0"
    assert made.command == f"aws lambda put-function-concurrency {named} {none}"
    assert made.undo == f"aws lambda delete-function-concurrency {named}"


def test_an_action_group_leaves_the_draft_of_an_agent() -> None:
    agent = "arn:aws:bedrock:eu-west-1:123456789012:agent/ABCDEFGHIJ"
    tool = f"{agent}/action-group/KLMNOPQRST"
    e = Estate().agent(agent).thing("Tool", tool).link(agent, "CALLS", tool, id="c")
    made = of(e.posture(), "unregister_tool", CALLS, "c")
    delete, prepare = str(made.command).splitlines()
    assert delete == (
        "aws bedrock-agent delete-agent-action-group --agent-id ABCDEFGHIJ --agent-version DRAFT"
        " --action-group-id KLMNOPQRST --region eu-west-1"
    )
    assert prepare == "aws bedrock-agent prepare-agent --agent-id ABCDEFGHIJ --region eu-west-1"


def test_a_schedule_is_disabled() -> None:
    rule = "arn:aws:events:eu-west-1:123456789012:rule/nightly"
    made = of(Estate().resource(rule).posture(), "remove_schedule", rule)
    assert made.command == "aws events disable-rule --name nightly --region eu-west-1"
    assert made.undo == "aws events enable-rule --name nightly --region eu-west-1"


def everything() -> Estate:
    """State one of each thing and relationship that has a command."""
    where = "eu-west-1:123456789012"
    function, machine = (
        f"arn:aws:lambda:{where}:function:f",
        f"arn:aws:ec2:{where}:instance/i-0123abcd",
    )
    rules = [f"arn:aws:events:{where}:rule/bus/r", f"arn:aws:scheduler:{where}:schedule/g/s"]
    agent, base = f"arn:aws:bedrock:{where}:agent/ABCDEFGHIJ", "knowledge-base/ABCDEFGHIJ"
    runtime = f"arn:aws:bedrock-agentcore:{where}:runtime/bot-1"
    e = trusting(f"{ACCOUNT}:root").thing("Group", READERS).link(BOB, "MEMBER_OF", READERS)
    for kind, name in (("access_key", "AKIAIOSFODNN7EXAMPLE"), ("certificate", "A" * 24)):
        e.thing("Credential", f"{BOB}/{kind}/1", type=kind, name=name)
        e.link(f"{BOB}/{kind}/1", "AUTHENTICATES_AS", BOB)
    e.thing("Credential", f"{BOB}#password", type="password").agent(agent, runtime)
    e.thing("Tool", f"{agent}/action-group/KLMNOPQRST")
    e.link(agent, "CALLS", f"{agent}/action-group/KLMNOPQRST")
    for thing in (function, machine, *rules, DB, QUEUE, f"arn:aws:bedrock:{where}:{base}"):
        e.resource(thing)
    e.can(agent, "read", f"arn:aws:bedrock:{where}:{base}", grant_id="association")
    e.link(function, "RUNS_AS", DEPLOY).link(machine, "RUNS_AS", DEPLOY)
    for holder in (BOB, DEPLOY, READERS):
        e.can(holder, "read", DB, policy_id=READ_ALL, grant_id="1")
        e.can(holder, "read", QUEUE, policy_id=f"{holder}/inline/own", grant_id="2")
    return e


def test_every_line_is_an_operation_of_aws_with_its_options() -> None:
    posture = everything().posture()
    targets = [Target(node=number) for number in range(len(posture.graph.ids))]
    for relationship in RELATIONSHIPS:
        targets += [
            Target(relationship, (id_,)) for id_ in posture.graph.frames[relationship]["id"]
        ]
    made = [handover(posture, action, target) for action in ACTIONS for target in targets]
    lines = {each for m in made for each in f"{m.command}\n{m.undo}".splitlines()}
    called = [shlex.split(each) for each in lines if each.startswith("aws ") and "--" in each]
    for _, service, operation, *words in called:
        required, others = OPERATIONS[f"{service} {operation}"]
        options = {word.removeprefix("--") for word in words if word.startswith("--")}
        assert required <= options <= required | others | GLOBAL
    assert len({tuple(words[1:3]) for words in called}) > 30
