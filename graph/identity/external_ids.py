"""Ids of nodes in other systems: their kinds, the strength of each kind, and the claims on them.

Nodes that share an id of a strong kind are the same. An id of a weak kind is shared by different
nodes too, so it counts only in the combinations of `TOGETHER`. An id of a kind that is not among
`KINDS` is kept and shown, but never merges nodes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from graph.facts import Facts
from graph.schema import FACT_NODES
from graph.values import strict_json, text_array


@dataclass(frozen=True, slots=True)
class Kind:
    """The matching rules for ids of one kind.

    A `strong` id denotes one node. A node has at most one id of a `single` kind. Ids of a `folded`
    kind are compared without letter case.
    """

    strong: bool
    single: bool
    folded: bool


KINDS: Mapping[str, Kind] = {
    "arn": Kind(strong=True, single=True, folded=False),
    "aws_id": Kind(strong=True, single=True, folded=False),  # AIDA..., AROA..., AKIA...
    "entra_object": Kind(strong=True, single=True, folded=True),
    "entra_app": Kind(strong=True, single=True, folded=True),
    "gcp": Kind(strong=True, single=True, folded=True),  # e-mail of a service account
    "kubernetes": Kind(strong=True, single=True, folded=False),  # cluster/namespace/name
    "spiffe": Kind(strong=True, single=True, folded=False),
    "oidc": Kind(strong=True, single=False, folded=False),  # issuer|subject
    "host": Kind(strong=True, single=False, folded=True),
    "github": Kind(strong=True, single=False, folded=True),  # owner/name or a login
    "employee": Kind(strong=False, single=True, folded=True),
    "email": Kind(strong=False, single=False, folded=True),
    "name": Kind(strong=False, single=False, folded=True),
}
OWN = {"arn:": "arn", "spiffe://": "spiffe"}  # prefixes of ids that show their kind
TOGETHER = (("email", "name"), ("email", "employee"), ("email", "manager"), ("name", "employee"))
CLAIMS = ("label", "id", "source", "scope", "kind", "value")


def claims(facts: Facts) -> pd.DataFrame:
    """Return the external ids that node rows claim, as columns `CLAIMS`, one row per claim.

    `label` is the position in `FACT_NODES` of the label whose frame has the row, `value` the id in
    the form in which ids of its kind are compared. Kinds that are not in `KINDS` are left out.
    """
    frames = [(facts.frames[label], n) for n, label in enumerate(FACT_NODES)]
    parts = [_claims(rows, n) for rows, n in frames if rows["external_ids"].notna().any()]
    return pd.concat([nothing(), *[p for p in parts if len(p)]], ignore_index=True)


def nothing() -> pd.DataFrame:
    """Return an empty frame of claims."""
    columns: dict[str, pd.Series] = {name: pd.Series([], dtype="string") for name in CLAIMS}
    columns["label"] = pd.Series([], dtype="int64")
    return pd.DataFrame(columns)


def _claims(frame: pd.DataFrame, label: int) -> pd.DataFrame:
    claiming = frame[frame["external_ids"].notna().to_numpy(bool)]
    rows = claiming[["id", "source", "scope"]].assign(
        label=label, text=[strict_json(value) for value in claiming["external_ids"]]
    )
    rows = rows.explode("text", ignore_index=True)
    parted = rows["text"].astype("string").str.partition(":")
    rows = rows.assign(kind=parted[0], value=parted[2])
    rows = rows[rows["kind"].isin(list(KINDS)) & (parted[2].str.strip() != "")]
    return compared(rows)[list(CLAIMS)]


def compared(rows: pd.DataFrame) -> pd.DataFrame:
    """Normalize each `value` to the form in which ids of its `kind` are compared."""
    values = rows["value"].astype("string").reset_index(drop=True)
    kinds = rows["kind"].reset_index(drop=True)
    folding = kinds.isin([name for name, kind in KINDS.items() if kind.folded])
    values = values.where(~folding, folded(values))
    return rows.reset_index(drop=True).assign(value=values.str.strip())


def folded(values: pd.Series) -> pd.Series:
    """Return texts without differences of letter case, Unicode width and spaces.

    >>> folded(pd.Series([" Ann  SMITH "], dtype="string")).tolist()
    ['ann smith']
    """
    plain = pc.utf8_lower(pc.utf8_normalize(text_array(values), form="NFKC"))
    spaced = pc.replace_substring_regex(pc.utf8_trim_whitespace(plain), r"\s+", " ")
    return pd.Series(spaced.to_numpy(zero_copy_only=False), index=values.index, dtype="string")


def own_claims(facts: Facts, strong: pd.DataFrame) -> pd.DataFrame:
    """Return a claim for each node whose own id another node of its label claims as external id."""
    parts = [nothing()]
    for label, wanted in strong.groupby("label"):
        frame = facts.frames[FACT_NODES[int(str(label))]]
        wanted = wanted[["kind", "value"]].drop_duplicates()
        folding = wanted["kind"].map({name: kind.folded for name, kind in KINDS.items()})
        ids = frame[["id", "source", "scope"]]
        for fold in (False, True):
            some = wanted[folding == fold]
            if len(some):
                value = folded(ids["id"]) if fold else ids["id"]
                rows = ids.assign(label=label, value=value)
                rows = rows[pc.is_in(text_array(rows["value"]), pa.array(some["value"])).to_numpy(
                    zero_copy_only=False
                )]  # fmt: skip
                parts.append(rows.merge(some, on="value")[list(CLAIMS)])
    return pd.concat(parts, ignore_index=True)


def formed(ids: pd.DataFrame) -> pd.DataFrame:
    """Return a claim for each row of `ids` (label, id, source, scope) whose id shows its kind."""
    parts = [nothing()]
    for start, kind in OWN.items():
        rows = ids[ids["id"].str.startswith(start)]
        parts.append(rows.assign(kind=kind, value=rows["id"])[list(CLAIMS)])
    return pd.concat(parts, ignore_index=True)
