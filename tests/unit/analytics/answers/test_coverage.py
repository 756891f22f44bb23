"""What coverage calls unknown: kind by kind, and never what is stated or attested."""

import pytest

from analytics.answers.coverage import coverage
from analytics.posture import assess
from graph.access import AccessGraph
from tests.support.estates.small_estates import AS_OF, Estate, ago, together
from tests.support.printed import kpis

STATED = {  # a way to state a fact of each kind
    "owners": lambda e: e.person("ann").owned("a", "ann", "ann"),
    "usage": lambda e: e.can("a", "read", "r", last_used_at={"read": ago(2)}),
    "reviews": lambda e: e.can("a", "read", "r", reviewed_at=ago(2)),
    "scope": lambda e: e.account("s", declared_scope=[{"resource": "r", "level": "read"}]),
    "credentials": lambda e: e.thing("Credential", "k"),
    "grants": lambda e: e.can("a", "read", "r"),
}


def unknown(*estates: Estate) -> dict[str, str]:
    posture = assess(AccessGraph.of(together(*estates)))
    said = coverage(posture, AS_OF)["unknown"]
    return dict(line.split(": ", 1) for line in said)


def bare() -> Estate:
    return Estate(declares=()).agent("a", env="prod").resource("r", "internal")


@pytest.mark.parametrize("kind", STATED)
def test_what_is_stated_is_not_called_unstated(kind):
    assert unknown(bare())[kind] == "no source declares them"
    said = unknown(STATED[kind](bare())).get(kind, "")
    assert "no source declares them" not in said or said.startswith("stated here and there")


def test_owners_that_are_stated_are_known_for_whom_they_are():
    assert "owners" not in unknown(STATED["owners"](bare()))
    both = STATED["owners"](bare()).agent("b", env="prod")
    assert unknown(both)["owners"] == "not known of 1 of 2 identities"


def test_a_scope_without_grants_beside_one_with_them():
    other = Estate(source="clients", declares=("inventory",)).agent("c", "d", env="prod")
    said = unknown(STATED["grants"](bare()), other)
    assert said["grants"] == "not known of 2 of 3 identities"


def test_environments_and_sensitivities():
    assert "env" not in unknown(bare())
    assert "sensitivity" not in unknown(bare())
    e = Estate(declares=()).agent("a").resource("r")
    assert unknown(e)["env"] == unknown(e)["sensitivity"] == "no source states it"
    mixed = e.agent("b", env="prod").resource("q", "internal")
    assert unknown(mixed)["env"] == "not known of 1 of 2 identities"
    assert unknown(mixed)["sensitivity"] == "not known of 1 of 2 resources"


def test_a_figure_does_not_deny_owners_that_are_stated():
    posture = STATED["owners"](bare()).posture()
    rows = {k["name"]: k for k in kpis(posture)["kpis"]}
    assert rows["ownership_coverage"]["value"] == 1.0
    alone = {k["name"]: k for k in kpis(bare().posture())["kpis"]}
    assert alone["ownership_coverage"]["not_measured_because"] == "no source declares owners"
