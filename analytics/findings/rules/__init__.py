"""The finding rules, one module each. Adding a module here adds the rule."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from analytics.findings.rule import Orphaning, Rule


@cache
def all_rules() -> dict[str, Rule]:
    """List the rules by name, in alphabetical order."""
    modules = (import_module(f"{__name__}.{m.name}") for m in iter_modules(__path__))
    return {m.RULE.name: m.RULE for m in modules}


@cache
def orphaning_rules() -> dict[Rule, Orphaning]:
    """List how rules explain that a role has no owner, the most specific last."""
    those = {rule: rule.orphaning for rule in all_rules().values() if rule.orphaning is not None}
    return dict(sorted(those.items(), key=lambda each: each[1].order))


def rule_of(rule_id: str) -> Rule:
    """Return the rule with an id, such as OWN-01."""
    return next(rule for rule in all_rules().values() if rule.id == rule_id)
