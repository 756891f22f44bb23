"""Answers that come in pages: whether the last page is there, which names no next one.

Pages of one answer are of one account and region, and have the same lists. They may lie in one file
or in several, and in any order; a page that is missing between others cannot be noticed.
https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-pagination.html
"""

import re
from collections.abc import Iterable
from pathlib import PurePath
from typing import Any

from graph.aws.arn import parse
from ingest.rows import Place
from ingest.sources.aws.authorization import is_details
from ingest.sources.aws.export import Export

# How services name the next page; the command line hands out a token where `--max-items` bounds it.
NEXT = ("Marker", "NextMarker", "NextToken", "nextToken", "PaginationToken", "ContinuationToken")
NUMBER = re.compile(r"[-_.]?(?:page|p)?[-_.]?(?<!\d)\d+$")
Page = tuple[dict[str, Any], Place]
Answer = tuple[str, ...]
DETAILS: Answer = ("details",)


def note_missing_pages(export: Export, documents: Iterable[Page]) -> None:
    """Warn of answers that go on in a page that is not there, which makes the reading partial."""
    going_on: list[tuple[Answer, Place]] = []
    ended: set[Answer] = set()
    for value, place in documents:
        for answer in _answers(value, place):
            if _goes_on(value):
                going_on.append((answer, place))
            else:
                ended.add(answer)
    details = {answer for answer in ended if answer[:1] == DETAILS}
    for answer, place in going_on:
        elsewhere = details if answer == DETAILS else ended & {DETAILS} & {answer[:1]}
        if answer not in ended and not elsewhere:
            export.rows.all_read = False
            export.rows.warn(
                f"{place.file} is one page of several, and the last is not there: not all is read"
            )


def _goes_on(value: dict[str, Any]) -> bool:
    named = any(isinstance(value.get(name), str) and value[name] for name in NEXT)
    return named or value.get("IsTruncated") is True


def _answers(value: dict[str, Any], place: Place) -> set[Answer]:
    """Return what tells an answer from others: its lists, and where the listed things are.

    A page of details may hold nothing but policies of AWS, which are of no account.
    """
    details = is_details(value)
    lists = tuple(sorted(name for name, part in value.items() if isinstance(part, list)))
    homes = {
        (arn.account, arn.region)
        for part in value.values()
        for record in (part if isinstance(part, list) else ())
        for text in (record.values() if isinstance(record, dict) else [record])
        if isinstance(text, str) and (arn := parse(text)) and arn.account not in ("", "aws")
    }
    if details:
        return {(*DETAILS, *home) for home in homes} or {DETAILS}
    file = PurePath(place.file)
    stem = NUMBER.sub("", file.name.partition(".json")[0])
    return {(*lists, *home) for home in homes} or {(*lists, str(file.parent), stem)}
