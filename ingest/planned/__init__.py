"""Planned agents, read from files: what an agent is to be, before it exists."""

from ingest.planned.reading import planned_agents as planned_agents
