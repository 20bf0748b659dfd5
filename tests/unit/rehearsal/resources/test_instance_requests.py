"""What RunInstances is asked for."""

import base64

from ec2.rehearsal.stacks.resources.instance_requests import run_request


def test_properties_are_turned_into_the_apis_words() -> None:
    properties = {
        "ImageId": "ami-1",
        "AvailabilityZone": "us-east-1a",
        "CreditSpecification": {"CPUCredits": "unlimited"},
        "IamInstanceProfile": "app",
        "Monitoring": False,
        "UserData": base64.b64encode(b"\x1f\x8b gzip").decode(),
        "NetworkInterfaces": [{"DeviceIndex": "0", "GroupSet": ["sg-1"], "AssociatePublicIpAddress": True}],
    }
    assert run_request(properties, {"Name": "app"}) == {
        "MinCount": 1,
        "MaxCount": 1,
        "ImageId": "ami-1",
        "Placement": {"AvailabilityZone": "us-east-1a"},
        "CreditSpecification": {"CpuCredits": "unlimited"},
        "IamInstanceProfile": {"Name": "app"},
        "Monitoring": {"Enabled": False},
        "UserData": b"\x1f\x8b gzip",
        "NetworkInterfaces": [{"DeviceIndex": 0, "Groups": ["sg-1"], "AssociatePublicIpAddress": True}],
        "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "app"}]}],
    }


def test_volumes_are_tagged_if_the_template_says_so() -> None:
    asked = run_request({"PropagateTagsToVolumeOnCreation": True}, {"Name": "app"})
    assert [entry["ResourceType"] for entry in asked["TagSpecifications"]] == ["instance", "volume"]
