"""Saved questions: data files, one each, with the query in SQL and in Cypher; all are found here.

A file `NAME.toml` has `question`, `why`, `sql`, and may have `cypher`, `shows` (table, chart or
picture) and `[parameters.NAME]` with `says` and `default`. Queries name a parameter `$NAME`;
`$as_of` is the instant looked at (in Cypher, milliseconds since 1970), and in Cypher `$run` the
snapshot. A picture needs the columns `source`, `type` and `target`; a chart a text and a number.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

TABLE, CHART, PICTURE = "table", "chart", "picture"
SHAPES = (TABLE, CHART, PICTURE)
FIELDS = {"question", "why", "sql", "cypher", "shows", "parameters"}


class WrongQuestion(ValueError):
    """A file of a saved question that cannot be used."""


@dataclass(frozen=True)
class Parameter:
    """What a question asks for: its name, what it is, and the value to begin with."""

    name: str
    says: str
    default: int | str

    def read(self, text: str) -> int | str:
        """Return the value of a text, of the type of the default.

        Raises
        ------
        ValueError
            It is no whole number where one is needed.
        """
        return int(text) if isinstance(self.default, int) else text


@dataclass(frozen=True)
class Question:
    """A saved question; `id` is the name of its file, `cypher` None where only SQL answers it."""

    id: str
    question: str
    why: str
    sql: str
    cypher: str | None
    shows: str
    parameters: tuple[Parameter, ...]


@cache
def all_questions() -> Mapping[str, Question]:
    """Return all saved questions by id, in the order of their texts."""
    found_files = sorted(Path(__file__).parent.glob("*.toml"))
    questions = [question_of(path.stem, path.read_text(encoding="utf-8")) for path in found_files]
    return {each.id: each for each in sorted(questions, key=lambda each: each.question)}


def question_of(name: str, text: str) -> Question:
    """Read the file of a question.

    Raises
    ------
    WrongQuestion
    """
    try:
        fields: dict[str, Any] = tomllib.loads(text)
        unknown = fields.keys() - FIELDS
        if unknown:
            raise WrongQuestion(f"{name}: unknown {', '.join(sorted(unknown))}")
        shows = fields.get("shows", TABLE)
        if shows not in SHAPES:
            raise WrongQuestion(f"{name}: shows is one of {', '.join(SHAPES)}")
        parameters = tuple(
            Parameter(key, facts["says"], facts["default"])
            for key, facts in fields.get("parameters", {}).items()
        )
        return Question(
            id=name,
            question=fields["question"],
            why=fields["why"],
            sql=fields["sql"].strip(),
            cypher=fields["cypher"].strip() if "cypher" in fields else None,
            shows=shows,
            parameters=parameters,
        )
    except tomllib.TOMLDecodeError as error:
        raise WrongQuestion(f"{name}: {error}") from None
    except KeyError as error:
        raise WrongQuestion(f"{name}: {error.args[0]} is missing") from None
