"""Secrets of every kind that people paste: as vendors publish them, told by context, or disguised.

Each is made from random letters. `made(...)` returns for a name the text, and the part of it that
must not stay.
"""

import json
from base64 import b64encode
from collections.abc import Callable
from random import Random
from string import ascii_letters, ascii_uppercase, digits
from urllib.parse import quote

ALNUM, HEX, B64 = ascii_letters + digits, "0123456789abcdef", ascii_letters + digits + "+/"
SLUG = ALNUM + "_-"
Kind = Callable[["Letters"], tuple[str, str]]


class Letters:
    """Random letters of an alphabet, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def __call__(self, count: int, of: str = ALNUM) -> str:
        """Return so many letters."""
        return "".join(self.random.choice(of) for _ in range(count))


def _starting(start: str, count: int, of: str = ALNUM, end: str = "") -> Kind:
    def make(some: Letters) -> tuple[str, str]:
        body = some(count, of)
        return start + body + end, body[:12]

    return make


def _of(
    form: Callable[[Letters], str], part: Callable[[str], str] = lambda said: said[-12:]
) -> Kind:
    def make(some: Letters) -> tuple[str, str]:
        said = form(some)
        return said, part(said)

    return make


UPPER = ascii_uppercase + digits
VENDORS: dict[str, Kind] = {
    "AWS secret key": _starting("", 40, B64),
    "AWS session token": _starting("IQoJb3JpZ2luX2VjE", 300, B64, "=="),
    "Bedrock key": _starting("ABSK", 120, B64),
    "Slack app token": _of(lambda s: f"xapp-1-A{s(10, UPPER)}-{s(13, digits)}-{s(64, HEX)}"),
    "Slack workflow": _of(
        lambda s: f"https://hooks.slack.com/workflows/T{s(10, UPPER)}/A{s(10, UPPER)}/1/{s(24)}"
    ),
    "Discord": _of(lambda s: f"M{s(25)}.G{s(5, SLUG)}.{s(38, SLUG)}"),
    "Telegram": _of(lambda s: f"{s(10, '123456789')}:AA{s(33, SLUG)}"),
    "Twilio": _starting("SK", 32, HEX),
    "Mailgun": _starting("key-", 32, HEX),
    "Mailgun, new": _of(lambda s: f"{s(32, HEX)}-{s(8, HEX)}-{s(8, HEX)}", lambda said: said[:12]),
    "Mailchimp": _starting("", 32, HEX, "-us14"),
    "webhook secret": _starting("whsec_", 32),
    "Google token": _starting("ya29.a0", 150, SLUG),
    "Google refresh token": _starting("1//0", 100, SLUG),
    "Azure client secret": _of(lambda s: f"{s(3)}8Q~{s(34)}"),
    "Azure SAS": _of(
        lambda s: f"https://a.blob.example/c?sv=2024-01-01&sig={quote(s(43, B64) + '=', '')}"
    ),
    "Azure DevOps": _of(lambda s: f"{s(76)}AZDO{s(4)}", lambda said: said[:12]),
    "Azure key": _starting("", 86, B64, "=="),
    "GitLab runner": _starting("glrt-", 20, SLUG),
    "GitLab deploy": _starting("gldt-", 20, SLUG),
    "Grafana": _of(lambda s: f"glsa_{s(32)}_{s(8, HEX)}"),
    "Grafana Cloud": _starting("glc_", 60, B64),
    "Terraform": _of(lambda s: f"{s(14)}.atlasv1.{s(67)}"),
    "Pulumi": _starting("pul-", 40, HEX),
    "Postman": _of(lambda s: f"PMAK-{s(24, HEX)}-{s(34, HEX)}"),
    "RubyGems": _starting("rubygems_", 48, HEX),
    "New Relic": _starting("NRAK-", 27, UPPER),
    "Doppler": _starting("dp.pt.", 43),
    "1Password": _starting("ops_eyJ", 260, B64),
    "age": _starting("AGE-SECRET-KEY-1", 58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"),
    "PGP": _of(
        lambda s: (
            f"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{s(64, B64)}\n{s(64, B64)}"
            "\n-----END PGP PRIVATE KEY BLOCK-----"
        ),
        lambda said: said[50:62],
    ),
    "PuTTY": _of(
        lambda s: f"PuTTY-User-Key-File-3: ed25519\n{s(48, B64)}\nPrivate-MAC: {s(64, HEX)}"
    ),
    "Replicate": _starting("r8_", 37),
    "xAI": _starting("xai-", 80),
    "Perplexity": _starting("pplx-", 48),
    "LangSmith": _of(lambda s: f"lsv2_pt_{s(32, HEX)}_{s(10, HEX)}"),
    "NVIDIA": _starting("nvapi-", 64, SLUG),
    "Pinecone": _of(lambda s: f"pcsk_{s(6)}_{s(64)}"),
    "Tavily": _starting("tvly-dev-", 32),
    "Tailscale": _of(lambda s: f"tskey-auth-{s(12)}CNTRL-{s(32)}"),
    "PlanetScale": _starting("pscale_tkn_", 43, SLUG),
    "Cloudflare": _starting("", 40, SLUG),
    "Cloudflare CA": _of(lambda s: f"v1.0-{s(24, HEX)}-{s(146, HEX)}"),
    "Artifactory": _starting("AKCp", 69),
    "Square": _starting("EAAA", 60, SLUG),
    "Airtable": _of(lambda s: f"pat{s(14)}.{s(64, HEX)}"),
    "Okta": _starting("00", 40, SLUG),
    "Dropbox": _starting("sl.u.", 130, SLUG),
    "Facebook": _starting("EAA", 120),
    "JWE": _of(
        lambda s: (
            f"eyJhbGciOiJSU0EtT0FFUCJ9.{s(80, SLUG)}.{s(16, SLUG)}.{s(40, SLUG)}.{s(22, SLUG)}"
        )
    ),
    "GitHub": _starting("ghp_", 36),
    "Anthropic": _starting("sk-ant-api03-", 95, SLUG),
    "OpenAI": _starting("sk-proj-", 100, SLUG),
    "Stripe": _starting("sk_live_", 24),
}


def _told(form: str, count: int = 14, of: str = ALNUM) -> Kind:
    def make(some: Letters) -> tuple[str, str]:
        body = f"{some(count - 2, of)}7x"
        return form.replace("PW", body), body[-8:]

    return make


CONTEXTS: dict[str, Kind] = {
    "address without a user": _told("redis://:PW@cache.example"),
    "token as user": _told("https://PW@git.example/x.git", 20),
    "stroke in a password": _told("postgres://u:P/PW@db.example/x"),
    "at in a password": _told("postgres://u:p@PW@db.example/x"),
    "any scheme": _told("amqps://svc:PW@mq.example"),
    "Authorization: Basic": _of(
        lambda s: f"Authorization: Basic {b64encode(f'ann:{s(12)}'.encode()).decode()}"
    ),
    "Basic alone": _of(lambda s: f"use Basic {b64encode(f'ann:{s(12)}'.encode()).decode()}"),
    "Pwd=": _told("Server=db;Uid=sa;Pwd=PW;"),
    "pass:": _told("user: ann pass: PW"),
    "passphrase =": _told("passphrase = PW"),
    "credential=": _told("credential=PW"),
    "--password": _told("tool --password PW --host h"),
    "--token=": _told("tool --token=PW"),
    "-p": _told("mysql -u root -pPW db"),
    "curl -u": _told("curl -u ann:PW https://h"),
    "password:X": _told("password:PW"),
    "<password>": _told("<password>PW</password>"),
    "escaped JSON": _told('{\\"password\\": \\"PW\\", \\"a\\": 1}'),
    "twice escaped JSON": _told('{\\\\\\"password\\\\\\": \\\\\\"PW\\\\\\"}'),
    "JSON": _told('{"password": "PW"}'),
    "tight JSON": _told('{"client_secret":"PW"}'),
    "Cookie": _told("Cookie: sid=PW; theme=dark"),
    "?key=": _told("https://maps.example/api?key=PW"),
    "X-Amz-Signature=": _told("https://s3.example/o?X-Amz-Expires=60&X-Amz-Signature=PW", 64, HEX),
    "quoted, with a space": _told('password="correct PW"'),
    "with a comma": _told("password=ab,cdPW"),
    "with a semicolon": _told("password=abc;PW"),
    "quoted, with a quote": _told('password="ab\\"cd PW"'),
    "environment": _told("export DB_PASSWORD='PW'"),
    "suffix": _told("PASSWORD_PROD=PW"),
    "YAML": _told("  apiKey: PW"),
    "sentence": _told("the password is PW"),
    "walrus": _told('token := "PW"'),
    "arrow": _told("'secret' => 'PW'"),
    "header": _told("Proxy-Authorization: Bearer PW", 24),
}

TOKEN, LISTED = "ghp_", 36


def _disguised(form: Callable[[str], str]) -> Kind:
    def make(some: Letters) -> tuple[str, str]:
        said = form(TOKEN + some(LISTED))
        return said, said[len(said) // 2 :][:9]

    return make


def _base64(said: str) -> str:
    return b64encode(said.encode()).decode()


def _escaped(said: str) -> str:
    return "".join(f"\\u{ord(c):04x}" for c in said)


OTHERWISE: dict[str, Kind] = {
    "base64": _disguised(_base64),
    "base64 in a sentence": _disguised(lambda t: f"see {_base64(t)} there"),
    "base64 of a setting": _disguised(lambda t: _base64(f"password={t[4:]} ")),
    "base64 behind a byte": _disguised(lambda t: _base64("x" + t)),
    "base64 twice": _disguised(lambda t: _base64(_base64(t))),
    "base64 for addresses": _disguised(
        lambda t: _base64(t).replace("+", "-").replace("/", "_").rstrip("=")
    ),
    "hexadecimal": _disguised(lambda t: t.encode().hex()),
    "hexadecimal, capitals": _disguised(lambda t: t.encode().hex().upper()),
    "per cent": _disguised(lambda t: "".join(f"%{ord(c):02X}" for c in t)),
    "per cent, some": _disguised(lambda t: t.replace("_", "%5F")),
    "per cent twice": _disguised(lambda t: t.replace("_", "%255F")),
    "escapes": _disguised(_escaped),
    "entities": _disguised(lambda t: "".join(f"&#{ord(c)};" for c in t)),
    "line end": _disguised(lambda t: f"{t[:20]}\n{t[20:]}"),
    "line end in the mark": _disguised(lambda t: f"{t[:2]}\n{t[2:]}"),
    "backslash": _disguised(lambda t: f"{t[:20]}\\\n{t[20:]}"),
    "space": _disguised(lambda t: f"{t[:12]} {t[12:24]} {t[24:]}"),
    "zero width": _disguised(lambda t: f"{t[:12]}\u200b{t[12:24]}\u2060{t[24:]}"),
    "capitals": _disguised(lambda t: t[:4].upper() + t[4:]),
    "behind a word": _disguised(lambda t: f"token_{t}"),
    "behind a letter": _disguised(lambda t: f"x{t}"),
    "letters alike": _disguised(lambda t: t.replace("p", "\u0440", 1).replace("h", "\u04bb", 1)),
    "wide letters": _disguised(lambda t: "".join(chr(ord(c) + 0xFEE0) for c in t)),
    "data address": _disguised(lambda t: f"data:text/plain;base64,{_base64(t)}"),
    "JSON in base64": _disguised(lambda t: _base64(json.dumps({"n": 1, "token": t}))),
    "body of a key": _of(
        lambda s: f"MIIEvQIBADANBgkqhkiG9w0BAQEFAASC{s(32, B64)}\n{s(64, B64)}\n{s(64, B64)}",
        lambda t: t[40:52],
    ),
    "header in lower case": _of(
        lambda s: f"-----begin rsa private key-----\n{s(64, B64)}\n-----end rsa private key-----",
        lambda t: t[40:52],
    ),
}

GROUPS = {"vendors": VENDORS, "contexts": CONTEXTS, "otherwise": OTHERWISE}


def made(group: str, name: str, seed: int) -> tuple[str, str]:
    """Return a secret of a kind, and a part of it that must not stay."""
    return GROUPS[group][name](Letters(seed))
