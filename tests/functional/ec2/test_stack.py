"""Every state that a stack may be in, with the local CloudFormation on the other side."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError

from ec2.aws import trouble
from ec2.errors import DeletionRefused, StackFailed
from ec2.reach import standing_hosts
from ec2.rehearsal.settings import ACCOUNT, REGION
from ec2.rehearsal.stacks.engine import Engine
from ec2.rehearsal.stacks.resources import RESOURCE_TYPES
from ec2.rehearsal.stacks.resources.contract import Clients, Place
from ec2.rehearsal.stacks.resources.parameters import Parameter
from ec2.rehearsal.stacks.wire import install
from ec2.settings import read_settings
from ec2.stack import Stack, summary
from ec2.template.stack_policy import build_stack_policy
from tests.conftest import ROOT
from tests.functional.serving import moto, served

UNWELCOME = "Unwelcome"


class Wilful(Parameter):
    """A parameter that never returns to a certain value."""

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        if new["Value"] == UNWELCOME:
            raise RuntimeError("this value is not welcome")
        super().update(aws, physical_id, old, new, place)


@pytest.fixture(scope="module")
def cloudformation() -> Iterator[Any]:
    session = boto3.session.Session("testing", "testing", region_name=REGION)
    clients: dict[str, Any] = {}
    with served(moto()) as endpoint:

        def client(service: str) -> Any:
            if service not in clients:
                clients[service] = session.client(service, endpoint_url=endpoint)
            return clients[service]

        install(Engine({**RESOURCE_TYPES, Wilful.name: Wilful()}, client, ACCOUNT, REGION))
        yield client("cloudformation")
        for opened in clients.values():
            opened.close()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def stack(cloudformation: Any, said: list[str]) -> Stack:
    return Stack(f"stack-{uuid4().hex[:8]}", cloudformation, said.append)


def template(stack: Stack, *names: str, **more: Any) -> str:
    """Parameters of these names, the value of each its name."""
    resources = {
        name: {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Name": f"/{stack.name}/{name}", "Type": "String", "Value": name},
        }
        for name in names
    }
    outputs = {"First": {"Value": {"Ref": names[0]}}}
    return json.dumps({"Resources": resources | more, "Outputs": outputs})


def launch(stack: Stack, text: str) -> str:
    return stack.launch(stack.plan(text, {}, {"Stack": stack.name})).outcome


# A bucket's name is refused by S3 and not by the template.
REFUSED = {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/aws/mine", "Type": "String", "Value": "1"}}


def test_a_stack_is_created_left_alone_updated_and_deleted(stack: Stack, said: list[str]) -> None:
    assert stack.status() == ""
    plan = stack.plan(template(stack, "One", "Two"), {}, {})
    assert (plan.creates, summary(plan.changes)) == (True, "2 to add")
    assert stack.launch(plan).outcome == "created"
    assert stack.outputs() == {"First": f"/{stack.name}/One"}
    assert "create complete: One" in said
    assert launch(stack, template(stack, "One", "Two").replace("Two", "Two")) in ("unchanged", "updated")
    assert launch(stack, template(stack, "One", "Three")) == "updated"
    assert launch(stack, template(stack, "One", "Three")) == "unchanged"
    stack.delete()
    assert stack.status() == ""
    stack.delete()


def test_a_plan_changes_nothing_and_says_what_would_be_replaced(stack: Stack) -> None:
    launch(stack, template(stack, "One"))
    renamed = json.loads(template(stack, "One"))
    renamed["Resources"]["One"]["Properties"]["Name"] = f"/{stack.name}/Other"
    plan = stack.plan(json.dumps(renamed), {}, {})
    assert summary(plan.changes) == "1 to replace"
    assert stack.outputs() == {"First": f"/{stack.name}/One"}


def test_whoever_only_looked_leaves_the_first_plan_of_somebody_else_alone(
    stack: Stack, cloudformation: Any
) -> None:
    mine, somebody = stack.plan(template(stack, "One"), {}, {}), Stack(stack.name, cloudformation, stack.say)
    somebody.discard(somebody.plan(template(stack, "One"), {}, {}))
    assert stack.launch(mine).outcome == "created"


def test_the_last_plan_of_a_stack_that_was_never_made_leaves_with_it(stack: Stack) -> None:
    first, second = (stack.plan(template(stack, "One"), {}, {}) for _ in range(2))
    stack.discard(first)
    assert stack.status() == "REVIEW_IN_PROGRESS"
    stack.discard(second)
    assert stack.status() == ""


def test_a_plan_that_somebody_deleted_is_made_again(stack: Stack) -> None:
    plan = stack.plan(template(stack, "One"), {}, {})
    stack.client.delete_stack(StackName=stack.name)
    with pytest.raises(StackFailed, match="somebody deleted the stack") as failed:
        stack.launch(plan)
    assert failed.value.hint == "python -m ec2 deploy makes another plan"


def test_a_first_launch_that_fails_names_the_resource_and_is_not_in_the_way_of_the_next(stack: Stack) -> None:
    with pytest.raises(StackFailed, match=r"was not made.*: Bad \(AWS::SSM::Parameter\)") as failed:
        launch(stack, template(stack, "One", Bad=REFUSED))
    assert "nothing of the attempt is in the way" in failed.value.hint
    assert stack.status() == ""
    assert launch(stack, template(stack, "One")) == "created"


def test_what_an_older_launch_left_empty_is_deleted(stack: Stack, said: list[str]) -> None:
    leave_empty(stack)
    with pytest.raises(StackFailed, match="is empty and in the way") as failed:
        stack.plan(template(stack, "One"), {}, {})
    assert failed.value.hint == "python -m ec2 deploy deletes it first"
    assert stack.status() == "ROLLBACK_COMPLETE", "a plan changes nothing"
    stack.make_way()
    assert any("is empty: deleting it" in line for line in said)
    assert launch(stack, template(stack, "One")) == "created"
    stack.make_way()
    assert stack.status() == "CREATE_COMPLETE"


def test_where_aws_wants_a_second_factor_to_delete_that_is_said(stack: Stack) -> None:
    leave_empty(stack)
    with refused(stack), pytest.raises(DeletionRefused, match="AccessDenied") as failed:
        stack.make_way()
    assert "second factor" in failed.value.hint


def test_what_is_left_empty_is_deleted_though_it_is_protected(stack: Stack) -> None:
    leave_empty(stack)
    stack.protect(True)
    stack.make_way()
    assert stack.status() == ""


def test_a_stack_without_hosts_is_nothing_to_look_at(stack: Stack) -> None:
    leave_empty(stack)
    settings = replace(read_settings(ROOT / "stack.toml"), name=stack.name)
    with pytest.raises(StackFailed, match="is ROLLBACK_COMPLETE and has no hosts") as failed:
        standing_hosts(settings, lambda _: stack.client)
    assert failed.value.hint == "python -m ec2 deploy"


def leave_empty(stack: Stack) -> None:
    """Let the stack fail as one does that AWS rolls back."""
    stack.client.create_stack(StackName=stack.name, TemplateBody=template(stack, "One", Bad=REFUSED))
    assert stack.settled() == "ROLLBACK_COMPLETE"


@contextmanager
def refused(stack: Stack, action: str = "DeleteStack", code: str = "AccessDenied") -> Iterator[None]:
    """AWS as it answers who may not do that, or may with a second factor only."""
    told = {"Error": {"Code": code, "Message": "not for you"}, "ResponseMetadata": {}}
    events, asked = stack.client.meta.events, f"before-call.cloudformation.{action}"

    def refuse(**_: object) -> tuple[SimpleNamespace, dict[str, Any]]:
        return SimpleNamespace(status_code=400), told

    events.register(asked, refuse)
    yield
    events.unregister(asked, refuse)


def test_a_stack_is_guarded_once_and_again_where_that_was_ended(stack: Stack) -> None:
    launch(stack, template(stack, "One"))
    policy = json.dumps(build_stack_policy())
    asked: list[str] = []
    stack.client.meta.events.register(
        "before-call.cloudformation", lambda model, **_: asked.append(model.name)
    )
    stack.guard(policy)
    assert {"SetStackPolicy", "UpdateTerminationProtection"} <= set(asked)
    assert stack.described()["EnableTerminationProtection"]
    asked.clear()
    stack.guard(policy)
    assert asked == ["DescribeStacks", "GetStackPolicy"]
    stack.protect(False)
    stack.guard(policy)
    assert stack.described()["EnableTerminationProtection"]


@pytest.mark.parametrize(
    ("status", "stands"),
    [
        ("CREATE_COMPLETE", True),
        ("UPDATE_ROLLBACK_COMPLETE", True),
        ("UPDATE_ROLLBACK_FAILED", True),
        ("ROLLBACK_COMPLETE", False),
        ("UPDATE_ROLLBACK_IN_PROGRESS", False),
        ("REVIEW_IN_PROGRESS", False),
    ],
)
def test_what_is_empty_or_what_cloudformation_still_works_on_does_not_stand(
    status: str, stands: bool
) -> None:
    aws = SimpleNamespace(describe_stacks=lambda **_: {"Stacks": [{"StackStatus": status}]})
    assert Stack("any", aws, print).stands() is stands


def test_an_update_that_fails_leaves_everything_as_it_was(stack: Stack) -> None:
    launch(stack, template(stack, "One"))
    with pytest.raises(StackFailed, match=r"UPDATE_ROLLBACK_COMPLETE: Bad"):
        launch(stack, template(stack, "One", "Two", Bad=REFUSED))
    assert launch(stack, template(stack, "One")) in ("unchanged", "updated")
    assert launch(stack, template(stack, "One", "Two")) == "updated"


def test_an_update_that_cannot_be_taken_back_is_in_the_way_and_says_what_leads_on(stack: Stack) -> None:
    before, after = (
        template(stack, UNWELCOME),
        template(stack, UNWELCOME, Bad=REFUSED | {"DependsOn": UNWELCOME}),
    )
    launch(stack, before)
    with pytest.raises(StackFailed, match="is UPDATE_ROLLBACK_FAILED: Bad") as failed:
        launch(stack, after.replace(f'"Value": "{UNWELCOME}"', '"Value": "Other"'))
    assert "nothing of the attempt is in the way" not in failed.value.hint
    assert f"aws cloudformation continue-update-rollback --stack-name {stack.name}" in failed.value.hint


@pytest.mark.parametrize("status", ["DELETE_FAILED", "ROLLBACK_FAILED"])
def test_what_can_only_be_deleted_is_destroyed_by_who_knows_what_protects_it(
    stack: Stack, status: str
) -> None:
    assert stack.way_out(status) == "mend that, then: python -m ec2 destroy"


def test_a_template_that_is_refused_is_said_in_awss_words(stack: Stack) -> None:
    with pytest.raises(StackFailed, match="refused the template") as failed:
        stack.plan('{"Resources": {"One": {"Type": "AWS::Nothing::Known"}}}', {}, {})
    assert failed.value.hint.startswith("python -m ec2 template prints it")


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("AccessDenied", "have what python -m ec2 policy prints granted to you"),
        ("ExpiredToken", "renew the credentials"),
        ("AlreadyExistsException", "repeat the command"),
    ],
)
def test_what_is_refused_for_another_reason_than_the_template_is_told_as_that(
    stack: Stack, code: str, hint: str
) -> None:
    with refused(stack, "CreateChangeSet", code), pytest.raises(ClientError) as failed:
        stack.plan(template(stack, "One"), {}, {})
    told = trouble(failed.value)
    assert told.message == f"AWS refused CreateChangeSet: not for you ({code})"
    assert told.hint.startswith(hint)


def test_a_protected_stack_is_not_deleted(stack: Stack) -> None:
    launch(stack, template(stack, "One"))
    stack.protect(True)
    with pytest.raises(Exception, match="TerminationProtection"):
        stack.delete()
    stack.protect(False)
    stack.delete()
    assert stack.status() == ""


def test_outputs_of_a_stack_that_is_not_there_are_an_error_with_a_remedy(stack: Stack) -> None:
    with pytest.raises(StackFailed, match="there is no stack"):
        stack.outputs()
