"""What EC2 does not delete while something leans on it, and what goes along when it does."""

from collections.abc import Iterator
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import DependencyViolationError, EC2ClientError
from moto.ec2.responses.security_groups import SecurityGroups
from moto.ec2.responses.subnets import Subnets
from moto.ec2.responses.vpcs import VPCs

from ec2.rehearsal.control.faults.gateways import gateway_of
from ec2.rehearsal.control.faults.interfaces import interfaces
from ec2.rehearsal.control.originals import original, replace


def mend_dependencies() -> None:
    """Groups, subnets and VPCs."""
    mend_deletion(SecurityGroups, "delete_security_group", refuse_group)
    mend_deletion(Subnets, "delete_subnet", refuse_subnet, without_subnet)
    mend_deletion(VPCs, "delete_vpc", refuse_vpc, without_vpc)


def mend_deletion(owner: Any, name: str, refuse: Any, after: Any = None) -> None:
    """Refuse first, clear up afterwards."""
    moto_delete = original(owner, name)

    def delete(self: Any) -> ActionResult:
        refuse(self)
        answer: ActionResult = moto_delete(self)
        if after:
            after(self)
        return answer

    replace(owner, name, delete)


def refuse_group(response: Any) -> None:
    """One that is a VPC's own, has members, or is named by a rule of another group."""
    backend = response.ec2_backend
    asked = response._get_param("GroupId") or response._get_param("GroupName")
    group = backend.get_security_group_by_name_or_id(asked)
    if group is None:
        return
    if group.is_default:
        raise EC2ClientError(
            "CannotDelete", f"the specified group: {group.id} name: default cannot be deleted by a user"
        )
    members = any(group in one._group_set for one in interfaces(backend))
    if members or any(named_by(other, group) for other in backend.describe_security_groups()):
        raise DependencyViolationError(f"resource {group.id} has a dependent object")


def named_by(other: Any, group: Any) -> bool:
    """Whether a rule of the other group names the group."""
    rules = [*other.ingress_rules, *other.egress_rules]
    return other is not group and any(rule.source_group.get("GroupId") == group.id for rule in rules)


def refuse_subnet(response: Any) -> None:
    """One in which an interface is."""
    asked = response._get_param("SubnetId")
    if any(one.subnet_id == asked for one in interfaces(response.ec2_backend)):
        raise DependencyViolationError(f"The subnet '{asked}' has dependencies and cannot be deleted.")


def without_subnet(response: Any) -> None:
    """A deleted subnet's associations go along; moto keeps them for ever."""
    gone = response._get_param("SubnetId")
    for table in response.ec2_backend.route_tables.values():
        table._associations = {id_: to for id_, to in table._associations.items() if to != gone}
    for acl in response.ec2_backend.network_acls.values():
        acl._associations = {id_: to for id_, to in acl._associations.items() if to.subnet_id != gone}


def refuse_vpc(response: Any) -> None:
    """One in which anything is that its owner has made."""
    asked = response._get_param("VpcId")
    if any(made_within(response.ec2_backend, asked)):
        raise DependencyViolationError(f"The vpc '{asked}' has dependencies and cannot be deleted.")


def made_within(backend: Any, vpc_id: str) -> Iterator[Any]:
    """What keeps a VPC besides its subnets and route tables, which moto knows."""
    yield gateway_of(backend, vpc_id)
    yield from (one for one in interfaces(backend) if one.vpc_id == vpc_id)
    yield from (one for one in backend.groups[vpc_id].values() if not one.is_default)
    yield from (one for one in backend.network_acls.values() if one.vpc_id == vpc_id and not one.default)
    endpoints = backend.vpc_end_points.values()
    yield from (one for one in endpoints if one.vpc_id == vpc_id and one.state != "deleted")


def without_vpc(response: Any) -> None:
    """A deleted VPC's default ACL goes along."""
    backend, gone = response.ec2_backend, response._get_param("VpcId")
    for acl in [one for one in backend.network_acls.values() if one.vpc_id == gone]:
        backend.network_acls.pop(acl.id)
