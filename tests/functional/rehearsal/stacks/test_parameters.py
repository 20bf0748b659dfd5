"""Where values come from: SSM, S3, mappings, conditions."""

from typing import Any

from tests.functional.rehearsal.stacks.conftest import Stacks, refusal
from tests.functional.rehearsal.stacks.sample_templates import parameter, text, topic

IMAGE = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/image/latest"}


def test_an_ssm_parameter_is_looked_up_anew_in_each_operation(stacks: Stacks, cloud: Any, aws: Any) -> None:
    body = text(Parameters={"Image": IMAGE}, Resources={"Held": parameter({"Ref": "Image"}, "held")})
    _, sentence = refusal(cloud.create_stack, StackName="looking", TemplateBody=body)
    assert sentence == "Unable to fetch parameters [/image/latest] from parameter store for this account."
    aws("ssm").put_parameter(Name="/image/latest", Type="String", Value="one")
    stack = stacks.create("looking", body)
    assert stack["Parameters"] == [
        {"ParameterKey": "Image", "ParameterValue": "/image/latest", "ResolvedValue": "one"}
    ]
    assert aws("ssm").get_parameter(Name="held")["Parameter"]["Value"] == "one"
    assert refusal(cloud.update_stack, StackName="looking", TemplateBody=body)[1].startswith("No updates")
    aws("ssm").put_parameter(Name="/image/latest", Type="String", Value="two", Overwrite=True)
    (change,) = stacks.proposed("looking", body)
    assert change["Details"][0]["CausingEntity"] == "Image"
    stacks.update("looking", body)
    assert aws("ssm").get_parameter(Name="held")["Parameter"]["Value"] == "two"


def test_a_dynamic_reference_is_resolved_when_the_resource_is_made(stacks: Stacks, aws: Any) -> None:
    aws("ssm").put_parameter(Name="/title", Type="String", Value="News")
    body = text(Resources={"News": topic("news", DisplayName="The {{resolve:ssm:/title:1}}")})
    stacks.create("dynamic", body)
    arn = aws("sns").list_topics()["Topics"][0]["TopicArn"]
    assert aws("sns").get_topic_attributes(TopicArn=arn)["Attributes"]["DisplayName"] == "The News"


def test_a_template_may_lie_in_a_bucket(stacks: Stacks, cloud: Any, aws: Any, endpoint: str) -> None:
    aws("s3").create_bucket(Bucket="templates")
    body = text(Resources={"News": topic("news")})
    aws("s3").put_object(Bucket="templates", Key="a/news.json", Body=body.encode())
    cloud.create_stack(
        StackName="far", TemplateURL="https://s3.us-east-1.amazonaws.com/templates/a/news.json"
    )
    assert stacks.settled("far")["StackStatus"] == "CREATE_COMPLETE"
    missing = "https://templates.s3.us-east-1.amazonaws.com/b.json"
    assert refusal(cloud.create_stack, StackName="farther", TemplateURL=missing) == (
        "ValidationError",
        "S3 error: The specified key does not exist.",
    )


def test_conditions_decide_what_is_made_and_what_is_told(stacks: Stacks, aws: Any) -> None:
    body = text(
        Parameters={"Stage": {"Type": "String", "AllowedValues": ["try", "real"]}},
        Conditions={
            "Real": {"Fn::Equals": [{"Ref": "Stage"}, "real"]},
            "Trying": {"Fn::Not": [{"Condition": "Real"}]},
        },
        Mappings={"Titles": {"try": {"title": "Trying"}, "real": {"title": "Real"}}},
        Resources={
            "News": topic("news", DisplayName={"Fn::FindInMap": ["Titles", {"Ref": "Stage"}, "title"]}),
            "Alarm": {**topic("alarm"), "Condition": "Real"},
            "Address": parameter({"Fn::If": ["Real", {"Ref": "Alarm"}, {"Ref": "News"}]}, "address"),
        },
        Outputs={"Alarm": {"Condition": "Real", "Value": {"Ref": "Alarm"}}},
    )
    stage = [{"ParameterKey": "Stage", "ParameterValue": "try"}]
    assert "Outputs" not in stacks.create("staged", body, Parameters=stage)
    assert aws("ssm").get_parameter(Name="address")["Parameter"]["Value"].endswith(":news")
    stage[0]["ParameterValue"] = "real"
    changes = stacks.proposed("staged", body, Parameters=stage)
    assert [(change["LogicalResourceId"], change["Action"]) for change in changes] == [
        ("News", "Modify"),
        ("Alarm", "Add"),
        ("Address", "Modify"),
    ]
    assert stacks.update("staged", body, Parameters=stage)["Outputs"][0]["OutputValue"].endswith(":alarm")
    assert aws("ssm").get_parameter(Name="address")["Parameter"]["Value"].endswith(":alarm")
    stage[0]["ParameterValue"] = "try"
    stacks.update("staged", body, Parameters=stage)
    assert len(aws("sns").list_topics()["Topics"]) == 1


def test_parameters_that_do_not_fit_are_refused(stacks: Stacks, cloud: Any) -> None:
    body = text(
        Parameters={"Size": {"Type": "Number", "MaxValue": 9}, "Name": {"Type": "String"}},
        Resources={"News": topic(DisplayName={"Fn::Sub": "${Name} ${Size}"})},
    )

    def said(**given: str) -> str:
        parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()]
        return refusal(cloud.create_stack, StackName="x", TemplateBody=body, Parameters=parameters)[1]

    assert said() == "Parameters: [Size, Name] must have values"
    assert said(Colour="red", Size="1", Name="a") == "Parameters: [Colour] do not exist in the template"
    assert said(Size="10", Name="a") == "Parameter 'Size' must be a number not greater than 9"
