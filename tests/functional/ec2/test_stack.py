"""Every state that a stack may be in, with the local CloudFormation on the other side."""

import json
import threading
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from ec2.errors import StackFailed
from ec2.rehearsal.settings import ACCOUNT, REGION
from ec2.rehearsal.stacks.engine import Engine
from ec2.rehearsal.stacks.resources import RESOURCE_TYPES
from ec2.rehearsal.stacks.wire import install
from ec2.stack import Stack, summary


class Quiet(WSGIRequestHandler):
    """A request is not worth a line."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def cloudformation() -> Iterator[Any]:
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    session = boto3.session.Session("testing", "testing", region_name=REGION)
    clients: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in clients:
            clients[service] = session.client(service, endpoint_url=f"http://127.0.0.1:{server.server_port}")
        return clients[service]

    install(Engine(RESOURCE_TYPES, client, ACCOUNT, REGION))
    yield client("cloudformation")
    for opened in clients.values():
        opened.close()
    server.shutdown()
    thread.join()
    server.server_close()


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


def test_a_first_launch_that_fails_names_the_resource_and_the_next_one_starts_anew(
    stack: Stack, said: list[str]
) -> None:
    with pytest.raises(StackFailed, match=r"ROLLBACK_COMPLETE: Bad \(AWS::SSM::Parameter\)") as failed:
        launch(stack, template(stack, "One", Bad=REFUSED))
    assert "python -m ec2 deploy" in failed.value.hint
    assert stack.status() == "ROLLBACK_COMPLETE"
    assert launch(stack, template(stack, "One")) == "created"
    assert any("is empty: deleting it" in line for line in said)


def test_an_update_that_fails_leaves_everything_as_it_was(stack: Stack) -> None:
    launch(stack, template(stack, "One"))
    with pytest.raises(StackFailed, match=r"UPDATE_ROLLBACK_COMPLETE: Bad"):
        launch(stack, template(stack, "One", "Two", Bad=REFUSED))
    assert launch(stack, template(stack, "One")) in ("unchanged", "updated")
    assert launch(stack, template(stack, "One", "Two")) == "updated"


def test_a_template_that_is_refused_is_said_in_awss_words(stack: Stack) -> None:
    with pytest.raises(StackFailed, match="refused the template"):
        stack.plan('{"Resources": {"One": {"Type": "AWS::Nothing::Known"}}}', {}, {})


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
