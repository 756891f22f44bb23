"""The lifecycle of a finding: open, accepted, resolved, reopened, or on stale evidence."""
