"""Every node label, relationship type, table and property of the graph, declared once.

Frame validation, the native estate format, Neo4j constraints and load statements, the app's
legend and `docs/schema.md` are derived from `NODES`, `RELATIONSHIPS` and `TABLES`. Nothing
else spells a label.
"""

import copyreg

from graph.element import (
    Dtype,
    Element,
    Node,
    Property,
    Relationship,
    Table,
    When,
    identifier,
    named,
    prose,
    reference,
)

LEVELS = ("list", "read", "write", "admin")
# The names of the levels in a set of them, lowest first, by the bits of the set: bit 0 is `list`.
LEVEL_SETS = [[level for bit, level in enumerate(LEVELS) if bits >> bit & 1] for bits in range(16)]
SENSITIVITIES = ("public", "internal", "confidential", "restricted")
ANYONE = "anyone"  # the type of the resource that represents everybody
TRUST_ANCHORS = ("service", "oidc_provider", "saml_provider", ANYONE)  # types that nobody protects
DECLARABLE = (
    "grants",
    "owners",
    "scope",
    "usage",
    "reviews",
    "credentials",
    "decisions",
    "trust",
    "inventory",
)

TEXT, COUNT, NUMBER, FLAG, INSTANT = (
    Dtype.TEXT,
    Dtype.COUNT,
    Dtype.NUMBER,
    Dtype.FLAG,
    Dtype.INSTANT,
)
TEXTS, JSON = Dtype.TEXTS, Dtype.JSON

PROVIDER = named("provider", "The platform it lives on, such as aws.")
ENV = named("env", "Environment, such as prod; empty means unknown.")
CREATED_AT = Property("created_at", INSTANT, "When it was created.", when=When.MADE)
EXPIRES_AT = Property("expires_at", INSTANT, "When it is to end; empty means never.", when=When.DUE)
LAST_USED_AT = Property("last_used_at", INSTANT, "When it was last used.", when=When.HAPPENED)
LAST_ACTIVE_AT = Property("last_active_at", INSTANT, "When it last acted.", when=When.HAPPENED)
DELETED_AT = Property(
    "deleted_at",
    INSTANT,
    "When a log shows that it was deleted.",
    when=When.HAPPENED,
    dates=("status",),
    states=("deleted",),
)
STATUS_AT = Property(
    "status_at",
    INSTANT,
    "When a log shows that it came into its state.",
    when=When.HAPPENED,
    dates=("status", "status_by"),
)
STATUS_BY = Property(
    "status_by",
    TEXT,
    "Who brought it into that state, as the log shows.",
    choices=("admin", "user", "policy", "system"),
    later=True,
)
REVIVED_AT = Property(
    "revived_at",
    INSTANT,
    "When another was created under the id of one that was deleted.",
    when=When.HAPPENED,
)
THIRD_PARTY = Property("third_party", FLAG, "Whether another organisation runs it.")
PURPOSE = prose("purpose", "The task its access was approved for.")
TAGS = prose("tags", "Marks such as seasonal or breakglass.", TEXTS)
DECLARED_SCOPE = reference(
    "declared_scope", "Approved access: a list of {resource or prefix*, level}.", JSON
)


CREDENTIAL_ENDED = ("disabled", "revoked", "expired", "deleted")  # ended states, without access


def status(*more: str) -> Property:
    """Declare the life-cycle state of a node."""
    return Property("status", TEXT, "State in its life cycle.", choices=("active", *more))


