"""GitHub: the people, teams, apps, tokens and keys of an organisation, and their access."""

from ingest.source import Source, Upload
from ingest.sources.github.reading import read

SOURCE = Source(
    name="github",
    title="GitHub organisation",
    reads="lists of the REST API (JSON) in files named after their content, or peribolos YAML",
    declares=("grants", "credentials", "inventory"),
    read=read,
    upload=Upload(hint="Keep the names of the files, such as teams.json: they name the lists."),
)
