"""What the example of a source is made of: exports, as the names and contents of their files."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Export = Mapping[str, bytes]
Native = tuple[Export, Mapping[str, str]]  # an export, and ids in it with those of their things


@dataclass(frozen=True)
class Several:
    """An export, its file that is damaged, an id that only that file states, and another id.

    The ids are worked out by hand, from the rules of interface.md and of the source's page. Where
    no id is only the file's, `lost` names a relationship or a property instead. Whether something
    else shows that the damaged file is missing, where it is not there at all, is `missed`.
    """

    files: Export
    damaged: str
    lost: str
    stays: str
    source: str = ""  # filled in by the one who finds it
    missed: bool = False


def as_json(document: Any) -> bytes:
    """Return a document as the text of a file."""
    return json.dumps(document).encode()


def documents(by_name: Mapping[str, Any]) -> list[Export]:
    """Return an export of one file for each document."""
    return [{f"{name.replace(' ', '-')}.json": as_json(it)} for name, it in by_name.items()]
