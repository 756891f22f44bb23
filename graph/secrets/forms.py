"""Forms of the keys and tokens of vendors, as published for secret scanning.

Each form has a mark, a few letters that hardly begin anything else, and runs in linear time:
after the mark follows one run of characters, and doubts are settled by counting, not by
backtracking.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

START = r"(?<![A-Za-z0-9])"  # an underscore may precede it: `token_sk-...`
HEX = "[0-9a-f]"
OF_A_NAME = re.compile(r"(?<![A-Za-z0-9])(?:[0-9a-z]{4,}|[0-9A-Z]{4,})(?![A-Za-z0-9])")


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of secret: every text with one has one of `marks`, in lower case."""

    kind: str
    marks: tuple[str, ...]
    pattern: re.Pattern[str]
    likely: Callable[[str], bool] = lambda text: True


def turns(text: str) -> float:
    """Return the share of adjacent characters of different kinds: lower, upper, digit, other.

    Random text of lower case, upper case and digits has about 0.6, of hexadecimal digits 0.5;
    names, even those with capitals, less than 0.35.

    >>> [round(turns(s), 2) for s in ("tK7Qx2Lm9", "PaymentsLambdaRole", "0a9f3c7d")]
    [1.0, 0.29, 1.0]
    """
    sorts = [0 if c.islower() else 1 if c.isupper() else 2 if c.isdigit() else 3 for c in text]
    changed = sum(a != b for a, b in pairwise(sorts))
    return changed / max(len(text) - 1, 1)


def random_like(text: str) -> bool:
    """Return whether a word mixes letters, capitals and digits as no name does.

    >>> random_like("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    True
    >>> random_like("AWSServiceRoleForSupport1")
    False
    """
    digits = sum(c.isdigit() for c in text)
    mixed = digits and re.search("[a-z]", text) and re.search("[A-Z]", text)
    return bool(mixed) and turns(text) > (0.33 if digits > 1 else 0.38)


def _of_forty(text: str) -> bool:
    """Return whether the whole word is random: no path or name with an id or a hash in it."""
    return len(rest := OF_A_NAME.sub("", text)) > 24 and random_like(rest)


def _jwt(text: str) -> bool:
    return text.count(".") > 1


def _opaque(text: str) -> bool:
    return sum(c.isdigit() for c in text) > 1 and turns(text) > 0.25


def _form(kind: str, marks: str, pattern: str, likely: Callable[[str], bool] | None = None) -> Form:
    compiled = re.compile(pattern, re.IGNORECASE)
    return Form(kind, tuple(marks.split()) or ("",), compiled, likely or (lambda text: True))


