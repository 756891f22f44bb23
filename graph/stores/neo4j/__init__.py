"""The Neo4j store: runs of rows, calls that end, and plans of queries."""
