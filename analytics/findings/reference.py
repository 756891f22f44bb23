"""The page docs/findings.md: every finding rule, as its module declares it."""

import inspect
import re
from collections.abc import Iterator
from itertools import groupby

from analytics.findings.closing import Closing, On
from analytics.findings.rule import Rule
from analytics.findings.rule_facts import OR, who_declares, who_sees, who_states
from analytics.findings.rules import all_rules
from analytics.weights import BANDS, LEVEL, SENSITIVITY

FILLED_IN = ("csv", "estate")  # what people write themselves, so that it can state anything
CONSTANT = re.compile(r"`([A-Z][A-Z_]+)`(?= days)")  # in a docstring, of its module
HEAD = """\
# Findings

This page is made from the rules: `make docs`.

A finding says what is wrong about an identity (its subject), since when, how bad it is, who is
accountable for it, what shows it and what to do. Rules judge the accountable identities that are
alive: in service, or ended with something of them left. A rule whose facts no source declares is
not evaluated, and `trustdebt findings` lists it as not evaluable: what is not known is neither
fine nor broken.

The severity of a finding is the band of `weight x autonomy x sensitivity x level` of the heaviest
entitlement concerned:"""
IDS = """\
Where a rule says so, a finding is never less than critical, whatever it weighs. A finding keeps
its id for as long as rule, subject and object, and the grant where it is about one, are the
same."""


def reference() -> str:
    """Return the page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield from (HEAD, "", *_scale(), "", IDS)
    for family, rules in groupby(sorted(all_rules().values(), key=lambda r: r.id), _family):
        yield from ("", f"## {family}")
        for rule in rules:
            yield from _rule(rule)


def _family(rule: Rule) -> str:
    return rule.family or rule.id.partition("-")[0]


def _scale() -> Iterator[str]:
    bands = ", ".join(f"{name} from {least:g}" for least, name in BANDS)
    yield f"* bands: {bands};"
    yield f"* sensitivity: {_weights(SENSITIVITY)};"
    yield f"* level: {_weights(LEVEL)};"
    yield "* autonomy: 1 plus a tenth of the agentic risk score of an agent, 1 for all others."


def _weights(of: dict[str, float]) -> str:
    return ", ".join(f"{name} {weight:g}" for name, weight in of.items())


def _seen_by(rule: Rule) -> str:
    """Return the sources that can trigger a rule alone, or the parts that several must provide."""
    alone = who_sees(rule.needs, rule.facts)
    if set(alone) > set(FILLED_IN):
        return ", ".join(alone)
    parts = [f"{kind} of {_listed(who_declares(kind))}" for kind in rule.needs]
    parts += [f"{_fact(fact)} of {_listed(who_states(fact))}" for fact in rule.facts]
    return f"{' and '.join(FILLED_IN)} alone; else together: {'; '.join(parts)}"


def _closed_by(closing: Closing) -> str:
    if closing.action is None:
        text = "taking away the facts that it rests on"
        return f"{text}, or what of them is not used" if closing.spares else text
    where = {On.SUBJECT: "its subject", On.OBJECT: "its object", On.FACTS: "its facts"}
    text = f"`{closing.action.value}` on {where[closing.on]}"
    return text if closing.closes else f"{text}, which does not yet close it"


def _listed(sources: list[str]) -> str:
    others = [name for name in sources if name not in FILLED_IN]
    return ", ".join(others) or "no other source"


def _fact(wanted: str) -> str:
    return " or ".join(f"`{alternative}`" for alternative in wanted.split(OR))


def _rule(rule: Rule) -> Iterator[str]:
    text = inspect.getdoc(rule.find)
    assert text is not None, rule.id
    text = CONSTANT.sub(lambda match: str(inspect.getmodule(rule.find).__dict__[match[1]]), text)
    yield from ("", f"### {rule.id} {rule.title}", "", text, "")
    yield f"* Weight {rule.weight:.4g}; needs {', '.join(rule.needs) or 'nothing'}."
    yield f"* About {rule.kind.value}."
    yield f"* Seen by: {_seen_by(rule)}."
    yield f"* What to do: {rule.remedy}"
    yield f"* Closed by: {_closed_by(rule.closing)}."
    yield f"* See {'; '.join(rule.references)}."


if __name__ == "__main__":
    print(reference(), end="")
