"""Recording of failed reads beside the store, until the source and scope are read again."""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from graph.journal.failed_reads import UPLOAD_FOLDER, FailedRead, end_failed, keep_failed
from graph.journal.journal import clock
from graph.journal.place import journal_path
from graph.stores import Store, StoreError
from ingest.secrets.redaction import redact_text
from ingest.source import InputRefused

Key = tuple[str, str]
UPLOADED = re.compile(rf"^.*/{UPLOAD_FOLDER}[^/]+/(?:uploaded/?)?")


@dataclass(frozen=True)
class Failure:
    """A read that was refused; `scope` is None where it is unknown."""

    source: str
    scope: str | None
    refused: InputRefused


def remember(store: Store, failures: Sequence[Failure], read: Iterable[Key]) -> list[FailedRead]:
    """Save failed reads beside the store, and delete those of scopes that are now `read`.

    A failure in an unknown scope is saved for each scope that the store has of its source, except
    those in `read`: any of them may be out of date.
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
    failed = [failed_read for failure in failures for failed_read in _failed(failure, known, done)]
    keep_failed(journal, failed)
    return failed


def _failed(failure: Failure, known: list[Key], done: set[Key]) -> list[FailedRead]:
    refused = failure.refused
    file = UPLOADED.sub("", refused.file)
    parts = file, refused.place, refused.reason
    if failure.scope is not None:
        scopes = [redact_text(failure.scope)]
    elif file != refused.file:  # a wrong upload does not cast doubt on the known scopes
        scopes = [""]
    else:
        scopes = [c for s, c in known if s == failure.source and (s, c) not in done] or [""]
    return [FailedRead(failure.source, scope, clock(), *parts) for scope in scopes]
