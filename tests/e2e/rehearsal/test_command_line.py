"""AWS's own command line against the local EC2, as a person types it.

Its waiters look again only after 15 or 30 seconds, so what waits is begun early and looked at late.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ec2.rehearsal.control import seeds
from tests.e2e.rehearsal.conftest import Cloud
from tests.e2e.rehearsal.templates import SSH_IN, attribute, group, network, ref, template
from tests.waiting import wait_until

AWS = str(Path(sys.executable).parent / "aws")
PATIENCE_SECONDS = 100
ON_DEMAND = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "0.0.0.0/0"}
GREETING = """\
Parameters:
  Greeting: {Type: String}
Resources:
  Held:
    Type: AWS::SSM::Parameter
    Properties: {Name: /greeting/held, Type: String, Value: !Ref Greeting}
Outputs:
  Name: {Value: !Ref Held}
"""


@dataclass(frozen=True)
class Typed:
    """A command that runs; its result is there once it has ended."""

    process: subprocess.Popen[str]

    def said(self, status: int = 0) -> str:
        """All that it printed; it must end with this status."""
        out, err = self.process.communicate(timeout=PATIENCE_SECONDS)
        assert self.process.returncode == status, out + err
        return out + err


class Shell:
    """A terminal with the cloud's environment."""

    def __init__(self, cloud: Cloud, folder: Path) -> None:
        self.environment = cloud.environment
        self.folder = folder
        self.begun: list[Typed] = []

    def begin(self, *words: str) -> Typed:
        """Type `aws` and the words, and let it run."""
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            [AWS, *words], env=self.environment, cwd=self.folder, stdout=pipe, stderr=pipe, text=True
        )
        self.begun.append(Typed(process))
        return self.begun[-1]

    def aws(self, *words: str) -> str:
        """What `aws` with the words printed; it must succeed."""
        return self.begin(*words).said()

    def end(self) -> None:
        """Leave no process behind."""
        for typed in self.begun:
            typed.process.kill()
            typed.process.communicate()


@dataclass(frozen=True)
class Begun:
    """What the module's tests look at: two deployments and the life of one instance, all under way."""

    created: Typed
    changed: Typed
    launched: dict[str, Any]
    checked: Typed


@pytest.fixture(scope="module")
def shell(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    shell = Shell(cloud, tmp_path_factory.mktemp("shell"))
    yield shell
    shell.end()


@pytest.fixture(scope="module")
def begun(cloud: Cloud, shell: Shell) -> Iterator[Begun]:
    admin = {**SSH_IN, "CidrIp": f"{cloud.rehearsal.gateway}/32"}
    before, after = (
        template(
            network(220) | {"Group": group(*rules)}, Subnet=ref("Subnet"), Group=attribute("Group", "GroupId")
        )
        for rules in ([admin], [admin, ON_DEMAND])
    )
    (shell.folder / "network.json").write_text(json.dumps(after))
    (shell.folder / "greeting.yaml").write_text(GREETING)
    (shell.folder / "first-boot.sh").write_text("#!/bin/sh\necho the first boot > /dev/console\n")
    created = shell.begin(
        *deploy("greeting"), "--parameter-overrides", "Greeting=hello", "--tags", "Owner=me"
    )
    outputs = cloud.launch("network", before, PublicKey=cloud.public_key)
    changed = shell.begin("cloudformation", "deploy", "--stack-name", "network", *file("network.json"))
    launched = json.loads(shell.aws(*run_instances(outputs)))["Instances"][0]
    checked = shell.begin("ec2", "wait", "instance-status-ok", "--instance-ids", launched["InstanceId"])
    yield Begun(created, changed, launched, checked)
    cloud.delete("network")


def deploy(stack: str) -> list[str]:
    return ["cloudformation", "deploy", "--stack-name", stack, *file(f"{stack}.yaml"), "--tags", "Owner=me"]


def file(name: str) -> list[str]:
    return ["--template-file", name]


def run_instances(outputs: dict[str, str]) -> list[str]:
    """An instance as the AWS documentation's examples ask for one."""
    tags = "ResourceType=instance,Tags=[{Key=Name,Value=typed},{Key=Role,Value=app}]"
    return [
        *("ec2", "run-instances", "--image-id", f"resolve:ssm:{seeds.PUBLIC_PARAMETER}"),
        *("--instance-type", "t3.micro", "--key-name", "network", "--subnet-id", outputs["Subnet"]),
        *("--security-group-ids", outputs["Group"], "--associate-public-ip-address"),
        *("--block-device-mappings", "DeviceName=/dev/xvda,Ebs={VolumeSize=12,VolumeType=gp3}"),
        *("--metadata-options", "HttpTokens=required", "--tag-specifications", tags),
        *("--user-data", "file://first-boot.sh"),
    ]


def test_whoever_calls_is_told_who_they_are(shell: Shell) -> None:
    who = json.loads(shell.aws("sts", "get-caller-identity"))
    assert who["Account"] == "123456789012"
    assert who["Arn"].startswith("arn:aws:")


def test_parameters_are_kept_encrypted_ones_are_shown_only_on_demand_and_none_is_overwritten(
    shell: Shell, begun: Begun
) -> None:
    put, get = ("ssm", "put-parameter", "--name"), ("ssm", "get-parameter", "--name")
    text = ("--query", "Parameter.Value", "--output", "text")
    shell.aws(*put, "/typed/plain", "--type", "String", "--value", "hello")
    shell.aws(*put, "/typed/secret", "--type", "SecureString", "--value", "pssst")
    assert shell.aws(*get, "/typed/plain", *text) == "hello\n"
    assert shell.aws(*get, "/typed/secret", "--with-decryption", *text) == "pssst\n"
    assert shell.aws(*get, "/typed/secret", *text) != "pssst\n"
    again = shell.begin(*put, "/typed/plain", "--type", "String", "--value", "other").said(255)
    assert "(ParameterAlreadyExists)" in again


def test_a_file_goes_to_s3_in_parts_and_comes_back_the_same(shell: Shell, begun: Begun) -> None:
    content = bytes(range(256)) * 33_000
    (shell.folder / "there").write_bytes(content)
    shell.aws("s3", "mb", "s3://typed")
    shell.aws("s3", "cp", "--quiet", "there", "s3://typed/folder/file")
    assert shell.aws("s3", "ls", "s3://typed/folder/").split()[-2:] == [str(len(content)), "file"]
    shell.aws("s3", "cp", "--quiet", "s3://typed/folder/file", "back")
    assert (shell.folder / "back").read_bytes() == content
    shell.aws("s3", "rb", "--force", "s3://typed")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("ec2", "describe-ipam-pools"), "ec2:DescribeIpamPools"),
        (("ssm", "list-nodes"), "ssm:ListNodes"),
        (("lightsail", "get-instances"), "lightsail:GetInstances"),
        (("dlm", "get-lifecycle-policies"), "dlm:GET /policies"),
    ],
)
def test_an_action_that_is_not_here_is_named_in_one_line(
    shell: Shell, words: tuple[str, ...], named: str
) -> None:
    lines = shell.begin(*words).said(255).strip().splitlines()
    assert len(lines) == 1
    assert "(UnsupportedOperation)" in lines[0]
    assert lines[0].endswith(named)


