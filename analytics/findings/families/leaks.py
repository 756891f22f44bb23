"""Live leaked credentials, their holders, and what they open."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.assumptions.live_credentials import live_credentials
from analytics.assumptions.sharing import opened as opened_by_keys
from analytics.findings.rule import joined, plural
from analytics.gathered import gathered
from analytics.posture import Posture
from analytics.reach.closure import totals
from graph.once import once
from graph.schema import AUTHENTICATES_AS, CREDENTIAL

NAMED = 3


@dataclass(frozen=True)
class Opened:
    """The access that a credential gives to anybody who has it.

    `identities` are the names of what it authenticates as. `resources` counts what it reaches,
    `heaviest` is the weight of the heaviest level on one of them. `known`: its reach is known.
    """

    identities: tuple[str, ...]
    resources: int
    heaviest: float
    known: bool

    def sentence(self) -> str:
        """Return the text of what it opens, without a full stop."""
        shown = self.identities[:NAMED]
        more = len(self.identities) - len(shown)
        named = joined([*shown, f"{more} more"] if more else list(shown))
        reached = f"reaches {plural(self.resources, 'resource')}"
        if not self.known:
            reached = "what that reaches is not known"
        if not named:
            return f"whoever has it {reached}" if self.known else reached
        return f"whoever has it authenticates as {named} and {reached}"


@once
def leaked(posture: Posture) -> np.ndarray:
    """Return a mask of the nodes that are live leaked credentials."""
    graph, mask = posture.graph, np.zeros(len(posture.graph.ids), bool)
    frame = graph.frames[CREDENTIAL]
    is_leaked = (frame["status"] == "leaked").fillna(False).to_numpy(bool)
    mask[graph.numbers(frame["id"][is_leaked])] = True
    return np.asarray(mask & graph.live)


def leaks(posture: Posture) -> pd.DataFrame:
    """Return the leaked credentials with each judged identity that holds them.

    Returns
    -------
    DataFrame
        `identity` and `number` (of the credential; the same if no judged identity holds it),
        `facts` (ids of the relationships between them).
    """
    which = leaked(posture)
    rows = live_credentials(posture)[["identity", "number", "facts"]]
    rows = rows[which[rows["number"].to_numpy(np.int64)]]
    alone = np.setdiff1d(np.flatnonzero(which), rows["number"])
    facts = _ties(posture).reindex(alone)
    rest = pd.DataFrame(
        {"identity": alone, "number": alone, "facts": [f if f == f else () for f in facts]}
    )
    return pd.DataFrame(pd.concat([rows, rest] if len(rest) else [rows], ignore_index=True))


def _ties(posture: Posture) -> pd.Series:
    """Return for each credential the ids of the relationships that it authenticates by."""
    graph = posture.graph
    key, kept = graph.ends(AUTHENTICATES_AS)[0], graph.in_force(AUTHENTICATES_AS)
    fact = graph.frames[AUTHENTICATES_AS]["id"].to_numpy(object)
    return gathered(pd.DataFrame({"key": key[kept], "fact": fact[kept]}), ["key"], "fact")


def opened(posture: Posture, keys: np.ndarray) -> dict[int, Opened]:
    """Return the access that each of `keys` (numbers of nodes) gives."""
    keys = np.unique(keys)
    reach, names = totals(posture.network(), keys), posture.graph.things["name"]
    key, target = opened_by_keys(posture)
    kept = np.isin(key, keys)
    rows = pd.DataFrame({"key": key[kept], "name": names.iloc[target[kept]].to_numpy(object)})
    taken = gathered(rows, ["key"], "name")
    return {
        number: Opened(
            taken.get(number, ()),
            int(reach.resources[place]),
            float(reach.most[place]),
            bool(posture.reach_known[number]),
        )
        for place, number in enumerate(keys.tolist())
    }
