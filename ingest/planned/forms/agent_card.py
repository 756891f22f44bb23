"""Agent cards of the Agent2Agent protocol: who an agent is, and nothing of what it may do."""

from graph.rows.planned import Planned
from graph.schema import AGENT
from ingest.planned.form import Document, Form
from ingest.planned.rows_of_source import agents_of
from ingest.rows import Place
from ingest.sources import a2a


def _recognises(document: Document) -> bool:
    return any(a2a.cards_in(document.value, Place(str(document.path))))


def _read(document: Document) -> list[Planned]:
    """Return an agent for each card; its skills are what it offers, not what it calls."""
    rows, _ = agents_of(a2a.SOURCE, document)
    return [
        Planned(form="agent card", stated=frozenset(), name=name, kind="ai_agent")
        for name in rows[AGENT]["name"].tolist()
    ]


FORM = Form("agent_card", "agent card of A2A (JSON)", 20, _recognises, _read)
