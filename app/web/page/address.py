"""The state of a page in its address, so that a view can be sent, reloaded and gone back to.

The address is the whole state. On arrival (a link, a reload, the back button) each parameter sets
its widget, and an absent one stands for its default. From then on the widgets hold the state, which
is written to the address once, at the end of each run: a choice is one step of the browser's
history, an arrival none. What was chosen on a page goes into the links that lead back to it.

`TRAVELLING` is the same on all pages: it is in every link, and a link without it changes nothing.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

TRAVELLING = ("snapshot", "as_of")
LATEST = "latest"  # the snapshot of an address that names none
STRAYS = 50  # turns of a page that are remembered
LATE = 3.0  # seconds in which a browser may still send the address before the last

Query = dict[str, list[str]]


@dataclass
class _State:
    """The addresses of a session.

    A browser that has not yet heard of the last address sends one `before` it: that is no arrival.
    """

    page: str = ""
    arrivals: int = 0
    address: Query = field(default_factory=dict)  # as the page was last left
    before: list[tuple[float, Query]] = field(default_factory=list)  # until when, by the clock
    arrival: Query | None = None  # the address to take values from
    fresh: bool = True  # nothing is carried over to this arrival
    linked: bool = False  # a link within the page, which the browser does not show by itself
    taken: dict[str, tuple[str, Any]] = field(default_factory=dict)  # by key: name, and value
    pending: Query = field(default_factory=dict)
    running: bool = False
    pages: dict[str, Query] = field(default_factory=dict)
    strays: list[tuple[str, Query, Query]] = field(default_factory=list)  # see `turn`
    lists: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)  # also of widgets that are not drawn


def _state() -> _State:
    state: _State = st.session_state.setdefault("address:state", _State())
    return state


def arrive(page: str) -> None:
    """Begin a run of a page: find out whether its address is a new one, to take values from."""
    state, query = _state(), _query()
    back = bool(getattr(get_script_run_ctx(), "is_history_navigation", False))
    moved = page != state.page
    if back or moved or not _known(state, query):
        if back:
            query = next((left for *stray, left in state.strays if stray == [page, query]), query)
        state.arrival, state.taken, state.refused = query, {}, {}
        state.fresh, state.linked = back or not state.page, not moved and not back
        state.address, state.before = query, []
        state.arrivals += 1
    state.page, state.pending, state.running = page, {}, True


def _known(state: _State, query: Query) -> bool:
    now = time.monotonic()
    state.before = [(at, address) for at, address in state.before if now - at < LATE]
    return query == state.address or query in [address for _, address in state.before]


def settle() -> None:
    """End a run of a page: write what was remembered to the address, if it changed."""
    state, query = _state(), _query()
    written = {n: state.pending[n] for n in (*TRAVELLING, *state.pending) if n in state.pending}
    if state.arrival is None:
        state.refused = {}
    else:  # it is written already, but for what was carried over or could not be kept
        over = [] if state.fresh else [*TRAVELLING, *state.lists]
        over += [name for key, (name, value) in state.taken.items() if _changed(key, value)]
        kept = {name: texts for name, texts in state.arrival.items() if name not in over}
        written = kept | {name: written[name] for name in over if name in written}
    if written != _query(empty=True) or state.linked or query != state.address:
        st.query_params.from_dict({n: v[0] if len(v) == 1 else v for n, v in written.items()})
    if written != state.address:
        state.before.append((time.monotonic(), state.address))
    state.address = state.pages[state.page] = written
    state.arrival, state.linked, state.running = None, False, False


def _changed(key: str, value: Any) -> bool:
    """Return whether a page put another value in the place of one of the address."""
    values = _state().values
    return key in values and values[key] != value


def _query(empty: bool = False) -> Query:
    """Return the parameters of the address, by default without those that hold nothing."""
    texts = {name: st.query_params.get_all(name) for name in st.query_params}
    return {name: values for name, values in texts.items() if empty or any(values)}


def _arriving(state: _State, name: str, key: str) -> bool:
    """Return whether a value is to be taken from the address, for the first time since arrival."""
    if state.arrival is None or key in state.taken:
        return False
    state.taken[key] = (name, None)
    shared = name in TRAVELLING or name in state.lists
    return name in state.arrival or state.fresh or not shared


def recall(
    name: str, default: Any = None, accept: Callable[[str], Any] = str, key: str | None = None
) -> Any:
    """Set the state of the widget `key` before it is drawn, and return that state.

    Parameters
    ----------
    name : str
        The parameter's name in the address; also the widget's key, unless `key` names another.
    default
        The value if neither the address nor the session has one.
    accept : callable
        Parses the text of the address; raises ValueError if it is invalid.
    """
    key, state = key or name, _state()
    if _arriving(state, name, key):
        st.session_state[key] = default
        texts = (state.arrival or {}).get(name)
        if texts:
            try:
                st.session_state[key] = accept(texts[-1])
            except ValueError:
                state.refused[name] = texts[-1]
        state.taken[key] = (name, st.session_state[key])
    elif key not in st.session_state:
        st.session_state[key] = state.values.get(key, default)
    return st.session_state[key]


def arrivals() -> int:
    """Return how often this session came to an address: what a page let choose is new after one."""
    return _state().arrivals


def came_with(name: str) -> bool:
    """Return whether this run begins at an address that has a parameter."""
    return bool((_state().arrival or {}).get(name))


def refused(name: str) -> str | None:
    """Return the text of a parameter that could not be accepted on arrival."""
    return _state().refused.get(name)


def remember(name: str, default: Any = None, key: str | None = None) -> Any:
    """Put the state of the widget `key` into the address, unless it is the default."""
    key = key or name
    value = st.session_state.get(key, default)
    _state().values[key] = value
    text = _text(value)
    _put(name, [text] if text and value != default else [])
    return value


def recall_each(name: str) -> list[str]:
    """Return the list of texts of a parameter that may occur several times.

    Pages that share such a list share its state: a link without it changes nothing.
    """
    state = _state()
    state.lists.add(name)
    if _arriving(state, name, name):
        st.session_state[name] = list(dict.fromkeys((state.arrival or {}).get(name, [])))
        state.taken[name] = (name, list(st.session_state[name]))
    texts: list[str] = st.session_state.setdefault(name, [])
    return texts


def remember_each(name: str) -> None:
    """Put the list of texts under `name` into the address, one parameter each."""
    _state().values[name] = list(st.session_state.get(name, []))
    _put(name, _state().values[name])


def _put(name: str, texts: list[str]) -> None:
    state = _state()
    state.pending.pop(name, None)
    if texts:
        state.pending[name] = texts
    if not state.running:  # a part of the page ran alone: there is no end of a run to wait for
        settle()


def carried() -> dict[str, str]:
    """Return the parameters that every link has: the snapshot and the instant that are shown."""
    values = {name: _text(st.session_state.get(name)) for name in TRAVELLING}
    values["snapshot"] = values["snapshot"] or LATEST
    return {name: text for name, text in values.items() if text}


def leading(page: str) -> dict[str, str | list[str]]:
    """Return the parameters of a link back to a page: what was chosen there, and `carried`."""
    state = _state()
    chosen = dict(state.pages.get(page, {}))
    for name in state.lists & chosen.keys():
        chosen[name] = list(st.session_state.get(name, []))
    return {name: texts for name, texts in chosen.items() if texts} | carried()


def turn(page: str, address: Mapping[str, str | list[str]]) -> None:
    """Turn to another page, for what cannot be a link, such as a bar of a chart.

    Streamlit leaves a step of history behind that has this page and the parameters of that one:
    whoever goes back to it is meant to come to this page as it was left.
    """
    state, wanted = _state(), to(address)
    stray = {n: [v] if isinstance(v, str) else list(v) for n, v in wanted.items()}
    state.strays = [*state.strays, (state.page, stray, state.address)][-STRAYS:]
    st.switch_page(st.session_state["pages"][page], query_params=wanted)


def to(address: Mapping[str, str | list[str]]) -> dict[str, str | list[str]]:
    """Return the parameters of a link to a page: `address`, and what is the same on all pages."""
    return {**carried(), **address}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return str(value)


def one_of(choices: Iterable[str]) -> Callable[[str], str]:
    """Return a parser that accepts one of the choices."""
    known = frozenset(choices)

    def accept(text: str) -> str:
        if text not in known:
            raise ValueError(text)
        return text

    return accept


def some_of(choices: Iterable[str]) -> Callable[[str], list[str]]:
    """Return a parser of comma-separated choices; unknown ones are left out."""
    known = list(choices)

    def accept(text: str) -> list[str]:
        given = set(text.split(","))
        return [c for c in known if c in given]

    return accept
