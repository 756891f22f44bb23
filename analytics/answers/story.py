"""Sentences of a narrative, made from its path alone: the same path gives the same words."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from analytics.answers.shape import sentence
from analytics.findings.rule import joined, plural
from analytics.remediation.narrative.entries import EXPOSURES
from analytics.remediation.narrative.steps import (
    ACCUMULATED,
    ACTION,
    BROAD_DEFAULT,
    DATA,
    DECIDED,
    ENTRY,
    ESCALATION,
    INHERITED,
    NO_DECISION,
    NOT_REQUIRED,
    SPAWNED,
)

BY = {
    INHERITED: "by inherited permissions",
    SPAWNED: "by actions that it sets off elsewhere",
    ACCUMULATED: "by privileges that add up",
}
EFFECTS = {ACTION: "be changed without authority", DATA: "give away what it holds"}


@dataclass(frozen=True)
class Scene:
    """What a narrative is about: its entry, its end, and the steps between them.

    Each step has a `phase`, a `cause` and `unseen`.
    `others` counts the other starts that reach the jewel, `effects` and `levels` are those at the
    end, `decision` is a state of `analytics.remediation.narrative.steps`.
    """

    entry: str
    cause: str
    exposures: Sequence[str]
    others: int
    steps: Sequence[dict[str, Any]]
    jewel: str
    levels: Sequence[str]
    effects: Sequence[str]
    decision: str


def story(scene: Scene) -> dict[str, str]:
    """Return the sentences of a narrative: `entry`, `escalation`, `impact`, and all as `text`."""
    parts = {
        "entry": _entry(scene),
        "escalation": _escalation(scene),
        "impact": _impact(scene),
    }
    return parts | {"text": " ".join(parts.values())}


def no_story(jewel: str, starts: int, dark: int) -> dict[str, str | None]:
    """Return the sentences for a jewel that no start is known to reach."""
    count = plural(starts, "start")
    if dark:
        text = f"No start is known to reach {jewel}; what {dark} of {count} may reach is not known."
    else:
        text = f"None of {count} reaches {jewel}."
    return {"entry": None, "escalation": None, "impact": None, "text": text}


def audit_gaps(scene: Scene) -> list[str]:
    """Return the places on a path at which nothing would be seen or was decided."""
    gaps = [
        f"No source would see that {sentence([_plain(step)])}"
        for step in scene.steps
        if step["unseen"]
    ]
    if scene.decision == NO_DECISION:
        gaps.append(f"No decision on {scene.jewel} is recorded for anything on the path.")
    return gaps


def _plain(step: dict[str, Any]) -> dict[str, Any]:
    """Return a step without its notes, of which a sentence about something else has no need."""
    silent = {"rule": None, "condition": None, "assumed": False, "last_used_at": None}
    return step | silent | {"telemetry": False}


def _entry(scene: Scene) -> str:
    if scene.exposures:
        why = joined([EXPOSURES[name] for name in scene.exposures])
    elif scene.others:
        others = plural(scene.others, "other start")
        why = f"nothing known exposes it more than {others} from which {scene.jewel} is reached"
    else:
        why = f"it is the only start from which {scene.jewel} is reached"
    parts = [f"It begins at {scene.entry}: {why}."]
    if scene.cause == BROAD_DEFAULT:
        parts.append("Nothing declared narrows its access.")
    given = [step for step in scene.steps if step["phase"] == ENTRY]
    if given:
        parts.append(f"For its work it was given this: {sentence(given)}")
    return " ".join(parts)


def _escalation(scene: Scene) -> str:
    steps = [step for step in scene.steps if step["phase"] == ESCALATION]
    if not steps:
        return "No step beyond that is needed."
    parts = [
        f"{BY[cause]}: {sentence(list(group))}"
        for cause, group in groupby(steps, key=lambda step: str(step["cause"]))
    ]
    return " ".join(f"It gains more {part}" for part in parts)


def _impact(scene: Scene) -> str:
    end = scene.steps[-1]
    could = joined([EFFECTS[name] for name in scene.effects if name in EFFECTS])
    unseen = sum(bool(step["unseen"]) for step in scene.steps)
    trace = (
        f"{unseen} of {plural(len(scene.steps), 'step')} would leave no trace in any source"
        if unseen
        else "every step would leave a trace"
    )
    return f"{sentence([end])} So {scene.jewel} could {could}; {trace}, and {_decided(scene)}."


def _decided(scene: Scene) -> str:
    if scene.decision == DECIDED:
        return "a decision on it is recorded"
    if scene.decision == NO_DECISION:
        return "no decision on it is recorded"
    if scene.decision == NOT_REQUIRED:
        return "nothing on the path needs a decision for what it does"
    return "whether anybody decided on it no source would tell"