AGENT = Node(
    "Agent",
    "Software that chooses its own actions and acts under an identity of its own.",
    properties=(
        Property(
            "kind",
            TEXT,
            "What sort of agent.",
            choices=("ai_agent", "workload", "bot", "blueprint"),
        ),
        PROVIDER,
        status("disabled", "retired", "deleted"),
        ENV,
        PURPOSE,
        DECLARED_SCOPE,
        Property(
            "aars",
            NUMBER,
            "Agentic risk score of AIVSS: the sum of `aarf`.",
            unit="0 to 10",
            within=(0, 10),
        ),
        named("aarf", "The ten amplification factors of AIVSS, each 0, 0.5 or 1.", JSON),
        CREATED_AT,
        EXPIRES_AT,
        LAST_ACTIVE_AT,
        LAST_USED_AT,
        THIRD_PARTY,
        named("platform", "The runtime or framework it runs on."),
        reference("host_id", "The id of the compute it runs on."),
        reference("charter_id", "The id of the resource that holds its instructions."),
        reference("blueprint_id", "The id of the blueprint it was made from."),
        STATUS_AT,
        STATUS_BY,
        DELETED_AT,
        REVIVED_AT,
        TAGS,
    ),
    colour="#D55E00",
    symbol="star",
    acts=True,
)
SERVICE_ACCOUNT = Node(
    "ServiceAccount",
    "An identity made for software.",
    properties=(
        PROVIDER,
        ENV,
        status("disabled", "retired", "deleted"),
        PURPOSE,
        DECLARED_SCOPE,
        CREATED_AT,
        LAST_USED_AT,
        LAST_ACTIVE_AT,
        Property("privileged", FLAG, "Whether its platform marks it as privileged."),
        Property("has_password", FLAG, "Whether it has a password to sign in with."),
        identifier("email", "Its address, where the platform gives it one."),
        identifier("boundary", "The permission boundary that limits it."),
        THIRD_PARTY,
        STATUS_AT,
        STATUS_BY,
        DELETED_AT,
        REVIVED_AT,
        TAGS,
    ),
    colour="#E69F00",
    symbol="ellipse",
    acts=True,
)
CREDENTIAL = Node(
    "Credential",
    "A key, secret, certificate or token; its name and fingerprint, never its value.",
    properties=(
        Property(
            "type",
            TEXT,
            "What sort of credential.",
            choices=(
                "access_key",
                "client_secret",
                "certificate",
                "pat",
                "oauth_refresh",
                "sa_key",
                "ssh_key",
                "api_key",
                "federated",
                "workload",
                "password",
                "token",
            ),
        ),
        status("disabled", "expired", "revoked", "leaked", "deleted"),
        CREATED_AT,
        Property("rotated_at", INSTANT, "When its value was last changed.", when=When.HAPPENED),
        Property(
            "expires_at",
            INSTANT,
            "When it ends by itself; empty means never.",
            when=When.ENDS,
            dates=("status",),
            states=("expired",),
        ),
        LAST_USED_AT,
        Property(
            "human_used_at",
            INSTANT,
            "When a person was first seen using it.",
            when=When.HAPPENED,
        ),
        Property(
            "storage",
            TEXT,
            "Where its value is kept.",
            choices=("vault", "code", "config", "ci", "chat", "env", "unknown"),
        ),
        Property("sender_constrained", FLAG, "Whether it is bound to the client's own key."),
        Property("strength", TEXT, "How well it authenticates.", choices=("weak", "strong")),
        identifier("fingerprint", "Keyed hash that tells values apart without holding them."),
        identifier("issuer", "Who issues it, for a federated credential."),
        identifier("subject", "Whom the issuer must name, for a federated credential."),
        identifier("audience", "For whom it is meant, for a federated credential."),
        STATUS_AT,
        STATUS_BY,
        DELETED_AT,
        REVIVED_AT,
    ),
    colour="#CC79A7",
    symbol="diamond",
    acts=True,
)
ROLE = Node(
    "Role",
    "A named set of entitlements that other identities may take.",
    properties=(
        PROVIDER,
        ENV,
        Property("assumable", FLAG, "Whether anything may take it."),
        status("disabled", "deleted"),
        CREATED_AT,
        LAST_USED_AT,
        identifier("boundary", "The permission boundary that limits it."),
        PURPOSE,
        STATUS_AT,
        STATUS_BY,
        DELETED_AT,
        REVIVED_AT,
        TAGS,
    ),
    colour="#0072B2",
    symbol="hexagon",
    acts=True,
)
GROUP = Node(
    "Group",
    "A set of identities that share entitlements.",
    properties=(
        PROVIDER,
        CREATED_AT,
        Property("role_assignable", FLAG, "Whether only privileged administrators may change it."),
    ),
    colour="#56B4E9",
    symbol="round-hexagon",
)
HUMAN = Node(
    "Human",
    "A person.",
    properties=(
        identifier("email", "The person's address."),
        status("left", "disabled", "deleted"),
        Property(
            "left_at",
            INSTANT,
            "When the person left, or is to leave.",
            when=When.DUE,
            dates=("status",),
            states=("left",),
        ),
        reference("manager_id", "The id of the person's manager."),
        PROVIDER,
        CREATED_AT,
        LAST_USED_AT,
        Property("last_active_at", INSTANT, "When the person last signed in.", when=When.HAPPENED),
        Property("mfa", FLAG, "Whether a second factor protects the sign-in."),
        identifier("boundary", "The permission boundary that limits the account."),
        STATUS_AT,
        STATUS_BY,
        DELETED_AT,
        REVIVED_AT,
    ),
    colour="#555555",
    symbol="round-triangle",
    acts=True,
)
TEAM = Node(
    "Team",
    "People who answer for things together.",
    properties=(
        identifier("email", "The team's address."),
        reference("parent_id", "The id of the unit it belongs to."),
    ),
    colour="#999999",
    symbol="pentagon",
)
RESOURCE = Node(
    "Resource",
    "Something worth protecting that entitlements are granted on.",
    properties=(
        named("type", "What sort of resource, such as bucket or account."),
        PROVIDER,
        ENV,
        Property(
            "sensitivity", TEXT, "Class of what it holds; empty is unknown.", choices=SENSITIVITIES
        ),
        reference("parent_id", "The id of the resource that contains it."),
        Property("control_plane", FLAG, "Whether its administrator rules the others."),
        CREATED_AT,
    ),
    colour="#009E73",
    symbol="round-rectangle",
)
TOOL = Node(
    "Tool",
    "Something an agent may call.",
    properties=(
        Property(
            "kind",
            TEXT,
            "What sort of tool.",
            choices=("mcp_server", "mcp_tool", "api", "a2a_skill"),
        ),
        Property(
            "capabilities",
            TEXTS,
            "What it lets an agent do.",
            choices=(
                "untrusted_input",
                "private_data",
                "external_comm",
                "code_exec",
                "destructive",
            ),
        ),
        THIRD_PARTY,
        Property("approved", FLAG, "Whether it was approved for use."),
        status("disabled", "deleted"),
        PROVIDER,
    ),
    colour="#F0E442",
    symbol="rectangle",
)
REVIEW = Node(
    "Review",
    "A decision about access: an approval or an access review.",
    properties=(
        Property("kind", TEXT, "What sort of review.", choices=("approval", "access_review")),
        Property("decision", TEXT, "What was decided.", choices=("approve", "revoke", "modify")),
        Property("decided_at", INSTANT, "When it was decided.", when=When.MADE),
        reference("decided_by", "The id of the person who decided."),
        EXPIRES_AT,
        reference("baseline", "The entitlements that were approved.", JSON),
    ),
    colour="#7F3C8D",
    symbol="tag",
)
DECISION = Node(
    "Decision",
    "What policy decision points decided for an identity and a resource, added up.",
    properties=(
        named("engine", "The engine that decided."),
        Property("allowed", COUNT, "How often it allowed.", unit="records"),
        Property("denied", COUNT, "How often it denied.", unit="records"),
        Property("escalated", COUNT, "How often it asked a person.", unit="records"),
        Property("first_at", INSTANT, "The first decision.", when=When.MADE),
        Property("last_at", INSTANT, "The last decision.", when=When.HAPPENED),
    ),
    colour="#A6761D",
    symbol="tag",
    managed=True,
)
SNAPSHOT = Node(
    "Snapshot",
    "One published state of the graph.",
    properties=(
        Property(
            "taken_at", INSTANT, "The instant that its facts are of.", required=True, when=When.READ
        ),
        Property("recorded_at", INSTANT, "When it was published.", when=When.READ),
        identifier("hash", "Hash of all its facts."),
        Property("sequence", COUNT, "Its place in the order of publication."),
        identifier("replaces", "The snapshot of that instant that it stands for."),
        named("coverage", "What each source and scope could say, and when.", JSON),
    ),
    colour="#BBBBBB",
    symbol="tag",
    managed=True,
)

