"""YAML of configurations and manifests, read strictly and within bounds.

Only plain data: no tags that construct objects. Booleans, numbers and nulls are those of the core
schema of YAML 1.2, and a date stays text. A repeated key, a recursive alias and aliases that
expand without end are refused.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ingest.files.bounded import MAX_DEPTH
from ingest.source import InputRefused

MAX_NODES = 2_000_000  # of one file, with aliases expanded
SAFE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C implementation if available
CORE = (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]{1,19}|0x[0-9a-fA-F]{1,16}|0o[0-7]{1,21}", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,3})?",
        "-+.0123456789",
    ),
    ("merge", r"<<", "<"),
)


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """One document of a file, and the line it begins on."""

    value: Any
    line: int


class _Refused(Exception):
    def __init__(self, line: int, reason: str) -> None:
        self.line, self.reason = line, reason


class _Loader(SAFE):  # type: ignore[misc]
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - as the base class declares it

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Build a mapping with unique text keys."""
        self.flatten_mapping(node)
        made: dict[Any, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _Refused(key.start_mark.line, "a key is not text")
            if key.value in made:
                raise _Refused(key.start_mark.line, "a key is repeated")
            made[key.value] = self.construct_object(value, deep=deep)
        return made

    def flatten_mapping(self, node: Any) -> None:
        """Expand the mappings that `<<` names; the mapping's own keys take precedence."""
        own = [(k, v) for k, v in node.value if k.tag != "tag:yaml.org,2002:merge"]
        if len(own) == len(node.value):
            return
        names = {k.value for k, _ in own if isinstance(k, yaml.ScalarNode)}
        taken: list[Any] = []
        for key, value in node.value:
            if key.tag != "tag:yaml.org,2002:merge":
                continue
            for mapping in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                if not isinstance(mapping, yaml.MappingNode):
                    raise _Refused(key.start_mark.line, "merges something that is no mapping")
                self.flatten_mapping(mapping)
                fresh = [p for p in mapping.value if p[0].value not in names]
                names |= {k.value for k, _ in fresh if isinstance(k, yaml.ScalarNode)}
                taken += fresh
        node.value = [*taken, *own]


def _finite(loader: Any, node: Any) -> float:
    value = float(node.value)
    if not math.isfinite(value):
        raise _Refused(node.start_mark.line, "a number is not finite")
    return value


_Loader.add_constructor("tag:yaml.org,2002:float", _finite)
for _tag, _form, _first in CORE:
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_form})\Z"), list(_first)
    )


def parse_yaml(text: str, path: Path, *, max_depth: int = MAX_DEPTH) -> list[YamlDocument]:
    """Parse every document of the `text` of the file `path`.

    Raises
    ------
    InputRefused
        With the line at which the text is no YAML, is nested too deeply or repeats a key.
    """
    try:
        _check_depth(text, max_depth)
        return list(_documents(text))
    except _Refused as error:
        raise InputRefused(path, f"line {error.line + 1}", error.reason) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise InputRefused(path, f"line {mark.line + 1}" if mark else "", "is not YAML") from None
    except yaml.YAMLError:
        raise InputRefused(path, "", "is not YAML") from None
    except RecursionError:
        raise InputRefused(path, "", f"is nested more than {max_depth} deep") from None
    except ValueError:
        raise InputRefused(path, "", "holds a value that is invalid for its type") from None


def _check_depth(text: str, max_depth: int) -> None:
    depth = 0
    event: Any
    for number, event in enumerate(yaml.parse(text, Loader=_Loader)):
        if number > MAX_NODES * 2:
            raise _Refused(event.start_mark.line, f"holds more than {MAX_NODES} values")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > max_depth:
            raise _Refused(event.start_mark.line, f"is nested more than {max_depth} deep")


def _documents(text: str) -> Iterator[YamlDocument]:
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            _check_size(node)
            if not (isinstance(node, yaml.ScalarNode) and node.value == ""):
                yield YamlDocument(loader.construct_document(node), node.start_mark.line + 1)
    finally:
        loader.dispose()


def _check_size(root: Any) -> None:
    """Count the values of a document with every alias expanded."""
    sizes: dict[int, int] = {}
    open_: set[int] = set()
    pending: list[tuple[Any, bool]] = [(root, False)]
    while pending:
        node, done = pending.pop()
        parts = _parts(node)
        if done:
            sizes[id(node)] = 1 + sum(sizes[id(part)] for part in parts)
            open_.discard(id(node))
            if sizes[id(node)] > MAX_NODES:
                reason = f"holds more than {MAX_NODES} values, aliases written out"
                raise _Refused(node.start_mark.line, reason)
        elif id(node) in open_:
            raise _Refused(node.start_mark.line, "holds an alias that leads back to itself")
        elif id(node) not in sizes:
            open_.add(id(node))
            pending += [(node, True), *((part, False) for part in parts)]


def _parts(node: Any) -> list[Any]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []
