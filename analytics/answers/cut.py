"""The minimum cut: the fewest removals that separate starts from targets, with the proof."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.answers.choke_points import not_known, nothing_known
from analytics.answers.shape import ENDS, item_columns
from analytics.answers.table import Kind, Table
from analytics.answers.what_if import uses
from analytics.kept.answers import kept
from analytics.posture import UNUSED_DAYS, Posture
from analytics.remediation.cut import Cut, smallest_cut
from analytics.remediation.removal.before_and_after import changed
from analytics.remediation.removal.ended_uses import ended
from analytics.remediation.removal.removable import KEY, observed, removals_of
from graph.schema import AUTHENTICATES_AS

COST = 1


@dataclass(frozen=True)
class SmallestCut:
    """The fewest removals that separate starts from targets; see `cut`.

    `separable` and all figures are None where no start, or no target, is known.
    `edges` and `protected` have `from` and `to` (nodes), `relationship`, `rules` and `credential`
    (a node), which goes as a whole where it is not null; `edges` has `cost`, `moves` and `observed`
    (whether a use would have been seen) as well.
    `breaks` has the columns of `analytics.answers.what_if.uses`.
    """

    separable: bool | None
    exact: bool | None
    cost: int | None
    max_flow: int | None
    certificate: str
    not_known: int
    edges: Table
    protected: Table
    breaks: Table


@kept
def cut(
    posture: Posture, starts: np.ndarray, targets: np.ndarray, mode: str = "standing"
) -> SmallestCut:
    """Find the fewest removals that separate `starts` from `targets`.

    Recently used access and break-glass access are protected. `max_flow` is a lower bound of the
    cost of any cut; if it equals `cost`, the cut is `exact`. If protected access alone joins a
    start to a target, nothing is cut: `cost` and `max_flow` are None, and `protected` holds all
    items on such paths. `not_known` counts the starts whose reach is unknown: no cut is known to
    separate them. An edge that `moves` is the last login to an account: what-if shows that the
    access stays with the account. It is chosen only if no cut of as few edges was found without it.
    A credential is cut as a whole; its row names the first account that it opens. `breaks` are the
    recent uses that would fail, as what-if finds them for the same removals.
    """
    smallest = smallest_cut(posture, starts, targets, mode)
    dark = not_known(posture, starts, mode)
    cost = COST * len(smallest.chosen)
    gone = removals_of(posture, smallest.items, smallest.chosen)
    fails = ended(posture, changed(posture, gone), gone)
    nothing = nothing_known(len(starts), len(targets))
    separable = None if nothing else smallest.separable
    return SmallestCut(
        separable=separable,
        exact=smallest.exact if separable else None,
        cost=cost if separable else None,
        max_flow=COST * smallest.bound if separable else None,
        certificate=nothing or certificate(smallest) + _dark_words(dark, len(starts)),
        not_known=dark,
        edges=items_table(posture, smallest, smallest.chosen, is_cut=True),
        protected=items_table(posture, smallest, smallest.kept),
        breaks=uses(posture, fails),
    )


def _dark_words(count: int, of: int) -> str:
    return f" What {count} of {of} starts reach is not known." if count else ""


def items_table(posture: Posture, smallest: Cut, items: np.ndarray, is_cut: bool = False) -> Table:
    """Describe items by type, source and target; numbers of nodes are in the order of their ids."""
    rows = pd.DataFrame(item_columns(smallest.items, items))
    as_credential = smallest.items.relationship[items] == KEY
    rows["credential"] = np.where(as_credential, rows["from"], -1)
    rows["to"] = np.where(as_credential, _opened(posture)[rows["from"]], rows["to"])
    if is_cut:
        rows = rows.assign(
            cost=COST,
            moves=np.isin(items, smallest.moving),
            observed=observed(posture, smallest.items, items),
        )
    rows = rows.sort_values(["relationship", "from", "to"], kind="stable", ignore_index=True)
    return Table(rows, posture.graph.things, ENDS | {"credential": Kind.NODE})


def _opened(posture: Posture) -> np.ndarray:
    """Return the first account that each credential opens (a node); -1 for all other nodes."""
    first = np.full(len(posture.graph.ids), -1, np.int64)
    opener, opened = posture.graph.ends(AUTHENTICATES_AS)
    order = np.argsort(-opened, kind="stable")
    first[opener[order]] = opened[order]
    return first


def certificate(smallest: Cut) -> str:
    """Return a sentence on what the figures of a cut prove."""
    count = len(smallest.chosen)
    if not smallest.separable and not len(smallest.kept):
        return (
            "Cannot be separated: some path rests on nothing that can be removed, such as an "
            "agent that is made from a blueprint."
        )
    if not smallest.separable:
        return (
            "Cannot be separated without touching access that was used within "
            f"{UNUSED_DAYS} days or is tagged breakglass."
        )
    if not count:
        return "Nothing to cut: there is no path in what is known."
    if smallest.exact:
        last = len(smallest.moving)
        logins = f" {last} of its steps only move access: they are last logins." if last else ""
        return f"Proven: fewer than {count} is impossible.{logins}"
    if smallest.items.capped:
        return (
            f"The cheapest cut costs at least {smallest.bound}. A derived step has more "
            "alternatives than are listed, so ask what-if whether this cut is enough."
        )
    return f"The cheapest cut costs at least {smallest.bound}; this one costs {count}."
