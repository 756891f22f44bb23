"""JSON of settings, with comments and trailing commas."""

import re
from pathlib import Path
from typing import Any

from ingest.files.bounded import MAX_DEPTH, TEXT, parse_json

COMMENT = re.compile(rf"{TEXT}|//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
COMMA = re.compile(rf"{TEXT}|,(?=\s*+[\]}}])", re.DOTALL)


def parse_commented_json(text: str, path: Path | str, *, max_depth: int = MAX_DEPTH) -> Any:
    """Parse JSON that may hold `//` and `/* */` comments and a comma after the last entry.

    Otherwise it is as strict as `ingest.files.bounded.parse_json`. Places in errors are those of
    the original text.

    >>> parse_commented_json('{"a": "//x", /* y */ "b": [1,],}', "settings.json")
    {'a': '//x', 'b': [1]}
    """
    plain = COMMA.sub(_blank, COMMENT.sub(_blank, text))
    return parse_json(plain, path, max_depth=max_depth)


def _blank(match: re.Match[str]) -> str:
    text = match.group()
    return text if text.startswith('"') else re.sub(r"[^\n]", " ", text)
