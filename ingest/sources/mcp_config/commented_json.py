"""JSON as people write it in settings: with comments and commas too many."""

import re
from pathlib import Path
from typing import Any

from ingest.files.bounded import MAX_DEPTH, TEXT, parse_json

COMMENT = re.compile(rf"{TEXT}|//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
COMMA = re.compile(rf"{TEXT}|,(?=\s*+[\]}}])", re.DOTALL)


def parse_commented_json(said: str, path: Path | str, *, max_depth: int = MAX_DEPTH) -> Any:
    """Parse JSON that may hold `//` and `/* */` comments and a comma after the last entry.

    In all else it is as strict as `ingest.files.bounded.parse_json`, and its places are those of
    the text as it stands.

    >>> parse_commented_json('{"a": "//x", /* y */ "b": [1,],}', "settings.json")
    {'a': '//x', 'b': [1]}
    """
    plain = COMMA.sub(_blank, COMMENT.sub(_blank, said))
    return parse_json(plain, path, max_depth=max_depth)


def _blank(found: re.Match[str]) -> str:
    said = found.group()
    return said if said.startswith('"') else re.sub(r"[^\n]", " ", said)
