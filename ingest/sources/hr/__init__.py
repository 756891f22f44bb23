"""People in the personnel system: workers, their managers, and those who have left.

Read are lists of workers or of joiners, movers and leavers (CSV, JSON lines), and users and groups
of SCIM 2.0 (RFC 7643).
"""

from ingest.source import Source
from ingest.sources.hr.reading import read

SOURCE = Source(
    name="hr",
    title="Personnel",
    reads="workers, or joiners, movers and leavers (CSV, JSON lines), or SCIM users and groups",
    declares=(),
    read=read,
)
