"""BloodHound OpenGraph: JSON and ZIP files of any collector, by the published schema.

https://bloodhound.specterops.io/opengraph/developer/data-payload describes the format.
"""

from ingest.source import Source, Upload
from ingest.sources.opengraph.reading import DECLARES, read

SOURCE = Source(
    name="opengraph",
    title="BloodHound OpenGraph",
    reads="OpenGraph JSON or ZIP files of any collector, with extension schemas beside them",
    declares=DECLARES,
    read=read,
    upload=Upload(hint="The ZIP of a collector as it is, or its JSON files.", unpack=False),
)
