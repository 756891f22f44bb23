"""AWS escalation: each rule and each kind of path, and the near miss that concludes nothing."""

import json
from collections import Counter

import pytest

from analytics.escalation.aws import GAINS, REWRITES, ROLE_PASSING, paths
from graph.aws import escalation as connector
from tests.support.estates.escalating import ACCOUNT, OTHER, arn, aws, derived, names, rules

PASS = [p for p in paths() if p.kind == "pass"]
TAKE = [p for p in paths() if p.kind == "take"]
GROUP_ACTIONS = ("iam:AttachGroupPolicy", "iam:PutGroupPolicy")


def starts(path, without=()):
    """Let a user pass role r, which trusts the service, and do what the path needs."""
    e = aws(users="u", roles="r").trust("r", path.service)
    for action in (ROLE_PASSING, *path.actions):
        if action not in without:
            e.may("u", action, "r" if action == ROLE_PASSING else ACCOUNT)
    return e


# -- the table --------------------------------------------------------------------------------


def test_every_published_path_is_in_the_table(real_data):
    """All 65 sets of permissions are covered: by a path with these very actions, or by effect."""
    published = json.loads(
        (real_data / "pathfinding-cloud" / "escalation-permissions.json").read_text()
    )
    assert Counter(p["category"] for p in published) == {
        "new-passrole": 27,
        "existing-passrole": 16,
        "principal-access": 14,
        "self-escalation": 8,
    }
    table = {p.id: p for p in paths()}
    by_effect = {*GAINS, *REWRITES, "sts:AssumeRole", "iam:DeleteAccessKey"}
    for each in published:
        needed = {p["permission"] for p in each["permissions"]["required"]}
        if each["id"].startswith(("iam-", "sts-")):
            assert needed <= by_effect, each["id"]
            continue
        path = table[each["id"]]
        passed = {ROLE_PASSING} if path.kind == "pass" else set()
        assert {*path.actions} | passed == needed, each["id"]
        trusted = each["trusted_services_named_in_prerequisites"]
        assert not trusted or path.service in trusted, each["id"]


def test_the_table_counts():
    """27 sets start compute, one of them by a change set that passes nothing; and ecs:RunTask."""
    assert (len(PASS), len(TAKE)) == (26 + 1, 16 + 1)
    assert len({p.id for p in paths()}) == 44
    assert (len(GAINS), len(REWRITES)) == (5, 8)


def test_the_connector_writes_every_action_that_a_rule_looks_for():
    """An action that no grant ever spells out would leave its path silent."""
    wanted = {a for p in paths() for a in p.actions} | {ROLE_PASSING, *GAINS, *REWRITES}
    assert wanted - connector.ALL == set()


def test_what_also_runs_new_compute_is_part_of_a_path_that_makes_it():
    """What is no such part is on compute that is there, where an inventory decides."""
    assert {a for p in PASS for a in p.actions} & connector.TAKES == connector.RUNS_NEW


# -- A2: a role passed to new compute -----------------------------------------------------------


@pytest.mark.parametrize("path", PASS, ids=lambda p: p.id)
def test_a_passed_role_is_gained(path):
    """With every action the role is gained by all facts together; with one less it is not."""
    found = [p for p in derived(starts(path), "u", "r") if p.rule.startswith("A2")]
    least = 2 + min(len(p.actions) for p in PASS if set(p.actions) <= set(path.actions))
    assert [len(p.support) for p in found] == [least]
    assert not any(p.assumed or p.condition for p in found)


@pytest.mark.parametrize("path", PASS, ids=lambda p: p.id)
def test_a_role_is_not_gained_without_one_of_its_actions(path):
    others = [p for p in paths() if p != path]
    for action in (ROLE_PASSING, *path.actions):
        has = {ROLE_PASSING, *path.actions} - {action}
        if any(has >= {ROLE_PASSING, *o.actions} for o in others if o.kind == "pass"):
            continue  # what is left is another path
        found = derived(starts(path, without=[action]), "u", "r")
        assert not [p for p in found if p.rule.startswith("A2")], action


def test_the_role_must_trust_the_service():
    path = PASS[0]
    e = aws(users="u", roles="r s").trust("s", path.service).trust("r", "other.amazonaws.com")
    e.may("u", ROLE_PASSING, "r")
    for action in path.actions:
        e.may("u", action, ACCOUNT)
    assert rules(e) == set()


def test_a_conditional_trust_or_permission_makes_the_step_conditional():
    path = next(p for p in PASS if p.id == "ec2-001")
    for part in ("trust", "pass", "run"):
        e = aws(users="u", roles="r")
        e.trust("r", path.service, condition="Bool" if part == "trust" else None)
        e.may("u", ROLE_PASSING, "r", condition="IpAddress" if part == "pass" else None)
        e.may("u", "ec2:RunInstances", ACCOUNT, condition="Tag" if part == "run" else None)
        (found,) = derived(e, "u", "r")
        assert found.condition in ("Bool", "IpAddress", "Tag"), part


