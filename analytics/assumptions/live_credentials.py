"""Live credentials: which identities hold which credentials, and which are expired or idle."""

import numpy as np
import pandas as pd

from analytics.gathered import gathered
from analytics.posture import Posture
from analytics.residue import alive
from graph.element import Relationship
from graph.instants import DAY, NEVER, milliseconds
from graph.once import once
from graph.schema import AUTHENTICATES_AS, CREDENTIAL, CREDENTIAL_ENDED, RUNS_AS, USES

PAIR = ["identity", "number"]
SECRETLESS = ("federated", "workload")  # types that hold no secret
DORMANT_DAYS = 45  # CIS Controls 5.3: what is not used for 45 days is disabled


@once
def holdings(posture: Posture) -> pd.DataFrame:
    """Return the live credentials of each accountable identity (cached).

    Those it uses and those that authenticate as it; and those of an account that it runs as, if no
    accountable identity holds them directly.

    Returns
    -------
    DataFrame
        `identity` and `number` (of the credential), and the credential's properties; instants
        in milliseconds, none after the moment of the graph except `expires`, `NEVER` where unknown.
    """
    pairs = _ties(posture)[PAIR].drop_duplicates().sort_values(PAIR)
    return pd.DataFrame(pairs.merge(_credentials(posture), on="number"))


@once
def live_credentials(posture: Posture) -> pd.DataFrame:
    """Return those of `holdings` whose identity is judged (cached).

    With `facts`: the ids of the relationships by which the identity holds the credential.
    """
    pairs = holdings(posture)
    pairs = pairs[alive(posture)[pairs["identity"].to_numpy(np.int64)]].reset_index(drop=True)
    facts = gathered(_ties(posture), PAIR, "fact").rename("facts").reset_index()
    return pd.DataFrame(pairs.merge(facts, on=PAIR))


@once
def _ties(posture: Posture) -> pd.DataFrame:
    """Return the facts by which accountable identities hold credentials."""
    direct = pd.concat([_pairs(posture, USES), _pairs(posture, AUTHENTICATES_AS, turned=True)])
    direct = direct[direct["identity"].isin(posture.accountable)]
    rest = _left_lying(posture, direct["number"])
    rest = rest[rest["identity"].isin(posture.accountable)]
    return pd.concat([direct, rest], ignore_index=True)


def _pairs(posture: Posture, relationship: Relationship, turned: bool = False) -> pd.DataFrame:
    source, target = posture.graph.ends(relationship)
    kept = posture.graph.in_force(relationship)
    ends = (target, source) if turned else (source, target)
    fact = posture.graph.frames[relationship]["id"].to_numpy(object)
    return pd.DataFrame({"identity": ends[0][kept], "number": ends[1][kept], "fact": fact[kept]})


def _left_lying(posture: Posture, known: pd.Series) -> pd.DataFrame:
    """Return the keys of accounts that agents run as, except the `known` ones.

    A key of a deleted account opens nothing, whoever ran as that.
    """
    opens = _pairs(posture, AUTHENTICATES_AS, turned=True)
    opens = opens[~opens["number"].isin(known) & ~posture.deleted[opens["identity"]]]
    if opens.empty:
        return opens
    opens = opens.rename(columns={"identity": "account"})
    runs = _pairs(posture, RUNS_AS).rename(columns={"number": "account", "fact": "runs"})
    return runs.merge(opens, on="account")[["identity", "number", "fact"]]


def _credentials(posture: Posture) -> pd.DataFrame:
    graph, frame = posture.graph, posture.graph.frames[CREDENTIAL]
    ended = frame["status"].isin(CREDENTIAL_ENDED).to_numpy(bool)
    frame = frame[~ended & graph.existing[graph.numbers(frame["id"])]]
    keys = pd.MultiIndex.from_frame(frame[["source", "scope"]])
    observed = [c.key for c in graph.coverage if "usage" in c.declares]
    now = graph.now
    return pd.DataFrame(
        {
            "number": graph.numbers(frame["id"]),
            "name": frame["name"],
            "type": frame["type"],
            "secret": ~frame["type"].isin(SECRETLESS).to_numpy(bool),
            "storage": frame["storage"],
            "strength": frame["strength"],
            "bound": frame["sender_constrained"],
            "created": np.minimum(milliseconds(frame["created_at"]), now),
            "rotated": np.minimum(milliseconds(frame["rotated_at"]), now),
            "expires": milliseconds(frame["expires_at"]),
            "used": posture.activity.last_active[graph.numbers(frame["id"])],
            "human": milliseconds(frame["human_used_at"]),
            "observed": keys.isin(observed),
        }
    )


def alive_for_nothing(posture: Posture) -> pd.DataFrame:
    """Return the rows of `live_credentials` with masks of those `over` (expired), `idle`, `known`.

    A credential is idle if it was not used for more than `DORMANT_DAYS` days. One that was never
    used counts from its creation or rotation, if its use is observed.
    """
    rows, now = live_credentials(posture), posture.graph.now
    over = (rows["expires"] != NEVER) & (rows["expires"] <= now)
    made = rows[["created", "rotated"]].max(axis=1).where(rows["observed"], NEVER)
    last = rows["used"].where(rows["used"] != NEVER, made)
    known = last != NEVER
    idle = known & (now - last.where(known, 0) > DORMANT_DAYS * DAY)
    return rows.assign(over=over, idle=idle, known=over | known, last=last)


def later(instant: np.ndarray, days: int) -> np.ndarray:
    """Return the instants `days` days later; `NEVER` stays."""
    return np.where(instant == NEVER, NEVER, np.where(instant == NEVER, 0, instant) + days * DAY)