IDENTITIES = (AGENT, SERVICE_ACCOUNT, ROLE)  # labels that are judged
TEAMS = (TEAM, GROUP)  # labels of what owns for several people
PRINCIPALS = (*IDENTITIES, GROUP, HUMAN, CREDENTIAL)
CONTROL_PROPERTIES = (
    LAST_USED_AT,
    Property("telemetry", FLAG, "Whether its use would be seen if it happened."),
    Property("eligible", FLAG, "Whether it must be activated first (just-in-time)."),
    Property("ceiling", TEXT, "Highest level that it passes on.", choices=LEVELS),
    prose("condition", "A condition nobody evaluated; empty means unconditional."),
    Property("derived", FLAG, "Whether a rule concluded it from other facts."),
    Property("assumed", FLAG, "Whether a fact it rests on was assumed, not seen."),
    named("rule", "The rule that concluded it."),
    identifier("support", "The ids of the facts that the rule rests on.", TEXTS),
)


def control(
    name: str,
    meaning: str,
    sources: tuple[Node, ...],
    targets: tuple[Node, ...],
    *,
    verb: str,
    identity: bool = False,
    uncontrolled: tuple[Node, ...] = (),
    distinct: tuple[str, ...] = (),
) -> Relationship:
    """Declare a relationship that gives its source the access of its target."""
    return Relationship(
        name,
        meaning,
        CONTROL_PROPERTIES,
        verb=verb,
        sources=sources,
        targets=targets,
        control=True,
        identity=identity,
        uncontrolled=uncontrolled,
        distinct=distinct,
    )


