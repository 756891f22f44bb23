"""Credential hubs: the dependents of each credential, and the order of rotation."""

from typing import Any

import numpy as np

from analytics.answers.shape import cut
from analytics.posture import UNUSED_DAYS, Posture
from analytics.remediation.credential_hubs import Hubs, credential_hubs
from graph.frames import records
from graph.once import once
from graph.schema import CREDENTIAL

SHOWN = 100  # dependents of one credential that are listed


def hubs(posture: Posture, limit: int = 0, order: str = "hubs") -> dict[str, Any]:
    """List the credentials with most dependents; with `order` "rotation", in order of rotation.

    `reach` is the reach of anybody who has the credential. `articulation`: without it, identities
    that are connected by credentials fall into several `pieces`. `rotation` is the rank in the
    order that breaks least, from 1: fewest dependents `in_use` within `in_use_days`, then fewest
    `unknown`, then the widest reach. The first `SHOWN` of `dependents` are listed.
    """
    all_hubs = credential_hubs(posture)
    many = _sizes(all_hubs)
    worst = np.lexsort((all_hubs.credentials, -all_hubs.reach.weighted, -many, -all_hubs.pieces))
    ranked = np.argsort(all_hubs.rotation) if order == "rotation" else worst
    shown, left_out = cut(ranked, limit)
    return {
        "hubs": [_row(posture, all_hubs, int(place), int(many[place])) for place in shown],
        "shared": int(np.count_nonzero(many > 1)),
        "articulations": int(np.count_nonzero(all_hubs.pieces > 1)),
        "in_use_days": UNUSED_DAYS,
        "left_out": left_out,
    }


def _sizes(all_hubs: Hubs) -> np.ndarray:
    place = np.searchsorted(all_hubs.credentials, all_hubs.dependents["credential"].to_numpy())
    return np.bincount(place, minlength=len(all_hubs.credentials))


def _row(posture: Posture, all_hubs: Hubs, place: int, many: int) -> dict[str, Any]:
    graph, credential = posture.graph, int(all_hubs.credentials[place])
    rows = all_hubs.dependents
    dependents = rows.iloc[
        slice(*np.searchsorted(rows["credential"], [credential, credential + 1]))
    ]
    thing: dict[str, Any] = {**graph.thing(credential)}
    return thing | {
        "type": _types(posture).get(credential),
        "dependents": [
            graph.thing(int(row.identity)) | {"use": row.use, "how": row.how}
            for row in records(dependents.head(SHOWN))
        ],
        "count": many,
        "in_use": int(all_hubs.in_use[place]),
        "unknown": int(all_hubs.unknown[place]),
        "reach": {
            "resources": int(all_hubs.reach.resources[place]),
            "weighted": float(all_hubs.reach.weighted[place]),
        },
        "blueprint": bool(all_hubs.blueprint[place]),
        "articulation": bool(all_hubs.pieces[place] > 1),
        "pieces": int(all_hubs.pieces[place]),
        "rotation": int(all_hubs.rotation[place]),
    }


@once
def _types(posture: Posture) -> dict[int, str]:
    """Return the type of each credential that has one."""
    keys = posture.graph.frames[CREDENTIAL]
    keys = keys[keys["type"].notna()]
    return dict(zip(posture.graph.numbers(keys["id"]).tolist(), keys["type"], strict=True))
