"""Made-up secrets of every form that is recognised, and the places of a document to plant them."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from ingest.source import InputRefused, Request, Source

A, HEX = "Zq7" * 20, "0a9f" * 20
CANARIES = {
    "GitHub token": "ghp_" + A[:36],
    "GitHub fine-grained token": "github_pat_" + A[:50],
    "GitLab token": "glpat-" + A[:20],
    "Slack token": "xoxb-" + A[:24],
    "Slack webhook": "hooks.slack.com/services/" + A[:30],
    "Anthropic key": "sk-ant-" + A[:40],
    "OpenAI key": "sk-proj-" + A[:48],
    "Stripe key": "sk_live_" + A[:24],
    "Google key": "AIza" + A[:35],
    "Google client secret": "GOCSPX-" + A[:28],
    "npm token": "npm_" + A[:36],
    "PyPI token": "pypi-" + A[:60],
    "SendGrid key": "SG." + A[:22] + "." + A[:43],
    "JSON web token": "eyJ" + A[:20] + "." + A[:30] + "." + A[:20],
    "Hugging Face token": "hf_" + A[:34],
    "Shopify token": "shpat_" + HEX[:32],
    "DigitalOcean token": "dop_v1_" + HEX[:64],
    "Vault token": "hvs." + A[:30],
    "private key": "-----BEGIN RSA PRIVATE KEY-----\n" + A + "\n-----END RSA PRIVATE KEY-----",
    "cut private key": "-----BEGIN PRIVATE KEY-----\n" + A,
    "bearer token": "Authorization: Bearer " + A[:30],
    "password in an address": "postgres://app:" + A[:12] + "@db/x",
    "password": "password=" + A[:12],
    "AWS secret key": "AWS_SECRET_ACCESS_KEY=" + A[:40],
    "variable": 'DB_PASSWORD: "' + A[:12] + '"',
    "Azure key": "AccountKey=" + A[:44] + "==",
}  # fmt: skip


def planted(document: Any, canary: str) -> Iterator[Any]:
    """Yield the document once for each of its texts, keys too, with the canary in its place."""
    if isinstance(document, str):
        yield canary
        yield f"{document} {canary}"
    elif isinstance(document, list):
        for n, part in enumerate(document):
            for changed in planted(part, canary):
                yield [*document[:n], changed, *document[n + 1 :]]
    elif isinstance(document, dict):
        for key, part in document.items():
            for changed in planted(part, canary):
                yield document | {key: changed}
            yield {(canary if k == key else k): v for k, v in document.items()}


def leaks(source: Source, path: Path, document: Any, write: Any = json.dumps) -> list[str]:
    """Return what a source hands over, or says, that holds a canary, wherever it is planted.

    Each place of the document gets three of the kinds in turn.
    """
    found: list[str] = []
    kinds = list(CANARIES.values())
    for number, _ in enumerate(planted(document, "")):
        for step in (0, 7, 16):
            canary = kinds[(3 * number + step) % len(kinds)]
            changed = next(islice(planted(document, canary), number, None))
            path.write_text(write(changed), encoding="utf-8")
            found += [one for one in _said(source, path) if A[:12] in one or HEX[:12] in one]
    return found


def _said(source: Source, path: Path) -> list[str]:
    try:
        reading = source.read(Request([path], "demo", None))
    except InputRefused as error:
        return [str(error)]
    said = [str(r) for r in reading.rejected] + reading.warnings
    for element, frame in reading.rows.items():
        said += [f"{element}: {row}" for row in frame.to_dict("records")]
    return said
