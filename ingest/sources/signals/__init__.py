"""Shared Signals: security events of CAEP and RISC about accounts and credentials."""

from ingest.source import Source
from ingest.sources.signals.reading import read

SOURCE = Source(
    name="signals",
    title="Shared Signals (CAEP, RISC)",
    reads="security event tokens: signed, as payloads, or the answer of a polled stream",
    declares=(),
    read=read,
    adds_up=True,
    signed=True,
)
