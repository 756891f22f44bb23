"""The reach regained by removing only unused access, as far as use is observed."""

from dataclasses import dataclass

from analytics.posture import UNUSED_DAYS, Filter, Posture


@dataclass(frozen=True)
class Regained:
    """Weights, summed over all accountable identities.

    `weighted` is the reach lost with access that is observed and was not used; `unseen` the further
    reach lost with access whose use is not observed, if all of it was unused. `of` is the total
    reach.
    """

    weighted: float
    unseen: float
    of: float

    @property
    def known(self) -> bool:
        """Whether the use of any of the reach is observed; if not, nothing can be called unused."""
        return not self.of or self.unseen < self.of


def regained(posture: Posture, days: int = UNUSED_DAYS) -> Regained:
    """Return the reach that would be lost with access unused for `days` days."""
    gone = posture.lost(Filter(stale=days)).weighted.sum()
    doubtful = posture.lost(Filter(stale=days, unobservable=False)).weighted.sum()
    total = posture.totals().weighted.sum()
    return Regained(float(gone), float(doubtful - gone), float(total))
