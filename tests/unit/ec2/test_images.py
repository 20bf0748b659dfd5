"""Which images on the deployer's machine are called after another commit, and since when."""

from datetime import UTC, datetime, timedelta

import pytest

from ec2.images import age_seconds, of_other_commit


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("microblog/nginx:0123456789ab", False),
        ("microblog/nginx:abcdefabcdef", True),
        ("microblog/nginx:abcdefabcdef-dirty", True),
        ("microblog/nginx:local", False),
        ("microblog/registry:latest", False),
        ("microblog/nginx:0123456789abcd", False),
    ],
)
def test_only_names_of_other_commits_are_taken(name: str, other: bool) -> None:
    assert of_other_commit(name, "0123456789ab") is other


def test_an_image_is_as_old_as_its_last_name() -> None:
    an_hour_ago = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
    facts = {"Created": "2020-01-01T00:00:00Z", "Metadata": {"LastTagTime": f"{an_hour_ago}.123456789Z"}}
    assert age_seconds(facts) == pytest.approx(3600, abs=10)


def test_one_of_unknown_age_is_new() -> None:
    never = {"Metadata": {"LastTagTime": "0001-01-01T00:00:00Z"}}
    assert age_seconds(never) == pytest.approx(0, abs=10)
    assert age_seconds({}) == pytest.approx(0, abs=10)
