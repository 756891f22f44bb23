"""One row for each thing that tables describe, and its name."""

import pandas as pd

from graph.element import Node
from graph.frames import FILE, PLACE
from graph.schema import HUMAN, REVIEW
from graph.values import canonical, strict_json
from ingest.sources.csv.cells import ACCOUNT, MAIL


def one_row_each(label: Node, parts: list[pd.DataFrame]) -> tuple[pd.DataFrame, int]:
    """Return one row for each thing, and how many things have several values of a fact.

    Of several values the first counts, except for reviews: two contents of one are rejected later.
    """
    rows = pd.concat([p.astype({FILE: "string"}) for p in parts], ignore_index=True)
    groups = rows.groupby("id", sort=False)
    facts = [c for c in rows.columns if c not in ("id", FILE, PLACE)]
    if label is REVIEW:
        return rows.drop_duplicates(["id", *facts]), 0
    twice = int((groups[facts].nunique().gt(1)).any(axis=1).sum()) if facts else 0
    return groups.first().reset_index(), twice


def named(label: Node, nodes: pd.DataFrame, scope: str) -> pd.DataFrame:
    """Set the names of things as in the list; a second name becomes an id for look-up.

    An e-mail is no name of a person: the same value as name and e-mail could merge strangers.
    """
    none = pd.Series(pd.NA, nodes.index, dtype="string")
    start = f"csv:{scope}/{label.name.casefold()}/"
    native = nodes["id"].where(nodes["id"].str.startswith(start)).str.removeprefix(start)
    if label is HUMAN:
        native = native.mask(native.str.fullmatch(MAIL.pattern))
    name = nodes.get("name", none).fillna(native)
    nodes = nodes.assign(name=name)
    other = native.notna() & (native != name).fillna(False)
    if not other.any():
        return nodes
    external_ids = nodes.get("external_ids", none)
    both = [
        canonical(sorted([*(strict_json(had) if pd.notna(had) else []), f"{ACCOUNT}:{account}"]))
        for had, account in zip(external_ids[other], native[other], strict=True)
    ]
    known = pd.Series(both, external_ids.index[other], dtype="string")
    return nodes.assign(
        external_ids=known.reindex(external_ids.index).fillna(external_ids.astype("string"))
    )
