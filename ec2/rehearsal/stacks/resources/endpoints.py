"""What a VPC tells and whom it reaches without the internet: flow logs and endpoints."""

from typing import Any, ClassVar

from ec2.rehearsal.stacks.resources.contract import Clients, Place
from ec2.rehearsal.stacks.resources.documents import as_map, as_text
from ec2.rehearsal.stacks.resources.kind import Ec2Kind
from ec2.rehearsal.stacks.resources.looking import first, picked, refusal, unless_gone
from ec2.rehearsal.stacks.resources.tags import own_tags

LISTS = ("RouteTableIds", "SubnetIds", "SecurityGroupIds")


class FlowLog(Ec2Kind):
    """AWS::EC2::FlowLog."""

    name = "AWS::EC2::FlowLog"
    tagged_as = "vpc-flow-log"
    settings = (
        "ResourceType",
        "TrafficType",
        "LogDestinationType",
        "LogDestination",
        "LogGroupName",
        "DeliverLogsPermissionArn",
        "LogFormat",
        "MaxAggregationInterval",
    )
    carried_out = frozenset({"ResourceId", *settings, "Tags"})
    attributes: ClassVar = {"Id": "FlowLogId"}

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """One log of one resource; AWS tells of a failure in an answer that says 200."""
        made = aws("ec2").create_flow_logs(
            ResourceIds=[properties["ResourceId"]],
            **picked(properties, *self.settings),
            **self.tags(properties, place),
        )
        for failed in made["Unsuccessful"]:
            raise refusal(failed["Error"]["Code"], failed["Error"]["Message"], "CreateFlowLogs")
        flow_log_id: str = made["FlowLogIds"][0]
        return flow_log_id

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """What was logged stays."""
        with unless_gone():
            aws("ec2").delete_flow_logs(FlowLogIds=[physical_id])

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The flow log."""
        return first(aws("ec2").describe_flow_logs, "FlowLogs", FlowLogIds=[physical_id])

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """AWS does not tell the kind of the resource."""
        return {**picked(live, "ResourceId", *self.settings), "Tags": own_tags(live.get("Tags"))}


class VpcEndpoint(Ec2Kind):
    """AWS::EC2::VPCEndpoint."""

    name = "AWS::EC2::VPCEndpoint"
    tagged_as = "vpc-endpoint"
    settings = ("VpcId", "ServiceName", "VpcEndpointType", "PrivateDnsEnabled")
    carried_out = frozenset({*settings, *LISTS, "PolicyDocument", "Tags"})
    attributes: ClassVar = {
        "Id": "VpcEndpointId",
        "CreationTimestamp": "created",
        "DnsEntries": "names",
        "NetworkInterfaceIds": "NetworkInterfaceIds",
    }

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """The endpoint with its routes or interfaces."""
        asked = {**picked(properties, *self.settings, *LISTS), **policy(properties)}
        made = aws("ec2").create_vpc_endpoint(**asked, **self.tags(properties, place))
        endpoint_id: str = made["VpcEndpoint"]["VpcEndpointId"]
        return endpoint_id

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        """Policy, DNS, and the difference of each list."""
        asked = {**policy(new), **picked(new, "PrivateDnsEnabled"), **list_changes(old, new)}
        if "PolicyDocument" in old and "PolicyDocument" not in new:
            asked["ResetPolicy"] = True
        if asked:
            aws("ec2").modify_vpc_endpoint(VpcEndpointId=physical_id, **asked)
        super().update(aws, physical_id, old, new, place)

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """With its routes or interfaces."""
        if self.look(aws, physical_id) is not None:
            aws("ec2").delete_vpc_endpoints(VpcEndpointIds=[physical_id])

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The endpoint; AWS goes on listing a deleted one for a while."""
        found = first(aws("ec2").describe_vpc_endpoints, "VpcEndpoints", VpcEndpointIds=[physical_id])
        if found is None or found["State"] in ("deleting", "deleted"):
            return None
        names = [f"{entry['HostedZoneId']}:{entry['DnsName']}" for entry in found.get("DnsEntries", ())]
        created = found["CreationTimestamp"].isoformat()
        groups = [group["GroupId"] for group in found.get("Groups", ())]
        return {**found, "created": created, "names": names, "SecurityGroupIds": groups}

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """The policy as a document, not as a text."""
        document = {"PolicyDocument": as_map(live["PolicyDocument"])} if "PolicyDocument" in live else {}
        same = picked(live, *self.settings, *LISTS)
        return {**same, **document, "Tags": own_tags(live.get("Tags"))}


def policy(properties: dict[str, Any]) -> dict[str, str]:
    """The policy as the API wants it."""
    document = properties.get("PolicyDocument")
    return {} if document is None else {"PolicyDocument": as_text(document)}


def list_changes(old: dict[str, Any], new: dict[str, Any]) -> dict[str, list[str]]:
    """What is added to and removed from each list, as ModifyVpcEndpoint wants it."""
    changes = {}
    for name in LISTS:
        before, after = old.get(name) or [], new.get(name) or []
        changes[f"Add{name}"] = [entry for entry in after if entry not in before]
        changes[f"Remove{name}"] = [entry for entry in before if entry not in after]
    return {name: entries for name, entries in changes.items() if entries}
