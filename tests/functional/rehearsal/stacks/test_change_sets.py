"""Change sets: what they say, what they do, and when they cannot."""

from typing import Any

import pytest
from botocore.exceptions import WaiterError

from tests.functional.rehearsal.stacks.conftest import Stacks, refusal
from tests.functional.rehearsal.stacks.sample_templates import parameter, text, topic

FIRST = text(Resources={"News": topic("news"), "Address": parameter({"Ref": "News"})})


def test_a_new_stack_is_in_review_until_its_change_set_is_executed(stacks: Stacks, cloud: Any) -> None:
    cloud.create_change_set(
        StackName="new", ChangeSetName="first", ChangeSetType="CREATE", TemplateBody=FIRST, Description="Go"
    )
    assert stacks.settled("new")["StackStatus"] == "REVIEW_IN_PROGRESS"
    told = cloud.describe_change_set(StackName="new", ChangeSetName="first")
    changes = [change["ResourceChange"] for change in told["Changes"]]
    assert [(one["Action"], one["LogicalResourceId"]) for one in changes] == [
        ("Add", "News"),
        ("Add", "Address"),
    ]
    assert (told["Status"], told["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    cloud.execute_change_set(StackName="new", ChangeSetName="first", ClientRequestToken="go")
    assert stacks.settled("new")["ChangeSetId"] == told["ChangeSetId"]
    assert stacks.events("new") == [
        ("new", "REVIEW_IN_PROGRESS"),
        ("new", "CREATE_IN_PROGRESS"),
        ("News", "CREATE_IN_PROGRESS"),
        ("News", "CREATE_IN_PROGRESS"),
        ("News", "CREATE_COMPLETE"),
        ("Address", "CREATE_IN_PROGRESS"),
        ("Address", "CREATE_IN_PROGRESS"),
        ("Address", "CREATE_COMPLETE"),
        ("new", "CREATE_COMPLETE"),
    ]
    newest = cloud.describe_stack_events(StackName="new")["StackEvents"][0]
    assert newest["ClientRequestToken"] == "go"


def test_the_same_template_again_is_a_failed_change_set(stacks: Stacks, cloud: Any) -> None:
    stacks.create("same", FIRST)
    cloud.create_change_set(StackName="same", ChangeSetName="again", TemplateBody=FIRST)
    waiter = cloud.get_waiter("change_set_create_complete")
    with pytest.raises(WaiterError, match="FAILED"):
        waiter.wait(StackName="same", ChangeSetName="again")
    told = cloud.describe_change_set(StackName="same", ChangeSetName="again")
    assert told["StatusReason"] == (
        "The submitted information didn't contain changes. "
        "Submit different information to create a change set."
    )
    code, _ = refusal(cloud.execute_change_set, StackName="same", ChangeSetName="again")
    assert code == "InvalidChangeSetStatus"
    assert refusal(cloud.update_stack, StackName="same", TemplateBody=FIRST) == (
        "ValidationError",
        "No updates are to be performed.",
    )


def test_a_renamed_topic_is_replaced_and_what_refers_to_it_may_change(stacks: Stacks, cloud: Any) -> None:
    stacks.create("renamed", FIRST)
    renamed = text(Resources={"News": topic("olds"), "Address": parameter({"Ref": "News"})})
    news, address = stacks.proposed("renamed", renamed)
    assert (news["Action"], news["Replacement"], news["Scope"]) == ("Modify", "True", ["Properties"])
    assert news["Details"] == [
        {
            "Target": {"Attribute": "Properties", "Name": "TopicName", "RequiresRecreation": "Always"},
            "Evaluation": "Static",
            "ChangeSource": "DirectModification",
        }
    ]
    assert (address["Action"], address["Replacement"]) == ("Modify", "False")
    assert address["Details"] == [
        {
            "Target": {"Attribute": "Properties", "Name": "Value", "RequiresRecreation": "Never"},
            "Evaluation": "Dynamic",
            "ChangeSource": "ResourceReference",
            "CausingEntity": "News",
        }
    ]


def test_a_name_that_hangs_on_a_replaced_resource_makes_replacement_conditional(stacks: Stacks) -> None:
    def template(name: str) -> str:
        follower = topic({"Fn::Sub": "${News.TopicName}-2"})
        return text(Resources={"News": topic(name), "Follower": follower})

    stacks.create("conditional", template("news"))
    _, follower = stacks.proposed("conditional", template("olds"))
    assert follower["Replacement"] == "Conditional"
    assert follower["Details"][0]["ChangeSource"] == "ResourceAttribute"
    assert follower["Details"][0]["CausingEntity"] == "News.TopicName"


def test_a_parameter_is_named_as_the_cause_and_a_dropped_resource_as_removed(stacks: Stacks) -> None:
    def template(**more: Any) -> str:
        shown = topic("shown", DisplayName={"Ref": "Shown"})
        return text(
            Parameters={"Shown": {"Type": "String", "Default": "a"}}, Resources={"Shown2": shown, **more}
        )

    stacks.create("causes", template(Gone=topic("gone")))
    changed, gone = stacks.proposed(
        "causes", template(), Parameters=[{"ParameterKey": "Shown", "ParameterValue": "b"}]
    )
    assert changed["Replacement"] == "False"
    assert changed["Details"][0]["ChangeSource"] == "ParameterReference"
    assert changed["Details"][0]["CausingEntity"] == "Shown"
    assert (gone["Action"], gone["LogicalResourceId"]) == ("Remove", "Gone")
    assert gone["PhysicalResourceId"].endswith(":gone")


def test_new_tags_of_the_stack_change_what_can_be_tagged(stacks: Stacks, aws: Any) -> None:
    stacks.create("tagged", FIRST, Tags=[{"Key": "Owner", "Value": "a"}])
    changes = stacks.proposed("tagged", FIRST, Tags=[{"Key": "Owner", "Value": "b"}])
    assert {change["LogicalResourceId"]: change["Scope"] for change in changes} == {
        "News": ["Tags"],
        "Address": ["Tags"],
    }
    stacks.update("tagged", FIRST, Tags=[{"Key": "Owner", "Value": "b"}])
    arn = aws("sns").list_topics()["Topics"][0]["TopicArn"]
    tags = {tag["Key"]: tag["Value"] for tag in aws("sns").list_tags_for_resource(ResourceArn=arn)["Tags"]}
    assert tags["Owner"] == "b"
    assert tags["aws:cloudformation:logical-id"] == "News"


def test_execution_makes_the_other_change_sets_obsolete(stacks: Stacks, cloud: Any) -> None:
    stacks.create("several", FIRST)
    for name in ("one", "two"):
        body = text(Resources={"News": topic("news", DisplayName=name), "Address": parameter("x")})
        cloud.create_change_set(StackName="several", ChangeSetName=name, TemplateBody=body)
    cloud.execute_change_set(StackName="several", ChangeSetName="one")
    assert stacks.settled("several")["StackStatus"] == "UPDATE_COMPLETE"
    pages = cloud.get_paginator("list_change_sets").paginate(StackName="several")
    states = {one["ChangeSetName"]: one["ExecutionStatus"] for page in pages for one in page["Summaries"]}
    assert states == {"one": "EXECUTE_COMPLETE", "two": "OBSOLETE"}
    for name in ("one", "two"):
        code, _ = refusal(cloud.execute_change_set, StackName="several", ChangeSetName=name)
        assert code == "InvalidChangeSetStatus"


def test_an_update_makes_what_was_proposed_before_it_obsolete(stacks: Stacks, cloud: Any) -> None:
    stacks.create("overtaken", FIRST)
    proposal = text(Resources={"News": topic("olds"), "Address": parameter("x")})
    cloud.create_change_set(StackName="overtaken", ChangeSetName="one", TemplateBody=proposal)
    stacks.update("overtaken", text(Resources={"News": topic("news"), "Address": parameter("y")}))
    told = cloud.describe_change_set(StackName="overtaken", ChangeSetName="one")
    assert told["ExecutionStatus"] == "OBSOLETE"


def test_changes_that_cannot_be_foreseen_fail_the_change_set(stacks: Stacks, cloud: Any) -> None:
    stacks.create("importing", FIRST)
    body = text(Resources={"News": topic("news"), "Address": parameter({"Fn::ImportValue": "nothing"})})
    cloud.create_change_set(StackName="importing", ChangeSetName="one", TemplateBody=body)
    told = cloud.describe_change_set(StackName="importing", ChangeSetName="one")
    assert (told["Status"], told["StatusReason"]) == ("FAILED", "No export named nothing found.")


def test_a_change_set_of_outputs_alone_can_be_executed(stacks: Stacks, cloud: Any) -> None:
    stacks.create("outputs", text(Resources={"News": topic("news")}))
    told = text(Resources={"News": topic("news")}, Outputs={"Name": {"Value": {"Ref": "News"}}})
    cloud.create_change_set(StackName="outputs", ChangeSetName="tell", TemplateBody=told)
    assert cloud.describe_change_set(StackName="outputs", ChangeSetName="tell")["Changes"] == []
    cloud.execute_change_set(StackName="outputs", ChangeSetName="tell")
    assert stacks.settled("outputs")["Outputs"][0]["OutputKey"] == "Name"


def test_kinds_names_and_absences_are_refused_in_the_words_of_aws(stacks: Stacks, cloud: Any) -> None:
    absent = {"StackName": "absent", "ChangeSetName": "x", "TemplateBody": FIRST}
    assert refusal(cloud.create_change_set, **absent) == (
        "ValidationError",
        "Stack [absent] does not exist",
    )
    stacks.create("there", FIRST)
    there = {"StackName": "there", "ChangeSetName": "x", "TemplateBody": FIRST, "ChangeSetType": "CREATE"}
    assert "already exists and cannot be created again" in refusal(cloud.create_change_set, **there)[1]
    code, _ = refusal(cloud.describe_change_set, StackName="there", ChangeSetName="none")
    assert code == "ChangeSetNotFound"
