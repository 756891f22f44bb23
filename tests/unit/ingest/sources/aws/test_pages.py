"""Answers that come in pages: complete where the last page is there, partial where it is not.

https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-pagination.html
"""

import json

import pytest

from graph.schema import MEMBER_OF, SERVICE_ACCOUNT
from tests.support.exports.aws_account import ACCOUNT, details, group, managed, read, user

MORE = {"IsTruncated": True, "Marker": "AAHb"}
LAST = {"IsTruncated": False}
FIRST = details(users=[user("ann", GroupList=["team"])]) | MORE
SECOND = details(groups=[group("team")], users=[user("bob")]) | LAST
AWS_ONLY = details(policies=[managed("ReadOnlyAccess", owner="aws")])
ARN = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:"


def written(folder, *answers):
    for number, answer in enumerate(answers, 1):
        (folder / f"part{number}.json").write_text(json.dumps(answer))
    return folder


def partial(got):
    (warning,) = [w for w in got.reading.warnings if "one page of several" in w]
    return not got.reading.complete and "part1.json" in warning


@pytest.mark.parametrize("form", ["files", "list", "backwards", "one behind the other"])
def test_all_pages_of_the_details_are_the_account(tmp_path, form):
    pages = {"files": [FIRST, SECOND], "list": [[FIRST, SECOND]], "backwards": [SECOND, FIRST]}
    if form in pages:
        written(tmp_path, *pages[form])
    else:
        (tmp_path / "all.json").write_text(json.dumps(FIRST) + "\n" + json.dumps(SECOND))
    got = read(tmp_path)
    assert got.reading.complete
    assert got.reading.warnings == []
    assert {row["name"] for row in got.rows(SERVICE_ACCOUNT)} == {"ann", "bob"}
    assert len(got.rows(MEMBER_OF)) == 1


def test_a_last_page_of_nothing_but_policies_of_aws_ends_the_account(tmp_path):
    first = details(users=[user("ann")]) | MORE
    assert read(written(tmp_path, first, AWS_ONLY | LAST)).reading.complete
    (tmp_path / "part2.json").unlink()
    assert partial(read(tmp_path))


def test_the_last_page_of_another_account_ends_nothing(tmp_path):
    other = json.loads(json.dumps(SECOND).replace(ACCOUNT, "210987654321"))
    assert partial(read(written(tmp_path, FIRST, other)))


@pytest.mark.parametrize("token", ["NextToken", "Marker"])
def test_a_token_for_the_next_page_is_enough(tmp_path, token):
    # `--max-items` leaves a token and no IsTruncated
    assert partial(read(written(tmp_path, details(users=[user("ann")]) | {token: "eyJNYXJr"})))


def test_pages_of_inventories_are_told_apart_by_region(tmp_path):
    def functions(*arns, **more):
        return {"Functions": [{"FunctionArn": arn, "FunctionName": "f"} for arn in arns]} | more

    known = details(users=[user("ann")])
    first = functions(ARN + "a", NextMarker="m")
    elsewhere = functions(ARN.replace("eu-west-1", "us-east-1") + "a")
    assert partial(read(written(tmp_path, first, elsewhere, known)))
    assert read(written(tmp_path, first, elsewhere, known, functions(ARN + "b"))).reading.complete
