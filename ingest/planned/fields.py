"""Fields of a manifest, read strictly: an unknown name or a wrong type is refused at its place."""

import difflib
import math
import re
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd

from graph.secrets import redact_text
from graph.values import WrongValue
from graph.values import instant as parse_instant
from ingest.files.bounded import escaped
from ingest.source import InputRefused

MOST_ROWS = 500  # of one list; each row names things that are then looked up
MOST_TEXT = 2_000  # characters of one text
HOURS = {"s": 1 / 3600, "m": 1 / 60, "min": 1 / 60, "h": 1.0, "d": 24.0, "w": 168.0}
DURATION = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*(s|min|m|h|d|w)")
LONGEST_DAYS = 100_000.0


class Fields:
    """The fields of one table of a manifest, at a JSON pointer."""

    def __init__(self, path: Path, pointer: str, value: Any, known: Sequence[str]) -> None:
        self.path, self.pointer = path, pointer
        if not isinstance(value, dict):
            self.refuse("", f"must be a table of {', '.join(known)}")
        for name in value:
            if name not in known:
                self.refuse(str(name), _unknown(str(name), known))
        self.value = {name: each for name, each in value.items() if each is not None}

    def refuse(self, name: str, reason: str) -> NoReturn:
        """Raise the refusal of a field, or of the table itself for ""."""
        place = f"{self.pointer}/{escaped(name)}" if name else self.pointer
        raise InputRefused(self.path, place or "/", reason)

    def text(self, name: str) -> str | None:
        """Return a text, stripped and without anything like a secret; None if it is absent."""
        return self._text(name, self.value[name]) if name in self.value else None

    def choice(self, name: str, choices: Sequence[str]) -> str | None:
        """Return a text that is one of `choices`."""
        value = self.text(name)
        if value is not None and value not in choices:
            self.refuse(name, f"must be one of {', '.join(choices)}")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts without repeats; one text counts as a list of it."""
        given = self.value.get(name, [])
        values = self._list(name, [given] if isinstance(given, str) else given)
        return tuple(
            dict.fromkeys(self._text(f"{name}/{n}", value) for n, value in enumerate(values))
        )

    def instant(self, name: str) -> pd.Timestamp | None:
        """Return an instant: ISO 8601 with a zone, or a plain date."""
        if name not in self.value:
            return None
        value = self.value[name]
        if isinstance(value, datetime | date):
            value = value.isoformat()
        if not isinstance(value, str):
            self.refuse(name, "must be an instant in ISO 8601, such as 2027-01-31T00:00:00Z")
        try:
            return parse_instant(value)
        except WrongValue as error:
            self.refuse(name, f"{error}; write 2027-01-31T00:00:00Z")

    def number(self, name: str, most: float = LONGEST_DAYS) -> float | None:
        """Return a number from 0 to `most`, without 0 itself where it is a count of days."""
        if name not in self.value:
            return None
        value = self.value[name]
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(name, "must be a number")
        if not math.isfinite(value) or not 0 <= value <= most:
            self.refuse(name, f"must be a number from 0 to {most:g}")
        return float(value)

    def days(self, name: str) -> float | None:
        """Return a count of days above 0."""
        value = self.number(name)
        if value == 0:
            self.refuse(name, "must be more than 0 days")
        return value

    def hours(self, name: str) -> float | None:
        """Return a duration such as `90s`, `30m`, `1h`, `2d` or `1w`, in hours."""
        value = self.text(name)
        if value is None:
            return None
        match = DURATION.fullmatch(value)
        if match is None:
            self.refuse(name, "must be a duration such as 30m, 1h or 2d")
        return float(match[1]) * HOURS[match[2]]

    def part(self, name: str, known: Sequence[str]) -> "Fields":
        """Return the fields of an inner table, none if it is absent."""
        return Fields(self.path, f"{self.pointer}/{name}", self.value.get(name, {}), known)

    def rows(self, name: str, known: Sequence[str]) -> list["Fields"]:
        """Return the fields of each table of a list."""
        values = self._list(name, self.value.get(name, []))
        at = f"{self.pointer}/{name}"
        return [Fields(self.path, f"{at}/{n}", value, known) for n, value in enumerate(values)]

    def _list(self, name: str, value: Any) -> list[Any]:
        if not isinstance(value, list):
            self.refuse(name, "must be a list")
        if len(value) > MOST_ROWS:
            self.refuse(name, f"holds more than {MOST_ROWS} entries")
        return value

    def _text(self, name: str, value: Any) -> str:
        if not isinstance(value, str):
            self._refuse_at(name, "must be text")
        text = redact_text(value.strip())
        if not text:
            self._refuse_at(name, "is empty; leave it out, or state it")
        if len(text) > MOST_TEXT:
            self._refuse_at(name, f"is longer than {MOST_TEXT} characters")
        return text

    def _refuse_at(self, name: str, reason: str) -> NoReturn:
        raise InputRefused(self.path, f"{self.pointer}/{name}", reason)


def _unknown(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    rest = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
    return f"is no field of a manifest; {rest}"
