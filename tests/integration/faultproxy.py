"""A wire to a Bolt server that breaks at a chosen COMMIT, just before or just after it arrives."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

COMMIT = b"\x00\x02\xb0\x12\x00\x00"  # the message on the wire: a chunk of two bytes and its end
When = Literal["before", "after"]


@dataclass
class Fault:
    """Where to cut, counted over all connections; 0 cuts nowhere. `commits` counts them.

    Once cut `for_good`, nothing answers any more, as if there were no server.
    """

    at: int = 0
    when: When = "before"
    commits: int = 0
    for_good: bool = False
    cuts: int = 0
    guard: threading.Lock = field(default_factory=threading.Lock)


@contextlib.contextmanager
def between(uri: str, fault: Fault) -> Iterator[str]:
    """Yield an address that leads to `uri` and breaks as `fault` says."""
    there = urlsplit(uri)
    assert there.hostname is not None
    upstream = (there.hostname, there.port or 7687)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_accept, args=(listening, upstream, fault), daemon=True).start()
        yield f"bolt://127.0.0.1:{listening.getsockname()[1]}"
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)


def _accept(listening: socket.socket, upstream: tuple[str, int], fault: Fault) -> None:
    while True:
        try:
            client, _ = listening.accept()
        except OSError:
            return
        if fault.cuts and fault.for_good:
            client.close()
            listening.close()
            return
        server = socket.create_connection(upstream)
        for side in (client, server):
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lost = threading.Event()
        for target in (_up, _down):
            threading.Thread(target=target, args=(client, server, lost, fault), daemon=True).start()


def _up(client: socket.socket, server: socket.socket, lost: threading.Event, fault: Fault) -> None:
    """Carry what the client says, and look for the COMMIT to cut at."""
    kept = b""
    with contextlib.suppress(OSError):
        while data := client.recv(65536):
            found = (kept + data).count(COMMIT)
            kept = data[-(len(COMMIT) - 1) :]
            with fault.guard:
                gone = fault.for_good and fault.cuts > 0  # another wire was cut at it
                first = fault.commits < fault.at <= fault.commits + found
                hit = first or gone
                fault.commits += found
                fault.cuts += first
            if hit and fault.when == "before":
                break
            if hit:
                lost.set()
            server.sendall(data)
    _end(client, server)


def _down(
    client: socket.socket, server: socket.socket, lost: threading.Event, _fault: Fault
) -> None:
    """Carry what the server says, except the answer that is to be lost."""
    with contextlib.suppress(OSError):
        while data := server.recv(65536):
            if lost.is_set():
                break
            client.sendall(data)
    _end(client, server)


def _end(*sockets: socket.socket) -> None:
    for one in sockets:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
