"""The accepted risks of the board: which count, and until when."""

from pathlib import Path

import pandas as pd
import pytest

from analytics.answers import board as parts
from analytics.answers.board import scope_of
from analytics.answers.table import as_json
from analytics.debt.groups import team_of
from analytics.figures.measures.risks_answered import MEASURE
from analytics.findings.lifecycle.about import what_it_is_about
from analytics.posture import Posture
from tests.support.estates.rule_findings import found
from tests.support.estates.small_estates import AS_OF, EVERYTHING, Estate
from tests.support.histories.small_history import history_of

DAY = pd.Timedelta(days=1)


@pytest.mark.parametrize("there", [True, False], ids=["still there", "gone"])
def test_a_risk_is_accepted_until_its_end_though_no_source_can_show_it(
    tmp_path: Path, there: bool
) -> None:
    """The next read states no owners any more, or a further source took the agent with it."""
    made = Estate(AS_OF - 10 * DAY).agent("a", "bot").person("ann")
    other = Estate(AS_OF - 10 * DAY, scope="other").agent("own")
    history = history_of([made, other], journal=tmp_path / "journal")
    posture = history.posture(history.infos[0].id)
    (id_,) = (row.id for row in found(posture, "OWN-01") if row.subject == "bot")
    about = what_it_is_about(posture, id_)
    assert posture.journal is not None
    posture.journal.accept(id_, AS_OF + 10 * DAY, "ann", "known", AS_OF - 10 * DAY, about)
    silent = [kind for kind in EVERYTHING if kind != "owners"]
    later = Estate(AS_OF, silent, scope="acme" if there else "new").person("ann").agent("new")
    later = later.agent("bot") if there else later
    kept = Estate(AS_OF - 10 * DAY, scope="other").agent("own")
    fresh = history_of([made, other], [later, kept], journal=tmp_path / "journal")
    now = fresh.posture(fresh.infos[-1].id)
    known = parts.risks(now, scope_of(now))
    assert (known.accepted, known.soon, known.lapsed) == (1, 1, 0)
    (row,) = as_json(known.expiries)
    assert (row["finding"], row["subject"]["id"], row["days"]) == (id_, "bot", 10)
    assert figures(now) == (1, 0)
    over = fresh.posture(fresh.infos[-1].id, AS_OF + 11 * DAY)
    known = parts.risks(over, scope_of(over))
    assert (known.accepted, known.lapsed) == (0, 1)
    assert figures(over) == (0, 1)


def figures(posture: Posture) -> tuple[int, int]:
    """Return how many findings are accepted, and lapsed, by the table of leadership figures."""
    detail = MEASURE.of(posture).detail
    return detail["accepted"], detail["lapsed_and_still_there"]


def leaky(*keys: str, at: pd.Timestamp = AS_OF) -> Estate:
    """Build two agents of two teams, and leaked keys that no identity holds.

    `owned` is a key of ann, who is of alpha; `opens` is one of a role that bob answers for, who is
    of beta; `stray` is nobody's.
    """
    e = Estate(at).thing("Team", "alpha", "beta").person("ann", "bob")
    e.link("ann", "MEMBER_OF", "alpha").link("bob", "MEMBER_OF", "beta")
    e.agent("a", "b").owned("a", "ann", "ann").owned("b", "bob", "bob")
    e.thing("Role", "r").owned("r", "bob", "bob").thing("Credential", *keys, status="leaked")
    if "owned" in keys:
        e.owned("owned", "ann")
    return e.link("opens", "AUTHENTICATES_AS", "r") if "opens" in keys else e


def by_team(posture: Posture) -> dict[str | None, int]:
    """Count the accepted risks of each team, of no team, and of all."""
    counts = {}
    for name in (None, "alpha", "beta", "no-team"):
        scope = scope_of(posture, team_of(posture, name))
        counts[name] = parts.risks(posture, scope).accepted
    return counts


def test_risks_of_the_teams_and_of_none_add_up_to_all(tmp_path: Path) -> None:
    """A leaked key that no identity holds is its own subject: it was the risk of no team."""
    keys, path = ("opens", "owned", "stray"), tmp_path / "journal"
    posture = (made := history_of(leaky(*keys), journal=path)).posture(made.infos[0].id)
    for finding in found(posture, "CRD-07"):
        about = what_it_is_about(posture, finding.id)
        assert posture.journal is not None
        posture.journal.accept(finding.id, AS_OF + 9 * DAY, "ann", "known", AS_OF, about)
    posture = (made := history_of(leaky(*keys), journal=path)).posture(made.infos[0].id)
    assert by_team(posture) == {None: 3, "alpha": 1, "beta": 1, "no-team": 1}


def test_a_risk_on_what_is_gone_is_of_the_team_that_it_had(tmp_path: Path) -> None:
    """What no source can show any more is not resolved, so it is somebody's still."""
    path = tmp_path / "journal"
    first = [leaky("owned", at=AS_OF - 9 * DAY), Estate(AS_OF - 9 * DAY, scope="other").agent("c")]
    posture = (made := history_of(first, journal=path)).posture(made.infos[0].id)
    (finding,) = found(posture, "CRD-07")
    about = what_it_is_about(posture, finding.id)
    assert posture.journal is not None
    posture.journal.accept(finding.id, AS_OF + 9 * DAY, "ann", "known", AS_OF - 9 * DAY, about)
    silent = [kind for kind in EVERYTHING if kind != "credentials"]
    later = Estate(AS_OF, silent).thing("Team", "alpha", "beta").person("ann").agent("a")
    now = history_of(first, [later, Estate(AS_OF, scope="other").agent("c")], journal=path)
    posture = now.posture(now.infos[-1].id)
    assert by_team(posture) == {None: 1, "alpha": 1, "beta": 0, "no-team": 0}
