"""The state of a page in its address, so that a view can be sent to a colleague.

A value in the address that this session did not write wins over the session's value: a link was
followed, or the browser went back. An absent value has no effect.
"""

from collections.abc import Callable, Iterable
from typing import Any

import streamlit as st

_WRITTEN = "address:written"  # what this session last wrote
_REMEMBERED = "address:held"  # the session's values, also of pages not shown


def _memory(name: str) -> dict[str, Any]:
    memory: dict[str, Any] = st.session_state.setdefault(name, {})
    return memory


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
    key = key or name
    text = st.query_params.get(name)
    if text is not None and text != _memory(_WRITTEN).get(name):
        _memory(_WRITTEN)[name] = text
        try:
            st.session_state[key] = accept(text)
        except ValueError:
            st.session_state[key] = default
    elif key not in st.session_state:
        st.session_state[key] = _memory(_REMEMBERED).get(key, default)
    return st.session_state[key]


def remember(name: str, default: Any = None, key: str | None = None) -> Any:
    """Write the state of the widget `key` to the address, unless it is the default."""
    key = key or name
    value = st.session_state.get(key, default)
    _memory(_REMEMBERED)[key] = value
    text = _text(value)
    if value == default or not text:
        if name in st.query_params:
            del st.query_params[name]
        _memory(_WRITTEN).pop(name, None)
    elif st.query_params.get(name) != text:
        st.query_params[name] = text
        _memory(_WRITTEN)[name] = text
    return value


def recall_each(name: str) -> list[str]:
    """Return the list of texts of a parameter that may occur several times."""
    given, written = st.query_params.get_all(name), _memory(_WRITTEN).get(name, [])
    if given and given != written:
        _memory(_WRITTEN)[name] = given
        st.session_state[name] = list(dict.fromkeys(given))
    elif name not in st.session_state:
        st.session_state[name] = []
    texts: list[str] = st.session_state[name]
    return texts


def remember_each(name: str) -> None:
    """Write the list of texts under `name` to the address, one parameter each."""
    texts: list[str] = st.session_state.get(name, [])
    if st.query_params.get_all(name) != texts:
        if texts:
            st.query_params[name] = texts
        else:
            del st.query_params[name]
    _memory(_WRITTEN)[name] = list(texts)


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
