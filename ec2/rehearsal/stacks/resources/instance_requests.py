"""An instance of a template as RunInstances wants it."""

import base64
from collections.abc import Mapping
from typing import Any

from ec2.rehearsal.stacks.resources.looking import picked
from ec2.rehearsal.stacks.resources.tags import Tags, specified

# Properties that the API takes as the template writes them.
AS_ASKED = (
    "BlockDeviceMappings",
    "DisableApiTermination",
    "EbsOptimized",
    "ImageId",
    "InstanceInitiatedShutdownBehavior",
    "InstanceType",
    "KeyName",
    "LaunchTemplate",
    "MetadataOptions",
    "PrivateIpAddress",
    "SecurityGroupIds",
    "SecurityGroups",
    "SubnetId",
)
# Properties that it wants in other words, or only of an instance that runs.
IN_OTHER_WORDS = (
    "AvailabilityZone",
    "CreditSpecification",
    "IamInstanceProfile",
    "Monitoring",
    "NetworkInterfaces",
    "PropagateTagsToVolumeOnCreation",
    "SourceDestCheck",
    "Tags",
    "UserData",
    "Volumes",
)


def run_request(properties: Mapping[str, Any], tags: Tags) -> dict[str, Any]:
    """The arguments of RunInstances for one instance."""
    asked: dict[str, Any] = {
        "MinCount": 1,
        "MaxCount": 1,
        **picked(properties, *AS_ASKED),
        **placed(properties),
    }
    if "CreditSpecification" in properties:
        asked["CreditSpecification"] = credits_request(properties)
    if "IamInstanceProfile" in properties:
        asked["IamInstanceProfile"] = {"Name": properties["IamInstanceProfile"]}
    if "Monitoring" in properties:
        asked["Monitoring"] = {"Enabled": properties["Monitoring"]}
    if "UserData" in properties:
        # boto3 encodes it again, of this call alone.
        asked["UserData"] = base64.b64decode(properties["UserData"])
    return {**asked, **tag_request(properties, tags)}


def placed(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Its zone and its interfaces."""
    asked: dict[str, Any] = {}
    if "AvailabilityZone" in properties:
        asked["Placement"] = {"AvailabilityZone": properties["AvailabilityZone"]}
    if "NetworkInterfaces" in properties:
        asked["NetworkInterfaces"] = [interface(given) for given in properties["NetworkInterfaces"]]
    return asked


def interface(given: Mapping[str, Any]) -> dict[str, Any]:
    """An interface; templates write its index as text and call its groups a set."""
    asked = {name: value for name, value in given.items() if name != "GroupSet"}
    asked["DeviceIndex"] = int(given["DeviceIndex"])
    if "GroupSet" in given:
        asked["Groups"] = given["GroupSet"]
    return asked


def credits_request(properties: Mapping[str, Any]) -> dict[str, str]:
    """The CPU credits, which a template spells in another way."""
    return {"CpuCredits": properties["CreditSpecification"]["CPUCredits"]}


def tag_request(properties: Mapping[str, Any], tags: Tags) -> dict[str, Any]:
    """Tags for the instance, and for its volumes if the template says so."""
    kinds = ["instance", "volume"] if properties.get("PropagateTagsToVolumeOnCreation") else ["instance"]
    specifications = [specified(kind, tags)["TagSpecifications"][0] for kind in kinds if tags]
    return {"TagSpecifications": specifications} if specifications else {}


def monitoring_on(live: Mapping[str, Any]) -> bool:
    """Whether an instance is monitored in detail, also while that is just being turned on."""
    return live["Monitoring"]["State"] in ("enabled", "pending")
