"""The right to publish to a shared store: an object that its holder keeps changing.

It is replaced on condition, so that of two who try one succeeds. No clocks are compared. Whoever
waits takes over from a holder whose object has not changed for `SILENT` seconds; a holder that was
only slow then finds that it lost the right, as its token is in no object that it could replace.
"""

import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from graph.stores import Lease, StoreBusy, StoreDamaged, StoreError
from graph.stores.shared.bucket import Bucket, NoSuchObject, ObjectChanged, Stored
from graph.values import canonical

LOCK = "LOCK"
BEAT, SILENT = 4.0, 20.0  # seconds between changes, and without one until the right is free
PAUSE = 0.2


@contextmanager
def leased(bucket: Bucket, wait: float, last: int) -> Iterator[Lease]:
    """Hold the right to publish, by a token above the `last` that published.

    Raises
    ------
    StoreBusy
        Another holds it for `wait` seconds.
    """
    lock, lease = _taken(bucket, wait, last)
    ended = threading.Event()
    beating = threading.Thread(target=_beat, args=(bucket, lock, lease, ended), daemon=True)
    beating.start()
    try:
        yield lease
    finally:
        ended.set()
        beating.join()


def _taken(bucket: Bucket, wait: float, last: int) -> tuple[Stored, Lease]:
    end = time.monotonic() + wait
    tag, since = None, 0.0
    while True:
        present = _present(bucket)
        if present is None or present.tag != tag:
            tag, since = present.tag if present else None, time.monotonic()
        token, taken = _state(bucket, present)
        if not taken or time.monotonic() - since >= SILENT:
            holder = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex}"
            lease = Lease(max(token, last) + 1, holder)
            with suppress(ObjectChanged):  # another was first
                return bucket.replace(LOCK, _body(lease, 0), present), lease
        if time.monotonic() >= end:
            raise StoreBusy(f"{bucket.uri}: another ingest holds the store")
        time.sleep(PAUSE)


def _beat(bucket: Bucket, lock: Stored, lease: Lease, ended: threading.Event) -> None:
    """Change the object until the end, and say then that it is free; stop once it is another's."""
    beat = 0
    while not ended.wait(BEAT):
        try:
            lock = bucket.replace(LOCK, _body(lease, beat + 1), lock)
            beat += 1
        except ObjectChanged:
            return
        except StoreError:
            continue  # tried again as it was: it may have been written, and only the answer lost
    with suppress(StoreError):
        bucket.replace(LOCK, _body(lease, None), lock)


def _present(bucket: Bucket) -> Stored | None:
    try:
        return bucket.get(LOCK)
    except NoSuchObject:
        return None


def _state(bucket: Bucket, present: Stored | None) -> tuple[int, bool]:
    """Return the last token, and whether somebody says to hold it."""
    if present is None:
        return 0, False
    try:
        body = json.loads(present.data)
        return int(body["token"]), body["beat"] is not None
    except (ValueError, KeyError, TypeError):
        raise StoreDamaged(
            f"{bucket.uri}: {LOCK} is damaged; delete it while nothing is ingested"
        ) from None


def _body(lease: Lease, beat: int | None) -> bytes:
    """Return the object; each is another, as the tag of one is often made of its bytes."""
    return canonical({"token": lease.token, "holder": lease.holder, "beat": beat}).encode()
