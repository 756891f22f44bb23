"""Sentences for the steps of a path, each with its use, condition and supporting facts."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from analytics.escalation import all_escalations
from app.escape import code, markdown
from app.wording import LEVEL_VERBS, VERBS, ago, counted, day, joined, number, stated_by, thing_name

RULES = {rule.id: rule.title for rule in all_escalations().values()} | {
    "A1": "Assumes a role that lets it in"
}
LISTED = 4  # facts of a step, and actions of a fact, that are listed


def step_lines(steps: Sequence[Mapping[str, Any]], as_of: pd.Timestamp) -> str:
    """Return the steps as a numbered Markdown list, each with its use, condition and facts.

    Every name in it is escaped.
    """
    return "\n".join(f"{at}. {_line(step, as_of)}" for at, step in enumerate(steps, 1))


def clause_lines(steps: Sequence[Mapping[str, Any]]) -> str:
    """Return the steps as a numbered Markdown list, without what is known of their use."""
    return "\n".join(f"{at}. {clause(step)}" for at, step in enumerate(steps, 1))


def _line(step: Mapping[str, Any], as_of: pd.Timestamp) -> str:
    line = f"{clause(step)}  \n{' · '.join(evidence(step, as_of))}"
    return "".join([line, *(f"\n    - {fact}" for fact in _facts(step))])


def clause(step: Mapping[str, Any]) -> str:
    """Return a step or a fact as a clause in Markdown, its names escaped."""
    verb = VERBS.get(str(step["relationship"]), str(step["relationship"]))
    levels = step.get("levels") or ()
    if set(LEVEL_VERBS) <= set(levels):
        verb = "is administrator of"
    elif levels:
        verb = f"may {joined([LEVEL_VERBS.get(level, level) for level in levels])}"
    source, target = markdown(thing_name(step["from"])), markdown(thing_name(step["to"]))
    return f"**{source}** {verb} **{target}**"


def _facts(step: Mapping[str, Any]) -> list[str]:
    """Return the supporting facts of a step in Markdown, each with its source."""
    facts = step.get("rests_on") or ()
    lines = [_fact(fact, concluded=bool(step.get("rule"))) for fact in facts[:LISTED]]
    more = len(facts) - len(lines)
    return [*lines, f"and {number(more)} more"] if more > 0 else lines


def _fact(fact: Mapping[str, Any], concluded: bool) -> str:
    """Describe a fact in full if a rule derived the step from it; else only its source."""
    parts = [clause(fact).replace("**", "")] if concluded else []
    for name, words in (("policy", "policy"), ("role", "role"), ("action", "action")):
        if fact.get(name):
            parts.append(f"{words} {code(fact[name])}")
    if fact.get("actions"):
        shown = ", ".join(code(action) for action in fact["actions"][:LISTED])
        more = len(fact["actions"]) - LISTED
        parts.append(f"allows {shown}" + (f" and {number(more)} more" if more > 0 else ""))
    if concluded and fact.get("condition"):
        parts.append(f"if {markdown(fact['condition'])}")
    parts.append(stated_by(fact, markdown, code))
    return " · ".join(parts)


def evidence(step: Mapping[str, Any], as_of: pd.Timestamp) -> list[str]:
    """List what is known of a step in Markdown: its use, its condition and its rule."""
    known = [_use(step, as_of)] if "telemetry" in step or step.get("last_used_at") else []
    if step.get("conditional"):
        condition = step.get("condition")
        known.append(f"only if {markdown(condition)}" if condition else "depends on a condition")
    if step.get("rule"):
        rule, _, detail = str(step["rule"]).partition(":")
        words = "".join(
            [f": {RULES[rule]}" if rule in RULES else "", f" ({detail})" * bool(detail)]
        )
        known.append(f"by rule {markdown(rule + words)}")
    elif step.get("derived"):
        known.append("privilege escalation")
    if step.get("assumed"):
        known.append("rests on an assumption")
    if step.get("support") and not step.get("rests_on"):
        known.append(f"rests on {counted(len(step['support']), 'other fact')}")
    return known


def _use(step: Mapping[str, Any], as_of: pd.Timestamp) -> str:
    """Return when a step was used, or whether its use could have been seen."""
    used = step.get("last_used_at")
    if used:
        return f"last used {day(used)}, {ago(used, as_of)}"
    return "use is not logged" if step.get("telemetry") is False else "no use seen"


def use_of(count: int, broken: int, unseen: int, noun: str = "removal") -> str:
    """Return a sentence on the observed uses that changes end, and the uses nobody could see.

    >>> use_of(5, broken=1, unseen=2)
    '5 removals: 1 observed use would fail, 2 could not have been seen in use.'
    >>> use_of(1, broken=0, unseen=0)
    '1 removal: no observed use would fail.'
    """
    fail = (
        f"{counted(broken, 'observed use')} would fail" if broken else "no observed use would fail"
    )
    blind = f", {number(unseen)} could not have been seen in use" if unseen else ""
    return f"{counted(count, noun)}: {fail}{blind}."
