"""Amazon Web Services: the identities, policies, keys and resources of accounts.

Reads, in any mixture and recognised by content: the account authorization details, the
credential report, service-last-accessed results, single roles and users, and inventories of
resources with their policies.
"""

from ingest.source import Source
from ingest.sources.aws.across import across
from ingest.sources.aws.reading import read

SOURCE = Source(
    name="aws",
    title="Amazon Web Services",
    reads=(
        "a folder, a ZIP or files of: get-account-authorization-details, the credential report,"
        " get-service-last-accessed-details, inventories and resource policies"
    ),
    declares=("grants", "usage", "credentials", "trust", "inventory"),
    read=read,
    across=across,
)
