"""Steps of a plan: changes one after the other, each measured by the calculation of what-if."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.actions import Action
from analytics.findings.evaluation import count_all
from analytics.posture import Posture
from analytics.remediation.closing.change import Change
from analytics.remediation.closing.simulated import simulated
from analytics.remediation.removal.additions import Additions, together
from analytics.remediation.removal.before_and_after import (
    changed,
    debt_owed,
    interest_per_day,
    reach_of,
)
from analytics.remediation.removal.changed_reach import changed_identities, changed_reach
from analytics.remediation.removal.ended_uses import ended
from analytics.remediation.removal.what_if import Removal

LEAST = 1e-9  # a gain below this is none
BROKEN = ["identity", "thing", "level"]  # what tells uses apart


@dataclass(frozen=True)
class Proposal:
    """A change before it is measured.

    `node` (a number) is what the change is on: whoever answers for it decides. `observed`: the use
    of what it takes away would have been seen; None where it takes nothing away. `window_days` is
    how long no use was seen, None if unknown.
    """

    change: Change
    node: int
    verdict: str
    observed: bool | None = None
    window_days: float | None = None

    @property
    def rate(self) -> float | None:
        """The upper bound of the rate of use per day, given that none was seen (rule of three)."""
        return 3 / self.window_days if self.window_days else None


@dataclass(frozen=True)
class Step:
    """A change, and what it takes away beyond the steps before.

    `identities` counts those whose reach changes. `breaks` are the uses that fail with this step
    and did not before; see `analytics.remediation.removal.ended_uses.ended`.
    """

    proposal: Proposal
    reach_removed: float
    debt_removed: float
    interest_removed: float
    findings_removed: int | None
    identities: int
    breaks: pd.DataFrame


@dataclass(frozen=True)
class Plan:
    """Steps, the best first, and the posture `after` them.

    `optimum` is the most that as many changes could take away; None if unknown, with the reason in
    `because`. `truncated`: the search stopped before all candidates were compared.
    """

    steps: list[Step]
    after: Posture
    candidates: int
    truncated: bool
    optimum: float | None
    because: str | None


class Trail:
    """Changes one after the other, each measured by the same calculation as what-if."""

    def __init__(self, posture: Posture, objective: str) -> None:
        self.posture, self.objective = posture, objective
        self.after = posture
        self.steps: list[Step] = []
        self._gone: list[Removal] = []
        self._added: list[Additions] = []
        self._figures = self._measured(posture)
        self._broken: set[tuple[object, ...]] = set()

    def _measured(self, posture: Posture) -> dict[str, float]:
        figures = {
            "reach": reach_of(posture),
            "debt": debt_owed(posture),
            "interest": interest_per_day(posture),
        }
        if self.objective == "findings":
            count = count_all(posture)
            figures["findings"] = float("nan") if count is None else float(count)
        return figures

    def take(self, proposal: Proposal) -> Step | None:
        """Add a change, unless it helps nothing, adds to debt, or ends an observed use."""
        gone, added = simulated(self.posture, proposal.change)
        all_gone, all_added = [*self._gone, *gone], [*self._added, *([added] if added else [])]
        after = changed(self.posture, all_gone, together(all_added))
        figures = self._measured(after)
        removed = {name: self._figures[name] - figure for name, figure in figures.items()}
        least = -LEAST * max(1.0, self._figures["debt"])
        if not removed[self.objective] > LEAST or removed["debt"] < least:
            return None
        fails = self._newly_broken(after, all_gone)
        if len(fails) and proposal.change.action is Action.DISABLE_IDENTITY:
            return None
        step = Step(
            proposal,
            removed["reach"],
            removed["debt"],
            removed["interest"],
            round(removed["findings"]) if "findings" in removed else None,
            self._affected(after, all_added),
            fails,
        )
        self._broken |= {tuple(key) for key in fails[BROKEN].itertuples(index=False, name=None)}
        self._gone, self._added = all_gone, all_added
        self.after, self._figures = after, figures
        self.steps.append(step)
        return step

    def _affected(self, after: Posture, added: Sequence[Additions]) -> int:
        """Count the identities whose reach this step changes."""
        if not added:
            return len(changed_identities(self.after, after))
        larger = changed(self.posture, (), together(added))
        return len(changed_reach(self.after, after, 1, larger).identities)

    def _newly_broken(self, after: Posture, gone: Sequence[Removal]) -> pd.DataFrame:
        """Return the uses that fail now and did not with the steps before."""
        fails = ended(self.posture, after, gone)
        keys = fails[BROKEN].itertuples(index=False, name=None)
        new = np.array([key not in self._broken for key in keys], bool)
        return pd.DataFrame(fails[new].reset_index(drop=True))
