"""What goes wrong between us and a Neo4j server, and what the user then sees."""

import contextlib
import gc
import socket
import threading
import time
from pathlib import Path

import neo4j
import pytest

from graph.stores import Lease, StoreBusy, StoreDamaged, StoreUnavailable, open_store
from graph.stores.neo4j import runs as neo4j_runs
from graph.stores.neo4j import session as neo4j_session
from graph.stores.neo4j import store as neo4j_store
from graph.stores.neo4j.session import Patience
from graph.stores.neo4j.store import Neo4jStore
from tests.integration.conftest import PASSWORD, ask, emptied, wipe
from tests.integration.faultproxy import Fault, When, between
from tests.integration.opening import NEW, opened, publish
from tests.neo4j import server
from tests.support.estates import worlds

ROOT = Path(__file__).parents[2]
OLD = worlds.crowd(2)


@pytest.fixture
def frail(asking_neo4j: server.Server) -> server.Server:
    """Return a server that asks for a password and may be killed, with nothing in it."""
    emptied(asking_neo4j.uri)
    return asking_neo4j


def seconds_to_refuse(uri: str, saying: str, **sign_in: str) -> float:
    began = time.monotonic()
    with opened(uri, **sign_in) as store, pytest.raises(StoreUnavailable) as refused:
        store.current()
    assert uri in str(refused.value)
    assert saying in str(refused.value)
    assert PASSWORD not in str(refused.value)
    return time.monotonic() - began


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("http://127.0.0.1:7474", "starts with one of"),
        ("https://db.example.com", "starts with one of"),
        ("file:///etc/passwd", "starts with one of"),
        ("bolt://db.example.com:7687", "must be encrypted"),
        ("neo4j://10.0.0.5", "must be encrypted"),
        ("bolt+ssc://db.example.com", "must be encrypted"),
        ("bolt://127.0.0.1.example.com", "must be encrypted"),
        ("bolt://neo4j:canary-c0ffee-1@127.0.0.1:7687", "does not belong in the URI"),
        ("bolt://neo4j:canary-c0ffee-1@db.example.com", "does not belong in the URI"),
        ("bolt://127.0.0.1:7687/other", "nothing else"),
        ("neo4j://127.0.0.1?policy=x", "nothing else"),
        ("bolt://", "nothing else"),
        ("bolt://127.0.0.1:99999", "no valid host and port"),
    ],
)
def test_an_address_that_is_unsafe_or_unclear_is_refused(uri: str, why: str):
    with pytest.raises(StoreUnavailable, match=why) as refused:
        open_store(uri)
    assert PASSWORD not in str(refused.value)


@pytest.mark.parametrize("uri", ["bolt://[::1]:7", "neo4j://localhost", "neo4j+s://db.example.com"])
def test_a_safe_address_is_taken(uri: str):
    with opened(uri) as store:
        assert store.uri == uri


def test_half_a_sign_in_is_refused():
    with pytest.raises(StoreUnavailable, match="set both"):
        Neo4jStore("bolt://127.0.0.1:7", user="neo4j")


def test_a_closed_port_is_reported_at_once():
    uri = f"bolt://127.0.0.1:{server.free_port()}"
    assert seconds_to_refuse(uri, "cannot be reached", user="neo4j", password=PASSWORD) < 6


def test_a_port_that_never_answers_is_reported_in_time():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"bolt://127.0.0.1:{silent.getsockname()[1]}"
        assert seconds_to_refuse(uri, uri, user="neo4j", password=PASSWORD) < 15
    assert_no_thread_is_left()


def test_another_kind_of_server_is_reported():
    def answer(listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                with listening.accept()[0] as client:
                    client.recv(1000)
                    client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=answer, args=(listening,), daemon=True).start()
        uri = f"bolt://127.0.0.1:{listening.getsockname()[1]}"
        assert seconds_to_refuse(uri, uri) < 15
        listening.shutdown(socket.SHUT_RDWR)


def test_a_wrong_password_is_reported_as_such(frail: server.Server):
    uri, right = frail.uri, {"user": "neo4j", "password": PASSWORD}
    assert seconds_to_refuse(uri, "refused the sign-in", user="neo4j", password="wrong") < 15
    assert seconds_to_refuse(uri, "refused the sign-in") < 15
    with opened(uri, **right) as store:
        assert store.snapshots() == []


def assert_no_thread_is_left() -> None:
    end = time.monotonic() + 10
    while any(t.name == "trustdebt-neo4j" for t in threading.enumerate()):
        assert time.monotonic() < end, "a thread is left behind"
        time.sleep(0.05)


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the driver drops a socket half opened
def test_a_server_that_hangs_is_given_up(frail: server.Server):
    patience = Patience(answer=2)
    with opened(frail.uri, patience, user="neo4j", password=PASSWORD) as store:
        publish(store, OLD)
        frail.hang()
        try:
            began = time.monotonic()
            with pytest.raises(StoreUnavailable, match="gave no answer for 2 seconds"):
                store.read()
            assert time.monotonic() - began < 3
            with pytest.raises(StoreUnavailable):
                store.current()
        finally:
            frail.wake()
        assert store.read()[1].hash == OLD.hash
    assert_no_thread_is_left()
    gc.collect()  # while the filter is on