USES = control(
    "USES",
    "The agent holds the credential.",
    (AGENT,),
    (CREDENTIAL,),
    identity=True,
    verb="uses",
)
AUTHENTICATES_AS = control(
    "AUTHENTICATES_AS",
    "Whoever holds the credential can authenticate as the identity.",
    (CREDENTIAL,),
    (SERVICE_ACCOUNT, AGENT, HUMAN, ROLE),
    identity=True,
    verb="authenticates as",
)
RUNS_AS = control(
    "RUNS_AS",
    "It acts as the identity without holding a key.",
    (AGENT, TOOL, RESOURCE),
    (SERVICE_ACCOUNT, ROLE),
    identity=True,
    verb="runs as",
)
MEMBER_OF = control(
    "MEMBER_OF",
    "It has what the group has; membership of a team conveys nothing.",
    (SERVICE_ACCOUNT, HUMAN, GROUP, AGENT, ROLE),
    (GROUP, TEAM),
    identity=True,
    uncontrolled=(TEAM,),
    verb="is a member of",
)
ASSUMES = control(
    "ASSUMES",
    "It may take the identity: trust and permission both allow it.",
    PRINCIPALS,
    (ROLE, SERVICE_ACCOUNT),
    identity=True,
    distinct=("condition", "rule"),
    verb="may assume",
)
CONTROLS = control(
    "CONTROLS",
    "It can make itself able to act as the other.",
    (*PRINCIPALS, RESOURCE, TOOL),
    (*PRINCIPALS, RESOURCE),
    distinct=("condition", "rule"),
    verb="can make itself act as",
)
SPAWNS = control(
    "SPAWNS",
    "The parent decides the child's life.",
    (AGENT,),
    (AGENT,),
    verb="spawns",
)
CALLS = control(
    "CALLS",
    "The agent may call it.",
    (AGENT,),
    (TOOL, AGENT),
    verb="calls",
)
ACTS_FOR = control(
    "ACTS_FOR",
    "It acts with what was delegated to it.",
    (AGENT,),
    (HUMAN, AGENT),
    verb="acts for",
)
CAN_ACCESS = Relationship(
    "CAN_ACCESS",
    "A grant: the holder may use the target at these levels.",
    (
        identifier("grant_id", "The grant's id in its source."),
        named("actions", "The actions granted, as the source names them.", TEXTS),
        named(
            "actions_on",
            "The actions on each name, if not all are on all of it: {name or pattern: [actions]}.",
            JSON,
        ),
        Property("levels", TEXTS, "The access levels granted.", choices=LEVELS),
        Property("granted_at", INSTANT, "When it was granted.", when=When.MADE),
        EXPIRES_AT,
        identifier("task_id", "The task it was granted for."),
        Property("task_ended_at", INSTANT, "When that task ended.", when=When.DUE),
        Property(
            "reviewed_at",
            INSTANT,
            "When it was last approved.",
            when=When.HAPPENED,
            dates=("approved_by",),
        ),
        reference("approved_by", "Who approved it last."),
        Property(
            "last_used_at",
            Dtype.INSTANTS,
            "Last use of each level: {level: instant}.",
            when=When.HAPPENED,
        ),
        Property("telemetry", FLAG, "Whether its use would be seen if it happened."),
        named("role_name", "The role or permission set that grants it."),
        identifier("policy_id", "The policy that grants it."),
        prose("condition", "A condition nobody evaluated; empty means unconditional."),
        Property("eligible", FLAG, "Whether it must be activated first (just-in-time)."),
        Property("derived", FLAG, "Whether a rule concluded it from other facts."),
        Property("assumed", FLAG, "Whether a fact it rests on was assumed, not seen."),
        TAGS,
    ),
    sources=(*PRINCIPALS, TOOL, RESOURCE),
    targets=(RESOURCE, *PRINCIPALS, TOOL),
    access=True,
    distinct=("grant_id",),
    verb="can access",
)
OWNS = Relationship(
    "OWNS",
    "The owner answers for it.",
    (
        Property(
            "role",
            TEXT,
            "What the owner answers for.",
            choices=("business", "technical", "sponsor"),
        ),
        Property("since", INSTANT, "Since when.", when=When.BEGINS),
        Property("acknowledged_at", INSTANT, "When the owner accepted.", when=When.HAPPENED),
        Property("inherited", FLAG, "Whether it comes from the parent."),
        Property(
            "evidence",
            TEXT,
            "How it is known.",
            choices=("declared", "declared_later", "inferred"),
        ),
    ),
    sources=(HUMAN, TEAM, AGENT, SERVICE_ACCOUNT, ROLE, GROUP),
    targets=(AGENT, SERVICE_ACCOUNT, ROLE, RESOURCE, TOOL, CREDENTIAL),
    distinct=("role",),
    verb="owns",
)
STORED_IN = Relationship(
    "STORED_IN",
    "The credential's value is kept there.",
    sources=(CREDENTIAL,),
    targets=(RESOURCE,),
    verb="is stored in",
)
COVERS = Relationship(
    "COVERS",
    "The review is about the thing, or about one grant it holds.",
    (identifier("grant_id", "The grant it is about, if only one."),),
    sources=(REVIEW,),
    targets=(AGENT, SERVICE_ACCOUNT, ROLE, GROUP, HUMAN, CREDENTIAL, RESOURCE, TOOL),
    distinct=("grant_id",),
    verb="is about",
)
USED = Relationship(
    "USED",
    "It was seen using the resource.",
    (
        Property("level", TEXT, "At which level.", choices=LEVELS),
        Property("first_at", INSTANT, "First use seen.", when=When.MADE),
        Property("last_at", INSTANT, "Last use seen.", when=When.HAPPENED),
        Property("count", COUNT, "How often.", unit="events"),
        named("by_day", "How often on each day (UTC): {first day of a run: [counts]}.", JSON),
        Property("explained_count", COUNT, "How often a decision explains it.", unit="events"),
    ),
    sources=PRINCIPALS,
    targets=(RESOURCE, TOOL),
    distinct=("level",),
    verb="used",
)
TRUSTS = Relationship(
    "TRUSTS",
    "It lets the other take it, if the other is permitted to: the raw half of ASSUMES.",
    (
        named("action", "The action that the trust allows, such as sts:AssumeRole."),
        prose("condition", "A condition nobody evaluated; empty means unconditional."),
        identifier("issuer", "The identity provider, for federation."),
        identifier("subject", "Whom the provider must name, for federation."),
        Property("workload", FLAG, "Whether it lets software in, not people."),
    ),
    sources=(ROLE, SERVICE_ACCOUNT, AGENT, RESOURCE),
    targets=(*PRINCIPALS, RESOURCE),
    distinct=("action", "condition", "issuer", "subject"),
    verb="trusts",
)

