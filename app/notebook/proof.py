"""A proof in a notebook: a table of its parts without scripts, and the document itself."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from analytics.answers.prove import Proof
from analytics.answers.table import as_json
from app.notebook.html import table
from graph.receipts.canonical import canonical_bytes


@dataclass(frozen=True)
class ProofOfAccess:
    """The proof of an access; the command line prints `answer` as JSON."""

    answer: Proof

    def __repr__(self) -> str:
        """Return what is claimed and the verdict."""
        claim = self.answer.claim
        ends = f"{claim['identity']['id']} on {claim['resource']['id']} at {claim['at']}"
        return f"<Proof of {ends}: {self.answer.verdict}>"

    @cached_property
    def document(self) -> dict[str, Any]:
        """The proof as plain data."""
        plain: dict[str, Any] = as_json(self.answer)
        return plain

    def canonical(self) -> bytes:
        """Return the proof as canonical JSON (RFC 8785), which `trustdebt prove verify` checks."""
        return canonical_bytes(self.document)

    def _repr_html_(self) -> str:
        answer = self.answer
        rows = [("verdict", answer.verdict, "")]
        for name in ("entitlement", "decision", "envelope"):
            part = getattr(answer, name)
            rows.append((name, part["state"], part["because"] or part.get("sentence") or ""))
        rows += [("missing", gap["part"], gap["gap"]) for gap in answer.gaps]
        rows.append(("rests on", f"{len(answer.rests_on)} facts", answer.digest))
        return table(rows)
