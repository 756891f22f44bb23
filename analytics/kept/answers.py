"""Answers that are worked out once for a snapshot, and read from beside it afterwards.

The key of an answer is all that it depends on: the code, the facts of its snapshot and of those
before, the instant, the decisions of people, failed reads, and the arguments. So an old answer is
never found under a new key. An answer that is not whole, as a part of it failed, is not kept.
"""

import hashlib
import inspect
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import pandas as pd
import pyarrow as pa

from analytics.history import History, Unread
from analytics.kept.packing import NotPacked, Packer, Unpacker
from analytics.past import code_version
from analytics.posture import Posture
from analytics.runtime.faults import collected
from graph.journal.hash_chain import sha256
from graph.once import once
from graph.stores import SnapshotInfo
from graph.stores.kept_files import CODE, KeptFiles
from graph.values import canonical

Subject = TypeVar("Subject")
P = ParamSpec("P")
T = TypeVar("T")

WORTH = 0.03  # seconds of processor: what takes less is worked out again
_EVERYTHING = ContextVar("everything", default=False)

Answer = Callable[Concatenate[Subject, P], T]


def kept(answer: Answer[Subject, P, T]) -> Answer[Subject, P, T]:
    """Keep the results of `answer(posture, ...)`.

    It may be about an object with `ends` instead, the postures that tell it from others, and
    `postures`, all those that it judges. Ends that are `Unread` stay so if the answer is kept, and
    such an answer holds no nodes. With arguments that cannot be packed, and for postures of
    no store, it is worked out each time. Answers about one thing of many are better left out: they
    would drive out those of the whole estate. What takes little time is kept only if its subject is
    no posture: then it saves the reading of a snapshot, too.
    """
    signature = inspect.signature(answer)
    name = f"{answer.__module__}.{answer.__qualname__}"

    @wraps(answer)
    def kept_answer(subject: Subject, /, *arguments: P.args, **named: P.kwargs) -> T:
        bound = signature.bind(subject, *arguments, **named)
        bound.apply_defaults()
        _, *rest = bound.arguments.values()
        place = place_of(name, subject, rest)
        known = place.load() if place is not None else None
        if known is not None:
            result: T = known[0]
            return result
        began = time.process_time()
        result = answer(subject, *arguments, **named)
        about: Any = subject
        worth = not isinstance(subject, Posture) or worth_it(began)
        if place is not None and worth and place.still_so():
            place.save(result, (about,) if isinstance(about, Posture) else about.postures)
        return result

    return kept_answer


def worth_it(began: float) -> bool:
    """Return whether to keep what has been worked out since `began` (`time.process_time`)."""
    return _EVERYTHING.get() or time.process_time() - began >= WORTH


@contextmanager
def keeping_everything() -> Iterator[None]:
    """Keep also what takes little time, as what it rests on has been worked out by others."""
    token = _EVERYTHING.set(True)
    try:
        yield
    finally:
        _EVERYTHING.reset(token)


@dataclass(frozen=True)
class Place:
    """Where one answer is kept: beside the latest of the snapshots that it is about."""

    files: KeptFiles
    ends: tuple[Posture | Unread, ...]
    decided: tuple[str | None, ...]  # what each end rests on
    snapshot: str
    key: str

    def load(self) -> tuple[Any] | None:
        """Return the answer in a tuple, or None."""
        saved = self.files.load(self.snapshot, self.key)
        if saved is None:
            return None
        read = [(n, end) for n, end in enumerate(self.ends) if isinstance(end, Posture)]
        things = {str(n): _things(posture) for n, posture in read}
        try:
            return (Unpacker(saved[1], things).unpack(saved[0]),)
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, pa.ArrowException):
            return None

    def still_so(self) -> bool:
        """Return whether nobody decided anything since the key was made."""
        return tuple(map(_decided, self.ends)) == self.decided

    def drop(self) -> None:
        """Delete the answer, as a later one has all that it says."""
        self.files.drop(self.snapshot, self.key)

    def sound(self, judged: Sequence[Posture]) -> bool:
        """Return whether what was `judged` rests on the same decisions, and no part failed."""
        return not collected() and not any(
            p.faults or p.decisions not in self.decided for p in judged
        )

    def save(self, result: Any, judged: Sequence[Posture] = ()) -> None:
        """Keep an answer, unless a part of what was `judged` for it failed."""
        if not self.sound(judged):
            return
        graphs = [(n, end.graph) for n, end in enumerate(self.ends) if isinstance(end, Posture)]
        named = {id(g.things): str(n) for n, g in graphs if "things" in vars(g)}
        packer = Packer(named)
        try:
            tree = packer.pack(result)
        except NotPacked:
            return
        self.files.save(self.snapshot, self.key, tree, packer.tables)


