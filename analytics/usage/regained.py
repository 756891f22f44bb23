"""How much reach one gets back by removing only what was not used, as far as use is seen."""

from dataclasses import dataclass

from analytics.posture import UNUSED_DAYS, Filter, Posture


@dataclass(frozen=True)
class Regained:
    """Weights, added up over all accountable identities.

    `weighted` is what goes with access that was not used though its use would have been seen;
    `unseen` what else goes with access whose use nobody would see, were all of that unused too.
    `of` is all that is reached.
    """

    weighted: float
    unseen: float
    of: float

    @property
    def known(self) -> bool:
        """Whether anybody would see the use of any of it: if not, nothing can be called unused."""
        return not self.of or self.unseen < self.of


def regained(posture: Posture, days: int = UNUSED_DAYS) -> Regained:
    """Return what goes with access that was not used for so many days."""
    gone = posture.lost(Filter(stale=days)).weighted.sum()
    doubtful = posture.lost(Filter(stale=days, unobservable=False)).weighted.sum()
    whole = posture.totals().weighted.sum()
    return Regained(float(gone), float(doubtful - gone), float(whole))
