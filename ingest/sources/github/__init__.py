"""GitHub: the people, teams, apps, tokens and keys of an organisation, and what they may do."""

from ingest.source import Source, Upload
from ingest.sources.github.reading import read

SOURCE = Source(
    name="github",
    title="GitHub organisation",
    reads="lists of the REST API (JSON) in files named after what they list, or peribolos YAML",
    declares=("grants", "credentials", "inventory"),
    read=read,
    upload=Upload(hint="Keep the names of the files, such as teams.json: they say what is listed."),
)
