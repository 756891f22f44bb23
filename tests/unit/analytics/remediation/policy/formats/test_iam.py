"""Policies of AWS IAM, evaluated by a plain evaluator that shares nothing with their writer."""

import json
from typing import Any

import pytest

from analytics.remediation.policy.formats.iam import LIMIT, characters
from graph.schema import USE_EVENT
from tests.support.estates.small_estates import Estate, ago
from tests.support.printed import policy
from tests.support.references.policies import check_iam, iam_allows

ACCOUNT = "arn:aws:iam::123456789012:root"
BUCKET = "arn:aws:s3:::data"
OBJECT = f"{BUCKET}/a.csv"
ROLE = "arn:aws:iam::123456789012:role/deploy"
HOLDER = "arn:aws:iam::123456789012:role/bot"


def world(*grants: tuple[str, str, list[str], dict[str, Any]], **resource: Any) -> Estate:
    """State a role with grants: levels, the resource, actions, and other facts."""
    e = Estate().thing("Role", HOLDER, ROLE, provider="aws")
    e.resource(ACCOUNT, type="account", control_plane="true")
    for number, (levels, target, actions, facts) in enumerate(grants):
        if target not in (ACCOUNT, ROLE) and f"seen {target}" not in vars(e):
            vars(e)[f"seen {target}"] = e.resource(target, **{"type": "bucket", **resource})
        known = {"granted_at": ago(300), "telemetry": "true", "id": f"g{number}", **facts}
        e.can(HOLDER, levels, target, actions=actions, **known)
    return e


def used(e: Estate, level: str, action: str | None = None, target: str = BUCKET) -> Estate:
    count = len(e.rows.get(USE_EVENT, ()))
    facts = {"principal": HOLDER, "resource": target, "level": level, "action": action}
    return e.add(USE_EVENT, id=f"u{count}", at=ago(5), **facts)


def answered(e: Estate) -> dict[str, Any]:
    posture = e.posture()
    answer: dict[str, Any] = policy(posture, posture.graph.find(HOLDER), "iam")
    check_iam(answer["policy"])
    for document in answer.get("documents", []):
        check_iam(document["policy"])
    return answer


def written(e: Estate) -> Any:
    return answered(e)["policy"]


def actions(document: Any) -> set[str]:
    return {action for statement in document["Statement"] for action in statement["Action"]}


DARK = {"telemetry": "false"}
ALL = "list read write admin"


# -- actions ---------------------------------------------------------------------------------------


def test_a_wildcard_is_narrowed_to_the_level_that_was_used():
    """Levels as AWS's own table has them: reading objects, not writing, tagging or opening them."""
    document = written(used(world((ALL, BUCKET, ["s3:*"], {})), "read"))
    assert iam_allows(document, "s3:GetObject", OBJECT)
    assert iam_allows(document, "s3:GetBucketPolicy", BUCKET)
    for action in ("s3:PutObject", "s3:DeleteObject", "s3:PutObjectTagging", "s3:PutBucketPolicy"):
        assert not iam_allows(document, action, OBJECT)
        assert not iam_allows(document, action, BUCKET)
    assert not iam_allows(document, "s3:GetObject", "arn:aws:s3:::other/a.csv")


def test_listing_what_is_in_use_is_kept_where_it_was_granted():
    document = written(used(world((ALL, BUCKET, ["s3:*"], {})), "read"))
    assert iam_allows(document, "s3:ListBucket", BUCKET)
    given = ["s3:GetObject", "s3:PutObject"]
    document = written(used(world(("read write", BUCKET, given, {})), "read"))
    assert actions(document) == {"s3:GetObject"}


def test_listing_in_another_grant_of_the_resource_in_use_is_kept():
    e = world(("read", BUCKET, ["s3:GetObject"], {}), ("list", BUCKET, ["s3:ListBucket"], {}))
    assert actions(written(e)) == set()  # the twin: nothing is in use
    assert actions(written(used(e, "read"))) == {"s3:GetObject", "s3:ListBucket"}


