"""What becomes of a stack when something in it fails."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from ec2.rehearsal.stacks.engine import Engine
from tests.functional.rehearsal.stacks.conftest import Stacks, refusal
from tests.functional.rehearsal.stacks.sample_templates import parameter, text, topic
from tests.functional.rehearsal.stacks.sample_types import Topic

TAKEN = text(Resources={"News": topic("news"), "Taken": parameter("x", "taken", DependsOn="News")})


def take(aws: Any) -> None:
    """A parameter of the name that the template wants is there before."""
    aws("ssm").put_parameter(Name="taken", Type="String", Value="before")


def test_a_failed_creation_is_rolled_back_and_can_only_be_deleted(
    stacks: Stacks, cloud: Any, aws: Any
) -> None:
    take(aws)
    stack = stacks.create("failed", TAKEN)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert aws("sns").list_topics()["Topics"] == []
    assert aws("ssm").get_parameter(Name="taken")["Parameter"]["Value"] == "before"
    assert stacks.reasons("failed", "ROLLBACK_IN_PROGRESS") == [
        "The following resource(s) failed to create: [Taken]. Rollback requested by user."
    ]
    assert "The parameter already exists" in stacks.reasons("failed", "CREATE_FAILED")[0]
    refused = refusal(cloud.update_stack, StackName="failed", TemplateBody=TAKEN)
    assert refused[1].endswith("is in ROLLBACK_COMPLETE state and can not be updated.")
    stacks.delete("failed")
    code, sentence = refusal(cloud.describe_stacks, StackName="failed")
    assert (code, sentence) == ("ValidationError", "Stack with id failed does not exist")


def test_on_failure_do_nothing_leaves_everything_and_rollback_stack_takes_it_down(
    stacks: Stacks, cloud: Any, aws: Any
) -> None:
    take(aws)
    stack = stacks.create("left", TAKEN, OnFailure="DO_NOTHING")
    assert stack["StackStatus"] == "CREATE_FAILED"
    assert len(aws("sns").list_topics()["Topics"]) == 1
    cloud.rollback_stack(StackName="left")
    assert stacks.settled("left")["StackStatus"] == "ROLLBACK_COMPLETE"
    assert aws("sns").list_topics()["Topics"] == []


def test_on_failure_delete_leaves_nothing(stacks: Stacks, engine: Engine, cloud: Any, aws: Any) -> None:
    take(aws)
    made = cloud.create_stack(StackName="gone", TemplateBody=TAKEN, OnFailure="DELETE")
    engine.join()
    assert stacks.settled(made["StackId"])["StackStatus"] == "DELETE_COMPLETE"
    assert aws("sns").list_topics()["Topics"] == []


def updated(value: str, name: str) -> str:
    """Three resources of which the last can be made to fail."""
    return text(
        Resources={
            "News": topic(name, DisplayName=name),
            "Kept": topic("kept", DisplayName={"Fn::Sub": "of ${News.TopicName}"}),
            "Last": parameter(value, "last", DependsOn=["Kept", *(["New"] if name == "olds" else [])]),
            **({"New": topic("new")} if name == "olds" else {}),
        }
    )


def shown_names(aws: Any) -> dict[str, str]:
    """Every topic that is there and its display name."""
    sns = aws("sns")
    arns = [topic["TopicArn"] for topic in sns.list_topics()["Topics"]]
    return {
        arn.rsplit(":", 1)[-1]: sns.get_topic_attributes(TopicArn=arn)["Attributes"]["DisplayName"]
        for arn in arns
    }


def test_a_failed_update_puts_everything_back(stacks: Stacks, aws: Any) -> None:
    stacks.create("back", updated("welcome", "news"))
    before = {one["LogicalResourceId"]: one for one in resources(stacks, "back")}
    stack = stacks.update("back", updated("unwelcome", "olds"))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert shown_names(aws) == {"news": "news", "kept": "of news"}
    assert aws("ssm").get_parameter(Name="last")["Parameter"]["Value"] == "welcome"
    after = {one["LogicalResourceId"]: one for one in resources(stacks, "back")}
    assert set(after) == set(before)
    for name, one in after.items():
        assert one["PhysicalResourceId"] == before[name]["PhysicalResourceId"]
    assert stacks.reasons("back", "UPDATE_ROLLBACK_IN_PROGRESS") == [
        "The following resource(s) failed to update: [Last]."
    ]
    told = [event for event in stacks.events("back") if event[0] == "back"][-3:]
    assert [status for _, status in told] == [
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ]
    assert stacks.update("back", updated("again", "olds"))["StackStatus"] == "UPDATE_COMPLETE"


def resources(stacks: Stacks, name: str) -> list[dict[str, Any]]:
    """The stack's resources."""
    return list(stacks.cloud.describe_stack_resources(StackName=name)["StackResources"])


