"""Amazon Web Services: lines of its command line, `aws`, and places in its console."""

import re

from analytics.remediation.handover.provider import Provider
from analytics.remediation.handover.providers.aws import (
    credentials,
    identities,
    policies,
    services,
)

OURS = re.compile(r"arn:aws[a-z-]*:.*|aws:.*|aws_id:.*", re.DOTALL)

PROVIDER = Provider(
    title="AWS",
    recognises=lambda id_: OURS.fullmatch(id_) is not None,
    things={
        "deactivate_credential": credentials.deactivate,
        "delete_credential": credentials.delete,
        "rotate_credential": credentials.rotate,
        "disable_identity": identities.disable,
        "revoke_sessions": identities.revoke_sessions,
        "delete_identity": identities.delete,
        "stop": services.stop,
        "remove_schedule": services.remove_schedule,
    },
    links={
        "remove_grant": policies.remove_grant,
        "narrow_grant": policies.narrow_grant,
        "set_expiry": policies.set_expiry,
        "remove_member": policies.remove_member,
        "remove_trust": policies.remove_trust,
        "unregister_tool": services.unregister_tool,
    },
)
