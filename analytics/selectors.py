"""Selectors: text by which a command or a page selects nodes."""

from collections.abc import Sequence

import numpy as np

from analytics.environments import environments, one_name
from analytics.posture import Posture
from analytics.weights import SENSITIVITY
from graph.access import flags
from graph.schema import AGENT, FACT_NODES, RESOURCE

ALL_AGENTS, CROWN_JEWELS, ALL_IDENTITIES = "all-agents", "crown-jewels", "all-identities"
LABEL, ENV = "label:", "env:"


class WrongSelector(Exception):
    """A selector that names no existing label or environment."""

    exit_code, code = 2, "usage"


def select(posture: Posture, sels: Sequence[str]) -> np.ndarray:
    """Return the numbers of the nodes that match any of `sels`, in order.

    A selector is `all-agents`, `all-identities` (the accountable ones), `crown-jewels`,
    `label:Role`, `env:prod`, or one node by its id or unique name. A deleted node, known from a log
    only, is selected by its id or name only.

    Raises
    ------
    WrongSelector, UnknownThing, AmbiguousThing
    """
    chosen = np.zeros(len(posture.graph.ids), bool)
    for selector in sels:
        chosen |= _selected(posture, selector)
    return np.flatnonzero(chosen)


def usual_starts(posture: Posture) -> str:
    """Return whose access is meant where nobody says: of agents, or of all without any agent."""
    return ALL_AGENTS if _selected(posture, ALL_AGENTS).any() else ALL_IDENTITIES


def _selected(posture: Posture, selector: str) -> np.ndarray:
    if selector == ALL_AGENTS:
        return np.asarray(posture.graph.has_label(AGENT) & ~posture.deleted)
    if selector == ALL_IDENTITIES:
        chosen = np.zeros(len(posture.graph.ids), bool)
        chosen[posture.accountable] = True
        return chosen
    if selector == CROWN_JEWELS:
        return crown_jewels(posture)
    if selector.startswith(LABEL):
        return np.asarray(_labelled(posture, selector.removeprefix(LABEL)) & ~posture.deleted)
    if selector.startswith(ENV):
        return np.asarray(_in_environment(posture, selector.removeprefix(ENV)) & ~posture.deleted)
    mask = np.zeros(len(posture.graph.ids), bool)
    mask[posture.graph.find(selector)] = True
    return mask


def crown_jewels(posture: Posture) -> np.ndarray:
    """Return a mask of the restricted resources and control planes.

    A resource of unknown sensitivity is one only if it is a control plane.
    """
    jewels = posture.sensitivities["weight"].to_numpy() >= SENSITIVITY["restricted"]
    frame = posture.graph.frames[RESOURCE]
    jewels[posture.graph.numbers(frame["id"][flags(frame["control_plane"])])] = True
    return np.asarray(jewels)


def _labelled(posture: Posture, name: str) -> np.ndarray:
    for label in FACT_NODES:
        if label.name.casefold() == name.casefold():
            return posture.graph.has_label(label)
    known = ", ".join(label.name for label in FACT_NODES)
    raise WrongSelector(f"no label is called {name!r}; it is one of {known}")


def _in_environment(posture: Posture, name: str) -> np.ndarray:
    env, wanted = environments(posture.graph), one_name(name)
    mask: np.ndarray = env == wanted
    if not wanted or not mask.any():
        known = set(env) - {""}
        near = f"; known: {', '.join(sorted(known))}" if known else ""
        raise WrongSelector(f"nothing is in the environment {name!r}{near}")
    return mask
