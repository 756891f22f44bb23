"""Each check of the gate: the modest manifest passes it, and each lack of a manifest does not."""

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from analytics.remediation.gate.check import Case, Verdict, judged, worst
from analytics.remediation.gate.checks import all_checks
from analytics.remediation.gate.names import Names
from analytics.remediation.gate.overlay import overlay
from analytics.remediation.gate.policy import policy
from analytics.remediation.gate.predicted import predict
from graph.rows.planned import Planned, PlannedCredential
from ingest.planned import planned_agents
from tests.support.estates.planned_agents import MODEST, about, but, house, written
from tests.support.estates.small_estates import ago

POSTURE = house().posture()
READ = {"resource": "wiki", "levels": ["read"], "until": ago(-30), "why": "calendar"}
KEY = {"type": "client_secret", "storage": "vault", "rotated_every_days": 30}


@cache
def prediction(manifest: str) -> tuple[Any, ...]:
    """Return the agent of a manifest, its names and its prediction: all but the policy."""
    with TemporaryDirectory() as folder:
        path = written(Path(folder), json.loads(manifest))
        (planned,) = planned_agents(path, POSTURE.graph)
    names = Names(POSTURE)
    return planned, names, predict(planned, names, overlay(planned, names))


def outcomes(folder: Path, manifest: dict[str, Any], limits: str = "") -> dict[str, str]:
    """Return the verdicts other than pass, by check."""
    (folder / "policy.toml").write_text(limits)
    planned, names, predicted = prediction(json.dumps(manifest))
    case = Case(planned, names, policy(folder / "policy.toml"), predicted)
    made = [judged(check, case) for check in all_checks().values()]
    for outcome in made:
        assert outcome.why, outcome
        assert outcome.fix if outcome.verdict != "pass" else outcome.fix is None
    return {o.check.name: str(o.verdict) for o in made if o.verdict != "pass"}


def test_the_modest_manifest_passes_every_check(tmp_path: Path) -> None:
    assert outcomes(tmp_path, MODEST) == {}


@pytest.mark.parametrize(
    "name",
    ["resident", "Resident", "\uff32\uff25\uff33\uff29\uff24\uff25\uff2e\uff34", " resident\u00a0",
     "re\u017fident"],
)  # fmt: skip
def test_a_name_that_is_taken_in_other_letters_is_taken(tmp_path: Path, name: str) -> None:
    """As in the matching of identities: of another case, of full width, with spaces around."""
    assert outcomes(tmp_path, about(name=name)) == {"name": "blocked"}


def access(**facts: Any) -> dict[str, Any]:
    row = {name: fact for name, fact in {**READ, **facts}.items() if fact is not None}
    return but(access=[row])


def key(**facts: Any) -> dict[str, Any]:
    row = {name: fact for name, fact in {**KEY, **facts}.items() if fact is not None}
    return but(credentials=[row])


def revocation(**facts: Any) -> dict[str, Any]:
    plan = {**MODEST["revocation"], **facts}
    return but(revocation={name: fact for name, fact in plan.items() if fact is not None})


BLOCKED = {
    "the name of an agent": (about(name="Resident"), {"name"}),
    "no owners": (but(owners=None), {"owners"}),
    "no technical owner": (but(owners={"business": "ann"}), {"owners"}),
    "an owner who left": (but(owners={"business": "zed", "technical": "bob"}), {"owners"}),
    "one person in all roles": (but(owners={"business": "ann", "technical": "ann"}), {"owners"}),
    "software as owner": (but(owners={"business": "resident", "technical": "bob"}), {"owners"}),
    "no purpose": (about(purpose=None), {"purpose"}),
    "no environment": (about(environment=None), {"place"}),
    "no place": (about(runs_on=None), {"place"}),
    "from elsewhere into production": (about(environment="dev"), {"place"}),
    "access without a reason": (access(why=None), {"access"}),
    "access without an end": (access(until=None), {"access"}),
    "access that ended": (access(until=ago(1)), {"access"}),
    "access beyond the agent's end": (access(until=ago(-31)), {"access"}),
    "a person as resource": (access(resource="ann"), {"access", "inherited", "boundary", "jewels"}),
    "a group that gives more": (
        but(access=[READ, {"group": "readers"}]),
        {"inherited", "boundary"},
    ),
    "a role with jewels": (
        but(access=[READ, {"role": "keeper"}]),
        {"inherited", "boundary", "jewels"},
    ),
    "a confidential resource": (access(resource="papers"), {"boundary"}),
    "a crown jewel": (access(resource="ledger"), {"boundary", "jewels"}),
    "a tool that is not approved": (but(tools=[{"name": "shady"}]), {"tools"}),
    "a tool with every scope": (but(tools=[{"name": "search", "scopes": ["*"]}]), {"tools"}),
    "for somebody who left": (but(acts_for=["zed"]), {"delegation"}),
    "for an agent that is disabled": (but(acts_for=["idle"]), {"delegation"}),
    "by an agent that is disabled": (but(delegates_to=["idle"]), {"delegation"}),
    "one person and a team of that person": (
        but(owners={"business": "ann", "technical": "desk"}),
        {"owners"},
    ),
    "a credential without a type": (key(type=None), {"credentials"}),
    "a credential kept nowhere": (key(storage=None), {"credentials"}),
    "a credential in code": (key(storage="code"), {"credentials"}),
    "a credential without an end": (key(rotated_every_days=None), {"credentials"}),
    "a credential that lives long": (key(rotated_every_days=91), {"credentials"}),
    "a credential that ended": (key(expires_at=ago(1)), {"credentials"}),
    "no end": (about(expires_at=None), {"expiry"}),
    "a past end": (about(expires_at=ago(0)), {"access", "expiry"}),
    "a far end": (about(expires_at=ago(-366)), {"expiry"}),
    "no way to end it": (revocation(how=None), {"revocation"}),
    "nobody to end it": (revocation(by=None), {"revocation"}),
    "ended by who left": (revocation(by="zed"), {"revocation"}),
    "ended too late": (revocation(within="25h"), {"revocation"}),
    "ended at no time": (revocation(within=None), {"revocation"}),
    "no plan to end it": (but(revocation=None), {"revocation"}),
    "no review": (about(review_every_days=None), {"review"}),
    "a rare review": (about(review_every_days=91), {"review"}),
    "much autonomy": (but(autonomy={f"f{n}": 1 for n in range(8)}), {"autonomy"}),
}


