"""Network ACLs: ICMP's types, the closing entry of each, and an entry that is not there."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.network_acls import NetworkAclBackend
from moto.ec2.responses.network_acls import NetworkACLs

from ec2.rehearsal.control.originals import original, replace

CLOSING = 32767


def mend_access_lists() -> None:
    """Entries whole, lists closed."""
    mend_icmp("create_network_acl_entry")
    mend_icmp("replace_network_acl_entry")
    mend_closing()
    mend_missing_entries()


def mend_icmp(name: str) -> None:
    """moto looks for the type and code under another name than AWS's."""
    moto_put = original(NetworkACLs, name)

    def put(self: Any) -> ActionResult:
        self.params["Icmp"] = self._get_param("IcmpTypeCode", {})
        answer: ActionResult = moto_put(self)
        return answer

    replace(NetworkACLs, name, put)


def mend_closing() -> None:
    """Every list ends with the entry that denies the rest; moto gives it to default ones."""
    moto_create = original(NetworkAclBackend, "create_network_acl")

    def create_network_acl(self: Any, vpc_id: str, tags: Any = None, default: bool = False) -> Any:
        made = moto_create(self, vpc_id, tags, default)
        for egress in (False, True) if not default else ():
            self.create_network_acl_entry(
                network_acl_id=made.id,
                rule_number=CLOSING,
                protocol="-1",
                rule_action="deny",
                egress=egress,
                cidr_block="0.0.0.0/0",
                icmp_code=None,
                icmp_type=None,
                port_range_from=None,
                port_range_to=None,
                ipv6_cidr_block=None,
            )
        return made

    replace(NetworkAclBackend, "create_network_acl", create_network_acl)


def mend_missing_entries() -> None:
    """An entry that is not there is a refusal and no failure."""
    moto_delete = original(NetworkAclBackend, "delete_network_acl_entry")

    def delete_network_acl_entry(self: Any, network_acl_id: str, rule_number: int, egress: bool) -> Any:
        entries = self.get_network_acl(network_acl_id).network_acl_entries
        if not any((one.rule_number, one.egress) == (rule_number, egress) for one in entries):
            raise EC2ClientError(
                "InvalidNetworkAclEntry.NotFound",
                f"The entry {rule_number} does not exist in network ACL {network_acl_id}",
            )
        return moto_delete(self, network_acl_id, rule_number, egress)

    replace(NetworkAclBackend, "delete_network_acl_entry", delete_network_acl_entry)
