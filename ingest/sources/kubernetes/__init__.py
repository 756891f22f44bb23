"""Kubernetes: role-based access control, service accounts and what runs as them."""

from ingest.source import Source
from ingest.sources.kubernetes.reading import read

SOURCE = Source(
    name="kubernetes",
    title="Kubernetes",
    reads="manifests (YAML) or lists of kubectl (JSON, YAML) of one cluster, or folders",
    declares=("grants", "credentials", "inventory"),
    read=read,
)