def test_without_a_limit_of_our_own_the_driver_waits(frail: server.Server):
    """Show the fault: the driver's own limits do not end a call to a server that hangs."""
    auth = ("neo4j", PASSWORD)
    limits = {"connection_timeout": 1, "connection_write_timeout": 1}
    with neo4j.GraphDatabase.driver(frail.uri, auth=auth, **limits) as driver:
        driver.execute_query("RETURN 1")
        call = neo4j.Query("RETURN 1", timeout=1)

        def ask() -> None:
            with contextlib.suppress(
                neo4j.exceptions.ClientError
            ):  # once awake, it may find the call too old
                driver.execute_query(call)

        thread = threading.Thread(target=ask, daemon=True)
        frail.hang()
        try:
            thread.start()
            thread.join(3)
            assert thread.is_alive()
        finally:
            frail.wake()
        thread.join(20)


def test_a_server_killed_in_the_middle_costs_nothing(
    frail: server.Server, monkeypatch: pytest.MonkeyPatch
):
    """It is gone for good from the one who does not wait, and back in time for the other."""
    monkeypatch.setattr(neo4j_store, "LEASE_SECONDS", 1.0)
    sign_in = {"user": "neo4j", "password": PASSWORD}
    with opened(frail.uri, **sign_in) as store:
        publish(store, OLD)
        former = store.current()

        def nothing_has_changed() -> None:
            with opened(frail.uri, **sign_in) as reader:
                assert reader.current() == former
                assert reader.read()[1].hash == OLD.hash

        def power_cut_and_back(step: int) -> None:
            if step == 1:
                frail.kill()
                frail.start()
                nothing_has_changed()

        cut = Fault(for_good=True)

        def gone(step: int) -> None:
            if step == 1:
                cut.at = cut.commits + 1

        with (
            between(frail.uri, cut) as wire,
            opened(wire, Patience(retry=0.5, answer=2), **sign_in) as other,
            pytest.raises(StoreUnavailable, match="cannot be reached"),
        ):
            publish(other, NEW, gone)
        assert cut.cuts == 1
        nothing_has_changed()
        publish(store, NEW, power_cut_and_back)
        assert store.read()[1].hash == NEW.hash


def commits_of_a_publish(uri: str) -> int:
    fault = Fault()
    with between(uri, fault) as wire, opened(wire) as store:
        publish(store)
    return fault.commits


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_wire_cut_at_any_commit_costs_nothing(empty_neo4j: str, when: When):
    """Nobody tells us whether a commit whose answer got lost took place; we find out."""
    with opened(empty_neo4j) as store:
        publish(store, OLD)
        number = commits_of_a_publish(empty_neo4j)
        assert number >= 8
        for at in range(1, number + 1):
            fault, facts = Fault(at, when), (NEW, OLD)[at % 2]
            with between(empty_neo4j, fault) as wire, opened(wire) as cut:
                info = publish(cut, facts)
            assert fault.cuts == 1
            assert store.current() == info
            assert store.read()[1].hash == facts.hash
        assert (
            ask(empty_neo4j, "MATCH (s:TrustdebtSnapshot) WHERE s.state <> 'PUBLISHED' RETURN s")
            == []
        )


def test_without_the_step_counter_a_batch_would_be_written_twice(
    empty_neo4j: str, monkeypatch: pytest.MonkeyPatch
):
    """Show the fault: after a lost answer the same rows are sent again."""
    advance = neo4j_runs.Writer._advance

    def forgetful(self, tx, text, run, step, **values):
        advance(self, tx, text, run, step, **values)
        return True

    monkeypatch.setattr(neo4j_runs.Writer, "_advance", forgetful)
    number, refused = commits_of_a_publish(empty_neo4j), 0
    for at in range(number, 0, -1):
        if refused == 2:  # one for the nodes, one for the relationships
            break
        wipe(empty_neo4j)
        with between(empty_neo4j, Fault(at, "after")) as wire, opened(wire) as cut:
            try:
                publish(cut)
            except (StoreDamaged, StoreUnavailable):
                refused += 1
    assert refused == 2


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_wire_cut_while_reading_costs_nothing(empty_neo4j: str, when: When):
    with opened(empty_neo4j) as store:
        publish(store)
    whole = Fault()
    with between(empty_neo4j, whole) as wire, opened(wire) as store:
        store.read()
    for at in range(1, whole.commits + 1):
        with between(empty_neo4j, Fault(at, when)) as wire, opened(wire) as cut:
            assert cut.read()[1].hash == NEW.hash


