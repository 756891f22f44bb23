"""Security event tokens (RFC 8417): signed ones, their payloads, and answers of a stream."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graph.receipts.claims import NO, YES
from graph.receipts.jws import WrongJws, is_compact, is_json, json_of, parse
from graph.receipts.keys import KeyRing
from graph.receipts.signed import checked
from graph.values import WrongValue, strict_document
from ingest.files.bounded import decode
from ingest.files.export import Budget, ExportFile, json_documents
from ingest.files.streamed import is_of_lines, values_of_lines
from ingest.rows import Place, Rows
from ingest.source import Rejected

SETS = "sets"  # of the answer of a polled stream (RFC 8936): tokens by their ids


@dataclass(frozen=True, slots=True)
class Token:
    """The claims of a token, and whether its signature holds; None if that was not checked."""

    claims: Mapping[str, Any]
    verified: bool | None


def tokens_of(file: ExportFile, budget: Budget, rows: Rows) -> Iterator[tuple[Any, Place]]:
    """Yield what may be tokens in a file: its lines, its documents, or the tokens they hold.

    Raises
    ------
    InputRefused
        The file cannot be read; nothing was yielded then.
    """
    if is_of_lines(file.path, _line):
        for value, place in values_of_lines(file.path, rows, _line):
            yield from _within(value, place)
        return
    content = decode(budget.read(file.path), file.path)
    lines = {n: line for n, line in enumerate(content.split("\n"), 1) if line.strip()}
    if len(lines) > 1 and _is_value(next(iter(lines.values()))):  # packed, or not UTF-8
        yield from _of_lines(lines, file, rows)
        return
    words = content.split()
    if all(is_compact(word) for word in words):  # of several, the file is packed
        place = file.place
        yield from ((word, place.at(n) if words[1:] else place) for n, word in enumerate(words))
        return
    for document, place in json_documents(content, file.path):
        yield from _within(document, place)


def _is_value(line: str) -> bool:
    try:
        _line(line)
    except WrongValue:
        return False
    return True


def _of_lines(
    lines: Mapping[int, str], file: ExportFile, rows: Rows
) -> Iterator[tuple[Any, Place]]:
    """Yield what is in the lines of a text, by their numbers; one that is no value is rejected."""
    lost: list[Rejected] = []
    for number, line in lines.items():
        place = f"line {number}"
        try:
            yield from _within(_line(line), Place(str(file.path), place))
        except WrongValue as wrong:
            lost.append(Rejected(str(file.path), place, str(wrong)))
    rows.take_over(lost, [])


def _line(line: str) -> Any:
    """Return the token or the document of a line.

    Raises
    ------
    WrongValue
    """
    return line.strip() if is_compact(line.strip()) else strict_document(line)


def _within(document: Any, place: Place) -> Iterator[tuple[Any, Place]]:
    """Yield the tokens within a list or the answer of a stream; another value as it is."""
    sets = document.get(SETS) if isinstance(document, dict) else None
    if isinstance(sets, dict):
        yield from ((value, place.at(SETS, name)) for name, value in sets.items())
    elif isinstance(document, list):
        yield from ((value, place.at(number)) for number, value in enumerate(document))
    else:
        yield document, place


def token_of(value: Any, keys: KeyRing) -> Token | None:
    """Return a token with its signature checked, if keys are given; None if it is no token.

    Raises
    ------
    WrongJws
        It is no whole token, or its signature does not hold.
    """
    if not is_compact(value) and not is_json(value):
        claims = _payload(value)
        return Token(claims, None) if claims is not None else None
    jws = parse(value)
    content = jws.content()
    claims = _payload(json_of(content)) if content is not None else None
    if claims is None:
        return None
    if not keys.keys:
        return Token(claims, None)
    states = [checked(signature, keys).claim for signature in jws.signatures()]
    for claim in states:
        if claim.state == NO:
            raise WrongJws(claim.reason)
    return Token(claims, any(claim.state == YES for claim in states))


def _payload(value: Any) -> Mapping[str, Any] | None:
    """Return the claims of a token; None if a value is none."""
    return value if isinstance(value, dict) and isinstance(value.get("events"), dict) else None
