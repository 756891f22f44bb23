"""Aggregated cluster roles: those whose rules are the rules of others, which their labels select.

https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles
"""

from collections.abc import Sequence

from ingest.rows import text
from ingest.sources.kubernetes.builtin_roles import gathered_by
from ingest.sources.kubernetes.objects import Thing

ADDED_TO = "rbac.authorization.k8s.io/aggregate-to-"  # the label of what a built-in role gathers


def gathered(role: Thing, roles: Sequence[Thing]) -> list[Thing]:
    """Return the cluster roles that an aggregated one selects, and those that they select.

    One that lists rules was filled by the cluster: it has the rules of all of them.
    """
    known = {role.name: role}
    queue = [] if role.body.get("rules") else [role]
    while queue:
        selectors = queue.pop().part("aggregationRule", "clusterRoleSelectors")
        for other in roles if isinstance(selectors, list) else ():
            if other.name not in known and any(_selects(s, labels_of(other)) for s in selectors):
                known[other.name] = other
                queue += [] if other.body.get("rules") else [other]
    return list(known.values())[1:]


def added_to_builtin(name: str, roles: Sequence[Thing]) -> list[Thing]:
    """Return the cluster roles whose label adds them to a built-in one, by its name."""
    labels = [f"{ADDED_TO}{gathering}" for gathering in gathered_by(name)]
    return [r for r in roles if any(labels_of(r).get(label) == "true" for label in labels)]


def labels_of(role: Thing) -> dict[str, object]:
    """Return the labels of a role."""
    labels = role.metadata.get("labels")
    return labels if isinstance(labels, dict) else {}


def _selects(selector: object, labels: dict[str, object]) -> bool:
    """Return whether a label selector matches these labels; an empty one matches all."""
    if not isinstance(selector, dict):
        return False
    wanted, tests = selector.get("matchLabels"), selector.get("matchExpressions")
    wanted = wanted if isinstance(wanted, dict) else {}
    tests = tests if isinstance(tests, list) else []
    equal = all(labels.get(key) == value for key, value in wanted.items())
    return equal and all(_meets(test, labels) for test in tests)


def _meets(test: object, labels: dict[str, object]) -> bool:
    """Return whether labels meet one requirement; an unknown one is not met."""
    requirement = test if isinstance(test, dict) else {}
    key, values = text(requirement.get("key")), requirement.get("values")
    among = labels.get(key) in (values if isinstance(values, list) else [])
    met = {
        "In": among,
        "NotIn": not among,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }
    return bool(met.get(text(requirement.get("operator")), False))
