"""Labels: the planted defects of the last snapshot of an estate.

Each defect has as `subject` the node that shows it: a grant's holder, a credential, or an agent.
`object` is the other node concerned, `since` its start, in the sense of the trust debt model: the
last use or approval plus 90 days, the end of a grant, the departure of an owner. A grant of a role
or group that no account takes belongs to no identity, and has no defect.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ingest.generator.access import CHANGING, LEVELS, LOG
from ingest.generator.activity.evidence import UNDECIDED, seen
from ingest.generator.activity.facts import WAYS
from ingest.generator.activity.uses import key_last_used, last_active
from ingest.generator.clock import MONTHS, present, stamp
from ingest.generator.sets import ANYONE
from ingest.generator.stale import all_grants, would_lose
from ingest.generator.world import World

HISTORY = 10  # snapshots needed to detect growth
ALIKE = 3  # equal reasons that make a template
NOW, UNUSED, REVIEW, AGE = 0.0, 90, 90, 90
COLUMNS = ("rule", "subject", "object", "day", "detail", "why")


def defects(world: World, snapshots: int) -> pd.DataFrame:
    """List every defect: `rule`, `subject`, `object`, `since`, `detail` and `why`.

    `detail` is the grant for defects of grants, the role for those of owners. Growth of access is
    listed only with `HISTORY` snapshots or more.
    """
    parts = [
        *_ownership(world),
        *_scope(world),
        *(_growth(world) if snapshots >= HISTORY else ()),
        *_grants(world),
        *_paths(world),
        *_credentials(world),
        _self_changes(world),
        *_isolation(world),
        *_evidence(world),
    ]
    labels: pd.DataFrame = pd.concat([p for p in parts if len(p)], ignore_index=True)
    labels = labels.astype({c: "string" for c in COLUMNS if c != "day"})
    labels["since"] = stamp(labels["day"].to_numpy(float))
    keys = ["rule", "subject", "object", "detail"]
    return labels.sort_values(keys, kind="stable", ignore_index=True).drop(columns="day")


def near_misses(world: World) -> dict[str, list[str]]:
    """Return for some rules the nodes that resemble a defect and have none.

    They are agents that ended and left nothing, keys that leaked and were revoked, roles that trust
    one account, agents whose recent activity only one fact shows, roles that are taken.
    """
    agents, keys, sets = world.population.agents, world.credentials.keys, world.access.sets
    awake = ~agents["dormant"] & agents["keyed"] & (agents["place"] == "plain")
    one_fact = awake & world.activity_facts.only(*WAYS)
    joins = world.access.joins
    taken = joins[(joins["kind"] == "ASSUMES") & ~joins["unused"]]
    pairs = agents["id"].iloc[taken["account"]].to_numpy(object) + " " + taken["set"]
    named = sets["trusts"].notna() & (sets["trusts"] != ANYONE)
    ids_by_rule = {
        "RES-01": agents["id"][agents["place"] == "gone"],
        "CRD-07": keys["id"][keys["revoked"]],
        "ISO-06": sets["id"][named],
        "TIM-03": agents["id"][one_fact],
        "LPR-05": pairs,
    }
    return {rule: sorted(map(str, ids)) for rule, ids in ids_by_rule.items()}


def _rows(
    rule: str,
    subject: pd.Series,
    thing: object = None,
    day: object = np.nan,
    detail: object = None,
    why: str = "",
) -> pd.DataFrame:
    values = {
        "subject": _plain(subject),
        "object": _plain(thing),
        "day": day,
        "detail": _plain(detail),
    }
    return pd.DataFrame({"rule": rule, **values, "why": why}, index=range(len(subject)))


def _plain(values: object) -> object:
    return np.asarray(values, object) if isinstance(values, pd.Series) else values


# ---------------------------------------------------------------- owners, purpose and scope


def _ownership(world: World) -> Iterator[pd.DataFrame]:
    agents, states, owns = world.population.agents, world.states, world.owns
    people = world.population.people.set_index("id")["left"]
    now = owns[present(owns["start"].to_numpy(), owns["end"].to_numpy(), NOW)]
    state = pd.Series(states, index=agents["id"]).reindex(now["thing"]).to_numpy()
    left = people.reindex(now["owner"]).to_numpy(float)

    def in_state(*names: str) -> pd.DataFrame:
        return agents[np.isin(states, names)]

    def owned(*names: str, role: str | None = None) -> tuple[pd.DataFrame, np.ndarray]:
        mask = np.isin(state, names) & ((now["role"] == role).to_numpy() | (role is None))
        return now[mask], left[mask]

    bare = in_state("leaver", "nobody", "hollow_team", "self_owned", "software_owned", "stray")
    yield _rows("OWN-01", bare["id"], day=bare["created"].to_numpy(), why="nobody answers for it")
    gone, when = owned("leaver")
    yield _rows("OWN-02", gone["thing"], gone["owner"], when, gone["role"], "the owner left")
    half, when = owned("half_leaver", role="business")
    yield _rows("OWN-02", half["thing"], half["owner"], when, half["role"], "the owner left")
    yield _rows("OWN-04", half["thing"], day=when, detail="business", why="no business owner")
    for name, why in (("hollow_team", "the team is empty"), ("team_only", "only a team owns it")):
        team, _ = owned(name)
        yield _rows(
            "OWN-03", team["thing"], team["owner"], team["start"].to_numpy(), team["role"], why
        )
    for lacking, name in (
        ("business", "technical_only"),
        ("technical", "business_only"),
    ):
        half_owned = in_state(name)
        why = f"no {lacking} owner"
        yield _rows(
            "OWN-04",
            half_owned["id"],
            day=half_owned["created"].to_numpy(),
            detail=lacking,
            why=why,
        )
    stray = in_state("stray")
    parent = agents["id"].to_numpy(object)[stray["parent"]]
    last = pd.Series(left, now["thing"].to_numpy(object)).groupby(level=0).max()
    went = np.fmin(agents["ended"], agents["id"].astype(object).map(last).to_numpy(float))
    day = np.fmax(stray["created"].to_numpy(), went.to_numpy()[stray["parent"]])
    yield _rows("OWN-05", stray["id"], parent, day, why="its chain has no owner")
    above = agents.loc[stray["parent"].unique()]
    gone = above[above["ended"].notna()]
    yield _rows("RES-01", gone["id"], why="it was retired, and what it spawned lives on")
    over = agents[agents["place"] == "ended"]
    yield _rows("RES-01", over["id"], why="it ended, and its account and key are alive")
    again = agents[agents["place"] == "revived"]
    why = "one of its name was deleted before"
    yield _rows("REV-03", again["id"], day=again["created"].to_numpy(), why=why)
    soft, _ = owned("self_owned", "software_owned")
    yield _rows(
        "OWN-06",
        soft["thing"],
        soft["owner"],
        soft["start"].to_numpy(),
        soft["role"],
        "software owns it",
    )
    silent = now[now["acknowledged"].isna()]
    why = "the owner never accepted"
    yield _rows(
        "OWN-07", silent["thing"], silent["owner"], silent["start"].to_numpy(), silent["role"], why
    )


def _scope(world: World) -> Iterator[pd.DataFrame]:
    agents, structure = world.population.agents, world.structure
    no_purpose, no_scope = pd.isna(structure.purpose), pd.isna(structure.scope)
    bare = agents[no_purpose | no_scope]
    yield _rows("SCP-01", bare["id"], day=bare["created"].to_numpy(), why="no purpose or no scope")
    grants = world.access.grants
    drift = grants[(grants["kind"] == "drift") & ~no_scope[grants["agent"]]]
    resource, agent = _resource(world, drift), agents["id"].iloc[drift["agent"]]
    why = "granted outside the declared scope"
    yield _rows("SCP-02", agent, resource, drift["granted"].to_numpy(), drift["id"], why)
    used = np.stack([u.take(drift.index.to_numpy()).last(NOW) for u in world.access.used], axis=1)
    used = np.where(used >= NOW - UNUSED, used, np.nan)
    lately = ~np.isnan(used).all(axis=1)
    used_grants, first = drift[lately], np.fmin.reduce(used[lately], axis=1, initial=np.inf)
    agent = agents["id"].iloc[used_grants["agent"]]
    why = "used outside the declared scope"
    yield _rows("SCP-03", agent, _resource(world, used_grants), first, used_grants["id"], why)


def _growth(world: World) -> Iterator[pd.DataFrame]:
    agents, grants = world.population.agents, world.access.grants
    step = grants[grants["kind"] == "growth"]
    agent, day = agents["id"].iloc[step["agent"]], step["granted"].to_numpy()
    shown = np.array([min(month for month in MONTHS if month >= at) for at in day], float)
    yield _rows("SCP-04", agent, day=shown, why="its access grew by a step")


# ---------------------------------------------------------------- grants and paths


def _resource(world: World, grants: pd.DataFrame) -> pd.Series:
    return world.access.resources["id"].iloc[grants["resource"]]


def _is_assigned(world: World) -> np.ndarray:
    """Return the mask of the grants of an account, or of a set that an account takes (bool)."""
    access = world.access
    sets = pd.concat([access.joins["set"], access.chains["outer"], access.chains["inner"]])
    holder = access.grants["holder"]
    return np.asarray(holder.str.startswith("svc-") | holder.isin(sets))


def _grants(world: World) -> Iterator[pd.DataFrame]:
    all_grants = world.access.grants
    here = present(
        all_grants["granted"].to_numpy(), all_grants["end"].to_numpy(), NOW
    ) & _is_assigned(world)
    grants = all_grants[here]
    levels, unused = grants["levels"].to_numpy(), grants["unused"].to_numpy()
    used = np.stack([u.take(here).last(NOW) for u in world.access.used], axis=1)
    granted = grants["granted"].to_numpy()
    last = np.fmax(np.nan_to_num(used, nan=-np.inf), granted[:, None])
    idle = (unused[:, None] >> np.arange(len(LEVELS)) & 1).astype(bool)
    idle_since = np.where(idle, last, -np.inf).max(axis=1) + UNUSED
    approved = np.fmax(granted, world.access.reviewed.take(here).last(NOW)) + REVIEW
    end = np.fmin(grants["expires"].to_numpy(), grants["task_ended"].to_numpy())
    revoked, crossing = grants["revoked"].to_numpy(), (grants["kind"] == "crossing").to_numpy()
    whole_idle = (unused != 0) & (unused == levels)
    standing = grants["expires"].isna().to_numpy() & ~grants["eligible"].to_numpy(bool)
    for rule, mask, day, why in (
        ("LPR-01", whole_idle, idle_since, "not used for 90 days"),
        ("LPR-02", (unused != 0) & (unused != levels), idle_since, "a level is not used"),
        ("LPR-03", (levels & 0b1000) != 0, granted, "gives administration"),
        ("TIM-01", standing, granted, "has no end"),
        ("TIM-02", end <= NOW, end, "outlived its end"),
        ("REV-01", grants["overdue"].to_numpy(bool), approved, "no approval for 90 days"),
        ("REV-02", ~np.isnan(revoked), revoked, "revoked and still there"),
        ("ISO-01", crossing, granted, "reaches production from elsewhere"),
    ):
        defective = grants[mask]
        yield _rows(
            rule, defective["holder"], _resource(world, defective), day[mask], defective["id"], why
        )


def _paths(world: World) -> Iterator[pd.DataFrame]:
    """Yield the defects of stale access, including roles never taken, and of dormant agents."""
    agents, joins, chains = world.population.agents, world.access.joins, world.access.chains
    idle = joins[joins["unused"]]
    last = np.fmax(
        idle["start"].to_numpy(), world.access.joined.take(joins["unused"].to_numpy()).last(NOW)
    )
    by_account = pd.DataFrame(
        {"account": idle["account"], "set": idle["set"], "day": last + UNUSED}
    )
    chained = pd.DataFrame({"account": chains["account"], "set": chains["outer"]})
    chained["day"] = agents["created"].to_numpy()[chains["account"]] + UNUSED
    both = pd.concat([by_account, chained], ignore_index=True)
    users = agents.loc[agents["account"] >= 0, ["id", "account"]]
    untaken = users.merge(both, on="account")
    why = "the role is never taken"
    yield _rows("LPR-05", untaken["id"], untaken["set"], untaken["day"].to_numpy(), why=why)
    stale = agents["id"].iloc[would_lose(world)]
    yield _rows("TIM-04", stale, why="reaches something over stale edges only")
    asleep = (agents["dormant"] & agents["keyed"]).to_numpy()
    day = last_active(world, NOW)[asleep] + 45
    why = "dormant, and its credential is alive"
    yield _rows("TIM-03", agents["id"][asleep], day=day, why=why)


# ---------------------------------------------------------------- credentials


def _credentials(world: World) -> Iterator[pd.DataFrame]:
    keys, agents = world.credentials.keys, world.population.agents
    created = keys["created"].to_numpy()
    rotated = np.fmax(created, world.credentials.rotated.last(NOW))
    used = key_last_used(world, NOW)
    lent = agents["account"].to_numpy()[agents["place"] == "borrower"]
    shared = keys["first"].to_numpy() & np.isin(keys["agent"], lent)
    asleep = keys["forgotten"] | keys["expired"] | agents["dormant"].to_numpy()[keys["agent"]]
    last = np.where(keys["expired"] & np.isnan(used), created, used)  # of those never used
    idle = np.where(keys["expired"], np.fmin(keys["expires"], last + 45), last + 45)
    untold = np.full(len(keys), np.nan)  # the instant at which a leak became known is unknown
    for rule, mask, day, why in (
        ("CRD-01", keys["unrotated"], rotated + AGE, "not rotated for 90 days"),
        ("CRD-02", keys["outside"], created, "kept outside a secret manager"),
        ("CRD-03", keys["weak"], created, "authenticates weakly"),
        ("CRD-04", shared, created, "used by several agents"),
        ("CRD-05", keys["human_used"].notna(), keys["human_used"].to_numpy(), "a person used it"),
        ("CRD-06", asleep, idle, "alive though unused or expired"),
        ("CRD-07", keys["leaked"].notna(), untold, "leaked and not revoked"),
    ):
        chosen = np.asarray(mask, bool) & ~keys["revoked"].to_numpy(bool)
        yield _rows(rule, keys["id"][chosen], day=day[chosen], why=why)


def _self_changes(world: World) -> pd.DataFrame:
    """Return the agents that may change a log of their own platform, or of one nobody states."""
    agents, access = world.population.agents, world.access
    grants = all_grants(world)
    grants = grants[grants["levels"] & CHANGING > 0]
    logs = np.flatnonzero(access.resources["type"] == LOG)
    pairs = grants.loc[grants["resource"].isin(logs), ["account", "resource"]].drop_duplicates()
    existing = (agents["account"] >= 0) & ~(
        agents["ended"].notna() & (agents["ended_as"] == "deleted")
    )
    rows = agents.loc[existing, ["id", "account", "provider"]].merge(pairs, on="account")
    platform = world.platforms[rows["resource"]]
    rows = rows[pd.isna(platform) | (platform == rows["provider"].to_numpy(object))]
    return _rows("LPR-06", rows["id"], _resource(world, rows), why="may change a log of its own")


# ---------------------------------------------------------------- isolation and evidence


def _isolation(world: World) -> Iterator[pd.DataFrame]:
    agents, structure, grants = world.population.agents, world.structure, world.access.grants
    wild = agents[agents["third_party"] & ~structure.vetted]
    yield _rows("ISO-02", wild["id"], day=wild["created"].to_numpy(), why="nobody vetted it")
    split = agents[agents["place"] == "conflicted"]
    side = grants[grants["agent"].isin(split.index) & (grants["levels"] == 0b0100)]
    special = world.access.resources["special"].str.startswith("erp:").to_numpy()[side["resource"]]
    later = side[special].groupby("agent")["granted"].max().reindex(split.index)
    yield _rows("ISO-03", split["id"], day=later.to_numpy(), why="holds both sides of a rule")
    three = agents[agents["place"] == "trifecta"]
    why = "reads private data, takes in what strangers write, and can send it out"
    yield _rows("ISO-04", three["id"], day=three["created"].to_numpy(), why=why)
    sets = world.access.sets
    public = sets["id"][sets["trusts"] == ANYONE]
    yield _rows("ISO-06", public, why="anybody may take it")
    for frame in (structure.spawns, structure.acts_for):
        loose = frame[frame["unscoped"]]
        why = "delegated without a ceiling and without an end"
        yield _rows("ISO-05", loose["source"], loose["target"], loose["start"].to_numpy(), why=why)
    keys = world.credentials.keys[world.in_legacy_vault]
    places = agents.iloc[keys["agent"]][["unit", "env"]].drop_duplicates()
    reads = agents[agents["place"] == "secret_reader"].merge(places, on=["unit", "env"])
    yield _rows("LPR-04", reads["id"], day=np.nan, why="reads a vault that holds other credentials")


def _evidence(world: World) -> Iterator[pd.DataFrame]:
    uses = seen(world.evidence, world.access, NOW)
    state = world.evidence.state[uses["nth"]]
    grants = world.access.grants.iloc[world.evidence.rows[uses["nth"]]]
    agent, resource = world.population.agents["id"].iloc[grants["agent"]], _resource(world, grants)
    use = "use-" + uses["nth"].astype("string")
    for rule, name, why in (
        ("EVD-01", "unexplained", "no decision explains the use"),
        ("EVD-02", "denied", "denied, and it happened"),
        ("EVD-03", "late", "decided after the fact"),
    ):
        mask = state == name
        day = uses["day"].to_numpy()[mask]
        yield _rows(rule, agent[mask], resource[mask], day, use[mask], why)
    platform = world.platforms[grants["resource"].to_numpy()]
    own = world.population.agents["provider"].to_numpy(object)[grants["agent"].to_numpy()]
    mask = np.isin(state, UNDECIDED) & ~pd.isna(platform) & (platform != own)
    why = "another platform, without a decision"
    yield _rows("EVD-05", agent[mask], resource[mask], uses["day"].to_numpy()[mask], use[mask], why)
    yield from _decisions(world, uses, agent, resource)


def _decisions(
    world: World, uses: pd.DataFrame, agent: pd.Series, resource: pd.Series
) -> Iterator[pd.DataFrame]:
    """Yield what is wrong with the records of decisions on `uses`."""
    nth, used = uses["nth"].to_numpy(), uses["day"].to_numpy()
    plan, structure = world.evidence, world.structure
    state, slip, lag = plan.state[nth], plan.slip[nth], plan.lag[nth]
    made = used + np.where(state == "late", lag, -lag)
    grants = world.access.grants.iloc[plan.rows[nth]]
    of_agent = grants["agent"].to_numpy()
    scoped, meant = (~pd.isna(part)[of_agent] for part in (structure.scope, structure.purpose))
    drifted = (grants["kind"] == "drift").to_numpy() & np.isin(state, ("explained", "late"))
    template = slip == "template"
    for rule, mask, day, why in (
        ("EVD-04", slip == "not_done", used, "recorded as not done, and seen"),
        ("EVD-04", (state == "denied") & (nth % 2 == 0), made, "denied, and recorded as done"),
        ("EVD-06", drifted & scoped, made, "a decision allowed what is outside the scope"),
        ("EVD-07", template & (template.sum() >= ALIKE), made, "the reason of many"),
        ("EVD-08", (slip == "other_purpose") & meant, made, "allowed for another purpose"),
    ):
        decision = "decision-" + pd.Series(nth[mask], dtype="string")
        yield _rows(rule, agent[mask], resource[mask], day[mask], decision, why)
