"""A native estate read with nothing but the standard library, to count in it independently."""

import csv
import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

NOW = datetime(2026, 8, 1, tzinfo=UTC)


def rows(path):
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def when(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None


def days_ago(text):
    return (NOW - when(text)) / timedelta(days=1)


class Plain:
    """An estate folder, read with nothing but the standard library."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def node(self, label):
        """Return the nodes of a label by id."""
        return {r["id"]: r for r in rows(self.folder / f"nodes/{label}.csv")}

    def links(self, kind):
        """Return the rows of a relationship type."""
        return rows(self.folder / f"relationships/{kind}.csv")

    def lines(self, name):
        """Return the records of a JSON lines file."""
        return [json.loads(line) for line in (self.folder / name).read_text().splitlines()]

    @cached_property
    def labels(self):
        """Return what the generator says is wrong."""
        return json.loads((self.folder / "labels.json").read_text())

    @cached_property
    def agents(self):
        """Return the agents by id."""
        return self.node("Agent")

    @cached_property
    def active(self):
        """Return the ids of the agents in service."""
        return {a for a, row in self.agents.items() if row["status"] == "active"}

    @cached_property
    def live_keys(self):
        """Return the credentials that are active and not past their end, by id."""
        return {
            key: row
            for key, row in self.node("Credential").items()
            if row["status"] == "active"
            and not (row["expires_at"] and when(row["expires_at"]) <= NOW)
        }

    @cached_property
    def grants(self):
        """Return the rows of CAN_ACCESS."""
        return self.links("CAN_ACCESS")

    def planted(self, rule, *fields):
        """Return these fields of each labelled defect of a rule."""
        found = [d for d in self.labels["defects"] if d["rule"] == rule]
        return {tuple(d[f] for f in fields) if len(fields) > 1 else d[fields[0]] for d in found}

    @cached_property
    def accounts(self):
        """Return the accounts of each agent."""
        opened = defaultdict(set)
        for link in self.links("AUTHENTICATES_AS"):
            opened[link["source_id"]].add(link["target_id"])
        held = defaultdict(set)
        for link in self.links("USES"):
            held[link["source_id"]] |= opened[link["target_id"]]
        for link in self.links("RUNS_AS"):
            held[link["source_id"]].add(link["target_id"])
        return held

    @cached_property
    def told(self):
        """Return when each key, and each account by itself, is told to have been used last."""
        last = defaultdict(list)
        for label in ("Credential", "ServiceAccount"):
            for thing, row in self.node(label).items():
                last[thing].append(row["last_used_at"])
        for link in self.links("USES"):
            last[link["target_id"]].append(link.get("last_used_at"))
        for kind in ("AUTHENTICATES_AS", "ASSUMES"):
            for link in self.links(kind):
                last[link["source_id"]].append(link.get("last_used_at"))
        for link in self.links("USED"):
            last[link["source_id"]].append(link["last_at"])
        for use in self.lines("uses.jsonl"):
            last[use.get("credential")].append(use["at"])
            last[use["principal"]].append(use["at"])
        for grant in self.grants:
            last[grant["source_id"]] += json.loads(grant["last_used_at"] or "{}").values()
        return {one: max(filter(None, times), default=None) for one, times in last.items()}

    @cached_property
    def last_seen(self):
        """Return when each agent is told to have acted last, by whatever fact; "" for never."""
        last = {agent: [row["last_active_at"]] for agent, row in self.agents.items()}
        for agent, told in last.items():
            told += [self.told.get(account) for account in self.accounts[agent]]
        for kind in ("USES", "RUNS_AS"):
            for link in self.links(kind):
                if link["source_id"] in last:
                    told = last[link["source_id"]]
                    told += [self.told.get(link["target_id"]), link.get("last_used_at")]
        return {agent: max(filter(None, told), default="") for agent, told in last.items()}

    def asleep(self, agent, days):
        """Return whether an agent that was seen acting was not for so many days."""
        return bool(self.last_seen[agent]) and days_ago(self.last_seen[agent]) > days

    @cached_property
    def sets(self):
        """Return what each account or role takes or belongs to."""
        taken = defaultdict(set)
        for kind in ("ASSUMES", "MEMBER_OF"):
            for link in self.links(kind):
                taken[link["source_id"]].add(link["target_id"])
        return taken

    def holders(self, agent):
        """Return everything that an agent acts as."""
        found, todo = set(), {agent} | self.accounts[agent]
        while todo:
            one = todo.pop()
            found.add(one)
            todo |= self.sets[one] - found
        return found

    @cached_property
    def by_holder(self):
        """Return the grants of each holder."""
        held = defaultdict(list)
        for grant in self.grants:
            held[grant["source_id"]].append(grant)
        return held

    @cached_property
    def held(self):
        """Return the grants that an agent, or the account of a tool, holds in any way."""
        holders = {
            r["target_id"] for r in self.links("RUNS_AS") if r["source_id"] not in self.agents
        }
        for agent in self.agents:
            holders |= self.holders(agent)
        return [grant for grant in self.grants if grant["source_id"] in holders]

    @cached_property
    def used(self):
        """Return the ids of the grants of which a level was used within 90 days."""
        return {
            grant["grant_id"]
            for grant in self.grants
            if any(days_ago(at) <= 90 for at in json.loads(grant["last_used_at"] or "{}").values())
        }

    def entitlements(self, agent):
        """Yield every grant that an agent holds in any way."""
        for holder in self.holders(agent):
            yield from self.by_holder[holder]