@pytest.mark.parametrize("case", BLOCKED)
def test_a_lack_is_blocked_by_its_check(tmp_path: Path, case: str) -> None:
    manifest, checks = BLOCKED[case]
    verdicts = outcomes(tmp_path, manifest)
    assert set(verdicts) == checks
    assert "blocked" in verdicts.values()


UNKNOWN = {
    "a person": (but(owners={"business": "nobody", "technical": "bob"}), {"owners"}),
    "a resource": (access(resource="nowhere"), {"access", "inherited", "boundary", "jewels"}),
    "a role": (but(access=[{"role": "none"}]), {"access", "inherited", "boundary", "jewels"}),
    "a group": (but(access=[{"group": "none"}]), {"access", "inherited", "boundary", "jewels"}),
    "the class of a resource": (access(resource="attic"), {"boundary"}),
    "a tool": (but(tools=[{"name": "none"}]), {"tools", "inherited", "boundary", "jewels"}),
    "the approval of a tool": (but(tools=[{"name": "odd"}]), {"tools"}),
    "where a credential is kept": (key(storage="unknown"), {"credentials"}),
    "a store": (key(storage="safe"), {"credentials"}),
    "what keeps a credential": (key(storage="wiki"), {"credentials"}),
    "who ends it": (revocation(by="nobody"), {"revocation"}),
    "an agent to delegate to": (
        but(delegates_to=["none"]),
        {"delegation", "inherited", "boundary", "jewels"},
    ),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_nobody_knows_is_unknown(tmp_path: Path, case: str) -> None:
    manifest, checks = UNKNOWN[case]
    verdicts = outcomes(tmp_path, manifest)
    assert set(verdicts) == checks
    assert set(verdicts.values()) == {"unknown"}


@pytest.mark.parametrize(
    "manifest",
    [key(storage="keys"), but(owners={"business": "crew", "technical": "crew"})],
    ids=["a secret in a store of secrets", "a team of two"],
)
def test_what_the_house_knows_to_be_fine_passes(tmp_path: Path, manifest: dict[str, Any]) -> None:
    assert outcomes(tmp_path, manifest) == {}


def test_what_is_known_to_be_wrong_counts_before_what_is_unknown(tmp_path: Path) -> None:
    verdicts = outcomes(tmp_path, but(owners=None, tools=[{"name": "none"}]))
    assert set(verdicts.values()) == {"blocked", "unknown"}
    assert worst(map(Verdict, verdicts.values())) is Verdict.BLOCKED


LIMITS = {
    "[owners]\nroles = ['business']": but(owners={"business": "ann"}),
    "[owners]\ndistinct = false": but(owners={"business": "ann", "technical": "ann"}),
    "[name]\ntaken = 'pass'": about(name="resident"),
    "[purpose]\nrequired = false": about(purpose=None),
    "[place]\nenvironment = false\nruns_on = false": about(environment=None, runs_on=None),
    "[place]\ncrossing = 'pass'": about(environment="dev"),
    "[access]\nreasons = false": access(why=None),
    "[access]\nuntil = false": access(until=None),
    "[access]\nunasked = 10.0\n[reach]\nsensitivity = 'confidential'": but(
        access=[READ, {"group": "readers"}]
    ),
    "[reach]\nsensitivity = 'restricted'\njewels = 'pass'": access(resource="ledger"),
    "[tools]\nunapproved = 'pass'": but(tools=[{"name": "shady"}]),
    "[credentials]\nstorage = ['vault', 'ci']": key(storage="ci"),
    "[credentials]\nlongest_days = 91": key(rotated_every_days=91),
    "[expiry]\nlongest_days = 366": about(expires_at=ago(-366)),
    "[revocation]\nwithin_hours = 25": revocation(within="25h"),
    "[review]\nlongest_days = 91": about(review_every_days=91),
    "[autonomy]\nhighest = 8.0": but(autonomy={f"f{n}": 1 for n in range(8)}),
}


@pytest.mark.parametrize("limits", LIMITS)
def test_a_limit_of_ones_own_lets_it_pass(tmp_path: Path, limits: str) -> None:
    """And the shipped one does not."""
    assert outcomes(tmp_path, LIMITS[limits], limits) == {}
    assert outcomes(tmp_path, LIMITS[limits]) != {}


STRICTER = {
    "[reach]\nresources = 0": "boundary",
    "[reach]\nweighted = 2.9": "boundary",
    "[reach]\nsensitivity = 'public'": "boundary",
    "[tools]\ndigest = true": "tools",
    "[owners]\nroles = ['business', 'technical', 'sponsor']": "owners",
}


@pytest.mark.parametrize("limits", STRICTER)
def test_a_stricter_limit_blocks(tmp_path: Path, limits: str) -> None:
    manifest = but(owners={"business": "ann", "technical": "bob"})
    assert outcomes(tmp_path, manifest, limits) == {STRICTER[limits]: "blocked"}
    assert outcomes(tmp_path, manifest) == {}


def test_autonomy_and_scopes_may_have_to_be_stated(tmp_path: Path) -> None:
    manifest = but(autonomy=None, tools=[{"name": "search"}])
    limits = "[autonomy]\nrequired = true\n[tools]\nscopes = true"
    assert outcomes(tmp_path, manifest) == {}
    assert outcomes(tmp_path, manifest, limits) == {"autonomy": "blocked", "tools": "blocked"}


def approval(**facts: Any) -> str:
    row = {"agent": "Close-Bot", "resource": "ledger", "level": "read", "by": "cy", **facts}
    lines = [f"{name} = {value!r}" for name, value in row.items()]
    return "\n".join(["[[approval]]", *lines, f"until = {facts.get('until', ago(-1))}"])


def test_an_approval_lets_an_agent_reach_a_jewel(tmp_path: Path) -> None:
    jewel = access(resource="ledger")
    assert outcomes(tmp_path, jewel, approval()) == {}
    assert outcomes(tmp_path, jewel, approval(agent="other")) != {}


@pytest.mark.parametrize(
    ("manifest", "facts"),
    [
        (access(resource="ledger", levels=["read", "write"]), {}),
        (access(resource="ledger"), {"by": "zed"}),
        (access(resource="ledger"), {"by": "nobody"}),
        (access(resource="papers"), {}),
    ],
    ids=["a higher level", "by who left", "by nobody known", "of another resource"],
)
def test_an_approval_goes_no_further(tmp_path: Path, manifest: Any, facts: Any) -> None:
    assert "boundary" in outcomes(tmp_path, manifest, approval(**facts))


def test_an_approval_ends(tmp_path: Path) -> None:
    limits = approval().replace(ago(-1), ago(0))
    assert outcomes(tmp_path, access(resource="ledger"), limits)["jewels"] == "blocked"


def test_every_check_has_a_case_here() -> None:
    covered = set().union(*(checks for _, checks in (*BLOCKED.values(), *UNKNOWN.values())))
    assert covered == set(all_checks())


def partly(**parts: Any) -> dict[str, str]:
    """Return the verdicts on what a file that need not state all has of owners and credentials."""
    planned = Planned(form="file", stated=frozenset({"owners", "credentials"}), name="x", **parts)
    names = Names(POSTURE)
    case = Case(planned, names, policy(), predict(planned, names, overlay(planned, names)))
    made = [judged(all_checks()[name], case) for name in ("owners", "credentials", "expiry")]
    return {outcome.check.name: str(outcome.verdict) for outcome in made}


def test_what_a_file_need_not_state_is_unknown_and_not_absent() -> None:
    """The twin is the manifest, which states all: there the same lacks block."""
    assert partly(owners={"business": ("ann",)}, credentials=(PlannedCredential("token"),)) == {
        "owners": "unknown",
        "credentials": "unknown",
        "expiry": "unknown",
    }
    assert partly(owners={"business": ("zed",)})["owners"] == "blocked"
    assert partly(credentials=(PlannedCredential("token", "code"),))["credentials"] == "blocked"