def test_a_role_of_another_account_is_not_passed():
    e = aws(users="u", roles="r").role("far", account=OTHER).trust("far", "ec2.amazonaws.com")
    e.may("u", "ec2:RunInstances", ACCOUNT).may("u", ROLE_PASSING, arn("role/far", OTHER))
    assert rules(e) == set()


def test_two_ways_to_the_same_role_are_two_steps():
    """The permission is held twice: each grant by itself supports one step."""
    e = aws(users="u", roles="r", groups="g").trust("r", "ec2.amazonaws.com").joins("u", "g")
    e.may("u", "ec2:RunInstances", ACCOUNT).may("u", ROLE_PASSING, "r").may("g", ROLE_PASSING, "r")
    found = derived(e, "u", "r")
    assert sorted(len(p.support) for p in found) == [3, 4]
    assert len({frozenset(p.support) for p in found}) == 2


def test_a_longer_path_with_the_same_facts_says_nothing_new():
    """CreateCluster and RegisterTaskDefinition add nothing to what RunTask gives alone."""
    path = next(p for p in PASS if p.id == "ecs-002")
    assert [p.rule for p in derived(starts(path), "u", "r")] == ["A2:ecs-008"]


# -- A3: compute that runs as a role ------------------------------------------------------------


@pytest.mark.parametrize("path", TAKE, ids=lambda p: p.id)
def test_unlisted_compute_is_assumed(path):
    """Nobody lists the compute: the role is gained by assumption, and only with every action."""
    for missing in (None, *path.actions):
        e = aws(users="u", roles="r").trust("r", path.service)
        for action in path.actions:
            if action != missing:
                e.may("u", action, ACCOUNT)
        found = derived(e, "u", "r")
        if missing is None:
            assert {p.assumed for p in found} == {True}
        else:
            left = set(path.actions) - {missing}
            assert bool(found) == any(left >= set(o.actions) for o in TAKE), missing


def listed():
    """Let function f run as r and h as s, roles that trust the service."""
    e = aws(users="u", roles="r s", declares=("grants", "trust", "inventory"))
    for function, role in (("f", "r"), ("h", "s")):
        e.compute(f"lambda:eu-west-1:{ACCOUNT}:function:{function}", role)
        e.trust(role, "lambda.amazonaws.com")
    return e


def test_listed_compute_is_certain_and_gives_its_own_role_only():
    function = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f"
    e = listed().may("u", "lambda:UpdateFunctionCode", function)
    (found,) = derived(e, "u", "r")
    assert (found.rule, found.assumed, len(found.support)) == ("A3:lambda-003", False, 2)
    assert derived(e, "u", "s") == []


def test_all_actions_must_be_on_the_same_compute():
    """To stop one machine and to change another takes neither over."""
    machine = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/"
    e = aws(users="u", roles="r s", declares=("grants", "trust", "inventory"))
    for name, role in (("i-1", "r"), ("i-2", "s")):
        e.compute(f"ec2:eu-west-1:{ACCOUNT}:instance/{name}", role)
        e.trust(role, "ec2.amazonaws.com")
    e.may("u", "ec2:ModifyInstanceAttribute", f"{machine}i-1")
    e.may("u", "ec2:StopInstances", f"{machine}i-2").may("u", "ec2:StartInstances", f"{machine}i-2")
    assert rules(e) == set()
    for action in ("ec2:StopInstances", "ec2:StartInstances"):
        e.may("u", action, f"{machine}i-1")
    assert derived(e, "u", "r")
    assert not derived(e, "u", "s")


def test_a_permission_on_all_of_an_account_takes_what_runs_for_the_service():
    e = listed().may("u", "lambda:UpdateFunctionCode", ACCOUNT)
    assert {t for _, t, _ in rules(e)} == {"role/r", "role/s"}
    e = listed().may("u", "ssm:StartSession", ACCOUNT)
    assert rules(e) == set()  # functions are no machines


def named_only():
    """Let roles r and s trust functions; the inventory lists no function, a policy names one."""
    e = aws(users="u", roles="r s", declares=("grants", "trust", "inventory"))
    for role in "rs":
        e.trust(role, "lambda.amazonaws.com")
    function = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:g"
    e.resource(function, type="function", parent_id=ACCOUNT)
    return e.may("u", "lambda:UpdateFunctionCode", function)