def test_actions_are_those_that_were_used_where_every_use_tells_one():
    given = ["s3:Get*", "s3:PutObject", "s3:DeleteObject"]
    e = used(world(("read write", BUCKET, given, {})), "read", "s3:GetObject")
    e = used(e, "write", "s3:PutObject")
    assert actions(written(e)) == {"s3:GetObject", "s3:PutObject"}
    e = used(e, "read")  # a use that tells none: any of the level may have been the one
    assert actions(written(e)) == {"s3:Get*", "s3:PutObject", "s3:DeleteObject"}


def test_actions_that_nobody_could_see_stay_as_they_are_written():
    answer = answered(world((ALL, BUCKET, ["s3:Get*", "s3:PutObject"], DARK)))
    assert actions(answer["policy"]) == {"s3:Get*", "s3:PutObject"}
    assert [row["grant"] for row in answer["asked"]] == ["g0"]
    assert answer["narrowed"] == []


def test_what_a_grant_loses_is_what_no_kept_action_includes():
    e = used(world(("read write", BUCKET, ["s3:Get*", "s3:GetObject", "s3:PutObject"], {})), "read")
    (narrowed,) = answered(e)["narrowed"]
    assert (narrowed["levels"], narrowed["actions"]) == (["write"], ["s3:PutObject"])


def test_everything_of_a_service_is_kept_as_its_name():
    assert actions(written(world((ALL, BUCKET, ["*"], DARK)))) == {"s3:*"}


def test_exceptions_are_written_out():
    document = written(world(("read", BUCKET, ["NotAction(s3:GetObject, s3:Put*)"], DARK)))
    assert not iam_allows(document, "s3:GetObject", OBJECT)
    assert iam_allows(document, "s3:GetObjectVersion", OBJECT)


def test_without_named_actions_those_of_the_levels_are_written():
    document = written(used(world(("read write", BUCKET, [], {})), "read"))
    assert iam_allows(document, "s3:GetObject", OBJECT)
    assert not iam_allows(document, "s3:PutObject", OBJECT)


def test_an_action_that_the_table_does_not_know_is_judged_by_its_verb():
    given = ["s3:GetTomorrow", "s3:PutTomorrow"]
    document = written(used(world(("read write", BUCKET, given, {})), "read"))
    assert actions(document) == {"s3:GetTomorrow"}


def test_an_account_wide_pattern_gives_no_resource():
    """On the account `s3:*` means the actions without a resource, such as listing all buckets."""
    e = world((ALL, BUCKET, ["s3:*"], {}), ("list read write", ACCOUNT, ["s3:*"], DARK))
    document = written(used(e, "read"))
    assert iam_allows(document, "s3:ListAllMyBuckets", "*")
    assert not iam_allows(document, "s3:PutObject", OBJECT)
    assert not iam_allows(document, "s3:PutObject", "arn:aws:s3:::other/a.csv")


def test_an_administrator_whom_nobody_could_see_stays_one():
    document = written(world((ALL, ACCOUNT, ["*", "iam:PassRole"], DARK)))
    assert actions(document) == {"*"}


def test_an_account_wide_action_that_no_level_is_about_stays():
    e = world(("list", ACCOUNT, ["ec2:Describe*", "lambda:CreateFunction"], {}))
    answer = answered(used(e, "list", target=ACCOUNT))
    assert iam_allows(answer["policy"], "lambda:CreateFunction", "*")
    assert iam_allows(answer["policy"], "ec2:DescribeInstances", "*")


def test_a_permission_on_a_role_is_kept_and_asked():
    answer = answered(world(("", ROLE, ["iam:PassRole"], {})))
    assert iam_allows(answer["policy"], "iam:PassRole", ROLE)
    assert not iam_allows(answer["policy"], "iam:PassRole", HOLDER)
    assert [row["state"] for row in answer["asked"]] == ["not_observable"]


def test_what_a_denial_takes_away_in_part_is_not_written():
    answer = answered(world(("read", ACCOUNT, ["ec2:* (narrowed)"], DARK)))
    assert answer["policy"]["Statement"] == []
    assert "denial" in answer["kept"][0]["not_written"]


