"""What the gate predicts, worked out by hand, and equal to the estate that has the agent."""

from pathlib import Path
from typing import Any

import pytest

from analytics.answers.gate import Gate, gate
from analytics.answers.reach import blast_radius
from analytics.answers.table import as_json
from analytics.debt.owed import debt_of
from analytics.remediation.gate.policy import policy
from ingest.planned import planned_agents
from tests.support.estates.planned_agents import MODEST, but, house, written
from tests.support.estates.small_estates import AS_OF, Estate, ago

POSTURE = house().posture()
READ = MODEST["access"][0]
ALPHA = 1.05  # of an agent with one factor of half a point
EXPOSURE = ALPHA * 3  # reading what is internal


def asked(folder: Path, manifest: dict[str, Any], limit: int = 0) -> Gate:
    return gate(POSTURE, planned_agents(written(folder, manifest), POSTURE.graph), policy(), limit)


def test_the_reach_of_the_modest_agent(tmp_path: Path) -> None:
    predicted = asked(tmp_path, MODEST).predicted
    assert predicted.reach == {
        "resources": 1,
        "weighted": 3.0,
        "by_sensitivity": {
            "public": 0, "internal": 1, "confidential": 0, "restricted": 0, "unknown": 0,
        },
    }  # fmt: skip
    assert (predicted.at_least, len(predicted.paths_to_jewels)) == ([], 0)
    assert predicted.width == 1.0


def test_the_width_is_what_is_reached_by_what_is_asked(tmp_path: Path) -> None:
    assert asked(tmp_path, but(access=[READ, {"role": "keeper"}])).predicted.width == 423 / 3
    assert asked(tmp_path, but(access=[{"group": "readers"}])).predicted.width is None


def test_a_role_leads_to_a_jewel(tmp_path: Path) -> None:
    predicted = asked(tmp_path, but(access=[READ, {"role": "keeper"}])).predicted
    assert predicted.reach["weighted"] == 3 + 30 * (1 + 3 + 10)
    (row,) = as_json(predicted.paths_to_jewels)
    assert (row["jewel"]["id"], row["level"], row["hops"]) == ("ledger", "admin", 3)
    assert [s["relationship"] for s in row["steps"]] == ["RUNS_AS", "ASSUMES", "CAN_ACCESS"]
    assert "ledger" in row["sentence"]


def test_paths_are_cut_to_the_limit_and_counted(tmp_path: Path) -> None:
    estate = house().resource("vault", "restricted").can("keeper", "read", "vault")
    posture = estate.posture()
    path = written(tmp_path, but(access=[{"role": "keeper"}]))
    answer = gate(posture, planned_agents(path, posture.graph), policy(), 1)
    assert (len(answer.predicted.paths_to_jewels), answer.left_out) == (1, 1)


OWED = {
    "nothing": (MODEST, 0.0),
    "no technical owner": (but(owners={"business": "ann"}), EXPOSURE * 1.0 * 0.5 / 7),
    "no end of the access": (
        but(access=[{k: v for k, v in READ.items() if k != "until"}]),
        EXPOSURE * (8 / 12) / 365,
    ),
    "a key in code": (
        but(credentials=[{"type": "client_secret", "storage": "code"}]),
        EXPOSURE * (11 / 12) / 30,
    ),
}


@pytest.mark.parametrize("case", OWED)
def test_debt_per_day(tmp_path: Path, case: str) -> None:
    """By the weights and cycles of TD-1: principal of what is broken, over its cycle."""
    manifest, expected = OWED[case]
    predicted = asked(tmp_path, manifest).predicted
    assert predicted.debt_per_day == pytest.approx(expected)
    assert predicted.debt_because is None


def test_what_cannot_be_verified_is_told_apart(tmp_path: Path) -> None:
    """Nobody states how well the secret authenticates: weight 9/12, cycle 90 days."""
    predicted = asked(tmp_path, MODEST).predicted
    assert predicted.debt_per_day_most == pytest.approx(EXPOSURE * 0.75 / 90)


def test_what_the_snapshot_does_not_know_makes_figures_lower_bounds(tmp_path: Path) -> None:
    predicted = asked(tmp_path, but(access=[READ, {"role": "none"}])).predicted
    assert predicted.reach["weighted"] == 3.0
    assert "none" in predicted.at_least[0]
    assert predicted.debt_per_day_most is None


def test_nothing_is_predicted_where_nothing_is_known(tmp_path: Path) -> None:
    predicted = asked(tmp_path, but(access=[{"role": "none"}])).predicted
    assert (predicted.reach["resources"], predicted.reach["weighted"]) == (None, None)


def born() -> Estate:
    """State the modest agent as a source would, once it is there, with group and role."""
    e = house().agent("close-bot", env="prod", aars=0.5, kind="ai_agent", purpose="monthly close",
                      expires_at=ago(-30), created_at=ago(0),
                      declared_scope=[{"resource": "wiki", "level": "read"}])  # fmt: skip
    e.account("its", env="prod", created_at=ago(0)).link("close-bot", "RUNS_AS", "its")
    e.can("its", "read", "wiki", granted_at=ago(0), expires_at=ago(-30))
    e.link("its", "MEMBER_OF", "readers").link("its", "ASSUMES", "keeper")
    e.thing("Credential", "secret", type="client_secret", storage="vault", status="active",
            created_at=ago(0), rotated_at=ago(0))  # fmt: skip
    e.link("close-bot", "USES", "secret").link("secret", "AUTHENTICATES_AS", "its")
    e.link("close-bot", "CALLS", "search").link("close-bot", "CALLS", "helper")
    e.link("helper", "ACTS_FOR", "close-bot").link("close-bot", "ACTS_FOR", "ann")
    return e.owned("close-bot", "ann", "bob", since=ago(0))


def test_the_prediction_is_the_judgement_of_the_estate_that_has_the_agent(tmp_path: Path) -> None:
    manifest = but(access=[READ, {"group": "readers"}, {"role": "keeper"}])
    predicted = asked(tmp_path, manifest).predicted
    after = born().posture(AS_OF)
    number = after.graph.number("close-bot")
    real = blast_radius(after, number)
    assert predicted.reach == {
        "resources": real.counts["resources"],
        "weighted": real.weighted,
        "by_sensitivity": real.counts["by_sensitivity"],
    }
    debt = debt_of(after)
    place = list(debt.identities).index(number)
    assert predicted.debt_per_day == pytest.approx(float(debt.interest[place].sum()))


def test_the_estate_itself_is_not_changed(tmp_path: Path) -> None:
    ids = POSTURE.graph.ids.to_pylist()
    asked(tmp_path, MODEST)
    assert POSTURE.graph.ids.to_pylist() == ids
