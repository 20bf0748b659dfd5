"""CPU credits and detailed monitoring: asked for at birth, and changed while the instance runs."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses.instances import InstanceResponse
from moto.ec2.responses.monitoring import Monitoring

from ec2.rehearsal.control.originals import replace

# Burstable families that AWS starts without a limit, as documented for each of them.
UNLIMITED_AT_BIRTH = ("t3", "t3a", "t4g")


def mend_performance() -> None:
    """moto knows neither of them."""
    mend_credits()
    mend_monitoring()


def mend_credits() -> None:
    """Told as given, and as the family has them where nothing was."""

    def describe(self: Any) -> ActionResult:
        asked = self._get_param("InstanceIds", [])
        instances = self.ec2_backend.describe_instance_credit_specifications(asked)
        told = [{"InstanceId": one.id, "CpuCredits": cpu_credits(one)} for one in instances]
        return ActionResult({"InstanceCreditSpecifications": told})

    def modify(self: Any) -> ActionResult:
        asked = self._get_param("InstanceCreditSpecifications", [])
        instances = self.ec2_backend.get_multi_instances_by_id([one["InstanceId"] for one in asked])
        for instance, one in zip(instances, asked, strict=True):
            instance.cpu_credits = one["CpuCredits"]
        done = [{"InstanceId": instance.id} for instance in instances]
        return ActionResult({"SuccessfulInstanceCreditSpecifications": done})

    replace(InstanceResponse, "describe_instance_credit_specifications", describe)
    replace(InstanceResponse, "modify_instance_credit_specification", modify)


def cpu_credits(instance: Any) -> str:
    """What the instance was given, or what its family has."""
    family = instance.instance_type.partition(".")[0]
    own = "unlimited" if family in UNLIMITED_AT_BIRTH else "standard"
    return str(getattr(instance, "cpu_credits", own))


def mend_monitoring() -> None:
    """On and off while it runs."""

    def monitor_instances(self: Any) -> ActionResult:
        return switched(self, "enabled", "pending")

    def unmonitor_instances(self: Any) -> ActionResult:
        return switched(self, "disabled", "disabling")

    replace(Monitoring, "monitor_instances", monitor_instances)
    replace(Monitoring, "unmonitor_instances", unmonitor_instances)


def switched(response: Any, state: str, meanwhile: str) -> ActionResult:
    """Set the state, and answer with what AWS says meanwhile."""
    response.error_on_dryrun()
    instances = response.ec2_backend.get_multi_instances_by_id(response._get_param("InstanceIds", []))
    for instance in instances:
        instance.monitoring_state = state
    told = [{"InstanceId": one.id, "Monitoring": {"State": meanwhile}} for one in instances]
    return ActionResult({"InstanceMonitorings": told})
