"""What is done together, and the order of changes: against a plain way, on drawn rows."""

from collections import defaultdict
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analytics.remediation.closing.asking import _order
from analytics.remediation.closing.grouped import BY, _apart
from analytics.remediation.closing.wanted import _frame

Key = tuple[object, ...]


def drawn(seed: int) -> pd.DataFrame:
    """Draw up to twelve wanted actions, few of each kind, so that many are alike."""
    draw = np.random.default_rng(seed)
    count = seed % 13
    finding, kind, holder = (draw.integers(*r, count) for r in ((0, 3), (0, 2), (-1, 2)))
    action = np.array(["narrow_grant", "remove_grant"], object)[draw.integers(0, 2, count)]
    ids = np.array(["a", "b", "c", "d"], object)[draw.integers(0, 4, count)]
    rows = _frame(finding, action, kind, ids, True, False, holder)
    rows["alone"] = draw.random(count) < 0.5
    return rows.drop_duplicates([*BY, "id"]).sort_values([*BY, "id"], ignore_index=True)


def together(rows: pd.DataFrame) -> set[frozenset[Key]]:
    """Say in a plain way which of the rows are done together."""
    asked, of_holder, alike = defaultdict(set), defaultdict(set), defaultdict(set)
    for row in rows.itertuples():
        asked[row.finding, row.action, row.kind].add(row.id)
    lone = {(*key[1:], *ids) for key, ids in asked.items() if len(ids) == 1}
    keys: list[tuple[Key, Key, bool]] = []
    for row in rows.itertuples():
        by = row.finding, row.action, row.kind
        apart = len(asked[by]) > 1 and row.alone and (*by[1:], row.id) in lone
        keys.append((by, (row.id,), apart))
        of_holder[by, apart, row.holder].add(row.id)
    for (by, apart, holder), ids in of_holder.items():
        alike[by[1:], apart, holder, frozenset(ids)].add(by[0])
    bundles = defaultdict(set)
    for (by, (id_,), apart), holder in zip(keys, rows["holder"].tolist(), strict=True):
        same = alike[by[1:], apart, holder, frozenset(of_holder[by, apart, holder])]
        shared = holder >= 0 and len(same) > 1
        part = (0, id_) if apart else (1, holder) if shared else (2,)
        bundles[by, part].add((*by, id_))
    return {frozenset(each) for each in bundles.values()}


@pytest.mark.parametrize("begin", range(0, 156, 39))
def test_what_is_done_together(begin):
    for seed in range(begin, begin + 39):
        rows = drawn(seed)
        made, bundles = _apart(rows), defaultdict(set)
        for row in made.itertuples():
            bundles[row.bundle].add((row.finding, row.action, row.kind, row.id))
        assert {frozenset(each) for each in bundles.values()} == together(rows), seed
        assert made["bundle"].is_monotonic_increasing  # each is in one piece
        assert list(made[BY].itertuples(index=False)) == list(rows[BY].itertuples(index=False))


def test_changes_are_in_order_of_their_worst_finding_then_of_how_many_then_of_their_id():
    changes = [SimpleNamespace(id=name) for name in ("S-e", "S-d", "S-c", "S-b", "S-a")]
    asked = [(0, 2), (0, 3), (1, 1), (1, 2), (1, 2), (2, 1), (2, 3), (4, 2), (4, 2)]
    rows = pd.DataFrame(asked, columns=["change", "rank"])
    assert _order(changes, rows).tolist() == [1, 2, 4, 0]
    assert _order(changes, rows[:0]).tolist() == []
