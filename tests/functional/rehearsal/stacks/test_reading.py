"""What can be read of stacks: pages, events, templates, and what remains after the end."""

import json
from itertools import pairwise
from typing import Any

from tests.functional.rehearsal.stacks.conftest import Stacks, refusal
from tests.functional.rehearsal.stacks.sample_templates import parameter, text, topic

BODY = text(
    Description="News and where they are",
    Parameters={
        "Shown": {
            "Type": "String",
            "Default": "News",
            "Description": "A title",
            "AllowedValues": ["News", "Olds"],
        },
        "Word": {"Type": "String", "NoEcho": True},
    },
    Resources={
        "News": topic("news", DisplayName={"Ref": "Shown"}),
        "Secret": parameter({"Fn::Sub": "the word is ${Word}"}),
    },
)
WORD = [{"ParameterKey": "Word", "ParameterValue": "hush-hush"}]


def test_a_secret_is_never_shown(stacks: Stacks, cloud: Any, aws: Any) -> None:
    stacks.create("silent", BODY, Parameters=WORD)
    value = aws("ssm").get_parameter(Name="silent-Secret")["Parameter"]["Value"]
    assert value == "the word is hush-hush"
    told = [
        cloud.describe_stacks(StackName="silent"),
        cloud.describe_stack_events(StackName="silent"),
        cloud.describe_stack_resources(StackName="silent"),
    ]
    assert "hush-hush" not in json.dumps(told, default=str)
    assert "the word is ****" in json.dumps(told, default=str)
    parameters = told[0]["Stacks"][0]["Parameters"]
    assert {"ParameterKey": "Word", "ParameterValue": "****"} in parameters
    kept = [{"ParameterKey": "Word", "UsePreviousValue": True}]
    changed = [*kept, {"ParameterKey": "Shown", "ParameterValue": "Olds"}]
    cloud.update_stack(StackName="silent", UsePreviousTemplate=True, Parameters=changed)
    assert stacks.settled("silent")["StackStatus"] == "UPDATE_COMPLETE"
    assert aws("ssm").get_parameter(Name="silent-Secret")["Parameter"]["Value"] == value


def test_a_template_can_be_had_back_and_summed_up(stacks: Stacks, cloud: Any) -> None:
    stacks.create("summed", BODY, Parameters=WORD)
    told = cloud.get_template(StackName="summed", TemplateStage="Processed")
    assert told["TemplateBody"] == json.loads(BODY)
    assert told["StagesAvailable"] == ["Original", "Processed"]
    for asked in ({"StackName": "summed"}, {"TemplateBody": BODY}):
        summary = cloud.get_template_summary(**asked)
        assert sorted(summary["ResourceTypes"]) == ["AWS::SNS::Topic", "AWS::SSM::Parameter"]
        assert summary["Parameters"] == [
            {
                "ParameterKey": "Shown",
                "DefaultValue": "News",
                "ParameterType": "String",
                "NoEcho": False,
                "Description": "A title",
                "ParameterConstraints": {"AllowedValues": ["News", "Olds"]},
            },
            {
                "ParameterKey": "Word",
                "ParameterType": "String",
                "NoEcho": True,
                "ParameterConstraints": {},
            },
        ]
    valid = cloud.validate_template(TemplateBody=BODY)
    assert [one["ParameterKey"] for one in valid["Parameters"]] == ["Shown", "Word"]
    assert valid["Description"] == "News and where they are"


