"""Open a Neo4j store in a test, and publish to it."""

import contextlib
from collections.abc import Callable, Iterator

from graph.stores.neo4j.session import Patience
from graph.stores.neo4j.store import Neo4jStore
from tests.support.estates import worlds

NEW = worlds.crowd(3)


@contextlib.contextmanager
def opened(uri: str, patience: Patience | None = None, **sign_in: str) -> Iterator[Neo4jStore]:
    store = Neo4jStore(uri, patience=patience, **sign_in)
    try:
        yield store
    finally:
        store.close()


def publish(store: Neo4jStore, facts=NEW, after_step: Callable[[int], None] = lambda _: None):
    with store.lease(10) as lease:
        return store.publish(facts, lease, after_step)[0]
