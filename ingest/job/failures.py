"""What could not be read: kept beside the store, and told, until it is read again."""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from graph.journal.failed_reads import FailedRead, end_failed, keep_failed
from graph.journal.file import journal_path
from graph.journal.journal import clock
from graph.stores import Store, StoreError
from ingest.secrets.redaction import redact_text
from ingest.source import InputRefused

Key = tuple[str, str]
UPLOADED = re.compile(r"^.*/trustdebt-upload-[^/]+/(?:uploaded/?)?")  # gone by the time it is read


@dataclass(frozen=True)
class Failure:
    """A read that was refused; `scope` is None where nobody could say which it was."""

    source: str
    scope: str | None
    refused: InputRefused


def remember(store: Store, failures: Sequence[Failure], read: Iterable[Key]) -> list[FailedRead]:
    """Keep what failed beside the store, and forget what failed before and is now `read`.

    A failure in a scope that nobody named is one of each scope that the store knows of its
    source, but for those in `read`: nobody can tell which of them is out of date.
    """
    done = set(read)
    journal = journal_path(store.uri)
    if done:
        end_failed(journal, done)
    if not failures:
        return []
    known: list[Key] = []
    with suppress(StoreError):
        current = store.current()
        known = [c.key for c in current.coverage] if current else []
    failed = [one for failure in failures for one in _failed(failure, known, done)]
    keep_failed(journal, failed)
    return failed


def _failed(failure: Failure, known: list[Key], done: set[Key]) -> list[FailedRead]:
    said = failure.refused
    file = UPLOADED.sub("", said.file)
    parts = file, said.place, said.reason
    if failure.scope is not None:
        scopes = [redact_text(failure.scope)]
    elif file != said.file:  # whoever uploads a wrong file tells nothing of all that is known
        scopes = [""]
    else:
        scopes = [c for s, c in known if s == failure.source and (s, c) not in done] or [""]
    return [FailedRead(failure.source, scope, clock(), *parts) for scope in scopes]
