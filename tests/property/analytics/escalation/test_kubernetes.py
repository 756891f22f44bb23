"""Rules K1 to K6 against what the words of Kubernetes say, one request at a time.

The reference asks, for an identity with all its roles: may it make this very request? It knows
nothing of grants, supports or rounds.
"""

from itertools import product
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.schema import LEVELS
from tests.support.estates.small_estates import Estate

C, SPACES, CLUSTER = "k8s:c", ("x", "y"), "k8s:c/-/cluster/c"
ACCOUNTS = [f"{C}/{s}/serviceaccount/{n}" for s in SPACES for n in ("a", "b")]
ROLES = [f"{C}/{s}/role/r" for s in SPACES] + [f"{C}/-/clusterrole/w"]
PODS = {f"{C}/x/pod/p": ACCOUNTS[1], f"{C}/y/pod/q": ACCOUNTS[2]}
USER, GROUP = f"{C}/-/user/u", f"{C}/-/group/g"
NAMESPACES = [f"{C}/-/namespace/{s}" for s in SPACES]
WORDS = [
    *product(["create", "get", "*"], ["pods", "pods/exec", "pods/*", "deployments"]),
    *product(["patch"], ["pods", "deployments"]),
    *product(["create", "get"], ["serviceaccounts/token"]),
    *product(["bind", "escalate", "update", "*"], ["roles", "clusterroles"]),
    *product(["create"], ["rolebindings", "clusterrolebindings"]),
    *product(["impersonate"], ["users", "groups", "serviceaccounts"]),
]
HOLDERS = [*ACCOUNTS, *ROLES, USER]
GRANTS = st.tuples(
    st.sampled_from(HOLDERS), st.sampled_from([*SPACES, "-"]), st.sampled_from(WORDS)
)
TAKES = st.tuples(st.sampled_from([*ACCOUNTS, USER, GROUP]), st.sampled_from(ROLES))
RULES = st.tuples(st.sampled_from(HOLDERS), st.sampled_from([*NAMESPACES, CLUSTER]))
Facts = tuple[list[Any], list[Any], list[Any]]


def built(grants: list[Any], takes: list[Any], rules: list[Any]) -> Estate:
    """State a cluster with these grants, roles taken, and namespaces ruled."""
    e = Estate(declares=("grants", "inventory", "credentials"))
    e.resource(CLUSTER, type="cluster").account(*ACCOUNTS).person(USER).thing("Group", GROUP)
    for namespace in NAMESPACES:
        e.resource(namespace, type="namespace", parent_id=CLUSTER)
    for role in ROLES:
        e.thing("Role", role)
    for pod, account in PODS.items():
        e.resource(pod, type="pod").link(pod, "RUNS_AS", account)
    stated = set()
    for number, (holder, space, (verb, resource)) in enumerate(grants):
        target = f"{C}/{space}/{resource.split('/')[0]}/*"
        if target not in stated:
            e.resource(target, type=resource.split("/")[0])
            stated.add(target)
        e.can(holder, "", target, actions=[f"{verb} {resource}"], grant_id=f"g{number}")
    for source, role in set(takes):
        e.link(source, "ASSUMES", role)
    for number, (holder, target) in enumerate(rules):
        e.can(holder, "admin", target, grant_id=f"r{number}")
    return e


def may(facts: Facts, who: set[str], verb: str, resource: str, space: str) -> bool:
    """Whether one of these holders may make a request in a namespace, or (`-`) everywhere."""
    for holder, at, (granted, what) in facts[0]:
        words = what == resource or ("/" in resource and what == f"{resource.split('/')[0]}/*")
        if holder in who and granted in (verb, "*") and words and at in (space, "-"):
            return True
    return False


