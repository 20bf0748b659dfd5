"""Templates as the tests need them: a network, groups and hosts, as plain values."""

from typing import Any

SSH_IN = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def attribute(name: str, of: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, of]}


def resource(kind: str, depends: str | list[str] = (), **properties: Any) -> dict[str, Any]:  # type: ignore[assignment]
    made: dict[str, Any] = {"Type": kind, "Properties": properties}
    return {**made, "DependsOn": depends} if depends else made


def network(second_octet: int) -> dict[str, Any]:
    """A VPC 10.N.0.0/16 with a public subnet 10.N.1.0/24."""
    ec2 = "AWS::EC2::"
    return {
        "Vpc": resource(ec2 + "VPC", CidrBlock=f"10.{second_octet}.0.0/16", EnableDnsHostnames=True),
        "Gateway": resource(ec2 + "InternetGateway"),
        "Attachment": resource(
            ec2 + "VPCGatewayAttachment", VpcId=ref("Vpc"), InternetGatewayId=ref("Gateway")
        ),
        "Routes": resource(ec2 + "RouteTable", VpcId=ref("Vpc")),
        "Outward": resource(
            ec2 + "Route",
            "Attachment",
            RouteTableId=ref("Routes"),
            DestinationCidrBlock="0.0.0.0/0",
            GatewayId=ref("Gateway"),
        ),
        "Subnet": resource(
            ec2 + "Subnet",
            VpcId=ref("Vpc"),
            CidrBlock=f"10.{second_octet}.1.0/24",
            AvailabilityZone="us-east-1a",
        ),
        "SubnetRoutes": resource(
            ec2 + "SubnetRouteTableAssociation", SubnetId=ref("Subnet"), RouteTableId=ref("Routes")
        ),
    }


def group(*ingress: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A security group of the VPC with these permissions."""
    return resource(
        "AWS::EC2::SecurityGroup",
        GroupDescription="of a test",
        VpcId=ref("Vpc"),
        SecurityGroupIngress=list(ingress),
        **more,
    )


def host(name: str, groups: list[Any], **more: Any) -> dict[str, Any]:
    """An instance in the public subnet with an Elastic IP, and both of them as outputs' sources."""
    properties = {
        "ImageId": ref("Image"),
        "InstanceType": "t3.small",
        "KeyName": ref("Key"),
        "SubnetId": ref("Subnet"),
        "SecurityGroupIds": groups,
        "MetadataOptions": {"HttpTokens": "required"},
        "Tags": [{"Key": "Name", "Value": name}],
    }
    return {
        name: resource("AWS::EC2::Instance", ["Outward", "SubnetRoutes"], **properties | more),
        f"{name}Address": resource("AWS::EC2::EIP", "Attachment", Domain="vpc"),
        f"{name}Association": resource(
            "AWS::EC2::EIPAssociation",
            AllocationId=attribute(f"{name}Address", "AllocationId"),
            InstanceId=ref(name),
        ),
    }


def template(resources: dict[str, Any], *hosts: str, **outputs: Any) -> dict[str, Any]:
    """A whole template: key and image beside the resources, id and address of each host as outputs."""
    known = {name: ref(name) for name in hosts} | {f"{name}Address": ref(f"{name}Address") for name in hosts}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": {
            "Image": {
                "Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>",
                "Default": "/aws/service/debian/release/13/latest/amd64",
            },
            "PublicKey": {"Type": "String"},
        },
        "Resources": {
            "Key": resource(
                "AWS::EC2::KeyPair",
                KeyName={"Fn::Sub": "${AWS::StackName}"},
                PublicKeyMaterial=ref("PublicKey"),
            ),
            **resources,
        },
        "Outputs": {name: {"Value": value} for name, value in (known | outputs).items()},
    }
