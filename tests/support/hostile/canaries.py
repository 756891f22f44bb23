"""Made-up secrets of every form that is recognised, and the places of a document to plant them."""

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from ingest.source import InputRefused, Request, Source
from tests.support.search import some


def forms(a: str, h: str) -> dict[str, str]:
    """Return a secret of every kind, made of letters and digits `a` (60) and hexadecimal `h`."""
    return {
        "GitHub token": "ghp_" + a[:36],
        "GitHub fine-grained token": "github_pat_" + a[:50],
        "GitLab token": "glpat-" + a[:20],
        "Slack token": "xoxb-" + a[:24],
        "Slack webhook": "hooks.slack.com/services/" + a[:30],
        "Anthropic key": "sk-ant-" + a[:40],
        "OpenAI key": "sk-proj-" + a[:48],
        "Stripe key": "sk_live_" + a[:24],
        "Google key": "AIza" + a[:35],
        "Google client secret": "GOCSPX-" + a[:28],
        "npm token": "npm_" + a[:36],
        "PyPI token": "pypi-" + a[:60],
        "SendGrid key": "SG." + a[:22] + "." + a[:43],
        "JSON web token": "eyJ" + a[:20] + "." + a[:30] + "." + a[:20],
        "Hugging Face token": "hf_" + a[:34],
        "Shopify token": "shpat_" + h[:32],
        "DigitalOcean token": "dop_v1_" + h[:64],
        "Vault token": "hvs." + a[:30],
        "Figma token": "figd_" + a[:40],
        "Supabase token": "sbp_" + h[:40],
        "Notion token": "ntn_" + a[:46],
        "Linear key": "lin_api_" + a[:40],
        "Atlassian token": "ATATT3" + a[:60],
        "Docker token": "dckr_pat_" + a[:27],
        "Groq key": "gsk_" + a[:52],
        "Databricks token": "dapi" + h[:32],
        "Sentry token": "sntrys_" + a[:60],
        "private key": "-----BEGIN RSA PRIVATE KEY-----\n" + a + "\n-----END RSA PRIVATE KEY-----",
        "cut private key": "-----BEGIN PRIVATE KEY-----\n" + a,
        "bearer token": "Authorization: Bearer " + a[:30],
        "password in an address": "postgres://app:" + a[:12] + "@db/x",
        "password": "password=" + a[:12],
        "AWS secret key": "AWS_SECRET_ACCESS_KEY=" + a[:40],
        "variable": 'DB_PASSWORD: "' + a[:12] + '"',
        "Azure key": "AccountKey=" + a[:44] + "==",
    }  # fmt: skip


A, HEX = "Zq7" * 20, "0a9f" * 20
CANARIES = forms(A, HEX)


def numbered(count: int = 200) -> list[str]:
    """Return so many secrets, of all kinds in turn, each known by a number of its own."""
    made = [forms(f"Zq{n:03d}x" * 10, f"0a9f{n:03d}0" * 10) for n in range(count)]
    return [list(one.values())[n % len(CANARIES)] for n, one in enumerate(made)]


def _encoded() -> list[bytes]:
    """Return a pattern for the base64 text of a secret's body, for each way to be aligned."""
    patterns = []
    for skipped in range(3):
        said = [b64encode((f"Zq{n:03d}x" * 3)[skipped:].encode())[:8] for n in range(200)]
        classes = [
            b"[" + re.escape(bytes(sorted({one[i] for one in said}))) + b"]" for i in range(8)
        ]
        patterns.append(b"".join(classes))
    return patterns


PLAIN = re.compile(rb"(?i:zq\d{3}xz)|0a9f\d{3}00a9")
BASE64 = re.compile(b"|".join(_encoded()))
FOLDS = re.compile(
    rb"=?\r?\n|(?:\\r)?\\n"
)  # line ends, soft ones, and line ends as JSON writes them


def found_in(data: bytes) -> list[bytes]:
    """Return what is left of `numbered` secrets: as they are, folded, in UTF-16, or in base64."""
    folded = FOLDS.sub(b"", data)
    views = [data, folded, data.replace(b"\0", b"")]
    found = [m for view in views for m in PLAIN.findall(view)]
    return found + [m.group() for view in views[:2] for m in BASE64.finditer(view)]


def planted_everywhere(
    document: Any, secrets: Iterator[str], every: int, first: int
) -> tuple[Any, int]:
    """Return the document with a secret in each `every`th of its texts, and how many texts it has.

    Half of the secrets stand in place of the text, half behind it; one object gets one as a key.
    """
    seen = 0

    def plant(value: Any) -> Any:
        nonlocal seen
        if isinstance(value, list):
            return [plant(v) for v in value]
        if isinstance(value, dict):
            made = {key: plant(v) for key, v in value.items()}
            return made | ({next(secrets): "x"} if seen % every == first else {})
        if not isinstance(value, str):
            return value
        seen += 1
        if seen % every != first:
            return value
        secret = next(secrets)
        return secret if seen // every % 2 else f"{value} {secret}"

    return plant(document), seen


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

    Each place of the document gets one of the kinds in turn, three of them in a search.
    """
    found: list[str] = []
    kinds = list(CANARIES.values())
    for number, _ in enumerate(planted(document, "")):
        for step in some((0, 7, 16), 1):
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