def gains(facts: Facts, me: str) -> set[str]:
    """Return what an identity can become in one step, by the words of the API alone."""
    who = {me} | {role for source, role in facts[1] if source == me}
    found = who - {me}

    def can(verbs: str, resource: str, space: str) -> bool:
        return any(may(facts, who, verb, resource, space) for verb in verbs.split())

    for space, namespace in zip(SPACES, NAMESPACES, strict=True):
        mine = [a for a in ACCOUNTS if a.startswith(f"{C}/{space}/")]
        if can("create", "pods", space) or can("create update patch", "deployments", space):
            found |= set(mine)
        if can("create get", "pods/exec", space) or can("patch update", "pods", space):
            found |= {account for pod, account in PODS.items() if f"/{space}/" in pod}
        if can("create", "serviceaccounts/token", space):
            found |= set(mine)
        if can("impersonate", "serviceaccounts", space):
            found |= set(mine)
        if can("create", "rolebindings", space):
            if can("bind", "roles", space):
                found |= {f"{C}/{space}/role/r"}
            if can("bind", "clusterroles", space):
                found |= {namespace}
        own = f"{C}/{space}/role/r"
        if own in who and can("escalate", "roles", space) and can("update patch", "roles", space):
            found |= {namespace}
    if can("create", "clusterrolebindings", "-") and can("bind", "clusterroles", "-"):
        found |= {CLUSTER}
    rewrites = can("escalate", "clusterroles", "-") and can("update patch", "clusterroles", "-")
    if ROLES[2] in who and rewrites:
        found |= {CLUSTER}
    found |= {USER} if can("impersonate", "users", "-") else set()
    # the server asks for `serviceaccounts` where the name of a user is that of an account
    somebody = can("impersonate", "users", "-") or any(
        can("impersonate", "serviceaccounts", space) for space in (*SPACES, "-")
    )
    found |= {CLUSTER} if somebody and can("impersonate", "groups", "-") else set()
    found |= {target for holder, target in facts[2] if holder in who}
    found |= set(NAMESPACES) if me == CLUSTER else set()
    found |= {a for a in ACCOUNTS if me in NAMESPACES and a.startswith(f"{C}/{me[-1]}/")}
    return found - {me}


def reached(step: Any, start: str) -> set[str]:
    """Return what is reached from `start` by steps of any number."""
    seen, front = {start}, [start]
    while front:
        for after in step(front.pop()):
            if after not in seen:
                seen.add(after)
                front.append(after)
    return seen


def concluded(e: Estate) -> dict[str, set[str]]:
    """Return the control edges, stated and derived, by what they start from."""
    posture = e.posture()
    edges, ids = posture.escalated.edges, posture.graph.ids.to_pylist()
    assert (edges.ceiling == len(LEVELS) - 1).all()
    after: dict[str, set[str]] = {}
    for source, target in zip(edges.source.tolist(), edges.target.tolist(), strict=True):
        after.setdefault(ids[source], set()).add(ids[target])
    return after


@settings(max_examples=60)
@given(
    st.lists(GRANTS, max_size=7),
    st.lists(TAKES, max_size=4),
    st.lists(RULES, max_size=1),
)
def test_rules_conclude_what_the_requests_allow(grants, takes, rules):
    """Cluster-wide things are only asked for in the whole cluster, as the connector makes sure."""
    wide = ("clusterrolebindings", "users", "groups")
    grants = [g for g in grants if g[1] == "-" or g[2][1] not in wide]
    own = [("escalate", "clusterroles"), ("update", "clusterroles"), ("*", "clusterroles")]
    grants = [g for g in grants if g[1] == "-" or g[2] not in own]
    facts = (grants, takes, rules)
    after = concluded(built(*facts))
    for start in [*ACCOUNTS, *ROLES, USER]:
        expected = reached(lambda here: gains(facts, here), start)
        got = reached(lambda here: after.get(here, ()), start)
        pods = set(PODS)
        assert got - pods == expected - pods


@settings(max_examples=25)
@given(st.lists(GRANTS, min_size=1, max_size=6), st.lists(TAKES, max_size=4), st.data())
def test_taking_a_grant_away_takes_only_edges_away(grants, takes, data):
    gone = data.draw(st.integers(0, len(grants) - 1))
    whole = concluded(built(grants, takes, []))
    rest = concluded(built(grants[:gone] + grants[gone + 1 :], takes, []))
    assert np.all([targets <= whole.get(source, set()) for source, targets in rest.items()])
