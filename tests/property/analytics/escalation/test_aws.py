"""Derived steps over random accounts: monotone, minimal, in any order, equal to the plain rules."""

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import escalation
from analytics.escalation.rule import Derivation
from graph.element import Relationship
from tests.support.estates.escalating import ACCOUNT, ROOT, Aws, arn, aws, proofs

USERS, ROLES, GROUPS = ("u", "v"), ("r", "s"), ("g", "h")
MACHINE = f"ec2:eu-west-1:{ACCOUNT}:instance/i-1"
ON = {  # few targets for each action, so that facts come together
    "iam:PassRole": ("r", "s"),
    "ec2:RunInstances": (ACCOUNT,),
    "ecs:RegisterTaskDefinition": (ACCOUNT,),
    "ecs:RunTask": (ACCOUNT,),
    "ssm:StartSession": (f"arn:aws:{MACHINE}",),
    "iam:UpdateAssumeRolePolicy": ("r",),
    "iam:CreateAccessKey": ("v",),
    "iam:AddUserToGroup": ("h",),
    "iam:PutRolePolicy": ("r", "s"),
    "iam:PutUserPolicy": ("u", "v"),
    "iam:PutGroupPolicy": ("g", "h"),
}
COMBINED = ("iam:PassRole", "ec2:RunInstances", "ecs:RunTask")
PERMISSION = st.sampled_from(
    [(who, action, ON[action][0]) for who in "uug" for action in COMBINED]
    + [
        (who, action, on)
        for who in ("u", "g", "r")
        for action, all_on in ON.items()
        for on in all_on
    ]
)
DOUBT = st.sampled_from([{}] * 6 + [{"condition": "IpAddress"}, {"eligible": "true"}])
LINK = st.sampled_from(
    [
        ("joins", "u", "g"),
        ("joins", "u", "h"),
        ("joins", "g", "h"),
        ("joins", "v", "g"),
        ("takes", "u", "r"),
        ("takes", "r", "s"),
        ("takes", "s", "r"),
        ("trusts", "s", "ec2.amazonaws.com"),
        ("runs", "s", MACHINE),
    ]
)
Drawn = tuple[list[tuple[tuple[str, str, str], dict[str, str]]], list[tuple[str, str, str]]]
ACCOUNTS = st.tuples(
    st.lists(st.tuples(PERMISSION, DOUBT), min_size=5, max_size=14),
    st.lists(LINK, min_size=3, max_size=8, unique=True),
)


def build(drawn: Drawn) -> Aws:
    """Build the account: two users, two roles, a group in a group at most, one machine."""
    e = aws(" ".join(USERS), " ".join(ROLES), " ".join(GROUPS), ("grants", "trust", "inventory"))
    e.resource(f"arn:aws:{MACHINE}", parent_id=ROOT)
    always = [("trusts", "r", s) for s in ("ec2.amazonaws.com", "ecs-tasks.amazonaws.com")]
    for kind, one, other in (*always, *drawn[1]):
        if kind == "joins":
            e.joins(one, other)
        elif kind == "takes":
            e.takes(one, other)
        elif kind == "trusts":
            e.trust(one, other)
        else:
            e.link(f"arn:aws:{MACHINE}", "RUNS_AS", e.known(one), id=f"runs-{one}")
    for (holder, action, target), doubt in drawn[0]:
        e.may(holder, action, target, **doubt)
    return e


def kept(estate: Aws, keep: Iterable[str] | None = None, drop: str = "") -> Aws:
    """Copy an estate with some of its relationships only."""
    wanted = None if keep is None else set(keep)
    other = aws()
    other.declares = estate.declares
    for element, rows in estate.rows.items():
        if isinstance(element, Relationship):
            rows = [r for r in rows if r["id"] != drop and (wanted is None or r["id"] in wanted)]
        other.rows[element] = rows
    return other


def facts(estate: Aws) -> list[str]:
    """List the ids of the relationships."""
    found = [rows for element, rows in estate.rows.items() if isinstance(element, Relationship)]
    return [row["id"] for rows in found for row in rows]


Ends = set[tuple[str, str, tuple[bool, bool, bool]]]


def sure_ends(estate: Aws) -> Ends:
    """Return the ends of each derived edge with the doubt that it has."""
    return {(s, t, p.by.doubt) for s, t, p in proofs(estate)}


def holds(
    ends: set[tuple[str, str, tuple[bool, bool, bool]]], s: str, t: str, p: Derivation
) -> bool:
    """Whether an edge between these ends is there, no more doubtful than p."""
    return any(
        (s, t) == (a, b) and all(x <= y for x, y in zip(doubt, p.by.doubt, strict=True))
        for a, b, doubt in ends
    )