def test_a_replaced_resource_goes_only_when_the_update_has_succeeded(stacks: Stacks, aws: Any) -> None:
    stacks.create("replaced", updated("a", "news"))
    assert stacks.update("replaced", updated("b", "olds"))["StackStatus"] == "UPDATE_COMPLETE"
    assert shown_names(aws) == {"olds": "olds", "kept": "of olds", "new": ""}
    events = stacks.events("replaced")
    assert events.index(("replaced", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")) < events.index(
        ("News", "DELETE_IN_PROGRESS")
    )


def test_a_rollback_that_fails_can_be_continued(stacks: Stacks, cloud: Any, aws: Any) -> None:
    def template(first: str, last: str) -> str:
        return text(
            Resources={"First": parameter(first, "first"), "Last": parameter(last, DependsOn="First")}
        )

    stacks.create("stuck", template("unwelcome", "a"))
    stack = stacks.update("stuck", template("b", "unwelcome"))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    refused = refusal(cloud.update_stack, StackName="stuck", TemplateBody=template("c", "c"))
    assert refused[1].endswith("is in UPDATE_ROLLBACK_FAILED state and can not be updated.")
    cloud.continue_update_rollback(StackName="stuck", ResourcesToSkip=["First"])
    assert stacks.settled("stuck")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"


def test_an_update_can_be_cancelled_and_goes_back(
    stacks: Stacks, engine: Engine, cloud: Any, topics: Topic, aws: Any
) -> None:
    def template(shown: str) -> str:
        last = {**topic("last", DisplayName=shown), "DependsOn": "First"}
        return text(Resources={"First": topic("first", DisplayName=shown), "Last": last})

    stacks.create("cancelled", template("a"))
    topics.gate.clear()
    cloud.update_stack(StackName="cancelled", TemplateBody=template("b"))
    cloud.cancel_update_stack(StackName="cancelled")
    topics.gate.set()
    assert stacks.settled("cancelled")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert shown_names(aws) == {"first": "a", "last": "a"}
    assert refusal(cloud.cancel_update_stack, StackName="cancelled")[0] == "ValidationError"


def test_without_rollback_a_failed_update_stays_to_be_looked_at(stacks: Stacks, cloud: Any, aws: Any) -> None:
    stacks.create("looked", updated("welcome", "news"))
    stack = stacks.update("looked", updated("unwelcome", "olds"), DisableRollback=True)
    assert stack["StackStatus"] == "UPDATE_FAILED"
    assert set(shown_names(aws)) == {"news", "olds", "kept", "new"}
    again = text(Resources={"News": topic("newest"), "Last": parameter("unwelcome", "last")})
    assert stacks.update("looked", again, DisableRollback=True)["StackStatus"] == "UPDATE_FAILED"
    cloud.rollback_stack(StackName="looked")
    assert stacks.settled("looked")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert shown_names(aws) == {"news": "news", "kept": "of news"}


def test_an_output_that_cannot_be_told_fails_the_stack(stacks: Stacks, aws: Any) -> None:
    body = text(
        Resources={"News": topic("news")},
        Outputs={"Other": {"Value": {"Fn::ImportValue": "nobody-exports-this"}}},
    )
    assert stacks.create("untold", body)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert aws("sns").list_topics()["Topics"] == []
    assert "No export named nobody-exports-this found." in stacks.reasons("untold", "ROLLBACK_IN_PROGRESS")[0]


def test_a_creation_that_takes_too_long_is_rolled_back(
    stacks: Stacks, engine: Engine, cloud: Any, topics: Topic, aws: Any
) -> None:
    last = {**topic("last"), "DependsOn": "First"}
    topics.gate.clear()
    body = text(Resources={"First": topic("first"), "Last": last})
    cloud.create_stack(StackName="late", TemplateBody=body, TimeoutInMinutes=1)
    with engine.lock:
        stack = engine.find("late")
        assert stack.operation is not None
        assert stack.operation.deadline is not None
        assert stack.operation.deadline - stack.created_at >= timedelta(minutes=1)
        stack.operation = replace(stack.operation, deadline=stack.created_at)
    topics.gate.set()
    assert stacks.settled("late")["StackStatus"] == "ROLLBACK_COMPLETE"
    assert stacks.reasons("late", "ROLLBACK_IN_PROGRESS") == [
        "Stack creation time exceeded the specified timeout. Rollback requested by user."
    ]
    assert ("Last", "CREATE_IN_PROGRESS") not in stacks.events("late")
    assert aws("sns").list_topics()["Topics"] == []
