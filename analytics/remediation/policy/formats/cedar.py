"""Cedar: a permit for each grant, by the entities and actions that `export cedar` has.

https://docs.cedarpolicy.com/policies/syntax-grammar.html

Actions are the access levels, such as `Action::"read"`; `call` of tools and agents; and the names
of actions that a grant gives without a level. Cedar denies what no policy permits. A condition is
kept as text: the permit holds if `context.conditions` has it, so that one nobody checks denies.
"""

from collections.abc import Iterator

from analytics.remediation.policy.format import Allowance, Draft, Format, Thing, Written

SECOND = 1000  # milliseconds; `context.now` counts seconds since 1970
HEAD = "// The smallest policy by observed use. What it does not permit is denied."
ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}


def write(draft: Draft) -> Written:
    """Write a permit for each allowance."""
    permits = [_permit(draft.identity, allowance) for allowance in draft.allowances]
    return Written("\n\n".join([HEAD, *permits]) + "\n", {})


def quoted(text: str) -> str:
    r"""Write a text as a string of Cedar, in which nothing of it ends the string.

    >>> print(quoted('a"); permit(principal, action, resource);\n'))
    "a\"); permit(principal, action, resource);\n"
    """
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in ESCAPES:
        return ESCAPES[character]
    return character if character.isprintable() else f"\\u{{{ord(character):x}}}"


def _entity(thing: Thing) -> str:
    return f"{thing.label}::{quoted(thing.id)}"


def _permit(identity: Thing, allowance: Allowance) -> str:
    actions = ", ".join(f"Action::{quoted(action)}" for action in allowance.verbs)
    conditions = " &&\n  ".join(_conditions(allowance))
    return (
        f"@id({quoted(allowance.id)})\n"
        f"@holder({quoted(allowance.holder.id)})\n"
        "permit (\n"
        f"  principal == {_entity(identity)},\n"
        f"  action in [{actions}],\n"
        f"  resource == {_entity(allowance.target)}\n"
        ")" + (f" when {{\n  {conditions}\n}}" if conditions else "") + ";"
    )


def _conditions(allowance: Allowance) -> Iterator[str]:
    texts = allowance.requirements
    if texts:
        yield "context has conditions"
        yield from (f"context.conditions.contains({quoted(text)})" for text in texts)
    if allowance.activation:
        yield "context has activated"
        yield f"context.activated.contains({quoted(allowance.id)})"
    if allowance.ends_at is not None:
        yield "context has now"
        yield f"context.now < {allowance.ends_at // SECOND}"


FORMAT = Format("cedar", write, by_action=False)
