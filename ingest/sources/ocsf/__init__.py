"""Events of the Open Cybersecurity Schema Framework: uses by agents and accounts, and their lives.

Read are the classes of https://schema.ocsf.io for activity in applications (with the profile
`ai_operation`, which names the agent), changes of accounts, users and roles, the access that users
were given by level, and sign-ins.
"""

from ingest.source import Source
from ingest.sources.ocsf.reading import read

SOURCE = Source(
    name="ocsf",
    title="OCSF events",
    reads="events (JSON lines, JSON) of application activity, changes of identities and sign-ins",
    declares=(),
    read=read,
    adds_up=True,
)
