"""What is planted in generated estates disproves exactly the claims that it is about."""

import pytest

from ingest.generator import generate
from tests.support.estates.accuracy import assessed
from tests.support.printed import assurance
from tests.support.search import some

SEEDS = some(range(3), 1)
Claims = dict[str, dict[str, str]]


@pytest.fixture(scope="module", params=SEEDS)
def estate(request) -> tuple[dict[str, set[str]], Claims, dict[str, dict]]:
    made = generate(120, request.param)
    rows = assurance(assessed(made))["statements"]
    planted: dict[str, set[str]] = {}
    for defect in made.labels["defects"]:
        planted.setdefault(defect["rule"], set()).add(defect["subject"])
    claims = {r["id"]: {c["claim"]: c["verdict"] for c in r["claims"]} for r in rows}
    return planted, claims, {r["id"]: r for r in rows}


def agents(claims: Claims, rows: dict[str, dict], claim: str, verdict: str) -> set[str]:
    """Return the agents of which a claim has a verdict."""
    return {
        name
        for name, each in claims.items()
        if each[claim] == verdict and rows[name]["label"] == "Agent"
    }


def of(planted: dict[str, set[str]], *rules: str) -> set[str]:
    return set().union(*(planted.get(rule, set()) for rule in rules))


def test_owners(estate):
    planted, claims, rows = estate
    missing = agents(claims, rows, "owner", "not_proven")
    assert missing == of(planted, "OWN-01", "OWN-04") & set(rows)


def test_purpose_and_scope(estate):
    planted, claims, rows = estate
    bare = agents(claims, rows, "purpose", "not_proven")
    beyond = agents(claims, rows, "boundary", "not_proven")
    assert bare | beyond >= of(planted, "SCP-01", "SCP-02", "SCP-03") & set(rows)
    assert bare | beyond <= of(planted, "SCP-01", "SCP-02", "SCP-03")


def test_evidence(estate):
    """By uses without a sound decision; EVD-02 and EVD-03 are about what is not sensitive too."""
    planted, claims, rows = estate
    unsound = agents(claims, rows, "evidence", "not_proven")
    assert of(planted, "EVD-01") <= unsound
    assert unsound <= of(planted, "EVD-01", "EVD-02", "EVD-03")
