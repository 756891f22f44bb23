"""Requests in files: of the OpenID AuthZEN Authorization API 1.0, or of Cedar.

https://openid.net/specs/authorization-api-1_0.html

A file holds one JSON document, a list of them, or one a line. An AuthZEN request may hold several
`evaluations`, each of which takes what it does not state from the request around it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from analytics.engines.cedar_values import cedar_value
from analytics.engines.policy_set import Question, Uid
from graph.files.bounds import bound
from graph.files.regular import InputRefused, sized_file
from graph.values import WrongValue, strict_document

ENDS = ("subject", "action", "resource")
TAKEN = ("type", "id", "name", "properties")
NAMED = re.compile(r'\s*((?:\w+::)*\w+)::("(?:[^"\\]|\\.)*")\s*')
EACH, UNTIL_DENIED, UNTIL_PERMITTED = SEMANTICS = (
    "execute_all",
    "deny_on_first_deny",
    "permit_on_first_permit",
)


@dataclass(frozen=True)
class Request:
    """A request of a file: what is asked, what it says itself of its ends, and its place.

    `properties` are attributes by type and id. `document` is the request as it was written,
    `within` the number of the document in its file, and `semantics` says when the rest of the
    `evaluations` around it is left out.
    """

    question: Question
    properties: Mapping[tuple[str, str], Mapping[str, Any]]
    document: Mapping[str, Any]
    place: str
    within: int = 0
    semantics: str = EACH


def requests_in(path: Path) -> list[Request]:
    """Read the requests of a file.

    Raises
    ------
    InputRefused
        It cannot be read, is not JSON, or holds something that is no whole request; with the place.
    """
    made = []
    for within, (place, document) in enumerate(documents_in(path)):
        made += list(_requests(path, place, document, within))
    if not made:
        raise InputRefused(path, "", "holds no request")
    return made


def documents_in(path: Path) -> list[tuple[str, Any]]:
    """Return the JSON documents of a file, each with its place.

    Raises
    ------
    InputRefused
    """
    text = text_of(path)
    try:
        document = strict_document(text)
    except WrongValue as wrong:
        lines = [(f"line {n}", line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
        if len(lines) < 2:
            raise InputRefused(path, "", str(wrong)) from None
        return [(place, _line(path, place, line)) for place, line in lines]
    if isinstance(document, list):
        return [(f"/{n}", each) for n, each in enumerate(document)]
    return [("", document)]


def text_of(path: Path) -> str:
    """Return the text of a file, within bounds.

    Raises
    ------
    InputRefused
    """
    with sized_file(path, bound("FILE_BYTES")) as file:
        try:
            return file.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise InputRefused(path, "", "is not UTF-8 text") from None


def _line(path: Path, place: str, line: str) -> Any:
    try:
        return strict_document(line)
    except WrongValue as wrong:
        raise InputRefused(path, place, str(wrong)) from None


def _requests(path: Path, place: str, document: Any, within: int) -> Iterator[Request]:
    """Yield the requests of one document: itself, or its evaluations."""
    if not isinstance(document, dict):
        raise InputRefused(path, place, "a request must be an object")
    evaluations = document.get("evaluations")
    if evaluations is None or evaluations == []:
        yield _request(path, place, document, within)
        return
    options = document.get("options") or {}
    if not isinstance(options, dict):
        raise InputRefused(path, f"{place}/options", "must be an object")
    semantics = options.get("evaluations_semantic", EACH)
    if semantics not in SEMANTICS:
        where = f"{place}/options/evaluations_semantic"
        raise InputRefused(path, where, f"is none of {', '.join(SEMANTICS)}")
    if not isinstance(evaluations, list):
        raise InputRefused(path, f"{place}/evaluations", "must be a list")
    around = {k: v for k, v in document.items() if k not in ("evaluations", "options")}
    for number, each in enumerate(evaluations):
        where = f"{place}/evaluations/{number}"
        if not isinstance(each, dict):
            raise InputRefused(path, where, "a request must be an object")
        yield _request(path, where, around | each, within, semantics)


def _request(
    path: Path,
    place: str,
    document: dict[str, Any],
    within: int,
    semantics: str = EACH,
) -> Request:
    if "principal" in document and "subject" not in document:
        return _of_cedar(path, place, document, within)
    for name in ENDS:
        if not isinstance(document.get(name), dict):
            raise InputRefused(path, f"{place}/{name}", f"the request has no {name}")
    subject, action, resource = (document[name] for name in ENDS)
    question = Question(
        _uid(path, f"{place}/subject", subject, "type", "id"),
        {"type": "Action", "id": _text(path, f"{place}/action/name", action.get("name"))},
        _uid(path, f"{place}/resource", resource, "type", "id"),
        _context(path, place, document.get("context")),
    )
    properties = {
        (uid["type"], uid["id"]): _properties(path, where, end)
        for uid, where, end in (
            (question.principal, f"{place}/subject/properties", subject),
            (question.resource, f"{place}/resource/properties", resource),
        )
    }
    stated = {uid: facts for uid, facts in properties.items() if facts}
    return Request(question, stated, document, place, within, semantics)


def _of_cedar(path: Path, place: str, document: dict[str, Any], within: int) -> Request:
    """Return a request whose ends are entities of Cedar: `{type, id}`, or `Type::"id"`."""
    principal, action, resource = (
        _entity(path, f"{place}/{name}", document.get(name))
        for name in ("principal", "action", "resource")
    )
    context = _context(path, place, document.get("context"))
    question = Question(principal, action, resource, context)
    return Request(question, {}, document, place, within)


def _entity(path: Path, place: str, value: Any) -> Uid:
    if isinstance(value, str):
        match = NAMED.fullmatch(value)
        named = _unquoted(match[2]) if match is not None else None
        if match is None or named is None:
            raise InputRefused(path, place, 'is no entity, such as Agent::"bot"')
        value = {"type": match[1], "id": named}
    if isinstance(value, dict) and isinstance(value.get("__entity"), dict):
        value = value["__entity"]
    if not isinstance(value, dict):
        raise InputRefused(path, place, f"the request has no {place.rpartition('/')[2]}")
    return {name: _text(path, f"{place}/{name}", value.get(name)) for name in ("type", "id")}


def _unquoted(text: str) -> str | None:
    """Return a text without its quotes, as JSON escapes it; None where it is escaped otherwise."""
    try:
        return str(strict_document(text))
    except WrongValue:
        return None


def _uid(path: Path, place: str, value: Mapping[str, Any], kind: str, name: str) -> Uid:
    return {
        "type": _text(path, f"{place}/{kind}", value.get(kind)),
        "id": _text(path, f"{place}/{name}", value.get(name)),
    }


def _text(path: Path, place: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InputRefused(path, place, "must be a text")
    return value


def _context(path: Path, place: str, value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InputRefused(path, f"{place}/context", "must be an object")
    return value


def _properties(path: Path, place: str, end: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a request says of an end; drafts of the API had it beside type and id."""
    stated = end.get("properties")
    if stated is not None and not isinstance(stated, dict):
        raise InputRefused(path, place, "must be an object")
    return {k: v for k, v in end.items() if k not in TAKEN} | (stated or {})


