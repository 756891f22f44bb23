"""Selections of credentials: by name, by where they are kept, by provider, or by whose they are."""

import difflib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.posture import Posture
from analytics.selectors import select
from graph.access import AmbiguousThing
from graph.element import Relationship
from graph.schema import (
    AUTHENTICATES_AS,
    CREDENTIAL,
    FACT_NODES,
    RESOURCE,
    RUNS_AS,
    STORED_IN,
    USES,
)

STORAGE, TYPE = "storage:", "type:"
(STORAGES,) = (c.choices for c in CREDENTIAL.columns if c.name == "storage")
NAMED = 10  # known names in a message


class WrongSelection(Exception):
    """A selection of credentials that selects none, or names something else; the text says why."""

    exit_code, code = 2, "usage"


@dataclass(frozen=True)
class Selection:
    """The words that select credentials; those of several kinds add up.

    `credentials` are ids or unique names. `stores` are resources (ids or unique names), types of
    resource (`type:` may stand before) or the words of `Credential.storage` (`storage:` may).
    `providers` are those of the identities that a credential authenticates as. `identities` are
    selectors of what has credentials (`analytics.selectors`).
    """

    credentials: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Return whether anything is asked for."""
        return bool(self.credentials or self.stores or self.providers or self.identities)


def selected(posture: Posture, selection: Selection) -> np.ndarray:
    """Return the numbers of the selected credentials, dead ones included, in order.

    Raises
    ------
    WrongSelection, WrongSelector, UnknownThing, AmbiguousThing
    """
    chosen = np.zeros(len(posture.graph.ids), bool)
    for name in selection.credentials:
        chosen[_named(posture, name)] = True
    for store in selection.stores:
        chosen |= _kept_in(posture, store)
    for provider in selection.providers:
        chosen |= _of_provider(posture, provider)
    if selection.identities:
        chosen |= _of_identities(posture, select(posture, selection.identities))
    if not chosen.any():
        raise WrongSelection("no credential is selected")
    return np.flatnonzero(chosen)


def _named(posture: Posture, name: str) -> int:
    """Return the credential of this id or name; something else of that name does not matter."""
    graph = posture.graph
    try:
        number = graph.find(name)
    except AmbiguousThing as error:
        numbers = [graph.number(id_) for id_ in error.candidates]
        credentials = [n for n in numbers if graph.has_label(CREDENTIAL)[n]]
        if len(credentials) != 1:
            raise
        return credentials[0]
    if not graph.has_label(CREDENTIAL)[number]:
        label = graph.thing(number)["label"]
        raise WrongSelection(f"{name} is no credential ({label}); --all {name} selects its own")
    return number


# -- by where they are kept --------------------------------------------------------------------


def _kept_in(posture: Posture, store: str) -> np.ndarray:
    """Return a mask of the credentials kept in a resource, a type of resource, or by a word."""
    if store.startswith(STORAGE):
        word = store.removeprefix(STORAGE)
        if word not in STORAGES:
            raise WrongSelection(f"no storage is called {word!r}; it is one of {_list(STORAGES)}")
        return _by_word(posture, word)
    if store.startswith(TYPE):
        return _in_stores(posture, _of_type(posture, store.removeprefix(TYPE)))
    resource = _exactly(posture, store)
    if resource is None and store in STORAGES:
        return _by_word(posture, store)
    if resource is None and _types(posture).eq(store).any():
        return _in_stores(posture, _of_type(posture, store))
    return _in_stores(posture, _resource(posture, store) if resource is None else resource)


def _exactly(posture: Posture, store: str) -> np.ndarray | None:
    """Return the mask of the one resource with exactly this id or name; None if none has it."""
    graph = posture.graph
    things = graph.things
    names = things["name"].str.casefold().eq(store.casefold()).fillna(False).to_numpy(bool)
    mask = (names | things["id"].eq(store).to_numpy(bool)) & graph.has_label(RESOURCE)
    if mask.sum() > 1:
        same_id = mask & things["id"].eq(store).to_numpy(bool)
        if not same_id.any():
            raise AmbiguousThing(store, things["id"][mask].tolist())
        return np.asarray(same_id)
    return mask if mask.any() else None


def _resource(posture: Posture, store: str) -> np.ndarray:
    graph = posture.graph
    mask = np.zeros(len(graph.ids), bool)
    number = graph.find(store)
    if not graph.has_label(RESOURCE)[number]:
        label = graph.thing(number)["label"]
        raise WrongSelection(f"{store} is no resource ({label}), so no credential is kept in it")
    mask[number] = True
    return mask


def _types(posture: Posture) -> "pd.Series[str]":
    return posture.graph.frames[RESOURCE]["type"].fillna("")


def _of_type(posture: Posture, name: str) -> np.ndarray:
    frame, mask = posture.graph.frames[RESOURCE], np.zeros(len(posture.graph.ids), bool)
    of_type = _types(posture).eq(name).to_numpy(bool)
    if not of_type.any():
        known = sorted(set(_types(posture)) - {""})
        raise WrongSelection(f"no resource is of the type {name!r}{_near(name, known)}")
    mask[posture.graph.numbers(frame["id"][of_type])] = True
    return mask


def _in_stores(posture: Posture, stores: np.ndarray) -> np.ndarray:
    """Return a mask of the credentials kept in resources of the mask, or in what they contain."""
    graph, frame = posture.graph, posture.graph.frames[RESOURCE]
    inside = frame["parent_id"].notna().to_numpy(bool)
    number, parent = (graph.numbers(frame[c][inside]) for c in ("id", "parent_id"))
    number, parent = number[parent >= 0], parent[parent >= 0]
    stores = stores.copy()
    while (more := number[stores[parent] & ~stores[number]]).size:
        stores[more] = True
    credential, store = graph.ends(STORED_IN)
    mask = np.zeros(len(graph.ids), bool)
    mask[credential[graph.in_force(STORED_IN) & stores[store]]] = True
    return mask


def _by_word(posture: Posture, word: str) -> np.ndarray:
    frame, mask = posture.graph.frames[CREDENTIAL], np.zeros(len(posture.graph.ids), bool)
    kept = frame["storage"].eq(word).fillna(False).to_numpy(bool)
    mask[posture.graph.numbers(frame["id"][kept])] = True
    return mask


# -- by provider, and by whose they are --------------------------------------------------------


def _of_provider(posture: Posture, provider: str) -> np.ndarray:
    """Return a mask of the credentials of a provider.

    A credential is of the provider of what it authenticates as; one of which no login is known is
    of the source that states it.
    """
    graph = posture.graph
    names = _providers(posture)
    frame, wanted = graph.frames[CREDENTIAL], provider.casefold()
    key, identity = _in_force(posture, AUTHENTICATES_AS)
    of_source = np.full(len(graph.ids), "", object)
    of_source[graph.numbers(frame["id"])] = frame["source"].str.casefold().to_numpy(object)
    of_source[key] = ""
    mask = np.asarray(of_source == wanted, bool)
    mask[key[names[identity] == wanted]] = True
    if not mask.any():
        known = sorted((set(names[identity]) | set(of_source)) - {""})
        raise WrongSelection(f"no credential is of the provider {provider!r}{_near(wanted, known)}")
    return mask


def _providers(posture: Posture) -> np.ndarray:
    """Return the provider of each node in small letters, "" where none is stated."""
    names = np.full(len(posture.graph.ids), "", object)
    for label in FACT_NODES:
        frame = posture.graph.frames[label]
        if "provider" in frame and len(frame):
            stated = frame["provider"].str.casefold().fillna("").to_numpy(object)
            names[posture.graph.numbers(frame["id"])] = stated
    return names


def _of_identities(posture: Posture, nodes: np.ndarray) -> np.ndarray:
    """Return a mask of the credentials of nodes.

    They are those that the nodes use, those that authenticate as them or as an account that they
    run as, and the nodes themselves.
    """
    graph, mask = posture.graph, np.zeros(len(posture.graph.ids), bool)
    mask[nodes] = True
    user, used = _in_force(posture, USES)
    runner, account = _in_force(posture, RUNS_AS)
    key, identity = _in_force(posture, AUTHENTICATES_AS)
    keys = mask & graph.has_label(CREDENTIAL)
    keys[used[mask[user]]] = True
    mask[account[mask[runner]]] = True
    keys[key[mask[identity]]] = True
    return np.asarray(keys)


def _in_force(posture: Posture, relationship: Relationship) -> tuple[np.ndarray, np.ndarray]:
    graph = posture.graph
    source, target = graph.ends(relationship)
    kept = graph.in_force(relationship)
    return source[kept], target[kept]


def _near(name: str, known: list[str]) -> str:
    """Name the nearest of the known names, or all of a few."""
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if near:
        return f"; nearest: {', '.join(near)}"
    return f"; known: {_list(known)}" if known else "; none is stated"


def _list(names: "list[str] | tuple[str, ...]") -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
