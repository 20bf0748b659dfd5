"""A few resource types over moto, enough to see the engine at work."""

# Every type has the same methods with the same arguments, whether or not it needs each.
# ruff: noqa: ARG002

from threading import Event
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from ec2.rehearsal.stacks.resources.contract import Clients, Place


class Topic:
    """A topic that carries its stack's tags; a test can hold its creation back."""

    name = "AWS::SNS::Topic"
    carried_out = frozenset(("TopicName", "DisplayName", "Tags"))
    note = ""

    def __init__(self) -> None:
        self.gate = Event()
        self.gate.set()
        self.dead = False

    def allowed(self) -> None:
        """Wait at the gate; what is dead by then does nothing more."""
        assert self.gate.wait(20)
        assert not self.dead

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        self.allowed()
        name = properties.get("TopicName", f"{place.stack_name}-{place.logical_id}")
        shown = {"DisplayName": properties.get("DisplayName", "")}
        tags = [{"Key": key, "Value": value} for key, value in place.tags.items()]
        return str(aws("sns").create_topic(Name=name, Attributes=shown, Tags=tags)["TopicArn"])

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        self.allowed()
        aws("sns").set_topic_attributes(
            TopicArn=physical_id, AttributeName="DisplayName", AttributeValue=new.get("DisplayName", "")
        )
        tags = [{"Key": key, "Value": value} for key, value in place.tags.items()]
        aws("sns").tag_resource(ResourceArn=physical_id, Tags=tags)

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        self.allowed()
        aws("sns").delete_topic(TopicArn=physical_id)

    def attribute(self, aws: Clients, physical_id: str, name: str) -> Any:
        return {"TopicArn": physical_id, "TopicName": physical_id.rsplit(":", 1)[-1]}[name]

    def read(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        try:
            held = aws("sns").get_topic_attributes(TopicArn=physical_id)["Attributes"]
        except ClientError:
            return None
        tags = aws("sns").list_tags_for_resource(ResourceArn=physical_id)["Tags"]
        return {"DisplayName": held["DisplayName"], "TopicName": physical_id.rsplit(":", 1)[-1], "Tags": tags}


class Parameter:
    """An SSM parameter; it refuses a name that is taken."""

    name = "AWS::SSM::Parameter"
    carried_out = frozenset(("Name", "Type", "Value", "Description"))
    note = "kept in plain text"

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        name = properties.get("Name", f"{place.stack_name}-{place.logical_id}")
        aws("ssm").put_parameter(Name=name, Type=properties["Type"], Value=properties["Value"])
        return name

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        if new["Value"] == "unwelcome":
            raise RuntimeError("this value is not welcome")
        aws("ssm").put_parameter(Name=physical_id, Type=new["Type"], Value=new["Value"], Overwrite=True)

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        aws("ssm").delete_parameters(Names=[physical_id])

    def attribute(self, aws: Clients, physical_id: str, name: str) -> Any:
        return aws("ssm").get_parameter(Name=physical_id)["Parameter"][name]

    def read(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        try:
            held = aws("ssm").get_parameter(Name=physical_id)["Parameter"]
        except ClientError:
            return None
        return {"Name": held["Name"], "Type": held["Type"], "Value": held["Value"]}


class Bucket:
    """A bucket; one that is not empty cannot be deleted."""

    name = "AWS::S3::Bucket"
    carried_out = frozenset(("BucketName",))
    note = ""

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        aws("s3").create_bucket(Bucket=properties["BucketName"])
        return str(properties["BucketName"])

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        """Only its tags could change, and it has none."""

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        aws("s3").delete_bucket(Bucket=physical_id)

    def attribute(self, aws: Clients, physical_id: str, name: str) -> Any:
        return {"Arn": f"arn:aws:s3:::{physical_id}"}[name]

    def read(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        return {"BucketName": physical_id}


class Volume:
    """A volume, of which a snapshot can be kept."""

    name = "AWS::EC2::Volume"
    carried_out = frozenset(("AvailabilityZone", "Size"))
    note = ""
    replaced_on: ClassVar[frozenset[str]] = frozenset(("AvailabilityZone",))

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        return str(aws("ec2").create_volume(**properties)["VolumeId"])

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        aws("ec2").modify_volume(VolumeId=physical_id, Size=new["Size"])

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        aws("ec2").delete_volume(VolumeId=physical_id)

    def attribute(self, aws: Clients, physical_id: str, name: str) -> Any:
        return {"VolumeId": physical_id}[name]

    def read(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        held = aws("ec2").describe_volumes(VolumeIds=[physical_id])["Volumes"][0]
        return {"AvailabilityZone": held["AvailabilityZone"], "Size": held["Size"]}

    def snapshot(self, aws: Clients, physical_id: str, place: Place) -> str:
        return str(aws("ec2").create_snapshot(VolumeId=physical_id)["SnapshotId"])
