"""An estate in which every property of every label and type is stated once, and once absent."""

from typing import Any

from graph.element import Dtype, Element, Property, When
from graph.schema import FACT_NODES, RELATIONSHIPS
from tests.support.estates.small_estates import Estate, ago

# Texts that a format must carry as they are, or defuse: markup, ends of literals, formulas, and
# characters that nobody sees.
HOSTILE = (
    '<img src=x onerror="alert(1)">',
    "]]></data><node id='x'/>",
    "O'Hara\\'); MATCH (n) DETACH DELETE n; //",
    'a\\u0027 b\nc\td "quoted", and; so on',
    "pay\u202eroll \u2066x\u2069 \u2028 ü 日本 😀",
    '=HYPERLINK("http://x.test","y")',
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1+1)",
    "\t=1+1",
)
LATER = (When.ENDS, When.DUE)  # instants before which a row is in force
GIVEN = ("source", "scope", "first_seen", "last_seen")  # stamped by the job


def full(label: str) -> str:
    """Return the id of the node of which all is stated."""
    return f"full {label} '\"<&>\\ 日本"


def bare(label: str) -> str:
    """Return the id of the node of which nothing is stated."""
    return f"bare {label}"


def stated(element: Element) -> dict[str, Any]:
    """Return a value for each property of an element, by name, as plain data."""
    free = [c for c in element.columns if c.name not in (*GIVEN, "id", "source_id", "target_id")]
    return {prop.name: _value(prop, place) for place, prop in enumerate(free)}


def every_property() -> Estate:
    """Return the estate: two nodes of each label, two edges of each type."""
    estate = Estate()
    for label in FACT_NODES:
        estate.add(label, id=full(label.name), **_texts(label))
        estate.add(label, id=bare(label.name))
    for each in RELATIONSHIPS:
        source, target = each.sources[0].name, each.targets[0].name
        estate.add(each, source_id=full(source), target_id=full(target), **_texts(each))
        estate.add(each, source_id=bare(source), target_id=bare(target))
    return estate


def _texts(element: Element) -> dict[str, Any]:
    """Return the values as a connector states them."""
    values = stated(element)
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in values.items()
    }


def _value(prop: Property, place: int) -> Any:
    text = HOSTILE[place % len(HOSTILE)]
    if prop.name == "external_ids":
        return ["name:one", "name:two"]
    if prop.choices:
        # a thing with a date of its deletion is deleted
        return list(prop.choices[:2]) if prop.dtype is Dtype.TEXTS else prop.choices[-1]
    return {
        Dtype.TEXT: text,
        Dtype.COUNT: 3,
        Dtype.NUMBER: 0.5,
        Dtype.FLAG: place % 2 == 0,
        Dtype.INSTANT: ago(-30.5 if prop.when in LATER else 10.25),
        Dtype.TEXTS: [text, "a;b"],
        Dtype.INSTANTS: {"read": ago(1), "write": ago(2)},
        Dtype.JSON: {"of": [1, None, {text: [True, 0.5]}]},
    }[prop.dtype]
