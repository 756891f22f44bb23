"""Whether what is worked out is kept beside a store for later."""

import os

SWITCH = "TRUSTDEBT_KEPT_ANSWERS"  # "off" works everything out


def keeping() -> bool:
    """Return whether answers are kept and read: unless the environment says otherwise."""
    return os.environ.get(SWITCH) != "off"