# -- entities --------------------------------------------------------------------------------------


def entities_in(path: Path | None) -> list[Mapping[str, Any]]:
    """Read entities in Cedar's JSON format: a list of `uid`, `attrs` and `parents`.

    Raises
    ------
    InputRefused
    """
    if path is None:
        return []
    try:
        listed = strict_document(text_of(path))
    except WrongValue as wrong:
        raise InputRefused(path, "", str(wrong)) from None
    if not isinstance(listed, list):
        raise InputRefused(path, "", "must be a list of entities")
    return [_known(path, f"/{number}", entity) for number, entity in enumerate(listed)]


def _known(path: Path, place: str, entity: Any) -> Mapping[str, Any]:
    """Return an entity with all ids as `{type, id}`; the engine judges its attributes."""
    if not isinstance(entity, dict) or not isinstance(entity.get("uid"), dict):
        raise InputRefused(path, place, "an entity must be an object with a uid")
    if not isinstance(entity.get("attrs", {}), dict):
        raise InputRefused(path, f"{place}/attrs", "must be an object")
    parents = entity.get("parents", [])
    if not isinstance(parents, list):
        raise InputRefused(path, f"{place}/parents", "must be a list")
    above = [_entity(path, f"{place}/parents/{n}", each) for n, each in enumerate(parents)]
    return {**entity, "uid": _entity(path, f"{place}/uid", entity["uid"]), "parents": above}


def with_properties(
    entities: Iterable[Mapping[str, Any]],
    properties: Mapping[tuple[str, str], Mapping[str, Any]],
) -> list[Mapping[str, Any]]:
    """Return entities with what requests say of them, where nothing else is known.

    A request cannot replace a known fact: who asks for access would state what opens it.
    """
    left_over, made = dict(properties), []
    for entity in entities:
        facts = left_over.pop(_key(entity), None)
        attrs = {**cedar_value(facts or {}), **entity.get("attrs", {})}
        made.append({**entity, "attrs": attrs} if facts else entity)
    made += [
        {"uid": {"type": kind, "id": name}, "attrs": cedar_value(facts), "parents": []}
        for (kind, name), facts in left_over.items()
    ]
    return made


def _key(entity: Mapping[str, Any]) -> tuple[str, str]:
    return entity["uid"]["type"], entity["uid"]["id"]


def batches(requests: Sequence[Request]) -> Iterator[list[Request]]:
    """Yield requests in order, those together that say the same of the same things.

    What one says of a thing is nothing to another, even where a policy leads it to that thing.
    """
    for _, together in groupby(requests, key=lambda request: request.properties):
        yield list(together)