def test_an_instance_is_launched_checked_found_by_its_tags_and_gone(shell: Shell, begun: Begun) -> None:
    one = begun.launched["InstanceId"]
    assert begun.launched["State"]["Name"] == "pending"
    begun.checked.said()
    filters = ("--filters", "Name=tag:Role,Values=app", "Name=instance-state-name,Values=running")
    rows = "Reservations[].Instances[].[InstanceId,PrivateIpAddress,PublicIpAddress]"
    found = shell.aws("ec2", "describe-instances", *filters, "--query", rows, "--output", "text").split()
    assert found[:2] == [one, "10.220.1.4"]
    assert found[2].startswith("198.18.")
    console = shell.aws("ec2", "get-console-output", "--instance-id", one, "--output", "text")
    assert "the first boot" in console
    assert "END SSH HOST KEY KEYS" in console
    ending = json.loads(shell.aws("ec2", "terminate-instances", "--instance-ids", one))
    assert ending["TerminatingInstances"][0]["CurrentState"]["Name"] == "shutting-down"
    shell.aws("ec2", "wait", "instance-terminated", "--instance-ids", one)
    sizes = shell.aws("ec2", "describe-volumes", "--query", "Volumes[].Size", "--output", "text").split()
    assert "12" not in sizes, "the root volume went with it"


def test_a_stack_is_deployed_read_and_deployed_again_without_a_change(shell: Shell, begun: Begun) -> None:
    assert "Successfully created/updated stack - greeting" in begun.created.said()
    shell.aws("cloudformation", "wait", "stack-create-complete", "--stack-name", "greeting")
    value = ("--query", "Parameter.Value", "--output", "text")
    assert shell.aws("ssm", "get-parameter", "--name", "/greeting/held", *value) == "hello\n"
    assert "No changes to deploy. Stack greeting is up to date" in shell.aws(
        *deploy("greeting"), "--no-fail-on-empty-changeset"
    )
    # The client names its change sets after the second.
    second = int(time.time())
    wait_until(lambda: int(time.time()) > second, 2, "another second")
    assert "No changes" in shell.begin(*deploy("greeting")).said(255)
    rows = "StackEvents[].[LogicalResourceId,ResourceStatus]"
    asked = ("cloudformation", "describe-stack-events", "--stack-name", "greeting", "--query", rows)
    assert [tuple(row) for row in reversed(json.loads(shell.aws(*asked)))] == [
        ("greeting", "REVIEW_IN_PROGRESS"),
        ("greeting", "CREATE_IN_PROGRESS"),
        ("Held", "CREATE_IN_PROGRESS"),
        ("Held", "CREATE_IN_PROGRESS"),
        ("Held", "CREATE_COMPLETE"),
        ("greeting", "CREATE_COMPLETE"),
    ]


def test_a_stack_that_is_there_is_changed_with_the_parameters_that_it_has(
    cloud: Cloud, shell: Shell, begun: Begun
) -> None:
    assert "Successfully created/updated stack - network" in begun.changed.said()
    shell.aws("cloudformation", "wait", "stack-update-complete", "--stack-name", "network")
    (changed,) = cloud.cli(
        *("ec2", "describe-security-groups", "--filters", "Name=ip-permission.to-port,Values=80")
    )["SecurityGroups"]
    assert changed["VpcId"] == begun.launched["VpcId"]


def test_a_deleted_stack_is_waited_for(shell: Shell, begun: Begun) -> None:
    begun.created.said()
    shell.aws("cloudformation", "delete-stack", "--stack-name", "greeting")
    shell.aws("cloudformation", "wait", "stack-delete-complete", "--stack-name", "greeting")
    gone = shell.begin("cloudformation", "describe-stacks", "--stack-name", "greeting").said(255)
    assert "Stack with id greeting does not exist" in gone
