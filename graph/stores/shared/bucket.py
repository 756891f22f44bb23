"""Objects in a bucket, by the S3 API: what a shared store asks of it, and nothing more.

An object is replaced only if it is still the one that was read (a conditional put:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html). Credentials and the
place of the service are those of the environment (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL`, ...),
or of the machine's role; they are never shown.
"""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from graph.machine.addresses import bucket_of
from graph.stores import StoreBusy, StoreDamaged, StoreUnavailable

if TYPE_CHECKING:
    from obstore.store import S3Store

TIMEOUT = timedelta(seconds=60)  # of one request; a file of a snapshot is one
CONNECT = timedelta(seconds=5)
RETRIES = 3
STATUS = re.compile(r"status code: (\d{3})")
NO_BUCKET = "NoSuchBucket"


class ObjectChanged(StoreBusy):
    """The object is no longer the one that was read."""


class NoSuchObject(StoreDamaged):
    """There is no object of that name."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An object: its bytes, and the tag by which this version of it is told from others."""

    data: bytes
    tag: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An object in a list: when it was written, by the clock of the service."""

    name: str
    modified: datetime


class Bucket:
    """The objects below `s3://BUCKET/PREFIX`.

    Each method raises `StoreUnavailable` if the service does not answer, or refuses.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self._objects = _opened(uri)

    def get(self, name: str) -> Stored:
        """Return an object.

        Raises
        ------
        NoSuchObject
        """
        with self._asking(name):
            answer = self._objects.get(name)
            return Stored(bytes(answer.bytes()), _tag(answer.meta))

    def get_if_changed(self, name: str, known: Stored) -> Stored:
        """Return an object; the `known` one if it is still that.

        Raises
        ------
        NoSuchObject
        """
        from obstore.exceptions import NotModifiedError

        try:
            with self._asking(name):
                answer = self._objects.get(name, options={"if_none_match": known.tag})
                return Stored(bytes(answer.bytes()), _tag(answer.meta))
        except NotModifiedError:
            return known

    def put(self, name: str, data: bytes) -> None:
        """Write an object, whatever is there."""
        with self._asking(name):
            self._objects.put(name, data)

    def replace(self, name: str, data: bytes, known: Stored | None) -> Stored:
        """Write an object if it is still the `known` one; with None, if there is none.

        Whether a request that broke off was carried out is seen from the object itself.

        Raises
        ------
        ObjectChanged
        """
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        try:
            with self._asking(name):
                mode: Any = {"e_tag": known.tag} if known is not None else "create"
                return Stored(data, _tag(self._objects.put(name, data, mode=mode)))
        except (AlreadyExistsError, PreconditionError, NoSuchObject):
            pass
        try:
            present = self.get(name)
        except NoSuchObject:
            present = None
        if present is not None and present.data == data:
            return present
        raise ObjectChanged(f"{self.uri}: {name} was changed by another process meanwhile")

    def written(self, name: str) -> datetime:
        """Return when an object was written, by the clock of the service.

        Raises
        ------
        NoSuchObject
        """
        with self._asking(name):
            return self._objects.head(name)["last_modified"]

    def list(self, prefix: str) -> Iterator[Entry]:
        """Yield the objects whose names begin with `prefix`, a folder."""
        with self._asking(prefix):
            for chunk in self._objects.list(prefix):
                for meta in chunk:
                    yield Entry(meta["path"], meta["last_modified"])

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects; those that are gone already are as they should be."""
        listed = list(names)
        if listed:
            with self._asking(listed[0]):
                self._objects.delete(listed)

    @contextmanager
    def _asking(self, name: str) -> Iterator[None]:
        """Translate errors of the service, whose texts may hold what nobody should see."""
        from obstore.exceptions import (
            AlreadyExistsError,
            BaseError,
            NotModifiedError,
            PermissionDeniedError,
            PreconditionError,
            UnauthenticatedError,
        )

        try:
            yield
        except (AlreadyExistsError, PreconditionError, NotModifiedError):
            raise  # what the caller asked about
        except FileNotFoundError as error:
            if NO_BUCKET in str(error):
                raise StoreUnavailable(f"{self.uri}: there is no such bucket") from None
            raise NoSuchObject(f"{self.uri}: {name} is not there") from None
        except (PermissionDeniedError, UnauthenticatedError):
            raise StoreUnavailable(
                f"{self.uri}: the service refuses these credentials for {name}"
            ) from None
        except (BaseError, OSError, ValueError) as error:
            status = STATUS.search(str(error))
            why = f"answers {status[1]}" if status else "does not answer"
            raise StoreUnavailable(f"{self.uri} cannot be used: the service {why}") from None


def _opened(uri: str) -> "S3Store":
    try:
        from obstore.exceptions import BaseError
        from obstore.store import S3Store
    except ModuleNotFoundError:
        raise StoreUnavailable(
            "a store in a bucket needs one package more: pip install 'trustdebt[s3]'"
        ) from None
    bucket, prefix = bucket_of(uri)
    try:
        return S3Store(
            bucket,
            prefix=prefix or None,
            client_options={
                "timeout": TIMEOUT,
                "connect_timeout": CONNECT,
                "allow_http": os.environ.get("AWS_ALLOW_HTTP", "").lower() in ("1", "true"),
            },
            retry_config={"max_retries": RETRIES, "retry_timeout": TIMEOUT},
        )
    except (BaseError, ValueError):
        raise StoreUnavailable(f"{uri}: the AWS_ variables of the environment do not fit") from None


def _tag(meta: Any) -> str:
    """Return the tag of an object; a service without tags cannot keep a store."""
    tag = meta["e_tag"]
    if not tag:
        raise StoreUnavailable("the service gives no tags of objects, so nothing can be published")
    return str(tag)
