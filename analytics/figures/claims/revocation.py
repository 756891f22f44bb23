"""Revocation: nothing that was to end is still alive."""

import numpy as np
import pandas as pd

from analytics.assumptions.families.credentials import credential_pairs
from analytics.coverage import stated_by
from analytics.figures.claim import Claim, Judged, counted, facts_of
from analytics.findings.rule import plural
from analytics.posture import Posture
from analytics.residue import expired, residue
from graph.instants import LATER, NEVER, milliseconds
from graph.schema import CREDENTIAL


def judge(posture: Posture) -> Judged:
    """Count access, credentials and identities past their end, and what ended identities left.

    A credential that leaked was to end, too. Where no source could have stated credentials, some
    may be alive that nobody knows.
    """
    identities = posture.accountable
    access, keys = counted(posture, "outlived"), _keys(posture)
    left = pd.concat([_left(posture), _past_its_term(posture)], ignore_index=True)
    late, past, all_keys, rest = (
        np.bincount(rows["place"], minlength=len(identities))
        for rows in (keys[keys["failing"]], keys[keys["past"]], keys, left)
    )
    unlisted = ~stated_by(posture.graph, "credentials")[identities]
    unlisted &= ~np.isin(np.arange(len(identities)), keys["place"])
    because = np.array(
        [
            f"{failing} of {plural(of, 'entitlement')} and {expired} of "
            f"{plural(count, 'credential')} are alive past their end"
            + (f"; alive though leaked: {plural(leaked, 'credential')}" if leaked else "")
            + (f"; {plural(more, 'fact')} outlived it" if more else "")
            + ("; its credentials are not known" if unknown else "")
            + ("; not all of its access is known." if hidden else ".")
            for of, failing, count, expired, leaked, more, unknown, hidden in zip(
                access.of.tolist(),
                access.failing.tolist(),
                all_keys.tolist(),
                past.tolist(),
                (late - past).tolist(),
                rest.tolist(),
                unlisted.tolist(),
                access.unknown.tolist(),
                strict=True,
            )
        ],
        object,
    )
    return Judged(
        access.kept + all_keys - late,
        access.failing + late + rest,
        access.unknown + unlisted,
        because,
        pd.concat([keys.drop(columns="past"), left, access.facts], ignore_index=True),
    )


def _keys(posture: Posture) -> pd.DataFrame:
    """Return the live credentials of each identity; those `past` their end, or leaked, fail."""
    frame, pairs = posture.graph.frames[CREDENTIAL], credential_pairs(posture)
    expires = milliseconds(frame["expires_at"])
    past = ((expires != NEVER) & (expires <= posture.graph.now))[pairs.row]
    leaked = (frame["status"] == "leaked").fillna(False).to_numpy(bool)[pairs.row]
    ids = frame["id"].to_numpy(object)[pairs.row]
    return facts_of(pairs.place, ids, past | leaked).assign(past=past)


def _left(posture: Posture) -> pd.DataFrame:
    """Return what is left of identities that ended."""
    rows = residue(posture)
    rows = rows[rows["identity"].isin(posture.accountable)].drop_duplicates(["identity", "fact"])
    place = np.searchsorted(posture.accountable, rows["identity"].to_numpy(np.int64))
    return facts_of(place, rows["fact"].to_numpy(object), True)


def _past_its_term(posture: Posture) -> pd.DataFrame:
    """Return the identities in service after their own end."""
    identities = posture.accountable
    late = (expired(posture) != LATER) & posture.in_service
    place = np.flatnonzero(late[identities])
    ids = posture.graph.things["id"].to_numpy(object)[identities[place]]
    return facts_of(place, ids, True)


CLAIM = Claim(
    name="revocation",
    order=6,
    says="Nothing of it that was to end is still alive.",
    needs=("grants", "credentials"),
    otherwise="A read of all of its access and credentials.",
    remedy="End what is past its end, and what leaked.",
    judge=judge,
)
