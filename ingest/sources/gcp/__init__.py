"""Google Cloud IAM: who is bound to which role on what, with service accounts and their keys.

Shapes: https://cloud.google.com/iam/docs/reference/rest/v1/Policy,
https://cloud.google.com/asset-inventory/docs/reference/rest/v1/TopLevel/exportAssets and
https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts
"""

from ingest.source import Source
from ingest.sources.gcp.reading import DECLARES, read

SOURCE = Source(
    name="gcp",
    title="Google Cloud IAM",
    reads="policies, service accounts, keys and roles by gcloud; exports of Asset Inventory",
    declares=DECLARES,
    read=read,
)
