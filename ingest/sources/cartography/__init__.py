"""Cartography: the graph that it keeps in Neo4j, as a JSON export of its nodes and relationships.

https://cartography-cncf.github.io/cartography/modules/ontology/schema.html describes the labels.
"""

from ingest.source import Source
from ingest.sources.cartography.reading import DECLARES, read

SOURCE = Source(
    name="cartography",
    title="Cartography",
    reads="nodes and relationships of its Neo4j (APOC's JSON, or answers of the HTTP API)",
    declares=DECLARES,
    read=read,
)