# -- resources -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("db:ledger", "no resource of AWS"),
        ("arn:aws:s3:::data*", "read as a pattern"),
        ("arn:aws:s3:::dat?", "read as a pattern"),
        ("arn:aws:s3:::*", "read as a pattern"),
        ("arn:aws:s3:::${aws:username}", "policy variable"),
        ('arn:aws:s3:::x"],"Action":["*', "read as a pattern"),
        ('arn:aws:s3:::x", "Effect": "Allow', "no name"),
        ("arn:aws:s3:::a b", "no name"),
    ],
)
def test_a_name_that_would_mean_more_is_not_written(name, reason):
    answer = answered(world(("read", name, ["s3:GetObject"], DARK)))
    assert answer["policy"]["Statement"] == []
    assert reason in answer["kept"][0]["not_written"]
    assert answer["counts"]["not_written"] == 1


def test_a_pattern_that_the_source_calls_one_is_written():
    e = world(("read", "arn:aws:s3:::logs-*", ["s3:GetObject"], DARK), type="bucket pattern")
    document = written(e)
    assert iam_allows(document, "s3:GetObject", "arn:aws:s3:::logs-7/a")
    assert not iam_allows(document, "s3:GetObject", OBJECT)


def test_a_use_of_what_a_pattern_means_is_one_of_the_pattern():
    given, pattern = ["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::da*"
    e = world(("read write", pattern, given, {}), type="bucket pattern")
    e = used(e.resource(BUCKET, type="bucket"), "read")
    assert actions(written(e)) == {"s3:GetObject"}
    plain = world(
        ("read", "arn:aws:s3:::da*", ["s3:GetObject"], {})
    )  # the twin: only a strange name
    assert answered(used(plain.resource(BUCKET), "read"))["kept"] == []


def test_actions_on_a_part_stay_on_that_part():
    """A policy on objects gives nothing on the bucket, though both are one thing of the graph."""
    on = {f"{BUCKET}/logs/*": ["s3:*"]}
    document = written(world((ALL, BUCKET, ["s3:*"], DARK | {"actions_on": on})))
    assert iam_allows(document, "s3:PutObject", f"{BUCKET}/logs/a")
    assert not iam_allows(document, "s3:PutObject", OBJECT)
    assert not iam_allows(document, "s3:PutBucketPolicy", BUCKET)
    everywhere = written(world((ALL, BUCKET, ["s3:*"], DARK)))  # the twin
    assert iam_allows(everywhere, "s3:PutBucketPolicy", BUCKET)


def test_each_part_has_its_own_actions_and_levels():
    on = {BUCKET: ["s3:ListBucket", "s3:PutBucketPolicy"], f"{BUCKET}/*": ["s3:*Object"]}
    every = [action for actions_of in on.values() for action in actions_of]
    document = written(used(world((ALL, BUCKET, every, {"actions_on": on})), "read"))
    assert iam_allows(document, "s3:GetObject", OBJECT)
    assert iam_allows(document, "s3:ListBucket", BUCKET)
    assert not iam_allows(document, "s3:PutObject", OBJECT)
    assert not iam_allows(document, "s3:PutBucketPolicy", BUCKET)


@pytest.mark.parametrize("name", ["*", "arn:aws:s3:::other/*", "arn:aws:s3:::data*", "all but x"])
def test_a_part_that_is_none_of_the_thing_is_not_written(name):
    answer = answered(world((ALL, BUCKET, ["s3:*"], DARK | {"actions_on": {name: ["s3:*"]}})))
    assert answer["policy"]["Statement"] == []
    assert "which no name states" in answer["kept"][0]["not_written"]


# -- conditions ------------------------------------------------------------------------------------

OFFICE = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
STRONG = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def statements(condition: Any, **facts: Any) -> list[Any]:
    text = condition if isinstance(condition, str) else json.dumps(condition)
    facts = DARK | {"condition": text} | facts
    return written(world(("read", BUCKET, ["s3:GetObject"], facts)))["Statement"]


def test_a_condition_of_aws_stays_word_for_word():
    (statement,) = statements(OFFICE)
    assert (statement["Effect"], statement["Condition"]) == ("Allow", OFFICE)


def test_conditions_that_must_all_hold_are_joined():
    (statement,) = statements({"AllOf": [OFFICE, STRONG]})
    assert statement["Condition"] == OFFICE | STRONG


def test_of_two_conditions_on_one_key_neither_is_lost():
    """In one statement their values would be alternatives."""
    other = {"IpAddress": {"aws:SourceIp": "192.168.0.0/16"}}
    (statement,) = statements({"AllOf": [OFFICE, other]})
    assert statement["Condition"]["IpAddress"] == OFFICE["IpAddress"]
    (kept,) = statement["Condition"]["StringEquals"].values()
    assert json.loads(kept) == other


def test_a_denial_stays_a_denial():
    allow, deny = statements({"Unless": OFFICE})
    assert (allow["Effect"], deny["Effect"], deny["Condition"]) == ("Allow", "Deny", OFFICE)
    assert "Condition" not in allow
    assert (allow["Action"], allow["Resource"]) == (deny["Action"], deny["Resource"])
    document = {"Statement": [allow, deny]}
    assert not iam_allows(document, "s3:GetObject", OBJECT, conditions=False)


def test_a_condition_in_words_must_be_stated_by_a_tag():
    text = 'only "at night"'
    (statement,) = statements(text)
    assert statement["Condition"] == {
        "StringEquals": {"aws:PrincipalTag/trustdebt-condition-1": text}
    }


@pytest.mark.parametrize("text", ['{"DropTables": {"x": "y"}}', '{"Bool": "true"}', "[1]", "{"])
def test_what_only_looks_like_a_condition_is_kept_as_words(text):
    (statement,) = statements(text)
    assert list(statement["Condition"]["StringEquals"].values()) == [text]


def test_what_another_account_decides_is_no_condition_of_ours():
    (statement,) = statements({"Unknown": "the resource belongs to another account"})
    assert "Condition" not in statement


def test_the_limit_of_a_boundary_stays():
    (statement,) = statements({"PermissionsBoundary": STRONG})
    assert statement["Condition"] == STRONG


def test_an_end_stays_an_end_and_activation_is_asked_for():
    (statement,) = statements(OFFICE, expires_at=ago(-10), eligible="true")
    condition = statement["Condition"]
    assert condition["DateLessThan"] == {"aws:CurrentTime": ago(-10)}
    assert list(condition["StringEquals"].values()) == ["activation of g0"]
    assert condition["IpAddress"] == OFFICE["IpAddress"]


# -- documents -------------------------------------------------------------------------------------


def test_each_holder_has_its_own_documents_within_the_limit():
    e = Estate().agent("bot").thing("Role", HOLDER, ROLE)
    e.link("bot", "RUNS_AS", HOLDER).link("bot", "ASSUMES", ROLE, condition=json.dumps(OFFICE))
    for number in range(120):
        name = f"arn:aws:s3:::a-rather-long-name-of-a-bucket-{number:03}"
        e.resource(name)
        facts = {"id": f"g{number}", "condition": json.dumps({"Bool": {f"aws:x{number}": "true"}})}
        holder = HOLDER if number else ROLE
        e.can(holder, "read", name, actions=["s3:GetObject"], **DARK, **facts)
    posture = e.posture()
    answer = policy(posture, posture.graph.find("bot"), "iam")
    check_iam(answer["policy"])
    assert answer["limit"] == LIMIT
    assert characters(answer["policy"]) > LIMIT
    parts = answer["documents"]
    assert all(p["fits"] and p["characters"] == characters(p["policy"]) <= LIMIT for p in parts)
    assert len(parts) > 3
    by_holder = {p["holder"]["id"] for p in parts}
    assert by_holder == {HOLDER, ROLE}
    every = [r for p in parts for s in p["policy"]["Statement"] for r in s["Resource"]]
    assert len(every) == len(set(every)) == 240
    of_role = [s for p in parts if p["holder"]["id"] == ROLE for s in p["policy"]["Statement"]]
    assert all("IpAddress" not in s["Condition"] for s in of_role)  # it stays with the trust


def test_a_statement_that_is_too_long_is_parted():
    given = [f"s3:Get{'Long' * 5}{number:03}" for number in range(400)]
    answer = answered(world(("read", BUCKET, given, DARK)))
    parts = answer["documents"]
    assert all(part["fits"] for part in parts)
    assert {a for part in parts for a in actions(part["policy"])} == set(given)


def test_things_with_the_same_actions_share_a_statement():
    grants = [("read", f"arn:aws:s3:::b{n}", ["s3:GetObject"], DARK) for n in range(5)]
    (statement,) = written(world(*grants))["Statement"]
    assert len(statement["Resource"]) == 10
