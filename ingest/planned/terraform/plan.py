"""The resources of a Terraform plan, with references between them that apply is yet to resolve.

Format: https://developer.hashicorp.com/terraform/internals/json-format
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graph.secrets import redact_text
from ingest.rows import listed, text

KEY = re.compile(r"\[[^\[\]]*\]\Z")  # the instance key at the end of an address
CHANGES = ("create", "update")


@dataclass(frozen=True)
class Resource:
    """A managed resource as it will be after apply.

    `unknown` maps the attributes that only apply will determine to True; `references` are the
    addresses, within its module, that each attribute refers to.
    """

    address: str
    module: str
    type: str
    name: str
    key: str
    attributes: Mapping[str, Any]
    unknown: Mapping[str, Any]
    references: Mapping[str, tuple[str, ...]]
    changes: bool

    def text(self, attribute: str) -> str:
        """Return a text attribute without secrets, "" where it is absent or not known yet."""
        return redact_text(text(self.attributes.get(attribute)))

    def texts(self, attribute: str) -> list[str]:
        """Return the texts of a list attribute."""
        return [
            redact_text(v) for v in listed(self.attributes.get(attribute)) if isinstance(v, str)
        ]

    def waits(self, attribute: str) -> bool:
        """Return whether only apply will determine an attribute, or a part of it."""
        return _any_true(self.unknown.get(attribute))


class Plan:
    """All managed resources of a plan, by type and by the address that others refer to."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.resources = list(_resources(document))
        self._at: dict[tuple[str, str], list[Resource]] = {}
        for resource in self.resources:
            at = (resource.module, f"{resource.type}.{resource.name}")
            self._at.setdefault(at, []).append(resource)

    def of(self, *types: str) -> list[Resource]:
        """Return the resources of some types, in the order of the plan."""
        return [resource for resource in self.resources if resource.type in types]

    def referred(self, resource: Resource, attribute: str, *types: str) -> list[Resource]:
        """Return the resources of `types` that an attribute refers to.

        Of several instances of one resource, the one with the same key is meant; without it, none
        can be told.
        """
        targets: dict[str, Resource] = {}
        for reference in resource.references.get(attribute, ()):
            steps = reference.split(".")
            if len(steps) < 2 or steps[0] not in types:
                continue
            at = f"{steps[0]}.{KEY.sub('', steps[1])}"
            instances = self._at.get((resource.module, at), [])
            same = [i for i in instances if i.key == resource.key]
            for instance in instances if len(instances) == 1 else same:
                targets[instance.address] = instance
        return list(targets.values())


def is_plan(value: Any) -> bool:
    """Return whether a document is a plan, as `terraform show -json` writes it."""
    if not isinstance(value, dict):
        return False
    planned, changes = value.get("planned_values"), value.get("resource_changes")
    return isinstance(planned, dict) or isinstance(changes, list)


def is_state(value: Any) -> bool:
    """Return whether a document is a state: what is there, and not what is to come."""
    if not isinstance(value, dict) or is_plan(value):
        return False
    return isinstance(value.get("values"), dict) and isinstance(value.get("format_version"), str)


def _resources(document: Mapping[str, Any]) -> Iterator[Resource]:
    """Yield the managed resources: those of `planned_values`, else those that the changes leave."""
    listed_changes = [c for c in listed(document.get("resource_changes")) if isinstance(c, dict)]
    changes = {_address(record): _part(record, "change") for record in listed_changes}
    configured = dict(_configured(document))
    records = list(_planned(document.get("planned_values"))) or [
        (
            text(record.get("module_address")),
            {**record, "values": _part(record, "change").get("after")},
        )
        for record in listed_changes
    ]
    for module, record in records:
        address, type_ = _address(record), text(record.get("type"))
        if record.get("mode", "managed") != "managed" or not type_:
            continue
        change = changes.get(address)
        if change is None:  # a plan without changes speaks of all that it states
            change = {} if listed_changes else {"actions": [CHANGES[0]]}
        key = KEY.search(address)
        name = text(record.get("name"))
        yield Resource(
            address=address,
            module=module,
            type=type_,
            name=name,
            key=key[0] if key else "",
            attributes=_part(record, "values"),
            unknown=_part(change, "after_unknown"),
            references=configured.get((_bare(module), f"{type_}.{name}"), {}),
            changes=any(action in CHANGES for action in listed(change.get("actions"))),
        )


def _address(record: Mapping[str, Any]) -> str:
    return text(record.get("address")) or f"{text(record.get('type'))}.{text(record.get('name'))}"


def _part(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = record.get(name)
    return value if isinstance(value, dict) else {}


def _planned(values: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the records of all modules with the address of their module."""
    pending = [values.get("root_module")] if isinstance(values, dict) else []
    while pending:
        module = pending.pop()
        if not isinstance(module, dict):
            continue
        for record in listed(module.get("resources")):
            if isinstance(record, dict):
                yield text(module.get("address")), record
        pending += reversed(listed(module.get("child_modules")))


def _configured(
    document: Mapping[str, Any],
) -> Iterator[tuple[tuple[str, str], Mapping[str, tuple[str, ...]]]]:
    """Yield the references of each configured resource, by module and address."""
    configuration = document.get("configuration")
    root = configuration.get("root_module") if isinstance(configuration, dict) else None
    pending: list[tuple[str, Any]] = [("", root)]
    while pending:
        at, module = pending.pop()
        if not isinstance(module, dict):
            continue
        for record in listed(module.get("resources")):
            if isinstance(record, dict):
                address = f"{text(record.get('type'))}.{text(record.get('name'))}"
                yield (at, address), _references(record.get("expressions"))
        calls = module.get("module_calls")
        for name, call in calls.items() if isinstance(calls, dict) else ():
            if isinstance(call, dict):
                inner = f"{at}.module.{name}" if at else f"module.{name}"
                pending.append((inner, call.get("module")))


def _references(expressions: Any) -> dict[str, tuple[str, ...]]:
    return {
        name: tuple(r for r in listed(expression.get("references")) if isinstance(r, str))
        for name, expression in (expressions.items() if isinstance(expressions, dict) else ())
        if isinstance(expression, dict)
    }


def _bare(module: str) -> str:
    """Return the address of a module without instance keys.

    >>> _bare('module.a["x"].module.b[0]')
    'module.a.module.b'
    """
    return re.sub(r"\[[^\[\]]*\]", "", module)


def _any_true(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_any_true, value.values()))
    return any(map(_any_true, value)) if isinstance(value, list) else value is True
