"""Examples for the source codeowners: small exports, ids in them, and files that are damaged."""

from tests.support.exports.example import Export, Native, Several

CODEOWNERS = b"""# who reviews
*       @acme/pay-team @ann bo@acme.test
"""
EXPORTS: list[Export] = [{".github/CODEOWNERS": CODEOWNERS}]

NATIVE: Native = (
    {".github/CODEOWNERS": EXPORTS[0][".github/CODEOWNERS"]},
    {
        "acme/pay-team": "codeowners:acme/team/acme/pay-team",
        "bo@acme.test": "codeowners:acme/human/bo@acme.test",
    },
)
SEVERAL = [
    Several(
        {"a/CODEOWNERS": CODEOWNERS, "b/CODEOWNERS": b"* zed@acme.test\n"},
        "a/CODEOWNERS",
        "codeowners:acme/human/bo@acme.test",
        "codeowners:acme/human/zed@acme.test",
    ),
]