MARKED: tuple[Form, ...] = (
    # Clouds
    _form(
        "AWS session token",
        "zxivyxdz joyaw b3jpz2lu",
        r"(?:FwoGZXIvYXdz|FQoGZXIvYXdz|IQoJb3JpZ2lu)[\w+/=-]{16,}",
    ),
    _form(
        "AWS Bedrock key",
        "absk bedrock-api-key-",
        r"(?:ABSK|bedrock-api-key-)[A-Za-z0-9+/]{40,}=*",
        random_like,
    ),
    _form("Azure client secret", "q~", r"(?<![\w~.-])[\w~.-]{3,4}Q~[\w~.-]{30,40}"),
    _form("Azure DevOps token", "azdo", r"[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}"),
    _form("Google key", "aiza", r"AIza[\w-]{30,}"),
    _form("Google token", "ya29.", START + r"ya29\.[\w-]{20,}"),
    _form("Google refresh token", "1//0", r"(?<![\w/:])1//0[\w-]{20,}"),
    _form("Google client secret", "gocspx-", r"GOCSPX-[\w-]{20,}"),
    _form("Alibaba secret", "ltai", START + r"LTAI[A-Za-z0-9]{20,}", _opaque),
    _form("DigitalOcean token", "_v1_", rf"do[opr]_v1_{HEX}{{64}}"),
    _form(
        "Cloudflare key",
        "v1.0- cfk_ cfut_ cfat_",
        rf"v1\.0-{HEX}{{24}}-{HEX}{{64,}}|cf(?:k|ut|at)_\w{{30,}}",
    ),
    _form("Heroku key", "hrku-", r"HRKU-[\w-]{30,}"),
    _form("Fly token", "fm1_ fm2_ flyv1", r"fm[12][ar]?_[\w+/=-]{40,}|FlyV1 [\w+/=,-]{40,}"),
    _form("Vercel token", "vcp_ vck_ vci_ vca_ vcr_", START + r"vc[pkiar]_[A-Za-z0-9]{24,}"),
    _form("Netlify token", "nfp_ nfc_ nfo_ nfu_", START + r"nf[pcofu]_[A-Za-z0-9]{30,}"),
    # Code and packages
    _form(
        "GitHub token",
        "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
        r"gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{40,}",
    ),
    _form(
        "GitLab token",
        "glpat- glrt- gldt- glptt- glcbt- glft- glimt- glagent- gloas- glsoat- glffct- gr1348941",
        r"gl(?:pat|rt|dt|ptt|cbt|ft|imt|agent|oas|soat|ffct)-[\w.-]{16,}|GR1348941[\w-]{20,}",
    ),
    _form("Bitbucket token", "atbb atctt3", r"ATBB[A-Za-z0-9]{28,}|ATCTT3[\w-]{40,}=?\w*", _opaque),
    _form("Atlassian token", "atatt3", r"ATATT3[\w-]{40,}=?\w*"),
    _form("npm token", "npm_", r"npm_[A-Za-z0-9]{36}"),
    _form("PyPI token", "pypi-", r"pypi-[\w-]{50,}"),
    _form("RubyGems key", "rubygems_", rf"rubygems_{HEX}{{40,}}"),
    _form("Clojars token", "clojars_", r"CLOJARS_[a-z0-9]{50,}"),
    _form("Artifactory key", "akcp cmvmd", START + r"(?:AKCp|cmVmd)[A-Za-z0-9]{40,}"),
    _form("Docker token", "dckr_", r"dckr_[op]at_[\w-]{20,}"),
    _form("CircleCI token", "ccipat_ ccipj_", r"CCIP(?:AT|RJ)_\w{20,}"),
    _form("Buildkite token", "bkua_ bkpt_", r"bk(?:ua|pt)_[a-z0-9]{30,}"),
    _form("Sourcegraph token", "sgp_", rf"{START}sgp_(?:\w{{1,16}}_)?{HEX}{{40}}"),
    # Models and agents
    _form("Anthropic key", "sk-ant-", r"sk-ant-[\w-]{20,}"),
    _form("OpenAI key", "sk-", START + r"sk-(?:[a-z0-9]{2,8}-){0,2}[A-Za-z0-9_-]{32,}", _opaque),
    _form("Hugging Face token", "hf_ api_org_", START + r"(?:hf|api_org)_[A-Za-z0-9]{30,}"),
    _form("Groq key", "gsk_", r"gsk_[A-Za-z0-9]{40,}"),
    _form("xAI key", "xai-", START + r"xai-[\w-]{40,}", _opaque),
    _form("Perplexity key", "pplx-", r"pplx-\w{32,}"),
    _form("Replicate token", "r8_", START + r"r8_\w{30,}"),
    _form(
        "LangSmith key", "lsv2_ ls__", rf"lsv2_(?:pt|sk)_{HEX}{{20,}}\w*|{START}ls__{HEX}{{30,}}"
    ),
    _form("NVIDIA key", "nvapi-", r"nvapi-[\w-]{40,}"),
    _form("Pinecone key", "pcsk_", r"pcsk_\w{20,}"),
    _form("Tavily key", "tvly-", r"tvly-[\w-]{16,}"),
    # Talk and mail
    _form("Slack token", "xox xapp-", r"xox[abceoprs][-.][\w.-]{10,}|xapp-\d[\w-]{10,}"),
    _form(
        "Slack webhook",
        "hooks.slack",
        r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/[\w/+=-]+",
    ),
    _form("Discord webhook", "/api/webhooks/", r"/api/webhooks/\d{6,}/[\w-]{20,}"),
    _form("Teams webhook", ".webhook.office.com", r"\.webhook\.office\.com/\w+/[\w@/-]{20,}"),
    _form("SendGrid key", "sg.", START + r"SG\.[\w-]{16,}\.[\w-]{16,}"),
    _form("Mailgun key", "key-", rf"{START}key-{HEX}{{32}}(?!{HEX})"),
    _form("Mailchimp key", "-us", rf"{START}{HEX}{{32}}-us\d{{1,2}}"),
    _form("Brevo key", "xkeysib-", r"xkeysib-[\w-]{40,}"),
    _form("Twilio key", "sk", rf"{START}SK{HEX}{{32}}(?![A-Za-z0-9])"),
    # Money
    _form("Stripe key", "k_live_ k_test_", r"[rsp]k_(?:live|test)_[A-Za-z0-9]{16,}"),
    _form("webhook secret", "whsec_", r"whsec_[A-Za-z0-9+/=]{20,}"),
    _form("Square token", "sq0 eaaa", START + r"(?:sq0[a-z]{3}-[\w-]{20,}|EAAA[\w-]{50,})"),
    _form("Shopify token", "shpat_ shpca_ shppa_ shpss_", rf"shp(?:at|ca|pa|ss)_{HEX}{{32}}"),
    # Watching and data
    _form(
        "Grafana token",
        "glsa_ glc_ eyjrijoi",
        r"gls?[ac]_[A-Za-z0-9+/]{20,}[\w=]*|eyJrIjoi[\w+/=-]{20,}",
    ),
    _form(
        "New Relic key",
        "nrak- nrii- nrjs- nrra- nriq- nral",
        rf"NR(?:AK|II|JS|RA|IQ)-[\w-]{{18,}}|{HEX}{{36}}NRAL",
    ),
    _form("Sentry token", "sntrys_ sntryu_", r"sntry[su]_[\w+/=]{40,}"),
    _form("Dynatrace token", "dt0", r"dt0[a-z]\d\d\.[A-Z0-9]{20,}\.[A-Z0-9]{30,}"),
    _form("Databricks token", "dapi", rf"dapi{HEX}{{32}}"),
    _form("PlanetScale token", "pscale_", r"pscale_(?:tkn|pw|oauth)_[\w.=-]{20,}"),
    _form("Supabase token", "sbp_ sb_secret_", rf"sbp_(?:v0_)?{HEX}{{32,}}|sb_secret_[\w-]{{20,}}"),
    _form("Neon key", "napi_", START + r"napi_[a-z0-9]{40,}"),
    _form("Airtable token", "pat", rf"{START}pat[A-Za-z0-9]{{14}}\.{HEX}{{40,}}"),
    # Work
    _form("Notion token", "ntn_", r"ntn_[A-Za-z0-9]{40,}"),
    _form("Linear key", "lin_api_ lin_oauth_", r"lin_(?:api|oauth)_[A-Za-z0-9]{32,}"),
    _form("Figma token", "figd_", r"figd_[\w-]{20,}"),
    _form("Postman key", "pmak-", rf"PMAK-{HEX}{{24}}-{HEX}{{30,}}"),
    _form("Dropbox token", "sl.", START + r"sl\.(?:u\.)?[\w-]{40,}", _opaque),
    _form("Facebook token", "eaa", START + r"EAA[A-Za-z0-9]{30,}", random_like),
    _form("HubSpot token", "pat-na pat-eu", rf"pat-(?:na|eu)\d-{HEX}{{8}}-[0-9a-f-]{{20,}}"),
    # Secrets kept elsewhere, networks and identity
    _form("Vault token", "hvs. hvb. hvr.", START + r"hv[bsr]\.[\w-]{24,}"),
    _form("Doppler token", "dp.", START + r"dp\.(?:pt|st|sa|ct|scim|audit|said)\.[\w.-]{20,}"),
    _form(
        "1Password key", "ops_ a3-", START + r"(?:ops_[\w+/=-]{40,}|A3-[A-Z0-9]{6}-[A-Z0-9-]{20,})"
    ),
    _form("Terraform token", ".atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{40,}"),
    _form("Pulumi token", "pul-", rf"{START}pul-{HEX}{{40}}"),
    _form("Tailscale key", "tskey-", r"tskey-[\w-]{16,}"),
    _form("age key", "age-secret-key-", r"AGE-SECRET-KEY-1[a-z0-9]{20,}"),
    _form("JSON web token", "eyj ewog", START + r"(?:eyJ|ewog)[\w-]{10,}(?:\.[\w-]*){0,4}", _jwt),
    _form(
        "private key",
        "-----begin",
        r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?"
        r"(?:-----END [A-Z ]{0,40}KEY(?: BLOCK)?-----|\Z)",
    ),
    _form("private key", "putty-user-key-file", r"PuTTY-User-Key-File[\s\S]*"),
    # The beginnings of a key's or certificate's body in PEM, with or without line ends.
    _form(
        "private key",
        "mii mig mc4caqawbq mhccaq b3blbnnzac1rzxktdj",
        START + r"(?:MII[B-L]|MIGHAgEA|MIGkAgEB|MC4CAQAwBQ|MHcCAQ|b3BlbnNzaC1rZXktdj)"
        r"[A-Za-z0-9+/\s\\]{40,}={0,2}",
        random_like,
    ),
)
# Recognized by length and mixture of characters rather than by a mark.
MEASURED: tuple[Form, ...] = (
    _form(
        "Discord token",
        ".",
        r"(?<![\w.-])[MNO][\w-]{22,27}\.[\w-]{6}\.[\w-]{27,45}(?![\w.-])",
        random_like,
    ),
    _form("Telegram token", ":", r"(?<![\w:])\d{8,10}:[\w-]{35}(?![\w-])", random_like),
    _form("Mailgun key", "-", rf"(?<![\w-]){HEX}{{32}}-{HEX}{{8}}-{HEX}{{8}}(?![\w-])"),
    _form("Facebook token", "|", r"(?<!\d)\d{15,16}\|[\w-]{27}(?![\w-])", random_like),
    _form("Okta token", "00", r"(?<![\w-])00[\w-]{40}(?![\w-])", random_like),
    _form("Azure key", "==", r"(?<![\w+/=-])[A-Za-z0-9+/]{86}==", random_like),
    _form(
        "secret key of 40 characters",
        "",
        r"(?<![\w+/=.-])[A-Za-z0-9+/_-]{40}(?![\w+/=-])",
        _of_forty,
    ),
)
FORMS = (*MARKED, *MEASURED)
