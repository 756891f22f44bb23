"""What a query of a Cartography graph asks for: no less than is read, and no more."""

import re
from pathlib import Path

from ingest.sources.cartography.kinds import named
from ingest.sources.cartography.things import ACTIVE, CREATED, EMAILS, EXPIRES, NAMES, USED


def test_the_documented_query_asks_for_all_that_is_read():
    page = (Path(__file__).parents[5] / "docs/sources/cartography.md").read_text()
    listed = {*NAMES, *EMAILS, *CREATED, *USED, *ACTIVE, *EXPIRES, "id", "arn", "lastupdated"}
    node, relationship = re.findall(r"properties: [nr] \{(.*?)\}", page)
    *asked, last = (one.strip().removeprefix(".") for one in node.split(","))
    assert set(asked) == named("properties", "node") >= listed
    assert last == "condition: n.condition IS NOT NULL"
    assert named("properties", "present") == {"condition"}
    asked = {one.strip().removeprefix(".") for one in relationship.split(",")}
    assert asked == named("properties", "relationship")


def test_what_the_code_looks_at_is_asked_for():
    """A property that is read and not in the list would always be unknown."""
    source = Path(__file__).parents[5] / "ingest/sources/cartography"
    code = "".join(path.read_text() for path in source.glob("[bdstw]*.py"))
    said = set(re.findall(r"""(?:said|properties|role)\.get\(\s*"(\w+)"\)""", code))
    assert len(said) > 10
    asked = (named("properties", key) for key in ("node", "present", "relationship"))
    assert said <= frozenset().union(*asked)