@given(ACCOUNTS)
@settings(max_examples=15)
def test_support_is_enough_and_all_of_it_is_needed(drawn):
    """Its support alone supports an edge; without any one fact of it, the rest does not."""
    estate = build(drawn)
    for source, target, proof in proofs(estate)[-4:]:
        alone = kept(estate, proof.support)
        assert holds(sure_ends(alone), source, target, proof), proof
        for fact in proof.support:
            without = kept(estate, set(proof.support) - {fact})
            assert not holds(sure_ends(without), source, target, proof), (proof, fact)


@given(ACCOUNTS)
@settings(max_examples=8)
def test_taking_a_fact_away_never_adds_reach(drawn):
    """Neither a derived edge nor a node in reach is there without a fact but not with it."""
    estate = build(drawn)
    before, near = closure(product_steps(estate)), sure_ends(estate)
    for fact in facts(estate):
        smaller = kept(estate, drop=fact)
        left = proofs(smaller)
        assert closure(stated_steps(smaller) | {(s, t) for s, t, _ in left}) <= before
        for source, target, proof in left:
            assert holds(near, source, target, proof) or (source, target) in before


@given(ACCOUNTS, st.randoms(use_true_random=False))
@settings(max_examples=12)
def test_the_order_of_rules_does_not_matter(drawn, random):
    estate, rules = build(drawn), list(escalation.all_escalations().items())
    first = {(s, t, p.by.doubt, frozenset(p.support)) for s, t, p in proofs(estate)}
    random.shuffle(rules)
    ordered = escalation.all_escalations
    escalation.all_escalations = lambda: dict(rules)
    try:
        again = {(s, t, p.by.doubt, frozenset(p.support)) for s, t, p in proofs(estate)}
    finally:
        escalation.all_escalations = ordered
    assert again == first


@given(ACCOUNTS)
@settings(max_examples=40)
def test_reach_equals_the_rules_read_plainly(drawn):
    """Who can become whom, and who administers the account, as the rules say it in words."""
    estate = build(drawn)
    assert closure(product_steps(estate)) == closure(plain_steps(estate))


# -- the rules, read plainly --------------------------------------------------------------------


def rows_of(estate: Aws, name: str) -> list[dict]:
    return next((rows for e, rows in estate.rows.items() if e.name == name), [])


def stated_steps(estate: Aws) -> set[tuple[str, str]]:
    kinds = ("ASSUMES", "MEMBER_OF", "RUNS_AS")
    return {(r["source_id"], r["target_id"]) for k in kinds for r in rows_of(estate, k)}


def product_steps(estate: Aws) -> set[tuple[str, str]]:
    return stated_steps(estate) | {(s, t) for s, t, _ in proofs(estate)}


def closure(steps: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return every pair of which the first comes to the second over steps."""
    found = set(steps)
    while more := {(a, d) for a, b in found for c, d in steps if b == c} - found:
        found |= more
    return {(a, b) for a, b in found if a != b}


def plain_steps(estate: Aws) -> set[tuple[str, str]]:
    """Apply the rules, one sentence each, until nothing new follows; doubt counts for nothing."""
    member = closure({(r["source_id"], r["target_id"]) for r in rows_of(estate, "MEMBER_OF")})
    can = {(r["source_id"], r["actions"][0], r["target_id"]) for r in rows_of(estate, "CAN_ACCESS")}
    can |= {(m, action, on) for m, g in member for h, action, on in can if h == g}
    trusts = {(r["source_id"], r["target_id"]) for r in rows_of(estate, "TRUSTS")}
    runs = {(r["source_id"], r["target_id"]) for r in rows_of(estate, "RUNS_AS")}
    users = {arn(f"user/{u}") for u in USERS}
    steps = stated_steps(estate)
    for holder, action, on in can:
        has = {a for h, a, _ in can if h == holder}
        if action == "iam:PassRole":
            if "ec2:RunInstances" in has and (on, "ec2.amazonaws.com") in trusts:
                steps.add((holder, on))
            if "ecs:RunTask" in has and (on, "ecs-tasks.amazonaws.com") in trusts:
                steps.add((holder, on))
        if action == "ssm:StartSession":
            steps |= {(holder, role) for compute, role in runs if compute == on}
        if action in ("iam:UpdateAssumeRolePolicy", "iam:CreateAccessKey"):
            steps.add((holder, on))
        if action == "iam:AddUserToGroup" and holder in users:
            steps.add((holder, on))
    reached = closure(steps)
    rewriting = ("iam:PutRolePolicy", "iam:PutUserPolicy", "iam:PutGroupPolicy")
    for holder, action, on in can:
        if action in rewriting and (on == holder or (holder, on) in reached):
            steps.add((holder, ROOT))
    return steps
