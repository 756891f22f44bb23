"""Plans by debt and by findings: steps that a person carries out, measured by what-if."""

from functools import cache

import pytest

from analytics.answers.board.move import order_words
from analytics.findings.evaluation import find_all
from analytics.posture import Posture
from analytics.remediation.closing.asking import asked
from analytics.remediation.closing.simulated import simulated
from analytics.remediation.plan import grants_by_debt
from analytics.remediation.plan.grants_by_debt import GrantsByDebt
from analytics.remediation.removal.additions import together
from analytics.remediation.removal.before_and_after import changed, debt_owed
from app.wording import each_words
from tests.support.estates.judged_once import judged
from tests.support.estates.small_estates import Estate, ago
from tests.support.printed import plan, what_if


def untidy() -> Estate:
    """Build an unowned agent whose old key in code opens an account with unused admin rights."""
    e = Estate().agent("a").account("s").person("ann", "bob")
    e.thing("Credential", "k", created_at=ago(300), storage="code")
    e.link("a", "USES", "k").link("k", "AUTHENTICATES_AS", "s").resource("x", "restricted")
    e.resource("y", "confidential")
    e.can("s", "read write", "x", granted_at=ago(300), last_used_at={"read": ago(1)})
    return e.can("s", "admin", "y", granted_at=ago(300))


@cache
def untidy_posture() -> Posture:
    return untidy().posture()


@pytest.mark.parametrize("objective", ["debt", "findings"])
def test_each_step_pays_off_what_it_says_and_all_together_what_is_said(objective: str) -> None:
    posture = untidy_posture()
    made = plan(posture, 6, objective)
    assert made["steps"]
    by_id = {change.id: change for change in asked(posture).changes}
    gone, added = [], []
    debt, findings = debt_owed(posture), len(find_all(posture))
    for step in made["steps"]:
        removals, additions = simulated(posture, by_id[step["id"]])
        gone += removals
        added += [additions] if additions else []
        after = changed(posture, gone, together(added))
        assert step["debt_removed"] == pytest.approx(debt - debt_owed(after))
        assert step["debt_removed"] >= -1e-9
        if objective == "findings":
            assert step["findings_removed"] == findings - len(find_all(after)) > 0
        debt, findings = debt_owed(after), len(find_all(after))
    assert made["after"]["debt"] == pytest.approx(debt)
    assert made["after"]["findings"] == findings


