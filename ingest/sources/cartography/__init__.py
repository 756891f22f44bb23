"""Cartography: the graph that it keeps in Neo4j, read there or from an export of it.

https://cartography-cncf.github.io/cartography/modules/ontology/schema.html describes the labels.
"""

from ingest.source import Source
from ingest.sources.cartography.database import checked_address
from ingest.sources.cartography.reading import DECLARES, read

SOURCE = Source(
    name="cartography",
    title="Cartography",
    reads="its Neo4j at bolt:// or neo4j://, or an export of it (JSON of APOC or the HTTP API)",
    declares=DECLARES,
    read=read,
    address=checked_address,
)