def place_of(name: str, subject: Any, arguments: Sequence[Any]) -> Place | None:
    """Return where the answer with a name, about a subject, is kept; None if it cannot be."""
    ends = (subject,) if isinstance(subject, Posture) else subject.ends
    decided = tuple(map(_decided, ends))
    history, info, _ = _about(ends[-1])
    if None in decided or history is None or history.kept is None or info is None:
        return None
    try:
        digest = hashlib.sha256()
        for part in _parts(arguments):
            digest.update(part)
    except NotPacked:
        return None
    moments = [_moment(end, of) for end, of in zip(ends, decided, strict=True)]
    digest.update(canonical([name, moments]).encode(errors="surrogatepass"))
    key = _code() + digest.hexdigest()[:32]
    return Place(history.kept, tuple(ends), decided, info.id, key)


def _code() -> str:
    """Return which code makes answers: pages keep some, too, so that of the app counts."""
    return code_version("analytics", "app", "graph")[:CODE]


def _parts(arguments: Sequence[Any]) -> list[bytes]:
    """Return arguments as bytes, equal for equal ones."""
    packer = Packer({})
    tree = canonical(packer.pack(list(arguments)))
    return [tree.encode(errors="surrogatepass"), *(_bytes(table) for table in packer.tables)]


def _bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table.combine_chunks())
    made: bytes = sink.getvalue().to_pybytes()
    return made


def _about(end: Posture | Unread) -> tuple[History | None, SnapshotInfo | None, pd.Timestamp]:
    if isinstance(end, Unread):
        return end.history, end.info, end.at
    return end.history, end.graph.snapshot, end.graph.as_of


def _decided(end: Posture | Unread) -> str | None:
    """Return the decisions of people that an end rests on.

    None if it is of no store, or if somebody has decided something since it was read: parts of it
    may be of before.
    """
    history, info, _ = _about(end)
    if history is None or history.kept is None or info is None:
        return None
    decisions = history.decisions()
    if isinstance(end, Unread):
        return decisions
    return decisions if end.before is None and decisions == end.decisions else None


def _moment(end: Posture | Unread, decided: str | None) -> list[Any]:
    """Return all that the answers about an end depend on, the code and arguments aside.

    What is kept of a snapshot that may stay unread is part of a history: it says what was so then,
    so what is decided later does not change it. A posture is asked for today's state, too, such as
    who waits for a second person or which source cannot be read.
    """
    history, info, at = _about(end)
    assert history is not None
    assert info is not None
    stated_until = end.stated_until if isinstance(end, Posture) else None
    later = [stated_until.isoformat()] if stated_until is not None else []
    if isinstance(end, Unread):
        decided = history.decided_by(at)
    return [decided, at.isoformat(), _facts(history, info), *later]


def _facts(history: History, info: SnapshotInfo) -> str:
    """Return a text that differs with the facts of a snapshot, or of one before."""
    by_id = _facts_until(history)
    if info.id in by_id:
        return by_id[info.id]
    *before, _ = history.until(info)
    return _with_facts(by_id[before[-1].id] if before else "", history, info)


@once
def _facts_until(history: History) -> dict[str, str]:
    """Return `_facts` of each snapshot, which rests on that of the one before."""
    texts, text = {}, ""
    for info in history.infos:
        text = texts[info.id] = _with_facts(text, history, info)
    return texts


def _with_facts(before: str, history: History, info: SnapshotInfo) -> str:
    assert history.kept is not None
    text = canonical([before, info.id, info.hash, history.kept.stamp([info.id])])
    return sha256(text.encode(errors="surrogatepass"))


def _things(posture: Posture) -> Callable[[], pd.DataFrame]:
    return lambda: posture.graph.things
