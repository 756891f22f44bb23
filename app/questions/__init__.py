"""Saved questions: data files, one each, with the query in SQL and in Cypher; all are found here.

A file `NAME.toml` has `question`, `why`, `sql`, and may have `cypher`, `shows` (table, chart or
picture) and `[parameters.NAME]` with `says` and `default`. Queries name a parameter `$NAME`;
`$as_of` is the instant looked at (in Cypher, milliseconds since 1970), and in Cypher `$run` the
number of the snapshot. A picture needs the columns `source`, `type` and `target`; a chart a text
and a number. Files of a folder of one's own, `TRUSTDEBT_QUESTIONS`, are of the same form.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

TABLE, CHART, PICTURE = "table", "chart", "picture"
SHAPES = (TABLE, CHART, PICTURE)
VARIABLE, SUFFIX = "TRUSTDEBT_QUESTIONS", ".toml"
NAME = re.compile(r"[a-z0-9_]{1,60}")
MOST, LARGEST = 200, 65_536  # files of one's own, and bytes of one
TAKEN = {"as_of", "run"}  # parameters that every query has
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


@dataclass(frozen=True)
class Library:
    """The saved questions by id, in the order of their texts, and why files of one's own are not.

    `own` are the ids of those from the folder of one's own.
    """

    questions: Mapping[str, Question]
    own: frozenset[str] = frozenset()
    refused: tuple[str, ...] = ()


def all_questions() -> Mapping[str, Question]:
    """Return all saved questions by id, those of the folder of one's own among them."""
    return library().questions


def library() -> Library:
    """Return the questions that come with the program, and those of the folder of one's own.

    That is named by `TRUSTDEBT_QUESTIONS`. Its files are read again when one of them changes.
    """
    folder = os.environ.get(VARIABLE)
    if not folder:
        return _library("", ())
    try:
        with os.scandir(folder) as entries:
            files = sorted((e.name, e) for e in entries if e.name.endswith(SUFFIX) and e.is_file())
        stamps = tuple((n, e.stat().st_mtime_ns, e.stat().st_size) for n, e in files)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such folder"
        return replace(_library("", ()), refused=(f"{VARIABLE}: {folder}: {reason}",))
    return _library(folder, stamps)


@lru_cache(maxsize=4)
def _library(folder: str, files: tuple[tuple[str, int, int], ...]) -> Library:
    questions, refused = dict(_ours()), []
    for name, _, size in files[:MOST]:
        id_ = name.removesuffix(SUFFIX)
        try:
            if id_ in questions:
                raise WrongQuestion(f"{id_}: a question that comes with the program has this name")
            questions[id_] = _own(id_, Path(folder) / name, size)
        except WrongQuestion as wrong:
            refused.append(str(wrong))
    if len(files) > MOST:
        refused.append(f"{folder}: only the first {MOST} files are read")
    ordered = sorted(questions.values(), key=lambda each: each.question)
    own = frozenset(questions) - frozenset(_ours())
    return Library({each.id: each for each in ordered}, own, tuple(refused))


def _own(id_: str, path: Path, size: int) -> Question:
    """Read a question that somebody else wrote; its query must be one that only reads."""
    if not NAME.fullmatch(id_):
        raise WrongQuestion(f"{id_}: a name has only small letters, digits and _, 60 at most")
    if size > LARGEST:
        raise WrongQuestion(f"{id_}: it is larger than {LARGEST // 1024} KiB")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise WrongQuestion(f"{id_}: it cannot be read as text in UTF-8") from None
    question = question_of(id_, text)
    from app.sql import only_reads  # it loads the engine

    wrong = only_reads(question.sql)
    if wrong is not None:
        raise WrongQuestion(f"{id_}: sql: {wrong}")
    return question


@cache
def _ours() -> Mapping[str, Question]:
    files = sorted(Path(__file__).parent.glob(f"*{SUFFIX}"))
    return {p.stem: question_of(p.stem, p.read_text(encoding="utf-8")) for p in files}


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
            _parameter(name, key, facts) for key, facts in _table(name, fields).items()
        )
        for key in ("question", "why", "sql", "cypher"):
            if not isinstance(fields.get(key, ""), str):
                raise WrongQuestion(f"{name}: {key} is no text")
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


def _table(name: str, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    given = fields.get("parameters", {})
    if not isinstance(given, dict):
        raise WrongQuestion(f"{name}: parameters is no table")
    return given


def _parameter(name: str, key: str, facts: Any) -> Parameter:
    if not isinstance(facts, dict):
        raise WrongQuestion(f"{name}: parameters.{key} is no table")
    if key in TAKEN:
        raise WrongQuestion(f"{name}: every query has ${key} already")
    says, default = facts["says"], facts["default"]
    if not isinstance(says, str) or type(default) not in (int, str):
        raise WrongQuestion(f"{name}: of {key}, says is a text, and default a text or whole number")
    return Parameter(key, says, default)