USE_EVENT = Table(
    "UseEvent",
    "One observed use of a resource.",
    (
        Property("at", INSTANT, "When.", required=True, when=When.MADE),
        reference("principal", "The id of what acted.", required=True),
        reference("credential", "The id of the credential it used."),
        reference("resource", "The id of what it used.", required=True),
        named("action", "The action, as the source names it."),
        Property("level", TEXT, "At which level.", choices=LEVELS),
        named("outcome", "How it ended, such as success."),
        identifier("correlation_id", "Joins it to a decision; of a span, its trace."),
        identifier("call_id", "The call of a tool that it is."),
        identifier("conversation_id", "The conversation in which it was used."),
        identifier("session_id", "The session with the server of the tool."),
    ),
)
DECISION_RECORD = Table(
    "DecisionRecord",
    "One record of a policy decision; only the fields listed here are kept.",
    (
        Property("at", INSTANT, "When it was decided.", required=True, when=When.MADE),
        reference("subject", "The id of the agent or identity.", required=True),
        named("subject_type", "What the subject is."),
        identifier("instance", "The running instance of the agent."),
        reference("identity", "The identity it acted with."),
        reference("on_behalf_of", "The id of whom it acted for."),
        named("action", "The action asked for.", required=True),
        reference("resource", "The id of the resource.", required=True),
        named("resource_type", "What the resource is."),
        prose("purpose", "The purpose given."),
        identifier("task_id", "The task given."),
        named("env", "The environment given."),
        named("tool", "The tool called."),
        reference("delegation_chain", "The agents it was delegated through.", TEXTS),
        identifier("correlation_id", "Joins it to a use."),
        Property("risk_score", NUMBER, "Risk at the time.", unit="0 to 1"),
        prose("risk_signals", "What raised the risk.", TEXTS),
        identifier("posture", "The posture that influenced it.", JSON),
        Property(
            "decision",
            TEXT,
            "What was decided.",
            required=True,
            choices=("allow", "deny", "escalate"),
        ),
        identifier("policy_id", "The policy that decided."),
        named("policy_version", "The version of that policy."),
        named("engine", "The engine that evaluated it."),
        prose("justification", "Why, in the words given."),
        reference("approver", "Who approved."),
        Property(
            "justification_expires_at",
            INSTANT,
            "Until when the justification holds.",
            when=When.DUE,
        ),
        Property("single_use", FLAG, "Whether it explains one use only."),
        Property("executed", FLAG, "Whether the action was carried out."),
        prose("result", "How the action ended."),
        identifier("prev_hash", "The hash of the record before it."),
        identifier("hash", "The hash of this record."),
    ),
)
SOD_RULE = Table(
    "SodRule",
    "Two sides that no one identity should hold together (separation of duties).",
    (
        named("rule", "The rule's name.", required=True),
        reference("left_resource", "The id of one resource.", required=True),
        Property("left_level", TEXT, "The level on it.", choices=LEVELS),
        reference("right_resource", "The id of the other resource.", required=True),
        Property("right_level", TEXT, "The level on it.", choices=LEVELS),
    ),
)
WAITING = Table(
    "WaitingFact",
    "A relationship that a source states while something does not fit: it counts once it does.",
    (
        named("relationship", "Its type.", required=True),
        identifier("fact", "The row, as it was stated.", JSON, required=True),
        named("reason", "What it waits for."),
    ),
)
ROLE_POLICY = Table(
    "RolePolicy",
    "What policies state of taking roles: it counts once the other account is read as well.",
    (
        reference("principal", "The id of the identity or role.", required=True),
        identifier("policy", "The statements, in the source's own form.", JSON, required=True),
    ),
)

