"""The shortest way through: propose, execute, look, delete."""

import json
from typing import Any

TEMPLATE = json.dumps(
    {
        "Resources": {
            "News": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "News"}},
            "Address": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Type": "String", "Value": {"Ref": "News"}},
            },
        },
        "Outputs": {"Topic": {"Value": {"Fn::GetAtt": ["News", "TopicName"]}}},
    }
)


def test_a_change_set_makes_a_stack_that_can_be_looked_at_and_deleted(cloud: Any, aws: Any) -> None:
    made = cloud.create_change_set(
        StackName="thin", ChangeSetName="first", ChangeSetType="CREATE", TemplateBody=TEMPLATE
    )
    cloud.get_waiter("change_set_create_complete").wait(ChangeSetName=made["Id"])
    cloud.execute_change_set(ChangeSetName=made["Id"])
    cloud.get_waiter("stack_create_complete").wait(StackName="thin", WaiterConfig={"Delay": 1})
    stack = cloud.describe_stacks(StackName="thin")["Stacks"][0]
    assert stack["Outputs"] == [{"OutputKey": "Topic", "OutputValue": "thin-News"}]
    value = aws("ssm").get_parameter(Name="thin-Address")["Parameter"]["Value"]
    assert value.endswith(":thin-News")
    cloud.delete_stack(StackName="thin")
    cloud.get_waiter("stack_delete_complete").wait(StackName="thin", WaiterConfig={"Delay": 1})
    assert aws("sns").list_topics()["Topics"] == []
