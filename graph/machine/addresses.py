"""Distinction of database addresses from folder paths, before either is used or shown.

A mistyped address would otherwise be taken for a folder, created, and printed with its password.
So anything that looks like an address must be a valid one, or is refused without showing it; a
folder of such a name is written with `./` or `/` before it.
"""

import os
import re
from pathlib import Path

DEFAULT = "trustdebt-store"  # the store of whoever names none
JOURNAL = "journal.sqlite"  # the file of the journal in the folder of a store
# Two characters at least: `C:\data` is a folder.
SCHEME = re.compile(r"[A-Za-z][\w+.-]+:")
# A missing colon or another sign in its place: `neo4j+s//host`, `bolt;//host`.
DATABASE = re.compile(r"(?i)(?:bolt|neo4j)(?:\+\w*)?(?://|\\|;|,|\.//)|\w+\+ss?c?/")
# Names of buckets: docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([\w.=/-]*))?", re.ASCII)
IN_A_BUCKET = re.compile(r"(?i)s3://")
WRITTEN_AS_PATH = re.compile(r"(?:\.{1,2}|~)?/(?!/)|\.{1,2}$")


def names_a_database(text: str) -> bool:
    """Return whether `text` is written like an address, valid or not, and not like a path.

    >>> [names_a_database(s) for s in ("bolt://h", "neo4j+s//ann:pw@h", "neo4j:ann:pw@h")]
    [True, True, True]
    >>> [names_a_database(s) for s in ("trustdebt-store", "/srv/a:b@c", "./neo4j:x", "C:/data")]
    [False, False, False, False]
    """
    text = text.strip()
    if "://" in text:
        return True
    if WRITTEN_AS_PATH.match(text):
        return False
    if "@" in text:
        return ":" in text.partition("@")[0] or text[:2] == "//" or bool(DATABASE.match(text))
    return bool(SCHEME.match(text) or DATABASE.match(text)) and not is_there(text)


def is_there(path: str | Path) -> bool:
    """Return whether a file or folder has this name; False if that cannot be determined."""
    try:
        return Path(path).exists()
    except OSError:  # a name that is too long, or in an unreadable folder
        return False


def well_formed(address: str) -> bool:
    """Return whether an address has a scheme, a colon and two slashes, so that it can be split."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", address) is not None


def names_a_bucket(text: str) -> bool:
    """Return whether `text` is written like an address of the S3 API, valid or not.

    >>> [names_a_bucket(s) for s in ("s3://team/trust", "S3://x", "s3:/x", "./s3://x")]
    [True, True, False, False]
    """
    return IN_A_BUCKET.match(text.strip()) is not None


def bucket_of(address: str) -> tuple[str, str]:
    """Return the bucket and the folder in it, both empty if the address names none.

    >>> bucket_of("s3://team/trust/debt/"), bucket_of("s3://key:secret@team")
    (('team', 'trust/debt'), ('', ''))
    """
    match = BUCKET.fullmatch(address)
    return (match[1], (match[2] or "").strip("/")) if match else ("", "")


def names_a_server(text: str | None) -> bool:
    """Return whether the setting of the journal names a PostgreSQL server, rightly or not.

    >>> [names_a_server(s) for s in ("postgresql://h/d", "Postgres://h", "/srv/postgres", None)]
    [True, True, False, False]
    """
    return text is not None and text.strip().lower().startswith(("postgresql://", "postgres://"))


def bucket_key(address: str) -> str:
    """Return what tells a bucket from those of the same name at other services."""
    service = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
    return f"{service.rstrip('/')} {'/'.join(filter(None, bucket_of(address)))}"
