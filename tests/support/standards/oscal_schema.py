"""A validator of OSCAL assessment results.

By the models of the package oscal-bindings, which are made from the JSON schema of NIST, and by two
rules that a schema cannot tell: no id twice, and no reference to what is not there.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from oscal_bindings import AssessmentResultsDocument
from pydantic import ValidationError


def oscal_faults(document: Any) -> list[str]:
    """Return what is wrong with a document, each with its place; none if it is valid."""
    try:
        AssessmentResultsDocument.model_validate(document)
    except ValidationError as error:
        return [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
    named, used = Counter(_values(document, "uuid")), set(_references(document))
    return [
        *(f"uuid: {uuid} is there {count} times" for uuid, count in named.items() if count > 1),
        *(f"{uuid}: is nowhere" for uuid in sorted(used - named.keys())),
    ]


def _references(document: Any) -> Iterator[str]:
    for name in ("subject-uuid", "observation-uuid"):
        yield from _values(document, name)
    for link in _values(document, "href"):
        if link.startswith("#"):
            yield link[1:]


def _values(value: Any, name: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            if key == name:
                yield each
            else:
                yield from _values(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from _values(each, name)
