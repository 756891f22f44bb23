"""Rego, for the Open Policy Agent: the grants as data, and one rule that looks requests up.

https://www.openpolicyagent.org/docs/policy-reference

A request has `principal`, `action` and `resource` (ids; the action is a level, `call`, or the name
of an action that a grant gives without a level), and may have `conditions` and `activated` (lists
of texts) and `now` (seconds since 1970). A condition that nobody states denies, and so does an end
without `now`: with the clock in its place, `replay` would refuse the module.
"""

import json
from typing import Any

from analytics.remediation.policy.format import Allowance, Draft, Format, Written

SECOND = 1000  # milliseconds
HEAD = """\
# The smallest policy by observed use. What it does not allow is denied.
package trustdebt.policy

import rego.v1

default allow := false

"""
RULES = """
allow if {
    input.principal == principal
    some grant in grants
    input.resource == grant.resource
    input.action in grant.actions
    every condition in grant.conditions { condition in object.get(input, "conditions", []) }
    every activation in grant.activations { activation in object.get(input, "activated", []) }
    every end in grant.ends { input.now < end }
}
"""


def write(draft: Draft) -> Written:
    """Write a module with the data of all allowances."""
    grants = ",\n".join(f"    {_text(_grant(allowance))}" for allowance in draft.allowances)
    listed = f"[\n{grants},\n]" if draft.allowances else "[]"
    data = f"principal := {_text(draft.identity.id)}\n\ngrants := {listed}\n"
    return Written(f"{HEAD}{data}{RULES}", {})


def _grant(allowance: Allowance) -> dict[str, Any]:
    return {
        "id": allowance.id,
        "holder": allowance.holder.id,
        "actions": list(allowance.verbs),
        "resource": allowance.target.id,
        "conditions": list(allowance.requirements),
        "activations": [allowance.id] if allowance.activation else [],
        "ends": [] if allowance.ends_at is None else [allowance.ends_at // SECOND],
    }


def _text(value: Any) -> str:
    r"""Return a value as JSON, which is a term of Rego; what cannot be printed is escaped.

    >>> print(_text("a\"} x"))
    "a\"} x"
    """
    text = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


FORMAT = Format("rego", write, by_action=False)
