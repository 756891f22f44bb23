"""Look-up of nodes by id, name, e-mail or external id, with the nearest names if none matches."""

import difflib
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graph.schema import FACT_NODES, HUMAN
from graph.values import canonical, strict_json

if TYPE_CHECKING:
    from graph.access import AccessGraph

MANY = 50_000  # names searched for the nearest ones


class UnknownThing(LookupError):
    """No node has that id or name; `candidates` are the ids with the nearest names."""

    exit_code, code = 2, "unknown-thing"

    def __init__(self, name: str, candidates: list[str], kind: str = "nothing") -> None:
        self.candidates = candidates
        near = f"; nearest: {', '.join(candidates)}" if candidates else ""
        super().__init__(f"{kind} is called {name!r}{near}")


class AmbiguousThing(LookupError):
    """Several nodes have that id or name; `candidates` are their ids."""

    exit_code, code = 2, "ambiguous-thing"

    def __init__(self, name: str, candidates: list[str]) -> None:
        self.candidates = candidates
        super().__init__(f"{name!r} may be any of: {', '.join(candidates)}")


def find(graph: "AccessGraph", name: str) -> int:
    """Return the number of the one node with a given id, name or e-mail.

    If none matches, `name` may be an id in another system, with or without its kind, or the last
    part of the node's own id: its id in its source.

    Raises
    ------
    UnknownThing, AmbiguousThing
    """
    numbers = matching(graph, name)
    if len(numbers) == 1:
        return int(numbers[0])
    if numbers:
        raise AmbiguousThing(name, [graph.thing(n)["id"] for n in numbers])
    raise UnknownThing(name, nearest(graph, name))


def matching(graph: "AccessGraph", name: str) -> list[int]:
    """Return the numbers of all nodes that `find` would take for `name`: none, one or several."""
    exact = graph.number(graph.identities.canonical.get(name, name))
    if exact >= 0:
        return [exact]
    valid = name.encode(errors="replace").decode()  # arguments need not be Unicode
    wanted = pc.utf8_lower(pa.scalar(valid)).as_py()
    return _called(graph, wanted) or _known_as(graph, valid) or _native(graph, valid)


def _called(graph: "AccessGraph", wanted: str) -> list[int]:
    """Return the numbers of the nodes with a name or an e-mail, given in lower case."""
    named = np.flatnonzero(pc.equal(graph.lower_names, wanted).to_numpy(zero_copy_only=False))
    people = graph.frames[HUMAN]
    mailed = people["id"][(people["email"].str.lower() == wanted).fillna(False)]
    return sorted({*named.tolist(), *graph.numbers(mailed).tolist()})


def _known_as(graph: "AccessGraph", external_id: str) -> list[int]:
    """Return the numbers of the nodes with a given external id, with or without its kind."""
    numbers, end = set(), canonical(external_id)[1:]
    for label in FACT_NODES:
        frame = graph.frames[label]
        texts = frame["external_ids"]
        near = texts.str.contains(end, regex=False).fillna(False).to_numpy(bool)
        for place in np.flatnonzero(near):
            ids = strict_json(texts.iloc[place])
            if external_id in ids or external_id in [full_id.partition(":")[2] for full_id in ids]:
                numbers.add(graph.number(frame["id"].iloc[place]))
    return sorted(numbers)


def _native(graph: "AccessGraph", native_id: str) -> list[int]:
    """Return the numbers of the nodes whose id ends in `native_id`, at a boundary of its parts.

    An id ends in the id that its source uses, after the source, the scope and the kind; `kind:name`
    matches as well as `kind/name`.
    """
    end = f"/{native_id}".replace(":", "/")
    if len(end) < 2:
        return []
    merged = graph.identities.canonical
    replaced = [new for old, new in merged.items() if f"/{old}".replace(":", "/").endswith(end)]
    plain = pc.replace_substring(graph.ids, ":", "/")
    ending = pc.ends_with(plain, end).to_numpy(zero_copy_only=False)
    return sorted({*np.flatnonzero(ending).tolist(), *(graph.number(i) for i in replaced)})


def nearest(graph: "AccessGraph", name: str, among: np.ndarray | None = None) -> list[str]:
    """Return the ids of the three nodes with the nearest names, `among` some numbers or all."""
    things = graph.things if among is None else graph.things.loc[among]
    wanted = name.encode(errors="replace").decode().casefold()
    if len(things) > MANY:
        near = things["id"].str.contains(wanted[:4], regex=False) | things[
            "name"
        ].str.casefold().str.contains(wanted[:4], regex=False)
        things = things[near.fillna(False).astype(bool)].head(MANY)
    by_name: dict[str, str] = {}
    for given, thing in zip(things["name"], things["id"], strict=True):
        by_name.setdefault(str(given).casefold(), str(thing))
        by_name.setdefault(str(thing).casefold(), str(thing))
    near_names = difflib.get_close_matches(wanted, by_name, n=6, cutoff=0.3)
    return list(dict.fromkeys(by_name[n] for n in near_names))[:3]
