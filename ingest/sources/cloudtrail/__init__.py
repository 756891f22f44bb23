"""AWS CloudTrail: uses of resources by identity and level, with first, last and count."""

from ingest.source import Source
from ingest.sources.cloudtrail.reading import DECLARES, read

SOURCE = Source(
    name="cloudtrail",
    title="AWS CloudTrail",
    reads="log files (JSON, gzip) with Records, answers of lookup-events, or one event a line",
    declares=DECLARES,
    read=read,
    adds_up=True,
)