@pytest.mark.parametrize("eager", [False, True])
def test_only_the_grants_that_are_tried_are_made_ready(
    eager: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forty may go, and one step is wanted; the twin makes all of them ready first."""
    e = Estate().agent("a")
    for number in range(40):
        e.resource(f"r{number}", "restricted").can("a", "admin", f"r{number}", granted_at=ago(300))
    posture, made = e.posture(), []
    every = GrantsByDebt(posture, None)
    assert len(every) == 40
    ready = grants_by_debt.idle
    monkeypatch.setattr(
        grants_by_debt,
        "idle",
        lambda *given: made.append(1) or ready(*given),  # type: ignore[func-returns-value]
    )
    if eager:
        assert [every[number] for number in range(len(every))]
    assert plan(posture, 1, "debt")["steps"]
    assert (len(made) >= 40) is eager


def test_an_owner_is_named_and_the_key_rotated() -> None:
    """Nobody answers for it, and its old key is in code: neither takes any access away."""
    steps = plan(untidy_posture(), 6, "debt")["steps"]
    actions = [step["action"] for step in steps]
    assert {"assign_owner", "rotate_credential"} <= set(actions)
    (owner,) = [step for step in steps if step["action"] == "assign_owner"]
    assert (owner["target"]["id"], owner["verdict"], owner["observed"]) == (
        "a",
        "needs_owner",
        None,
    )
    assert owner["reach_removed"] == 0


def test_the_only_key_of_an_active_agent_is_rotated_and_never_deactivated() -> None:
    actions = {s["action"] for s in plan(untidy_posture(), 10, "findings")["steps"]}
    assert "deactivate_credential" not in actions


def test_a_grant_that_is_used_in_part_is_narrowed_if_that_was_watched() -> None:
    e = (
        Estate()
        .agent("a")
        .owned("a", "ann", "bob")
        .person("ann", "bob")
        .resource("x", "restricted")
    )
    e.can("a", "read write", "x", granted_at=ago(300), last_used_at={"read": ago(1)})
    narrow = [
        s for s in plan(e.posture(), 10, "findings")["steps"] if s["action"] == "narrow_grant"
    ]
    assert [(s["verdict"], s["use"], s["reach_removed"]) for s in narrow] == [
        ("safe", "unused", 90)
    ]
    assert [s["breaks"] for s in narrow] == [[]]


def test_the_steps_that_are_removals_are_those_of_what_if() -> None:
    e = (
        Estate()
        .agent("a")
        .owned("a", "ann", "bob")
        .person("ann", "bob")
        .resource("x", "restricted")
    )
    e.can("a", "read", "x", granted_at=ago(300))
    posture = e.posture()
    for objective in ("debt", "findings"):
        made = plan(posture, 10, objective)
        removed = [s for s in made["steps"] if s["action"] == "remove_grant"]
        if len(removed) == len(made["steps"]):
            answer = what_if(posture, [i for s in removed for i in s["target"]["ids"]])
            assert (made["before"], made["after"]) == (answer["before"], answer["after"])


def half_used(levels: str = "read admin", agent: dict | None = None, **grant) -> Estate:
    """Build an agent that only reads what it may read and administer."""
    e = Estate().agent("a", created_at=ago(300), **(agent or {})).resource("r", "confidential")
    told = {"telemetry": "true", "granted_at": ago(200), "last_used_at": {"read": ago(1)}}
    return e.can("a", levels, "r", **told | grant)


def another(e: Estate) -> Estate:
    e.agent("b", created_at=ago(300))
    return e.can("b", "admin", "r", granted_at=ago(200), last_used_at={"admin": ago(1)})


def dormant(**facts) -> Estate:
    """Build an agent that did nothing for a hundred days, with a live key of its own account."""
    e = Estate().agent("a", created_at=ago(300), last_active_at=ago(100), **facts).account("s")
    e.thing("Credential", "k", created_at=ago(300), status="active", storage="vault")
    e.link("a", "USES", "k").link("k", "AUTHENTICATES_AS", "s").resource("r", "confidential")
    return e.can("s", "admin", "r", granted_at=ago(200))


KEPT = {  # analytics.md 5.2 blocks what is for emergencies, and the last administrator
    "one administrator of two": (lambda: another(half_used()), True),
    "the only administrator": (half_used, False),
    "of no administrator": (lambda: half_used("read write"), True),
    "a grant for emergencies": (lambda: half_used("read write", tags=["break-glass"]), False),
    "of an agent for emergencies": (
        lambda: half_used("read write", agent={"tags": ["breakglass"]}),
        False,
    ),
}


@pytest.mark.parametrize("name", KEPT)
def test_a_grant_is_not_narrowed_to_no_administrator_nor_an_emergency(name: str) -> None:
    made, proposed = KEPT[name]
    steps = plan(judged(made()), 9, "debt")["steps"]
    assert ("narrow_grant" in [step["action"] for step in steps]) == proposed


@pytest.mark.parametrize("objective", ["debt", "findings"])
def test_no_administrator_is_disabled_if_it_is_the_last_nor_what_is_for_emergencies(
    objective: str,
) -> None:
    def disabled(e: Estate) -> list[str]:
        steps = plan(judged(e), 9, objective)["steps"]
        return [s["target"]["id"] for s in steps if s["action"] == "disable_identity"]

    assert disabled(another(dormant())) == ["a"]
    assert disabled(dormant()) == []
    assert disabled(another(dormant(tags=["break-glass"]))) == []


@pytest.mark.parametrize("objective", ["reach", "debt"])
def test_who_ended_is_no_administrator_that_is_left(objective: str) -> None:
    """The twin of a in service could administer after a; a disabled one cannot."""
    steps = {}
    for status in ("active", "disabled"):
        e = Estate().agent("a", created_at=ago(300)).resource("r", "confidential")
        e.agent("b", created_at=ago(300), status=status)
        for holder in ("a", "b"):
            e.can(holder, "admin", "r", granted_at=ago(200), telemetry="true")
        made = plan(judged(e), 9, objective)["steps"]
        removed = [s["target"]["from"]["id"] for s in made if s["action"] == "remove_grant"]
        steps[status] = removed
    assert len(steps["active"]) == 1
    assert "a" not in steps["disabled"]


def test_two_administrators_do_not_both_lose_it_by_one_plan() -> None:
    e = half_used().agent("b", created_at=ago(300))
    told = {"telemetry": "true", "granted_at": ago(200), "last_used_at": {"read": ago(1)}}
    e.can("b", "read admin", "r", **told)
    steps = plan(e.posture(), 9, "debt")["steps"]
    assert [s["action"] for s in steps].count("narrow_grant") == 1


def of_four_groups() -> Estate:
    """Build a bot that reads restricted data as a member of four groups, without an end to it.

    Each grant is in use, so none may go; TIM asks for an end of all four.
    """
    made = Estate().agent("bot").person("ann").owned("bot", "ann", "ann")
    for number in range(4):
        made.thing("Group", f"g{number}").resource(f"r{number}", "restricted")
        made.link("bot", "MEMBER_OF", f"g{number}")
        used = {"last_used_at": {"read": ago(1)}, "telemetry": "true"}
        made.can(f"g{number}", "read", f"r{number}", granted_at=ago(200), **used)
    return made


def test_a_step_on_grants_of_several_holders_names_them_and_how_many() -> None:
    posture = of_four_groups().posture()
    (step,) = [s for s in plan(posture, 5, "debt")["steps"] if s["action"] == "set_expiry"]
    assert len(step["target"]["ids"]) == 4
    pairs = [(each["from"]["id"], each["relationship"], each["to"]["id"]) for each in step["on"]]
    assert sorted(pairs) == [(f"g{n}", "CAN_ACCESS", f"r{n}") for n in range(4)]
    assert step["on"][0] == {name: step["target"][name] for name in ("from", "relationship", "to")}
    assert each_words(step["on"]) == (
        "g0 can access r0; g1 can access r1; g2 can access r2; and 1 more (4 in all)"
    )
    assert order_words(step["action"], step["target"], step["on"]) == (
        "Set an end to the access: "
        "g0 can access r0; g1 can access r1; g2 can access r2; and 1 more (4 in all)"
    )


def test_a_step_on_one_fact_names_it_alone() -> None:
    steps = [s for s in plan(untidy_posture(), 6, "debt")["steps"] if len(s["target"]["ids"]) == 1]
    assert steps
    for step in steps:
        (on,) = step["on"]
        assert on.items() <= step["target"].items()
