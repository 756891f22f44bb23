"""A company's own words and keys of tags, added to the defaults of `ingest.tags.tag_map`."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from graph.files.toml import read_toml
from ingest.source import InputRefused
from ingest.tags.owner_roles import plain
from ingest.tags.tag_map import KEYS, WORDS, TagMap, bare

TABLES = {"keys", "words", "complete"}


def read_tag_map(table: Any, path: Path, place: str) -> TagMap:
    """Return the tag map of a table, or of a file beside the configuration, with the defaults.

    Raises
    ------
    InputRefused
        If it names a fact that tags do not provide, or has another form.
    """
    if isinstance(table, str):
        path, place = path.parent / table, "tags"
        table = read_toml(path)
    if not isinstance(table, dict) or not set(table) <= TABLES:
        raise InputRefused(path, place, f"may hold {', '.join(sorted(TABLES))} only")
    keys, words, complete = (
        table.get("keys", {}),
        table.get("words", {}),
        table.get("complete", False),
    )
    _check(keys, KEYS, path, f"{place}/keys")
    _check(words, WORDS, path, f"{place}/words")
    if not isinstance(complete, bool):
        raise InputRefused(path, f"{place}/complete", "must be true or false")
    more = {fact: _keys(listed, path, f"{place}/keys/{fact}") for fact, listed in keys.items()}
    other = {fact: _words(fact, w, path, f"{place}/words/{fact}") for fact, w in words.items()}
    defaults = TagMap()
    return replace(
        defaults,
        keys={fact: (*more.get(fact, ()), *listed) for fact, listed in defaults.keys.items()},
        words={fact: {**listed, **other.get(fact, {})} for fact, listed in defaults.words.items()},
        complete=complete,
    )


def _check(table: Any, known: Mapping[str, Any], path: Path, place: str) -> None:
    if not isinstance(table, dict) or not set(table) <= set(known):
        raise InputRefused(path, place, f"may only name {', '.join(known)}")


def _keys(value: Any, path: Path, place: str) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(k, str) and bare(k) for k in listed):
        raise InputRefused(path, place, "must be a list of keys")
    return tuple(bare(key) for key in listed)


def _words(fact: str, table: Any, path: Path, place: str) -> dict[str, str]:
    ours = sorted(set(WORDS[fact].values()))
    if not isinstance(table, dict) or not all(word in ours for word in table.values()):
        raise InputRefused(path, place, f"must map words to {', '.join(ours)}")
    return {plain(word): meant for word, meant in table.items()}