def test_compute_that_only_a_policy_names_is_not_listed():
    """What function g runs as, no source states: by assumption either role."""
    e = named_only()
    for role in "rs":
        assert [(p.rule, p.assumed) for p in derived(e, "u", role)] == [("A3:lambda-003", True)]


def test_a_named_function_is_no_other_role_s_where_functions_are_listed():
    """The inventory lists a function f of r: it lists functions, and so g would be among them."""
    e = named_only().compute(f"lambda:eu-west-1:{ACCOUNT}:function:f", "r")
    assert derived(e, "u", "r") == derived(e, "u", "s") == []


def test_a_listed_machine_lists_no_functions():
    e = named_only().compute(f"ec2:eu-west-1:{ACCOUNT}:instance/i-1", "r")
    assert [p.assumed for p in derived(e, "u", "s")] == [True]


def test_compute_of_another_account_is_not_assumed():
    e = aws(users="u").role("far", account=OTHER).trust("far", "lambda.amazonaws.com")
    assert rules(e.may("u", "lambda:UpdateFunctionCode", ACCOUNT)) == set()


# -- A4: another principal ----------------------------------------------------------------------


@pytest.mark.parametrize("action", GAINS)
def test_a_principal_is_gained(action):
    target = {"iam:UpdateAssumeRolePolicy": "r", "iam:AddUserToGroup": "g"}.get(action, "v")
    e = aws(users="u v", roles="r", groups="g").may("u", action, target)
    assert {(s, r) for s, _, r in rules(e)} == {("user/u", f"A4:{action}")}


@pytest.mark.parametrize("action", GAINS)
def test_a_principal_of_the_wrong_kind_or_account_is_not_gained(action):
    wrong = "v" if action in ("iam:UpdateAssumeRolePolicy", "iam:AddUserToGroup") else "r"
    assert rules(aws(users="u v", roles="r").may("u", action, wrong)) == set()
    assert rules(aws(users="u").may("u", action, "u")) == set()
    e = aws(users="u").user("far", account=OTHER).role("far", account=OTHER)
    e.may("u", action, arn("user/far", OTHER)).may("u", action, arn("role/far", OTHER))
    assert rules(e) == set()


def test_a_role_cannot_add_itself_to_a_group():
    assert rules(aws(roles="r", groups="g").may("r", "iam:AddUserToGroup", "g")) == set()


def test_members_may_join_what_their_group_lets_them_join():
    """A group is no user; its members are."""
    e = aws(users="u", groups="g admins").joins("u", "g").may("g", "iam:AddUserToGroup", "admins")
    assert rules(e) == {("user/u", "group/admins", "A4:iam:AddUserToGroup")}


# -- A5: the account ----------------------------------------------------------------------------

OWN = {a: "u" if "User" in a else "g" if a in GROUP_ACTIONS else "r" for a in REWRITES}


@pytest.mark.parametrize("action", REWRITES)
def test_who_rewrites_what_it_is_administers_the_account(action):
    on = OWN[action]
    holder = "u" if on == "g" else on
    e = aws(users="u", roles="r", groups="g").joins("u", "g").may(holder, action, on)
    (found,) = derived(e, holder, "root")
    assert (found.rule, found.condition) == (f"A5:{action}", "")


@pytest.mark.parametrize("action", REWRITES)
def test_to_rewrite_what_one_cannot_become_gives_nothing(action):
    e = aws(users="u v", roles="r", groups="g").may("u", action, OWN[action].replace("u", "v"))
    assert rules(e) == set()


@pytest.mark.parametrize(
    "rewrite", ["iam:AttachRolePolicy", "iam:PutRolePolicy", "iam:CreatePolicyVersion"]
)
@pytest.mark.parametrize("become", ["ASSUMES", "iam:UpdateAssumeRolePolicy"])
def test_rewriting_a_role_that_one_can_take(rewrite, become):
    """Published as iam-014, 016, 017, 019, 020 and 021: both halves are in the support."""
    e = aws(users="u", roles="r").may("u", rewrite, "r")
    assert derived(e, "u", "root") == []
    e.takes("u", "r") if become == "ASSUMES" else e.may("u", become, "r")
    (found,) = derived(e, "u", "root")
    assert len(found.support) == 2


@pytest.mark.parametrize("rewrite", ["iam:AttachUserPolicy", "iam:PutUserPolicy"])
def test_rewriting_a_user_whose_key_one_can_make(rewrite):
    """Published as iam-015 and iam-018."""
    e = aws(users="u v").may("u", rewrite, "v").may("u", "iam:CreateAccessKey", "v")
    assert len(derived(e, "u", "root")) == 1


def test_two_steps_to_the_rewritten_role_are_both_in_the_support():
    e = aws(users="u", roles="r s").may("u", "iam:PutRolePolicy", "s")
    e.takes("u", "r").takes("r", "s")
    (found,) = derived(e, "u", "root")
    assert len(found.support) == 3


