"""The standing of an estate: its grade, and the sentence that says why and names things."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.answers.board.scope import Scope
from analytics.answers.board.words import counted
from analytics.answers.debt import DENIED, LEAKED, causes_of, named_causes
from analytics.answers.shares import percent
from analytics.assumptions.entitlements import entitlements_of
from analytics.assumptions.items import Sums
from analytics.assumptions.model import ASSUMPTIONS, NOT_RATED, NUMBER, model
from analytics.debt.owed import sums_of
from analytics.debt.totals import ORPHAN, caps_of, graded, total
from analytics.debt.wording import KINDS
from analytics.evidence.deciding import DENIED as WAS_DENIED
from analytics.figures.measure import population
from analytics.figures.revocation.last_teams import of_team
from analytics.figures.revocation.speed import overdue, time_to_revoke
from analytics.figures.sensitive_reach import administering, control_planes, rated_count, reaching
from analytics.findings.families.evidence import by_software
from analytics.kept.answers import kept
from analytics.posture import Posture
from analytics.reach.spread import spread
from analytics.weights import UNKNOWN, mask_weights

RATINGS = {"A": "good", "B": "fair", "C": "poor", "D": "bad", "F": "failing", "NR": "not rated"}
PLANES = 20  # control planes looked at one by one, for the name of one
LEVEL_WORDS = ("may list", "can read", "can write to", "administers")


@dataclass(frozen=True)
class Standing:
    """How much trust is owed, and the sentence that says why.

    `rating` is the grade in a word. `tdr`, `tdr_range`, `target` and `coverage` are shares, amounts
    trust points; they are null where the access of no identity is known. `reason` says what the
    grade comes from, and `causes` names what caps it (see `analytics.answers.debt`). `sensitive`
    counts the identities that can read sensitive data (null where no resource is rated), `of` those
    whose reach is known, `not_known` the others; `resources` and `unrated` those of unstated
    sensitivity; and
    `administer` those that can administer a control plane.
    """

    sentence: str
    reason: str
    grade: str
    rating: str
    grade_because: str | None
    causes: list[dict[str, Any]]
    tdr: float | None
    tdr_range: list[float] | None
    target: float
    debt: float | None
    max_debt: float | None
    interest_per_day: float | None
    coverage: float | None
    identities: int
    not_known: int
    sensitive: dict[str, Any]


@dataclass(frozen=True)
class Revocation:
    """How long access takes to be removed once it should have ended; see `revocation`."""

    sentence: str
    days: float | None
    target_days: float
    ended: int
    overdue: int
    because: str | None


@kept
def standing(posture: Posture, scope: Scope) -> Standing:
    """Return the grade of the identities of a scope, and the sentence that says why."""
    owed = sums_of(posture)
    sums, (grade, because) = total(owed, scope.places), graded(posture, owed, scope.places)
    causes = _causes(posture, owed, scope, because)
    reason = _reason(posture, owed, scope, (grade, because), causes)
    sensitive = sensitive_counts(posture, scope)
    known = sums.known
    return Standing(
        sentence=f"{reason} {_sensitive_words(posture, scope, sensitive)}".strip(),
        reason=reason,
        grade=grade,
        rating=RATINGS[grade],
        grade_because=because,
        causes=named_causes(posture, causes),
        tdr=sums.ratio if known else None,
        tdr_range=list(sums.range) if known else None,
        target=owed.model.bands[0],
        debt=sums.debt if known else None,
        max_debt=sums.most if known else None,
        interest_per_day=sums.interest if known else None,
        coverage=sums.coverage if known else None,
        identities=sums.identities,
        not_known=sums.not_known,
        sensitive=sensitive,
    )


# -- why the grade is what it is ----------------------------------------------------------------


def _causes(
    posture: Posture, owed: Sums, scope: Scope, because: str | None
) -> list[tuple[str, int, int]]:
    """Return what caps the grade: leaks first, then what was denied, each the heaviest first.

    An alarm is named even if the ratio alone is as bad.
    """
    caps = caps_of(posture)
    if caps.before_data or not (caps.alarm[scope.places].any() or because == ORPHAN):
        return []
    causes = causes_of(posture, owed, scope.places)
    weight = {
        (of, number): _worth(posture, owed, of, number) for of, number in {c[:2] for c in causes}
    }
    return sorted(causes, key=lambda cause: (cause[0] != LEAKED, -weight[cause[:2]]))


def _worth(posture: Posture, owed: Sums, because: str, number: int) -> float:
    """Return the weight of the heaviest access that a cause is about."""
    if because == LEAKED:
        opened = heaviest_opened(posture, number)
        return opened[2] if opened is not None else 0.0
    return float(owed.heaviest[np.searchsorted(owed.identities, number)])


def heaviest_opened(posture: Posture, number: int) -> tuple[int, int, float] | None:
    """Return the heaviest resource that a node reaches, how many more, and its weight."""
    network = posture.network()
    used = spread(network, number).used()
    if not len(used["resource"]):
        return None
    resources, place = np.unique(used["resource"], return_inverse=True)
    levels = np.zeros(len(resources), np.uint8)
    np.bitwise_or.at(levels, place, used["levels"].astype(np.uint8))
    weights = mask_weights()[levels] * network.weight[resources]
    heaviest = int(np.argmax(weights))
    return int(resources[heaviest]), len(resources) - 1, float(weights[heaviest])


def _reason(
    posture: Posture,
    owed: Sums,
    scope: Scope,
    grade: tuple[str, str | None],
    causes: list[tuple[str, int, int]],
) -> str:
    letter, because = grade
    head = "Not rated" if letter == NOT_RATED else f"Grade {letter}"
    if causes and letter != NOT_RATED:
        more = len({number for _, number, _ in causes}) - 1
        rest = f" It is one of {more + 1:,} such alarms." if more else ""
        return f"{head}: {_cause_words(posture, owed, causes[0])}.{rest}"
    if letter == NOT_RATED:
        return f"{head}: {because}."
    return f"{head}: {_driver_words(posture, owed, scope)}."


def _cause_words(posture: Posture, owed: Sums, cause: tuple[str, int, int]) -> str:
    because, number, identity = cause
    name = posture.graph.thing(number)["name"]
    if because == LEAKED:
        opened = heaviest_opened(posture, number)
        if opened is None:
            return f"{name} leaked and still works for {posture.graph.thing(identity)['name']}"
        resource, more, _ = opened
        rest = f" and {counted(more, 'more resource')}" if more else ""
        return f"{name} leaked and still opens {posture.graph.thing(resource)['name']}{rest}"
    if because == DENIED:
        return _denied_words(posture, number)
    return f"nobody answers for {name}, which {_heaviest_words(posture, owed, number)}"


def _denied_words(posture: Posture, number: int) -> str:
    name, rows = posture.graph.thing(number)["name"], by_software(posture, WAS_DENIED)
    mask = rows["identity"] == number
    if not mask.any():
        return f"{name} acts as an account that did what it had been denied"
    resource = int(rows["resource"][mask].iloc[-1])
    used = posture.graph.thing(resource)["name"] if resource >= 0 else "something"
    return f"{name} used {used} although that had been denied"


def _heaviest_words(posture: Posture, owed: Sums, number: int) -> str:
    units = entitlements_of(posture, owed.model, int(np.searchsorted(owed.identities, number)))
    if not len(units):
        return "can do much"
    heaviest = int(np.argmax(units.exposure))
    resource = posture.graph.thing(int(units.resource[heaviest]))["name"]
    return f"{LEVEL_WORDS[int(units.level[heaviest])]} {resource}"


def _driver_words(posture: Posture, owed: Sums, scope: Scope) -> str:
    """Return what most is owed for, and who owes most."""
    debts, sums = owed.debt[scope.places], total(owed, scope.places)
    if not sums.debt:
        return "nothing that anybody could verify is owed"
    words = f"{percent(sums.ratio)} of the trust that could be owed is owed"
    kind = KINDS[ASSUMPTIONS[int(np.argmax(debts.sum(axis=0)))]]
    debtor = owed.identities[scope.places][int(np.argmax(debts.sum(axis=1)))]
    return f"{words}, most of it for {kind}; {posture.graph.thing(int(debtor))['name']} owes most"


# -- what can be done with it today -------------------------------------------------------------


def sensitive_counts(posture: Posture, scope: Scope) -> dict[str, Any]:
    """Count the identities of a scope that can read sensitive data, and those of unknown reach."""
    judged = population(posture)
    mask = np.isin(judged.place, scope.places)
    identities, known = judged.identities[mask], judged.reach_known[mask]
    stated = posture.sensitivities["stated"].to_numpy(object)
    able = np.count_nonzero(reaching(posture)[identities])
    return {
        "count": int(able) if rated_count(posture) else None,
        "of": int(np.count_nonzero(known)),
        "not_known": int(np.count_nonzero(~known)),
        "resources": int(np.count_nonzero(stated != "")),
        "unrated": int(np.count_nonzero(stated == UNKNOWN)),
        "administer": int(np.count_nonzero(administering(posture)[identities])),
    }


def _sensitive_words(posture: Posture, scope: Scope, counts: dict[str, Any]) -> str:
    if not counts["of"]:
        if not counts["not_known"]:
            return "No accountable identity is in service."
        dark = counted(counts["not_known"], "identity", "identities")
        return f"What {dark} can reach is not known."
    rated = counts["resources"] - counts["unrated"]
    parts = []
    if rated:
        verb = "reads" if counts["count"] == 1 else "can read"
        parts.append(f"{counts['count']:,} of {_identities(counts)} {verb} sensitive data")
    if counts["administer"] and (not rated or not counts["count"]):
        parts.append(_administering_words(posture, scope, counts))
    words = f"{' and '.join(parts)} today." if parts else ""
    if counts["unrated"] and 2 * counts["unrated"] >= counts["resources"]:
        resources = counted(counts["resources"], "resource")
        are = "is" if counts["unrated"] == 1 else "are"
        words += f" How sensitive {counts['unrated']:,} of {resources} {are}, nobody states."
    return words.strip()


def _administering_words(posture: Posture, scope: Scope, counts: dict[str, Any]) -> str:
    """Return how many administer the control plane that most do, of the first few."""
    planes, judged = np.flatnonzero(control_planes(posture)), population(posture)
    identities = judged.identities[np.isin(judged.place, scope.places)]
    count, name = counts["administer"], "a control plane"
    for number in planes[:PLANES].tolist():
        alone = np.zeros(len(posture.graph.ids), bool)
        alone[number] = True
        if np.count_nonzero(administering(posture, alone)[identities]) == count:
            name = posture.graph.thing(number)["name"]
            break
    verb = "administers" if count == 1 else "administer"
    return f"{count:,} of {_identities(counts)} {verb} {name}"


def _identities(counts: dict[str, Any]) -> str:
    return counted(counts["of"], "identity", "identities")


# -- how long removing takes --------------------------------------------------------------------


@kept
def revocation(posture: Posture, scope: Scope) -> Revocation:
    """Return the median days from when access should have ended until it was removed.

    Open items count as censored (`analytics.figures.revocation.speed`). It walks through all
    snapshots kept. What is gone counts for the team that it was last of.
    """
    whose = None
    if scope.team is not None:
        whose = of_team(posture, scope.team)
    spells = overdue(posture, whose=whose)
    target = model().cycle[NUMBER["outlived"]]
    count = len(spells.rows)
    if not count:
        because = "nothing was ever overdue in the snapshots kept"
        return Revocation("", None, target, 0, 0, because)
    speed = time_to_revoke(posture, spells)
    days, ended = speed["median_days"], speed["ended"]
    if days is None:
        because = "fewer than half of what was overdue is gone so far"
        left = counted(count - ended, "grant, key or owner", "grants, keys or owners")
        words = f"{left} outlived {'its' if count - ended == 1 else 'their'} end, target "
        words += f"{target:g} days."
        return Revocation(words, None, target, ended, count, because)
    words = f"Removing access takes {counted(round(days), 'day')}, target {target:g}."
    return Revocation(words, days, target, ended, count, None)
