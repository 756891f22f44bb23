"""Names of nodes in a synthetic estate: readable, varied and unique."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

UNITS = (
    "payments", "claims", "lending", "support", "logistics", "marketing",
    "treasury", "people", "platform", "security", "research", "legal",
)  # fmt: skip
JOBS = (
    "invoice", "triage", "refund", "reconcile", "forecast", "onboarding", "pricing", "dispute",
    "payroll", "inventory", "summary", "routing", "alert", "backup", "deploy", "scan", "translate",
    "research", "quote", "renewal", "audit", "matching", "ticket", "billing", "campaign",
)  # fmt: skip
SORTS = {"ai_agent": ("agent", "assistant", "copilot"), "bot": ("bot",), "workload": ("job",)}
FIRST = (
    "ann", "bob", "chen", "dara", "elif", "farid", "gita", "hugo", "ines", "jonas", "kemi", "lena",
    "mateo", "nadia", "omar", "paula", "quinn", "rosa", "sven", "tariq", "uma", "viktor", "wanda",
    "xin", "yusuf", "zoe",
)  # fmt: skip
FAMILY = (
    "adler", "bakker", "costa", "dubois", "eze", "fischer", "garcia", "haddad", "ito", "jansen",
    "kim", "lopez", "mbeki", "novak", "okafor", "patel", "quist", "rossi", "silva", "tanaka",
    "ueda", "vargas", "weber", "xu", "yilmaz", "zhang",
)  # fmt: skip
STORES = {
    "s3": ("bucket", ("exports", "invoices", "archive", "uploads", "reports")),
    "db": ("database", ("ledger", "customers", "orders", "events", "cases")),
    "queue": ("queue", ("inbound", "outbound", "retries")),
    "repo": ("repository", ("service", "infra", "models")),
    "crm": ("application", ("accounts", "leads", "notes")),
}
TOOLS = {
    "untrusted_input": ("web-search", "mail-inbox", "ticket-feed"),
    "external_comm": ("mail-out", "chat-post", "webhook"),
    "code_exec": ("notebook", "shell"),
    "destructive": ("table-admin", "file-cleaner"),
}


def numbered(names: Sequence[str]) -> pd.Series:
    """Make equal names unique by a number; the first of them keeps the plain name.

    >>> numbered(["ann", "bob", "ann"]).tolist()
    ['ann', 'bob', 'ann-2']
    """
    plain = pd.Series(names, dtype="string")
    nth = plain.groupby(plain).cumcount() + 1
    return plain.where(nth == 1, plain + "-" + nth.astype("string"))


def pick(rng: np.random.Generator, choices: Sequence[str], count: int) -> np.ndarray:
    """Draw `count` of `choices` with equal probability."""
    return np.array(choices, object)[rng.integers(len(choices), size=count)]
