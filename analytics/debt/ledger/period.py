"""The change of debt between two moments: new, retired, accrued and rescored items."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from analytics.changes.common_ground import common_ground
from analytics.debt.ledger.balance import Balance, balance, compared, place_of, present
from analytics.posture import assess
from graph.access import AccessGraph
from graph.facts import Facts
from graph.identity.match import Identities
from graph.identity.renamed_ids import RenamedIds

PARTS = ("new", "retired", "rescored")


@dataclass(frozen=True)
class Period:
    """Two balances compared, key by key.

    `before` is the graph at the start under the ids of the end; the keys of `start` use these too.
    `new` are positions in `end.owed` of items owed only at the end, `retired` positions in
    `start.owed` of items owed only at the start. `seen` and `unseen` are masks of those that differ
    only because coverage changed. `then` are positions in `start.owed` of items owed at both ends,
    `rescored` (float64) is by how much each of them grew other than by interest, and `regauged` a
    mask of those that did only because coverage changed. `figures` are the sums, such that opening
    + new - retired + accrued + rescored is closing, exactly and in any order of addition; amounts
    attributed to coverage are listed separately.
    """

    start: Balance
    end: Balance
    before: AccessGraph
    new: np.ndarray
    retired: np.ndarray
    seen: np.ndarray
    unseen: np.ndarray
    then: np.ndarray
    rescored: np.ndarray
    regauged: np.ndarray
    figures: Mapping[str, float] = field(hash=False)


def period(start: Balance, end: Balance, between: Iterable[Identities] = ()) -> Period:
    """Compare the debt items at two moments, under the same model.

    `between` are the merged identities of the snapshots in between, oldest first.
    """
    renamed = RenamedIds(start.posture.graph, end.posture.graph, between)
    start = compared(start, renamed)
    at = place_of(start.owed, end.owed)
    new = np.flatnonzero(~present(end.owed, start.owed))
    retired, kept = np.flatnonzero(at < 0), np.flatnonzero(at >= 0)
    then, now = (kept, at[kept])
    factor = _factor(end)[now]
    rescored = (end.principal[now] - start.principal[then]) * factor
    like = _like(start, end, renamed)
    seen, unseen, regauged = _by_coverage(start, end, (new, retired, then, now), like)
    seen |= present(end.owed[new], start.unknown)
    unseen |= present(start.owed[retired], end.unknown)
    figures = on_one_grid(
        {
            "opening": total(start.amount),
            "new": total(end.amount[new]),
            "retired": total(start.amount[retired]),
            "rescored": total(rescored),
            "closing": total(end.amount),
            "new_by_coverage": total(end.amount[new[seen]]),
            "retired_by_coverage": total(start.amount[retired[unseen]]),
            "rescored_by_coverage": total(rescored[regauged]),
        }
    )
    return Period(
        start=start,
        end=end,
        before=renamed.graph,
        new=new,
        retired=retired,
        seen=seen,
        unseen=unseen,
        then=then,
        rescored=rescored,
        regauged=regauged,
        figures=figures,
    )


def total(amounts: np.ndarray) -> float:
    """Add up amounts exactly (`math.fsum`), so that their order does not matter."""
    return math.fsum(amounts.tolist())


def _factor(of: Balance) -> np.ndarray:
    """Return the amount owed by each item per unit of principal."""
    return np.asarray(of.amount / of.principal)


def on_one_grid(figures: Mapping[str, float]) -> dict[str, float]:
    """Round sums to a grid so fine that only the last digit changes, and compute `accrued`.

    On a grid every sum of a few figures is a floating-point number, so the account is exact in any
    order of addition. `accrued` balances it: the interest on kept items, which is the principal at
    the start times the difference of the factors at end and start.

    >>> figures = dict(opening=0.1, new=0.2, retired=0.1, rescored=0.1, closing=1.0)
    >>> done = on_one_grid(figures)
    >>> done["opening"] + done["new"] - done["retired"] + done["accrued"] + done["rescored"]
    1.0
    """
    most = max(map(abs, figures.values()))
    if most == 0:
        return dict.fromkeys((*figures, "accrued"), 0.0)
    grid = math.ldexp(1.0, max(math.frexp(most)[1] + 3 - 53, -1000))  # room for eight of them
    done = {name: round(value / grid) * grid for name, value in figures.items()}
    done["accrued"] = (
        done["closing"] - done["opening"] - done["new"] + done["retired"] - done["rescored"]
    )
    return done


# -- real changes, and changes of coverage ------------------------------------------------------


def _like(start: Balance, end: Balance, renamed: RenamedIds) -> tuple[Balance, Balance] | None:
    """Return both balances restricted to what the sources of both declare; None if that is equal.

    Both use the merged ids of the end, because a merge changes only what is known.
    """
    shared = common_ground(renamed.graph, end.posture.graph, not renamed.same)
    if shared is None:
        return None
    return _restated(start, shared[0]), _restated(end, shared[1])


def _restated(of: Balance, facts: Facts) -> Balance:
    graph = AccessGraph.of(facts, of.posture.graph.as_of)
    return balance(assess(graph), of.debt.model)


def _by_coverage(
    start: Balance,
    end: Balance,
    places: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    like: tuple[Balance, Balance] | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return masks of the new, retired and kept items that differ only because coverage changed.

    An item is truly new if it is also new between the two restricted balances `like`.
    """
    new, retired, then, now = places
    if like is None:
        return tuple(np.zeros(len(p), bool) for p in (new, retired, then))  # type: ignore[return-value]
    old, fresh = like
    key, gone, kept = end.owed[new], start.owed[retired], start.owed[then]
    seen = ~present(key, fresh.owed) | present(key, old.owed)
    unseen = ~present(gone, old.owed) | present(gone, fresh.owed)
    before, after = place_of(kept, old.owed), place_of(kept, fresh.owed)
    both = (before >= 0) & (after >= 0)
    same = np.zeros(len(kept), bool)
    same[both] = np.isclose(
        fresh.principal[after[both]] - old.principal[before[both]],
        end.principal[now[both]] - start.principal[then[both]],
        atol=1e-12,
    )
    return seen, unseen, ~same
