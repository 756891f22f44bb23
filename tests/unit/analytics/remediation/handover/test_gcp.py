"""What is handed over for Google Cloud, as the reference of gcloud has it."""

import pytest

from analytics.posture import Posture
from analytics.remediation.handover import Handover, Target, handover
from graph.schema import CAN_ACCESS, MEMBER_OF
from tests.support.estates.small_estates import Estate

MAIL = "etl@data-prod.iam.gserviceaccount.com"
ACCOUNT = f"gcp:{MAIL}"
NUMBER = "0123456789abcdef0123456789abcdef01234567"
KEY = f"cartography:c/GCPServiceAccountKey/projects/data-prod/serviceAccounts/{MAIL}/keys/{NUMBER}"
POOLED = "gcp:data-prod.svc.id.goog[jobs/etl]"
POOL_MEMBER = "serviceAccount:data-prod.svc.id.goog[jobs/etl]"
PROJECT = "cartography:c/GCPProject/data-prod"


def of(posture: Posture, action: str, thing: str) -> Handover:
    return handover(posture, action, Target(node=posture.graph.find(thing)))


def granting(holder: str = ACCOUNT, **facts: object) -> Handover:
    e = Estate().account(ACCOUNT).person("ann", email="ann@acme.example").resource(PROJECT)
    e.can(holder, "read", PROJECT, id="g", **{"role_name": "roles/viewer", **facts})
    return handover(e.posture(), "remove_grant", Target(CAN_ACCESS, ("g",)))


def test_an_account_is_disabled_and_enabled() -> None:
    posture = Estate().account(ACCOUNT).posture()
    made = of(posture, "disable_identity", ACCOUNT)
    named = f"{MAIL} --project data-prod"
    assert made.command == f"gcloud iam service-accounts disable {named}"
    assert made.undo == f"gcloud iam service-accounts enable {named}"
    made = of(posture, "delete_identity", ACCOUNT)
    assert made.command == f"gcloud iam service-accounts delete {named}"


def test_an_account_known_by_its_address_in_another_system_is_the_same() -> None:
    e = Estate().account("cartography:c/GCPServiceAccount/1", external_ids=[f"gcp:{MAIL}"])
    made = of(e.posture(), "stop", "cartography:c/GCPServiceAccount/1")
    assert made.command == f"gcloud iam service-accounts disable {MAIL} --project data-prod"


def test_a_key_is_disabled_then_deleted() -> None:
    e = Estate().account(ACCOUNT).thing("Credential", KEY, type="sa_key")
    posture = e.link(KEY, "AUTHENTICATES_AS", ACCOUNT).posture()
    named = f"{NUMBER} --iam-account {MAIL} --project data-prod"
    made = of(posture, "deactivate_credential", KEY)
    assert made.command == f"gcloud iam service-accounts keys disable {named}"
    assert made.undo == f"gcloud iam service-accounts keys enable {named}"
    made = of(posture, "delete_credential", KEY)
    assert made.command == f"gcloud iam service-accounts keys delete {named}"


def test_a_binding_is_removed_from_its_project() -> None:
    made = granting()
    more = f"data-prod --member serviceAccount:{MAIL} --role roles/viewer --condition None"
    assert made.command == f"gcloud projects remove-iam-policy-binding {more}"
    assert made.undo == f"gcloud projects add-iam-policy-binding {more}"
    assert "--member user:ann@acme.example " in str(granting("ann").command)


def bound(holder: str, target: str, policy: str, **facts: object) -> Handover:
    """Return what removes a grant that the policy of Google Cloud itself states."""
    e = Estate().account(ACCOUNT, POOLED).resource(target)
    e.can(holder, "read", target, id="g", **{"policy_id": policy, **facts})
    return handover(e.posture(), "remove_grant", Target(CAN_ACCESS, ("g",)))


@pytest.mark.parametrize(
    ("target", "scope", "words"),
    [
        ("gcp:projects/data-prod", "projects/data-prod", "projects {} data-prod"),
        ("gcp:folders/7", "folders/7", "resource-manager folders {} 7"),
        ("gcp:organizations/12", "organizations/12", "organizations {} 12"),
        (
            "gcp:storage.googleapis.com/ledger",
            "storage.googleapis.com/ledger",
            "storage buckets {} gs://ledger",
        ),
        (
            "gcp:secretmanager.googleapis.com/projects/data-prod/secrets/key",
            "secretmanager.googleapis.com/projects/data-prod/secrets/key",
            "secrets {} projects/data-prod/secrets/key",
        ),
        (ACCOUNT, MAIL, f"iam service-accounts {{}} {MAIL}"),
        # Granted further up: the binding is there.
        ("gcp:projects/data-prod", "organizations/12", "organizations {} 12"),
        ("gcp:storage.googleapis.com/ledger", "projects/data-prod", "projects {} data-prod"),
    ],
)
def test_a_binding_is_removed_where_its_policy_is(target: str, scope: str, words: str) -> None:
    made = bound(POOLED, target, f"{scope} roles/viewer")
    more = f"--member '{POOL_MEMBER}' --role roles/viewer --condition None"
    remove, add = (words.format(f"{verb}-iam-policy-binding") for verb in ("remove", "add"))
    assert made.command == f"gcloud {remove} {more}"
    assert made.undo == f"gcloud {add} {more}"
    assert ("what it gives on everything in it" in str(made.place)) == (
        f"gcp:{scope}" not in (target, ACCOUNT)
    )


def test_a_binding_that_ends_is_not_removed_as_one_without_a_condition() -> None:
    made = bound(
        ACCOUNT, "gcp:projects/data-prod", "projects/data-prod roles/viewer if C-0123456789abcdef"
    )
    assert made.command is None
    assert "has a condition" in str(made.place)


def test_an_end_is_a_condition_of_the_binding() -> None:
    e = Estate().account(ACCOUNT).resource(PROJECT)
    e.can(ACCOUNT, "read", PROJECT, id="g", role_name="roles/viewer")
    made = handover(e.posture(), "set_expiry", Target(CAN_ACCESS, ("g",)))
    assert made.command is None
    assert "request.time" in str(made.place)


def test_the_condition_of_a_binding_is_not_known_so_no_command_is() -> None:
    made = granting(condition="a condition of the assignment")
    assert made.command is None
    assert "roles/viewer" in str(made.place)


def test_a_role_that_is_no_name_of_a_role_gives_no_command() -> None:
    assert granting(role_name="viewer; true").command is None


def test_a_member_leaves_a_group() -> None:
    e = Estate().account(ACCOUNT).thing("Group", "gcp:g", name="g")
    e.link(ACCOUNT, "MEMBER_OF", "gcp:g", id="m")
    made = handover(e.posture(), "remove_member", Target(MEMBER_OF, ("m",)))
    assert made.command is None  # the address of the group is in no source
