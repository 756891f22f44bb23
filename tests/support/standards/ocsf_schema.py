"""A validator of OCSF events against the published schema, as compiled into one JSON file.

It is written from the rules of the schema alone, and knows nothing of the product. The file is in
the real data: `ocsf-schema/ocsf-1.8.0.json`, from https://schema.ocsf.io, Apache-2.0.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OTHER = "99"  # the id of a value that the enumeration lacks; its text is free
INTEGERS = {"integer_t": 2**31, "long_t": 2**63}


class OcsfSchema:
    """The compiled schema of one version."""

    def __init__(self, real_data: Path, version: str = "1.8.0") -> None:
        file = real_data / "ocsf-schema" / f"ocsf-{version}.json"
        read = json.loads(file.read_text(encoding="utf-8"))
        self.version: str = read["version"]
        self.objects: dict[str, Any] = read["objects"]
        self.types: dict[str, Any] = read["types"]
        self.classes = {made["uid"]: made for made in read["classes"].values()}

    def faults(self, event: Any) -> list[str]:
        """Return what is wrong with an event, each with its place; none if it is valid."""
        if not isinstance(event, dict):
            return ["the event is no object"]
        declared = self.classes.get(event.get("class_uid"))
        if declared is None:
            return [f"class_uid: {event.get('class_uid')!r} is no class"]
        profiles = event.get("metadata", {}).get("profiles", [])
        return [*self._object(event, declared, "", profiles), *self._sums(event, declared)]

    def _sums(self, event: dict[str, Any], declared: dict[str, Any]) -> Iterator[str]:
        """Yield what is wrong with the numbers that follow from each other."""
        if event.get("type_uid") != declared["uid"] * 100 + event.get("activity_id", 0):
            yield "type_uid: is not class_uid * 100 + activity_id"
        if event.get("category_uid") != declared["uid"] // 1000:
            yield "category_uid: is not that of the class"
        if event.get("metadata", {}).get("version") != self.version:
            yield f"metadata.version: is not {self.version}"

    def _object(
        self, value: dict[str, Any], declared: dict[str, Any], place: str, profiles: list[str]
    ) -> Iterator[str]:
        attributes = declared["attributes"]
        if not attributes:  # the object of which anything may be said
            return
        for name, attribute in attributes.items():
            applies = attribute.get("profile") in (None, *profiles)
            if attribute["requirement"] == "required" and applies and name not in value:
                yield f"{place}{name}: is required"
        for name, each in value.items():
            if name not in attributes:
                yield f"{place}{name}: is not declared"
            elif attributes[name].get("profile") not in (None, *profiles):
                yield f"{place}{name}: is of a profile that metadata.profiles does not name"
            else:
                yield from self._attribute(each, attributes[name], f"{place}{name}", profiles)
                yield from self._sibling(value, name, attributes[name], f"{place}{name}")
        for rule, names in (declared.get("constraints") or {}).items():
            present = sum(name in value for name in names)
            if not present or (rule == "just_one" and present > 1):
                yield f"{place or 'event'}: has not {rule} of {', '.join(names)}"

    def _attribute(
        self, value: Any, attribute: dict[str, Any], place: str, profiles: list[str]
    ) -> Iterator[str]:
        if attribute.get("deprecated"):
            yield f"{place}: is deprecated"
        if attribute.get("is_array"):
            if not isinstance(value, list) or not value:
                yield f"{place}: is no list of values"
                return
            for position, each in enumerate(value):
                yield from self._value(each, attribute, f"{place}[{position}]", profiles)
            return
        yield from self._value(value, attribute, place, profiles)

    def _value(
        self, value: Any, attribute: dict[str, Any], place: str, profiles: list[str]
    ) -> Iterator[str]:
        if attribute["type"] == "object_t":
            if not isinstance(value, dict):
                yield f"{place}: is no object"
                return
            yield from self._object(value, self.objects[attribute["object"]], f"{place}.", profiles)
            return
        yield from (f"{place}: {fault}" for fault in self._simple(value, attribute["type"]))
        choices = attribute.get("enum")
        if choices is not None and str(value) not in choices:
            yield f"{place}: {value!r} is not among the values"

    def _simple(self, value: Any, type_: str) -> Iterator[str]:
        """Yield what is wrong with a value of a simple type, or of the type that it narrows."""
        declared = self.types[type_]
        if "regex" in declared and not (
            isinstance(value, str) and re.search(declared["regex"], value)
        ):
            yield f"does not match {type_}"
        if "max_len" in declared and isinstance(value, str) and len(value) > declared["max_len"]:
            yield f"is longer than {declared['max_len']}"
        if "range" in declared and isinstance(value, int):
            low, high = declared["range"]
            if not low <= value <= high:
                yield f"is outside of {low} to {high}"
        if "type" in declared:
            yield from self._simple(value, declared["type"])
        elif type_ == "string_t" and not isinstance(value, str):
            yield "is no text"
        elif type_ == "boolean_t" and not isinstance(value, bool):
            yield "is no flag"
        elif type_ == "float_t" and not (isinstance(value, float | int) and value is not True):
            yield "is no number"
        elif type_ in INTEGERS and not (
            isinstance(value, int)
            and not isinstance(value, bool)
            and -INTEGERS[type_] <= value < INTEGERS[type_]
        ):
            yield f"is no {type_}"

    def _sibling(
        self, value: dict[str, Any], name: str, attribute: dict[str, Any], place: str
    ) -> Iterator[str]:
        """Yield a text beside an id that is not the caption of that id."""
        sibling, number = attribute.get("sibling"), str(value[name])
        if sibling is None or sibling not in value or number == OTHER:
            return
        caption = attribute["enum"].get(number)
        if value[sibling] != caption:
            yield f"{place}: {sibling} is {value[sibling]!r}, and {number} is {caption!r}"
