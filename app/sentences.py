"""Put the steps of a path into sentences, each with its evidence."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from app.escape import markdown
from app.wording import STEPS, ago, day, thing_name


def step_lines(steps: Sequence[Mapping[str, Any]], as_of: pd.Timestamp) -> str:
    """Return a numbered Markdown list: who can do what by which step, and how that is known.

    Every name in it is escaped.
    """
    return "\n".join(f"{at}. {_line(step, as_of)}" for at, step in enumerate(steps, 1))


def _line(step: Mapping[str, Any], as_of: pd.Timestamp) -> str:
    verb = STEPS.get(str(step["relationship"]), str(step["relationship"]))
    source, target = markdown(thing_name(step["from"])), markdown(thing_name(step["to"]))
    return f"**{source}** {verb} **{target}**  \n{' · '.join(evidence(step, as_of))}"


def evidence(step: Mapping[str, Any], as_of: pd.Timestamp) -> list[str]:
    """List in Markdown what is known of one step: its use, its condition and its rule."""
    used = step.get("last_used_at")
    known = [f"last used {day(used)}, {ago(used, as_of)}" if used else "no use seen"]
    if step.get("conditional"):
        said = step.get("condition")
        known.append(
            f"only if {markdown(said)}" if said else "only under a condition, not evaluated"
        )
    if step.get("rule"):
        known.append(f"concluded by rule {markdown(step['rule'])}")
    elif step.get("derived"):
        known.append("concluded by a rule")
    if step.get("assumed"):
        known.append("rests on an assumption")
    if step.get("support"):
        known.append(f"rests on {len(step['support'])} other facts")
    return known
