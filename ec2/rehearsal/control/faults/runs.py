"""RunInstances: the launch template under the request, and what moto drops of both."""

from copy import deepcopy
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import InvalidParameterCombination
from moto.ec2.responses.instances import InstanceResponse
from moto.ssm.models import ssm_backends

from ec2.rehearsal.control.originals import original, replace

# docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-systems-manager-parameter-to-find-AMI.html
BY_PARAMETER = "resolve:ssm:"
# moto takes it itself, and decodes it once only in that way.
MOTOS_OWN = ("UserData",)


def mend_runs() -> None:
    """As many instances as asked, born protected, with the credits asked and all of their template."""
    moto_run = original(InstanceResponse, "run_instances")

    def run_instances(self: Any) -> ActionResult:
        lay_under(self)
        find_image(self)
        refuse_run(self)
        self.params["MinCount"] = self._get_param("MaxCount") or self._get_param("MinCount")
        answer: ActionResult = moto_run(self)
        reservation: Any = answer.result
        for instance in reservation.instances:
            instance.disable_api_termination = self._get_param("DisableApiTermination", False)
            if wanted := self._get_param("CreditSpecification.CpuCredits"):
                instance.cpu_credits = wanted
        give_profile(self, reservation.instances[1:])
        return answer

    replace(InstanceResponse, "run_instances", run_instances)


def lay_under(response: Any) -> None:
    """What the launch template says and the request does not."""
    named = response._get_param("LaunchTemplate")
    if not named:
        return
    if "LaunchTemplateId" in named:
        response.ec2_backend.get_launch_template(named["LaunchTemplateId"])
    version = response.ec2_backend._get_template_from_args(named)
    for name, value in version.data.items():
        if name not in MOTOS_OWN:
            response.params.setdefault(name, deepcopy(value))


def find_image(response: Any) -> None:
    """The image's id where a parameter that holds it is named, if there is such a parameter."""
    named = response._get_param("ImageId") or ""
    if named.startswith(BY_PARAMETER):
        known = ssm_backends[response.current_account][response.region]
        if parameter := known.get_parameter(named.removeprefix(BY_PARAMETER)):
            response.params["ImageId"] = str(parameter.value)


def refuse_run(response: Any) -> None:
    """Raise EC2's error for a key pair that is not there, and for groups said twice."""
    if name := response._get_param("KeyName"):
        response.ec2_backend.describe_key_pairs(key_names=[name])
    groups = response._get_param("SecurityGroupIds") or response._get_param("SecurityGroups")
    if groups and response._get_param("NetworkInterfaces"):
        raise InvalidParameterCombination(
            "Network interfaces and an instance-level security groups may not be specified on the same "
            "request"
        )


def give_profile(response: Any, instances: list[Any]) -> None:
    """The instance profile to the further instances; moto gives it to the first one."""
    name, arn = (response._get_param(f"IamInstanceProfile.{key}") for key in ("Name", "Arn"))
    for instance in instances if name or arn else []:
        response.ec2_backend.associate_iam_instance_profile(instance.id, name, arn)
