"""Microsoft Entra ID: service principals, agent identities, roles and permissions of a tenant."""

from ingest.source import Source
from ingest.sources.entra.reading import read

SOURCE = Source(
    name="entra",
    title="Microsoft Entra ID",
    reads="pages of Microsoft Graph v1.0 (JSON), or a ScubaGear ProviderSettingsExport",
    declares=("grants", "owners", "credentials", "trust", "inventory"),
    read=read,
)