def test_two_ways_to_become_a_role_are_two_steps():
    e = aws(users="u", roles="r").may("u", "iam:PutRolePolicy", "r")
    e.takes("u", "r").may("u", "iam:UpdateAssumeRolePolicy", "r")
    assert len(derived(e, "u", "root")) == 2


def test_doubt_about_becoming_it_is_doubt_about_the_account():
    for doubt in ({"condition": "MultiFactor"}, {"assumed": "true"}, {"eligible": "true"}):
        e = aws(users="u", roles="r").may("u", "iam:PutRolePolicy", "r")
        e.takes("u", "r", **doubt)
        (found,) = derived(e, "u", "root")
        said = {"condition": found.condition, "assumed": found.assumed, "eligible": found.eligible}
        assert {k for k, v in said.items() if v} == set(doubt)


def test_a_boundary_that_stays_makes_it_conditional():
    e = aws().user("u", boundary="arn:aws:iam::aws:policy/ReadOnlyAccess")
    (found,) = derived(e.may("u", "iam:PutUserPolicy", "u"), "u", "root")
    assert "ReadOnlyAccess" in found.condition


def test_members_administer_what_their_group_lets_them_rewrite():
    """The group cannot become the user; the user is."""
    e = aws(users="u v", groups="g").joins("u", "g").may("g", "iam:PutUserPolicy", "u")
    assert rules(e) == {("user/u", "root", "A5:iam:PutUserPolicy")}


# -- groups, agents and keys --------------------------------------------------------------------


def test_what_a_group_can_do_counts_once():
    """The group gains the role; its members reach it by being members, not a second time."""
    e = aws(users="u v", roles="r", groups="g").joins("u", "g").joins("v", "g")
    e.trust("r", "ec2.amazonaws.com")
    e.may("g", ROLE_PASSING, "r").may("g", "ec2:RunInstances", ACCOUNT)
    assert rules(e) == {("group/g", "role/r", "A2:ec2-001")}


def test_two_groups_have_together_what_neither_has():
    e = aws(users="u v", roles="r", groups="g h").joins("u", "g").joins("u", "h").joins("v", "g")
    e.trust("r", "ec2.amazonaws.com")
    e.may("g", ROLE_PASSING, "r").may("h", "ec2:RunInstances", ACCOUNT)
    (found,) = derived(e, "u", "r")
    assert len(found.support) == 5
    assert names(e) == {"user/u"}


def test_agents_and_keys_hold_nothing_by_themselves():
    """They reach what the account they act as reaches; the step starts at the account."""
    e = aws(users="u v").agent("bot").thing("Credential", "key").thing("Team", "crew")
    e.link("bot", "USES", "key").link("key", "AUTHENTICATES_AS", arn("user/u"))
    e.may("u", "iam:CreateAccessKey", "v")
    assert names(e) == {"user/u"}


def test_a_step_is_as_unused_as_its_least_used_fact():
    e = aws(users="u", roles="r").trust("r", "ec2.amazonaws.com")
    e.may("u", ROLE_PASSING, "r")
    e.may("u", "ec2:RunInstances", ACCOUNT, telemetry="true", granted_at="2025-01-01T00:00:00Z")
    (found,) = derived(e, "u", "r")
    assert (found.telemetry, found.since > 0) == (True, True)
    e = aws(users="u", roles="r").trust("r", "ec2.amazonaws.com")
    e.may("u", ROLE_PASSING, "r").may("u", "ec2:RunInstances", ACCOUNT)
    assert not derived(e, "u", "r")[0].telemetry  # no source would have seen a use


@pytest.mark.parametrize(
    ("condition", "conditional"),
    [
        ({"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}, False),
        ({"StringLike": {"iam:passedtoservice": ["ec2.amazonaws.com", "lambda.*"]}}, False),
        ({"StringEqualsIfExists": {"iam:PassedToService": "lambda.amazonaws.com"}}, False),
        ({"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}, None),
        ({"StringNotEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}, None),
        ({"ArnLike": {"iam:AssociatedResourceArn": "*"}}, True),
    ],
)
def test_a2_the_service_that_a_role_may_be_passed_to(condition, conditional):
    """A role is passed to the service that the permission names, and to no other."""
    path = next(p for p in PASS if p.service == "lambda.amazonaws.com")
    e = aws(users="u", roles="r").trust("r", path.service)
    e.may("u", ROLE_PASSING, "r", condition=json.dumps(condition))
    for action in path.actions:
        e.may("u", action, ACCOUNT)
    conditions = [bool(d.condition) for d in derived(e, "u", "r")]
    assert conditions == ([] if conditional is None else [conditional])
