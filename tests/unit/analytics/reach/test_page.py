"""The figures of the example in docs/reach.md are those that the product gives."""

import re
from pathlib import Path

import pytest

from analytics.escalation import all_escalations
from tests.support.estates.small_estates import Estate
from tests.support.printed import blast_radius

PAGE = (Path(__file__).parents[4] / "docs" / "reach.md").read_text(encoding="utf-8")
NEEDED = ("iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction", "trust")


def example(without: str = "") -> Estate:
    """Build what the page draws."""
    e = Estate().agent("invoice-reader").thing("Credential", "key-7")
    e.account("svc-invoices", "postman").thing("Role", "deployer", "ledger-keeper")
    e.thing("Tool", "mail-tool")
    e.resource("invoices", "confidential").resource("archive", "public")
    e.resource("billing-code", "internal").resource("mailbox", "internal")
    e.resource("ledger", "restricted").resource("account", type="account")
    e.resource("lambda.amazonaws.com", type="service")
    e.link("invoice-reader", "USES", "key-7").link("key-7", "AUTHENTICATES_AS", "svc-invoices")
    e.can("svc-invoices", "read", "invoices")
    e.can("svc-invoices", "read", "archive", condition="office network")
    e.link("svc-invoices", "ASSUMES", "deployer").can("deployer", "write", "billing-code")
    for action in NEEDED[:3]:
        if action != without:
            on = "ledger-keeper" if action == "iam:PassRole" else "account"
            e.can("deployer", "", on, actions=[action], grant_id=action)
    if without != "trust":
        e.link("ledger-keeper", "TRUSTS", "lambda.amazonaws.com")
    e.can("ledger-keeper", "read write", "ledger")
    e.link("invoice-reader", "CALLS", "mail-tool", ceiling="read")
    return e.link("mail-tool", "RUNS_AS", "postman").can("postman", "read write", "mailbox")


def reach(estate: Estate, start: str = "invoice-reader", **more):
    posture = estate.posture()
    return blast_radius(posture, posture.graph.find(start), **more)


def test_the_table_of_hops_is_true():
    table = [
        tuple(map(int, row))
        for row in re.findall(r"^\| (\d) \| (\d+) \| (\d+) \|", PAGE, re.MULTILINE)
    ]
    profile = reach(example())["hop_profile"]
    assert [(p["hops"], p["resources"], p["weighted"]) for p in profile] == table
    assert len(table) == 4


def test_the_figures_in_the_text_are_true():
    words = " ".join(PAGE.split())
    found = reach(example())
    total, derived = found["weighted"], found["derived_weighted"]
    assert f"Of these {total:.0f}, {derived:.0f} are due to the derived step" in words
    leaked = reach(example(), "key-7", leaked=True)["weighted"]
    assert f"Whoever steals `key-7` reaches {leaked:.0f}" in words
    interval = found["interval"]
    assert f"The interval is {interval['confirmed']:.0f} to {interval['possible']:.0f}" in words


@pytest.mark.parametrize("missing", NEEDED)
def test_without_any_fact_the_page_says_what_is_left(missing):
    left = reach(example(missing))["weighted"]
    assert f"Without any one of the four facts {left:.0f} are left" in " ".join(PAGE.split())


def test_the_page_lists_every_rule():
    assert set(re.findall(r"^\| ([A-Z]\d) \|", PAGE, re.MULTILINE)) == set(all_escalations())