def test_the_driver_alone_would_not_read_again(empty_neo4j: str, monkeypatch: pytest.MonkeyPatch):
    """Show the fault: a read whose commit was not confirmed is not repeated by the driver."""
    monkeypatch.setattr(
        neo4j_session, "passing", lambda error: getattr(error, "is_retryable", bool)()
    )
    with between(empty_neo4j, Fault(1, "after")) as wire, opened(wire) as cut:
        with pytest.raises(StoreUnavailable):
            cut.current()
        assert cut.current() is None


def test_a_lost_relationship_is_noticed(empty_neo4j: str):
    with opened(empty_neo4j) as store:
        publish(store)
        ask(empty_neo4j, "MATCH (:TrustdebtAgent {id: 'a1'})-[r:TRUSTDEBT_CAN_ACCESS]->() DELETE r")
        with pytest.raises(StoreDamaged, match="CAN_ACCESS"):
            store.read()


def test_a_pointer_to_nothing_is_noticed(empty_neo4j: str):
    with opened(empty_neo4j) as store:
        publish(store)
        ask(empty_neo4j, "MATCH (p:TrustdebtPointer) SET p.snapshot = 'no such run'")
        with pytest.raises(StoreDamaged):
            store.current()


def test_rows_missing_before_the_flip_stop_it(empty_neo4j: str):
    def lose_one(step: int) -> None:
        if step == 2:  # both rows that are new are there
            ask(empty_neo4j, "MATCH (:TrustdebtAgent {id: 'a2'})-[r]->() DELETE r")

    with opened(empty_neo4j) as store:
        former = publish(store, OLD)
        with pytest.raises(StoreDamaged, match="not what was written"):
            publish(store, NEW, lose_one)
        assert store.current() == former
        assert publish(store, NEW).sequence == 2


def test_a_lease_is_renewed_while_it_is_held(empty_neo4j: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(neo4j_store, "LEASE_SECONDS", 2.0)  # a cold server takes one
    with (
        opened(empty_neo4j) as store,
        opened(empty_neo4j) as other,
        store.lease(),
        pytest.raises(StoreBusy),
        other.lease(4.0),
    ):
        pass


def test_a_lease_that_is_not_renewed_runs_out(empty_neo4j: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(neo4j_store, "LEASE_SECONDS", 0.6)
    monkeypatch.setattr(Neo4jStore, "_renew", lambda *_: None)  # as if the process were stopped
    with opened(empty_neo4j) as store, opened(empty_neo4j) as other, store.lease() as stale:
        with other.lease(5.0) as lease:
            other.publish(OLD, lease)
            with pytest.raises(StoreBusy):
                store.publish(NEW, stale)
        assert other.read()[1].hash == OLD.hash


def test_a_renewal_that_the_release_overtook_renews_nothing(
    empty_neo4j: str, monkeypatch: pytest.MonkeyPatch
):
    begun, released, came = threading.Event(), threading.Event(), threading.Event()

    def late(self: Neo4jStore, lease: Lease, _done: threading.Event) -> None:
        begun.set()
        assert released.wait(20)
        renew(self, lease, Once())
        came.set()

    class Once(threading.Event):
        """Not done at the first question, done at the second: one renewal."""

        def wait(self, timeout: float | None = None) -> bool:
            done = self.is_set()
            self.set()
            return done

    renew = Neo4jStore._renew
    monkeypatch.setattr(Neo4jStore, "_renew", late)
    with opened(empty_neo4j) as store, opened(empty_neo4j) as other:
        with store.lease():
            assert begun.wait(20)
        released.set()
        assert came.wait(20)
        with other.lease(0.0) as lease:
            other.publish(OLD, lease)


def test_the_next_publish_removes_what_a_failed_one_left(empty_neo4j: str):
    def fails(step: int) -> None:
        raise RuntimeError

    with opened(empty_neo4j) as store:
        publish(store, OLD)
        with pytest.raises(RuntimeError):
            publish(store, NEW, fails)
        assert "LOADING" in states(empty_neo4j)
        published = publish(store, worlds.crowd(4))
        assert states(empty_neo4j) == ["PUBLISHED", "PUBLISHED"]
        runs = [info.sequence for info in store.snapshots()]
    assert published.sequence in runs
    text = "MATCH (n) WHERE n.first_run IS NOT NULL "
    text += "AND none(run IN $runs WHERE n.first_run <= run <= n.last_run) RETURN n"
    assert ask(empty_neo4j, text, runs=runs) == []


def states(uri: str) -> list[object]:
    return [state for (state,) in ask(uri, "MATCH (s:TrustdebtSnapshot) RETURN s.state")]
