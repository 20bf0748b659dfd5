"""AWS's own command line deploys; many resources and many stacks take little time."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.functional.rehearsal.stacks.conftest import Stacks
from tests.functional.rehearsal.stacks.sample_templates import parameter, text, topic
from tests.waiting import PATIENCE

YAML = """\
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Title: {Type: String, Default: News}
Resources:
  News:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName: !Sub "The ${Title}"
  Address:
    Type: AWS::SSM::Parameter
    Properties:
      Type: String
      Value: !GetAtt News.TopicName
Outputs:
  Topic: {Value: !Ref News}
"""
LIMIT_SECONDS = 4


def aws_command(endpoint: str, *words: str) -> subprocess.CompletedProcess[str]:
    """The AWS command line, with dummy credentials and nothing from this machine's settings."""
    settings = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": "/nowhere",
        "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    command = [sys.executable, "-m", "awscli", "cloudformation", *words]
    return subprocess.run(command, env=settings, capture_output=True, text=True, check=False, timeout=60)


def test_the_command_line_deploys_twice_changes_and_deletes(
    stacks: Stacks, endpoint: str, tmp_path: Path, aws: Any
) -> None:
    file = tmp_path / "template.yaml"
    file.write_text(YAML)
    deploy = ("deploy", "--stack-name", "news", "--template-file", str(file))
    first = aws_command(endpoint, *deploy)
    assert "Successfully created/updated stack - news" in first.stdout, first.stderr
    assert stacks.settled("news")["StackStatus"] == "CREATE_COMPLETE"
    again = aws_command(endpoint, *deploy, "--no-fail-on-empty-changeset")
    assert "No changes to deploy. Stack news is up to date" in again.stdout, again.stderr
    time.sleep(1)  # the command names its change sets after the second
    title = ("--parameter-overrides", "Title=Olds", "--no-execute-changeset")
    changed = aws_command(endpoint, *deploy, *title)
    assert "Changeset created successfully" in changed.stdout, changed.stderr
    name = changed.stdout.split("--change-set-name ")[1].split()[0]
    assert aws_command(endpoint, "execute-change-set", "--change-set-name", name).returncode == 0
    assert stacks.settled("news")["StackStatus"] == "UPDATE_COMPLETE"
    arn = aws("sns").list_topics()["Topics"][0]["TopicArn"]
    assert aws("sns").get_topic_attributes(TopicArn=arn)["Attributes"]["DisplayName"] == "The Olds"
    file.write_text(YAML.replace("DisplayName", "Colour"))
    assert "Encountered unsupported property Colour" in aws_command(endpoint, *deploy).stderr


def test_twenty_resources_are_made_in_good_time(stacks: Stacks, cloud: Any) -> None:
    topics = {f"Topic{number}": topic(f"topic-{number}") for number in range(10)}
    values = {f"Value{number}": parameter({"Ref": f"Topic{number}"}) for number in range(10)}
    body = text(Resources={**topics, **values})
    cloud.create_change_set(
        StackName="twenty", ChangeSetName="all", ChangeSetType="CREATE", TemplateBody=body
    )
    began = time.monotonic()
    cloud.execute_change_set(StackName="twenty", ChangeSetName="all")
    stack = stacks.settled("twenty")
    seconds = time.monotonic() - began
    print(f"twenty resources: {seconds:.2f} s")
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert seconds < LIMIT_SECONDS * PATIENCE


def test_stacks_are_made_side_by_side(stacks: Stacks, cloud: Any) -> None:
    names = [f"stack-{number}" for number in range(6)]
    body = text(Resources={"News": topic(), "Address": parameter({"Fn::GetAtt": ["News", "TopicName"]})})
    for name in names:
        cloud.create_stack(StackName=name, TemplateBody=body)
    for name in names:
        cloud.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    made = cloud.get_paginator("describe_stacks").paginate().build_full_result()["Stacks"]
    assert {stack["StackName"]: stack["StackStatus"] for stack in made} == dict.fromkeys(
        names, "CREATE_COMPLETE"
    )
    for name in names:
        cloud.delete_stack(StackName=name)
    stacks.engine.join()
    assert cloud.describe_stacks()["Stacks"] == []
