"""Findings and leadership figures of random worlds are those of the definition, one by one."""

from collections import defaultdict
from typing import Any

import pytest

from tests.support.estates.any_world import estate
from tests.support.estates.side_by_side import END, in_one_scope, named
from tests.support.printed import findings, kpis
from tests.support.references.findings import BY_HEAVIEST, Findings
from tests.support.search import worlds

ABOUT_THE_WHOLE = ("OWN-01", "OWN-04", "SCP-01", "LPR-03", "TIM-01", "TIM-03", "REV-01", "ISO-02")
WORLDS, STEP = worlds(20, 200), 20


def found(rows: list[dict[str, Any]], about: set[str]) -> dict[str, set[tuple[str, str]]]:
    """Return what the product finds about these identities: subject and object by rule."""
    rules: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for row in rows:
        whole = row["rule"] in ABOUT_THE_WHOLE or row["object"] is None
        if row["subject"]["id"] in about:
            rules[row["rule"]].add((row["subject"]["id"], "" if whole else row["object"]["id"]))
    return rules


@pytest.mark.parametrize("first", range(0, WORLDS, STEP))
def test_what_is_found_is_what_the_definition_says(first: int) -> None:
    """Of identities in service; those that ended are found by what is left of them.

    The definition looks at each world alone, the product at all of them, one beside the other.
    """
    drawn = {str(seed): estate(seed) for seed in range(first, first + STEP)}
    plain = {case: Findings(world) for case, world in drawn.items()}
    about = {named(case, name) for case, one in plain.items() for name in one.subjects}
    rows = findings(in_one_scope(drawn).quick())["findings"]
    rules = found(rows, about)
    counted: dict[str, int] = defaultdict(int)
    for case, one in plain.items():
        for rule, expected in one.found().items():
            counted[rule] += len(expected)
            here = {ends for ends in rules[rule] if ends[0].startswith(named(case, ""))}
            wanted = {(named(case, who), what and named(case, what)) for who, what in expected}
            assert here == wanted, f"{rule} in world {case}"
    assert sum(count > 0 for count in counted.values()) > 12, "worlds in which little is wrong"
    for row in rows:
        if row["rule"] in BY_HEAVIEST and row["subject"]["id"] in about:
            case, _, who = row["subject"]["id"].partition(END)
            assert row["severity"] == plain[case].severity(row["rule"], who), row


@pytest.mark.parametrize("first", range(0, WORLDS // 4, STEP // 2))
def test_figures_count_what_the_definition_counts(first: int) -> None:
    for seed in range(first, min(first + STEP // 2, WORLDS // 4)):
        world = estate(seed, ended=False)
        rows = {r["name"]: r for r in kpis(world.quick())["kpis"]}
        for name, (numerator, denominator) in Findings(world).figures().items():
            row = rows[name]
            if not denominator:
                assert row["value"] is None, f"{name} in world {seed}"
                continue
            said = row["numerator"], row["denominator"]
            assert said == (numerator, denominator), f"{name} in world {seed}"
