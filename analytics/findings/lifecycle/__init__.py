"""The life of a finding: open, accepted, resolved, reopened, or resting on stale evidence."""
