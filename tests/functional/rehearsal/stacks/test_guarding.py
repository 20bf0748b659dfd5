"""What keeps a stack, a resource or an export from being touched."""

import json
from typing import Any

import boto3

from ec2.rehearsal.stacks.engine import Engine
from tests.functional.rehearsal.stacks.conftest import CREDENTIALS, Stacks, refusal
from tests.functional.rehearsal.stacks.sample_templates import parameter, text, topic
from tests.functional.rehearsal.stacks.sample_types import Topic

NEWS = text(Resources={"News": topic("news")})


def test_a_protected_stack_is_not_deleted(stacks: Stacks, cloud: Any) -> None:
    stack = stacks.create("guarded", NEWS, EnableTerminationProtection=True)
    assert stack["EnableTerminationProtection"] is True
    assert refusal(cloud.delete_stack, StackName="guarded") == (
        "ValidationError",
        "Stack [guarded] cannot be deleted while TerminationProtection is enabled",
    )
    cloud.update_termination_protection(StackName="guarded", EnableTerminationProtection=False)
    stacks.delete("guarded")
    assert refusal(cloud.describe_stacks, StackName="guarded")[0] == "ValidationError"


def test_a_stack_does_one_thing_at_a_time(stacks: Stacks, cloud: Any, topics: Topic) -> None:
    topics.gate.clear()
    stack_id = cloud.create_stack(StackName="busy", TemplateBody=NEWS)["StackId"]
    busy = (
        "ValidationError",
        f"Stack:{stack_id} is in CREATE_IN_PROGRESS state and can not be updated.",
    )
    assert refusal(cloud.update_stack, StackName="busy", TemplateBody=NEWS) == busy
    again = {"StackName": "busy", "ChangeSetName": "x", "TemplateBody": NEWS}
    assert refusal(cloud.create_change_set, **again) == busy
    assert refusal(cloud.create_stack, StackName="busy", TemplateBody=NEWS)[0] == "AlreadyExistsException"
    assert refusal(cloud.delete_stack, StackName="busy")[0] == "ValidationError"
    topics.gate.set()
    assert stacks.settled("busy")["StackStatus"] == "CREATE_COMPLETE"


def policy(effect: str, action: str, resource: str) -> str:
    """A policy that allows all and then says one thing more."""
    rest = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}
    own = {"Effect": effect, "Action": action, "Principal": "*", "Resource": resource}
    return json.dumps({"Statement": [rest, own]})


def test_a_policy_fails_the_update_of_what_it_protects(stacks: Stacks, cloud: Any, aws: Any) -> None:
    stacks.create("policed", NEWS)
    assert "StackPolicyBody" not in cloud.get_stack_policy(StackName="policed")
    denying = policy("Deny", "Update:Replace", "LogicalResourceId/News")
    cloud.set_stack_policy(StackName="policed", StackPolicyBody=denying)
    assert cloud.get_stack_policy(StackName="policed")["StackPolicyBody"] == denying
    stack = stacks.update("policed", text(Resources={"News": topic("olds")}))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.reasons("policed", "UPDATE_FAILED") == [
        "Action denied by stack policy: Statement [#2] does not allow [Update:Replace] for resource [News]"
    ]
    allowed = text(Resources={"News": topic("news", DisplayName="b")})
    assert stacks.update("policed", allowed)["StackStatus"] == "UPDATE_COMPLETE"


def test_a_policy_keeps_a_resource_from_being_dropped_unless_overridden(stacks: Stacks, cloud: Any) -> None:
    both = text(Resources={"News": topic("news"), "Olds": topic("olds")})
    denying = policy("Deny", "Update:Delete", "LogicalResourceId/Olds")
    stacks.create("kept", both, StackPolicyBody=denying)
    assert stacks.update("kept", NEWS)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    allowing = policy("Allow", "Update:*", "*")
    stack = stacks.update("kept", NEWS, StackPolicyDuringUpdateBody=allowing)
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert cloud.get_stack_policy(StackName="kept")["StackPolicyBody"] == denying


def exporting(name: str | None = "news") -> str:
    """A stack that exports the name of its topic, or does not."""
    outputs = {"Outputs": {"Name": {"Value": name, "Export": {"Name": "the-news"}}}} if name else {}
    return text(Resources={"News": topic("news")}, **outputs)


IMPORTING = text(Resources={"Address": parameter({"Fn::ImportValue": {"Fn::Sub": "the-${AWS::StackName}"}})})


def test_an_export_in_use_stays(stacks: Stacks, cloud: Any, aws: Any) -> None:
    stacks.create("exporter", exporting())
    assert refusal(cloud.list_imports, ExportName="the-news")[1] == (
        "Export 'the-news' is not imported by any stack."
    )
    stacks.create("news", IMPORTING)
    assert aws("ssm").get_parameter(Name="news-Address")["Parameter"]["Value"] == "news"
    assert cloud.list_imports(ExportName="the-news")["Imports"] == ["news"]
    exports = cloud.get_paginator("list_exports").paginate().build_full_result()["Exports"]
    assert [(export["Name"], export["Value"]) for export in exports] == [("the-news", "news")]
    stacks.delete("exporter")
    stack = stacks.settled("exporter")
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["StackStatusReason"] == "Export the-news cannot be deleted as it is in use by news"
    for changed, verb in ((exporting(None), "deleted"), (exporting("other"), "updated")):
        assert stacks.update("exporter", changed)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        assert stacks.reasons("exporter", "UPDATE_ROLLBACK_IN_PROGRESS")[-1] == (
            f"Export the-news cannot be {verb} as it is in use by news"
        )
    stacks.delete("news")
    stacks.delete("exporter")
    assert refusal(cloud.describe_stacks, StackName="exporter")[0] == "ValidationError"


def test_two_stacks_cannot_export_one_name(stacks: Stacks) -> None:
    stacks.create("one", exporting())
    stack = stacks.create(
        "two",
        text(
            Resources={"Olds": topic("olds")},
            Outputs={"Name": {"Value": "x", "Export": {"Name": "the-news"}}},
        ),
    )
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert stacks.reasons("two", "ROLLBACK_IN_PROGRESS") == [
        "Export with name the-news is already exported by stack one. Rollback requested by user."
    ]


def test_a_missing_action_and_another_region_are_refused_by_name(
    engine: Engine, cloud: Any, endpoint: str
) -> None:
    assert refusal(cloud.list_stack_sets) == (
        "UnsupportedOperation",
        "The rehearsal's CloudFormation does not have the action ListStackSets.",
    )
    abroad = boto3.client("cloudformation", region_name="eu-west-1", endpoint_url=endpoint, **CREDENTIALS)
    assert refusal(abroad.list_stacks) == (
        "ValidationError",
        "The rehearsal has CloudFormation in us-east-1 only; the request is for eu-west-1.",
    )
    abroad.close()
