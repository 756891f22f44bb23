"""States of credentials for each assumption about them: kept, broken or unknown.

Both the rules and the trust debt judge by these. A state is a float64: `KEPT`, `BROKEN`, or NaN
where no source declares it. `rows` are pairs of identity and credential, as
`analytics.assumptions.live_credentials.holdings` lists them.
"""

import numpy as np
import pandas as pd

from analytics.assumptions.sharing import shared
from analytics.posture import Posture
from analytics.tags import BREAK_GLASS, tagged
from graph.instants import DAY, NEVER
from graph.schema import AGENT

KEPT, BROKEN, UNKNOWN = 0.0, 1.0, np.nan
COPIED = ("access_key", "client_secret", "pat", "oauth_refresh", "api_key", "password", "token")


def storage(rows: pd.DataFrame) -> np.ndarray:
    """Return the state of the storage of each secret: outside a secret manager it is broken."""
    declared = rows["storage"].fillna("unknown").to_numpy(object)
    state = np.select([declared == "vault", declared == "unknown"], [KEPT, UNKNOWN], BROKEN)
    return np.where(rows["secret"], state, KEPT)


def age(rows: pd.DataFrame, now: int, days: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the state of the age of each secret, and since when it is broken (milliseconds).

    A secret is broken that is valid for more than `days` and was not changed for as long; unknown
    if neither its creation nor a rotation is dated.
    """
    limit = int(days * DAY)
    last = rows[["created", "rotated"]].max(axis=1).to_numpy(np.int64)
    expires, known = rows["expires"].to_numpy(np.int64), last != NEVER
    last = np.where(known, last, 0)
    old = ((expires == NEVER) | (expires - last > limit)) & (now - last > limit)
    state = np.where(known, np.where(old, BROKEN, KEPT), UNKNOWN)
    return np.where(rows["secret"], state, KEPT), np.where(known, last + limit, NEVER)


def strength(posture: Posture, rows: pd.DataFrame) -> np.ndarray:
    """Return the state of the authentication strength of each secret.

    An agent reads untrusted text, so a copyable secret of an agent must be bound to its client (RFC
    9449, RFC 8705) where no strength is declared. Any other secret is judged by its strength alone.
    """
    declared = rows["strength"].fillna("").to_numpy(object)
    bound = rows["bound"].astype("boolean")
    by_agent = posture.graph.has_label(AGENT)[rows["identity"].to_numpy(np.int64)]
    silent = (declared == "") & by_agent & rows["type"].isin(COPIED).to_numpy(bool)
    loose = silent & (~bound).fillna(False).to_numpy(bool)
    tied = silent & bound.fillna(False).to_numpy(bool)
    state = np.select(
        [declared == "strong", declared == "weak", loose, tied],
        [KEPT, BROKEN, BROKEN, KEPT],
        UNKNOWN,
    )
    return np.where(rows["secret"], state, KEPT)


def sharing(posture: Posture, rows: pd.DataFrame) -> np.ndarray:
    """Return the state of sharing: broken where agents or environments share a credential."""
    return np.where(shared(posture)[rows["number"].to_numpy(np.int64)], BROKEN, KEPT)


def human_use(posture: Posture, rows: pd.DataFrame) -> np.ndarray:
    """Return the state of human use: broken where people used a credential, except break-glass."""
    human = rows["human"].to_numpy(np.int64)
    seen = (human != NEVER) & (human <= posture.graph.now)
    glass = tagged(posture, BREAK_GLASS)[rows["identity"].to_numpy(np.int64)]
    return np.where(seen & ~glass, BROKEN, KEPT)