def test_events_grow_in_time_and_come_newest_first_through_the_pages(stacks: Stacks, cloud: Any) -> None:
    resources = {f"Value{number}": parameter(str(number)) for number in range(40)}
    stacks.create("long", text(Resources=resources))
    pages = list(cloud.get_paginator("describe_stack_events").paginate(StackName="long"))
    events = [event for page in pages for event in page["StackEvents"]]
    assert [len(page["StackEvents"]) for page in pages] == [100, 22]
    assert all(newer["Timestamp"] > older["Timestamp"] for newer, older in pairwise(events))
    assert events[0]["ResourceStatus"] == "CREATE_COMPLETE"
    assert events[-1]["ResourceStatusReason"] == "User Initiated"
    made = [event for event in events if event["LogicalResourceId"] == "Value7"][::-1]
    assert [event.get("ResourceStatusReason") for event in made] == [
        None,
        "Resource creation Initiated",
        "kept in plain text",
    ]
    assert [event["PhysicalResourceId"] for event in made] == ["", "long-Value7", "long-Value7"]
    listed = cloud.get_paginator("list_stack_resources").paginate(StackName="long").build_full_result()
    assert len(listed["StackResourceSummaries"]) == 40


def test_a_deleted_stack_is_found_by_its_id_alone(stacks: Stacks, cloud: Any) -> None:
    stack_id = stacks.create("mortal", text(Resources={"News": topic("news")}))["StackId"]
    stacks.delete("mortal")
    stack = cloud.describe_stacks(StackName=stack_id)["Stacks"][0]
    assert stack["StackStatus"] == "DELETE_COMPLETE"
    assert stack["DeletionTime"] > stack["CreationTime"]
    assert refusal(cloud.describe_stacks, StackName="mortal")[1] == "Stack with id mortal does not exist"
    described = cloud.get_paginator("describe_stacks").paginate().build_full_result()["Stacks"]
    assert "mortal" not in [one["StackName"] for one in described]
    deleted = cloud.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"]
    assert [one["StackId"] for one in deleted] == [stack_id]
    cloud.delete_stack(StackName="mortal")


def test_a_resource_is_found_by_its_names(stacks: Stacks, cloud: Any) -> None:
    stacks.create("owner", text(Resources={"News": topic("news", DisplayName="N")}))
    asked = {"StackName": "owner", "LogicalResourceId": "News"}
    detail = cloud.describe_stack_resource(**asked)["StackResourceDetail"]
    found = cloud.describe_stack_resources(PhysicalResourceId=detail["PhysicalResourceId"])
    assert found["StackResources"][0]["StackName"] == "owner"
    assert found["StackResources"][0]["ResourceStatus"] == "CREATE_COMPLETE"
    asked["LogicalResourceId"] = "Olds"
    assert refusal(cloud.describe_stack_resource, **asked) == (
        "ValidationError",
        "Resource Olds does not exist for stack owner",
    )


def test_templates_that_lead_nowhere_are_refused_at_the_door(stacks: Stacks, cloud: Any) -> None:
    refused = {
        '{"Resources": {"A": {"Type": "AWS::EC2::Nope"}}}': (
            "Template format error: Unrecognized resource types: [AWS::EC2::Nope]"
        ),
        '{"Resources": {"A": {"Type": "AWS::SNS::Topic", "Properties": {"Colour": "red"}}}}': (
            "Properties validation failed for resource A with message: "
            "Encountered unsupported property Colour"
        ),
        '{"Resources": {"A": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "B"}}}}}': (
            "Template format error: Unresolved resource dependencies [B] "
            "in the Resources block of the template"
        ),
        '{"Resources": {"A": {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": "k"}}}}': (
            "Properties [KmsMasterKeyId] of resource A (AWS::SNS::Topic) are not carried out by the rehearsal"
        ),
        '{"Resources": {"A": {"Type": "AWS::SNS::Topic", "DependsOn": "B"}, "B": {"Type": "AWS::SNS::Topic", '
        '"DependsOn": "A"}}}': "Circular dependency between resources: [A, B]",
    }
    for body, sentence in refused.items():
        for call in (cloud.validate_template, cloud.get_template_summary):
            assert refusal(call, TemplateBody=body) == ("ValidationError", sentence)
        assert refusal(cloud.create_stack, StackName="x", TemplateBody=body)[1] == sentence
    assert cloud.list_stacks()["StackSummaries"] == []