NODES: tuple[Node, ...] = (
    AGENT,
    SERVICE_ACCOUNT,
    CREDENTIAL,
    ROLE,
    GROUP,
    HUMAN,
    TEAM,
    RESOURCE,
    TOOL,
    REVIEW,
    DECISION,
    SNAPSHOT,
)
RELATIONSHIPS: tuple[Relationship, ...] = (
    USES,
    AUTHENTICATES_AS,
    RUNS_AS,
    MEMBER_OF,
    ASSUMES,
    CONTROLS,
    SPAWNS,
    CALLS,
    ACTS_FOR,
    CAN_ACCESS,
    OWNS,
    STORED_IN,
    COVERS,
    USED,
    TRUSTS,
)
TABLES: tuple[Table, ...] = (USE_EVENT, DECISION_RECORD, SOD_RULE, WAITING, ROLE_POLICY)
FACT_NODES: tuple[Node, ...] = tuple(n for n in NODES if not n.managed)
ELEMENTS: tuple[Element, ...] = (*FACT_NODES, *RELATIONSHIPS, *TABLES)
CONTROL: tuple[Relationship, ...] = tuple(r for r in RELATIONSHIPS if r.control)
ON_PATHS: tuple[Node, ...] = tuple(  # labels of what a path of access starts at, passes or ends at
    node
    for node in FACT_NODES
    if any(
        node in (*r.sources, *r.targets) and node not in r.uncontrolled
        for r in RELATIONSHIPS
        if r.control or r.access
    )
)

_ALL: tuple[Element, ...] = (*NODES, *RELATIONSHIPS, *TABLES)
_BY_NAME = {element.name: element for element in _ALL}


def declared(name: str) -> Element:
    """Return the element with a given name."""
    return _BY_NAME[name]


# Pickling by name: a worker process then uses its own, identical elements.
for _kind in (Node, Relationship, Table):
    copyreg.pickle(_kind, lambda element: (declared, (element.name,)))
