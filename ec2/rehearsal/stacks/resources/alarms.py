"""AWS::CloudWatch::Alarm."""

from typing import Any, ClassVar

from ec2.rehearsal.stacks.resources.contract import Clients, Place
from ec2.rehearsal.stacks.resources.kind import Kind
from ec2.rehearsal.stacks.resources.looking import first, picked, refuse_taken
from ec2.rehearsal.stacks.resources.names import generated_name
from ec2.rehearsal.stacks.resources.tags import all_tags, carry_out, own_tags, pairs, tag_change

# The API has the template's own names.
SETTINGS = (
    "ActionsEnabled",
    "AlarmActions",
    "AlarmDescription",
    "ComparisonOperator",
    "DatapointsToAlarm",
    "Dimensions",
    "EvaluateLowSampleCountPercentile",
    "EvaluationPeriods",
    "ExtendedStatistic",
    "InsufficientDataActions",
    "MetricName",
    "Metrics",
    "Namespace",
    "OKActions",
    "Period",
    "Statistic",
    "Threshold",
    "ThresholdMetricId",
    "TreatMissingData",
    "Unit",
)


class Alarm(Kind):
    """AWS::CloudWatch::Alarm; Ref is its name."""

    name = "AWS::CloudWatch::Alarm"
    carried_out = frozenset({"AlarmName", *SETTINGS, "Tags"})
    attributes: ClassVar = {"Arn": "AlarmArn"}

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """Refused under a name that is taken: the call would change that alarm."""
        name = properties.get("AlarmName") or generated_name(place, 255)
        refuse_taken(self.look(aws, name), self.name, name)
        tags = pairs(all_tags(properties, place))
        aws("cloudwatch").put_metric_alarm(AlarmName=name, **picked(properties, *SETTINGS), Tags=tags)
        return name

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        """Put as a whole, as AWS has it; tags have calls of their own."""
        cloudwatch = aws("cloudwatch")
        cloudwatch.put_metric_alarm(AlarmName=physical_id, **picked(new, *SETTINGS))
        arn = self.attribute(aws, physical_id, "Arn")
        carry_out(
            tag_change(old, new, place),
            lambda keys: cloudwatch.untag_resource(ResourceARN=arn, TagKeys=keys),
            lambda tags: cloudwatch.tag_resource(ResourceARN=arn, Tags=pairs(tags)),
        )

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """CloudWatch says nothing of an alarm that is gone."""
        aws("cloudwatch").delete_alarms(AlarmNames=[physical_id])

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The alarm."""
        return first(aws("cloudwatch").describe_alarms, "MetricAlarms", AlarmNames=[physical_id])

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """Everything has the template's name already; a whole threshold is 90, not 90.0."""
        tags = aws("cloudwatch").list_tags_for_resource(ResourceARN=live["AlarmArn"])["Tags"]
        found = {**picked(live, "AlarmName", *SETTINGS), "Tags": own_tags(tags)}
        if float(found.get("Threshold", 0.5)).is_integer():
            found["Threshold"] = int(found["Threshold"])
        return found
