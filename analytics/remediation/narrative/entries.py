"""Entries: how exposed each node is to somebody from outside, by the facts that are known."""

import numpy as np

from analytics.assumptions.credential_states import BROKEN, storage
from analytics.assumptions.families.third_party import unvetted
from analytics.assumptions.live_credentials import live_credentials
from analytics.findings.families.leaks import leaked
from analytics.findings.families.tools import UNTRUSTED, called_tools
from analytics.findings.families.trust import public_trusts
from analytics.posture import Posture
from graph.once import once

# The worst first: whoever is nearer to an outsider, with less to do.
EXPOSURES = {
    "public": "anybody may take it",
    "leaked": "it leaked, and still opens something",
    "untrusted_input": "it takes in what strangers write",
    "third_party": "a third party runs it, and nobody vetted that",
    "secret_outside_vault": "a secret of it is kept outside a secret manager",
}
NAMES = tuple(EXPOSURES)


@once
def exposures(posture: Posture) -> np.ndarray:
    """Return by which facts each node is exposed (uint8, a bit for each of `EXPOSURES`; cached)."""
    bits = np.zeros(len(posture.graph.ids), np.uint8)
    tools, keys = called_tools(posture), live_credentials(posture)
    by_name = {
        "public": public_trusts(posture)["subject"],
        "leaked": np.flatnonzero(leaked(posture)),  # whoever has it begins at the credential
        "untrusted_input": tools["agent"][tools[UNTRUSTED]],
        "third_party": np.flatnonzero(unvetted(posture.graph)),
        "secret_outside_vault": keys["identity"][storage(keys) == BROKEN],
    }
    for bit, name in enumerate(NAMES):
        bits[np.asarray(by_name[name], np.int64)] |= 1 << bit
    return bits


def rank(bits: np.ndarray) -> np.ndarray:
    """Return the position of the worst exposure of each set of them (int64).

    The worst is 0; a set without any ranks after all.

    >>> rank(np.array([0b00101, 0b10000, 0])).tolist()
    [0, 4, 5]
    """
    ranks = np.full(len(bits), len(NAMES), np.int64)
    for bit in reversed(range(len(NAMES))):
        ranks[bits >> bit & 1 == 1] = bit
    return ranks


def named(bits: int) -> list[str]:
    """Return the names of a set of exposures, the worst first.

    >>> named(0b00110)
    ['leaked', 'untrusted_input']
    """
    return [name for bit, name in enumerate(NAMES) if bits >> bit & 1]


def usual_entries(posture: Posture) -> np.ndarray:
    """Return where narratives begin (numbers).

    At every accountable identity, at what anybody may take, and at leaked credentials.
    """
    chosen = np.zeros(len(posture.graph.ids), bool)
    chosen[posture.accountable] = True
    chosen[public_trusts(posture)["subject"].to_numpy(np.int64)] = True
    return np.flatnonzero((chosen | leaked(posture)) & ~posture.deleted)
