"""Receipts of retrieval: the pieces of documents that an answer cites, each with its digest."""

from collections.abc import Iterator, Mapping
from typing import Any

from graph.receipts.claims import AUTHENTIC, CHECKED, Context, Judged
from graph.receipts.digests import is_digest_of, without
from graph.receipts.format import Format
from graph.receipts.referenced import first, judged, listed, mapping
from graph.values import canonical

PIECES, DIGEST = "retrieved_chunks", "source_hash"


def recognises(record: Any) -> bool:
    """Return whether a record lists retrieved pieces."""
    return isinstance(record, dict) and isinstance(record.get(PIECES), list)


def judge(record: Mapping[str, Any], context: Context) -> Judged:
    """Judge the digest of each piece, and whether what is cited was retrieved."""
    pieces = [mapping(piece) for piece in record[PIECES]]
    faults = {
        AUTHENTIC: first(*_digests(pieces)),
        CHECKED: first(*_cited(mapping(context.around.get("generator_output")), pieces)),
    }
    return judged(record, faults)


def _digests(pieces: list[Mapping[str, Any]]) -> Iterator[str]:
    for piece in pieces:
        if not is_digest_of(piece.get(DIGEST), without(piece, DIGEST)):
            yield f"the piece {piece.get('chunk_id')} does not have the digest that it states"


def _cited(output: Mapping[str, Any], pieces: list[Mapping[str, Any]]) -> Iterator[str]:
    ids = (piece.get("chunk_id") for piece in pieces)
    known = {canonical(id_) for id_ in ids if id_ is not None}
    for claim in listed(output.get("claims")):
        if canonical(mapping(claim).get("cited_chunk_id")) not in known:
            yield "a claim cites a piece that was not retrieved"


FORMAT = Format("retrieval", "Receipt of retrieval", 44, recognises, judge)
