"""How each service says that something is gone."""

import pytest
from botocore.exceptions import ClientError

from ec2.rehearsal.stacks.resources.looking import first, is_gone, refusal, unless_gone, wholly

GONE = (
    "InvalidVpcID.NotFound",
    "NatGatewayNotFound",
    "InvalidLaunchTemplateId.NotFoundException",
    "NoSuchEntity",
    "NoSuchBucket",
    "404",
    "ServerSideEncryptionConfigurationNotFoundError",
    "ParameterNotFound",
    "NotFoundException",
    "ResourceNotFoundException",
)


@pytest.mark.parametrize("code", GONE)
def test_it_is_gone(code: str) -> None:
    def describe() -> None:
        raise refusal(code, "?", "Describe")

    assert first(describe, "Things") is None


@pytest.mark.parametrize("code", ["DependencyViolation", "AccessDenied", "DeleteConflict", "500"])
def test_any_other_error_rises(code: str) -> None:
    error = refusal(code, "?", "Delete")
    assert not is_gone(error)
    with pytest.raises(ClientError), unless_gone():
        raise error


def test_what_comes_to_nothing_is_removed_and_its_reason_rises() -> None:
    removed = []

    def fail() -> None:
        with wholly(lambda: removed.append("it")):
            raise refusal("InvalidParameterValue", "no", "Modify")

    with pytest.raises(ClientError, match="InvalidParameterValue"):
        fail()
    assert removed == ["it"]


def test_a_removal_that_fails_hides_no_reason() -> None:
    def refuse() -> None:
        raise refusal("DependencyViolation", "in use", "Delete")

    def fail() -> None:
        with wholly(refuse):
            raise refusal("InvalidParameterValue", "no", "Modify")

    with pytest.raises(ClientError, match="InvalidParameterValue"):
        fail()
