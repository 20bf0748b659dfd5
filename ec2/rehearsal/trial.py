"""A whole way through the cloud: a stack with one host, launched by CloudFormation and reached by SSH."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from compose.secret_files import ssh_key_pair
from ec2.rehearsal import process
from ec2.rehearsal.control.clients import Clients, connect
from ec2.rehearsal.errors import RehearsalError
from ec2.rehearsal.settings import Rehearsal

STACK = "example"
TEMPLATE = Path(__file__).parent / "example.yaml"
QUICKLY = {"Delay": 1, "MaxAttempts": 120}
# On a quiet machine one boots in ten; the keys are on the console after the packages of its user data.
BOOT_TIMEOUT_SECONDS = 180
HOST_KEYS = ("-----BEGIN SSH HOST KEY KEYS-----", "-----END SSH HOST KEY KEYS-----")


def try_out(rehearsal: Rehearsal, say: Callable[[str], None]) -> str:
    """Launch the example unless it is there, log in to its host; how a person does the same.

    Raises RehearsalError with the first thing that failed.
    """
    started = time.monotonic()
    process.require_running(rehearsal)
    aws = connect(rehearsal.endpoint)
    folder = rehearsal.state / STACK
    folder.mkdir(mode=0o700, exist_ok=True)
    outputs = launch(aws, rehearsal, key(folder), say)
    say(f"the stack '{STACK}' is complete; waiting for {outputs['Address']}")
    pin_host_keys(aws, outputs, folder)
    words = ssh(folder, outputs["Address"])
    said = log_in([*words, "cloud-init status --wait >/dev/null; uname -n"])
    say(f"logged in to {said.strip()}, {time.monotonic() - started:.1f} s after the first request")
    return " ".join(words)


def key(folder: Path) -> str:
    """The public half of the key that is kept in the folder."""
    private, public = folder / "key", folder / "key.pub"
    if not public.exists():
        halves = ssh_key_pair()
        private.touch(mode=0o600)
        private.write_text(halves[0])
        public.write_text(halves[1])
    return public.read_text().strip()


def launch(aws: Clients, rehearsal: Rehearsal, public_key: str, say: Callable[[str], None]) -> dict[str, str]:
    """Have the stack complete; its outputs."""
    stacks = aws("cloudformation")
    given = {"PublicKey": public_key, "AdminCidr": f"{rehearsal.gateway}/32"}
    parameters = [{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()]
    try:
        stacks.create_stack(StackName=STACK, TemplateBody=TEMPLATE.read_text(), Parameters=parameters)
        say(f"launching the stack '{STACK}'")
    except stacks.exceptions.AlreadyExistsException:
        say(f"the stack '{STACK}' is there already")
    except ClientError as error:
        raise RehearsalError(f"the stack was refused: {error}") from error
    try:
        stacks.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig=QUICKLY)
    except WaiterError as error:
        raise RehearsalError(
            f"the stack failed: {first_failure(stacks)}", "python -m ec2.rehearsal down"
        ) from error
    (stack,) = stacks.describe_stacks(StackName=STACK)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def first_failure(stacks: Any) -> str:
    """The resource that failed first, and why."""
    events = stacks.describe_stack_events(StackName=STACK)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"].endswith("_FAILED")]
    first = failed[-1] if failed else events[0]
    return f"{first['LogicalResourceId']}: {first.get('ResourceStatusReason', first['ResourceStatus'])}"


def pin_host_keys(aws: Clients, outputs: dict[str, str], folder: Path) -> None:
    """Trust the keys that the host printed on its console, and no others."""
    deadline = time.monotonic() + BOOT_TIMEOUT_SECONDS
    while HOST_KEYS[1] not in (console := read_console(aws, outputs["Host"])):
        if time.monotonic() > deadline:
            raise RehearsalError(
                f"the host printed no SSH host keys within {BOOT_TIMEOUT_SECONDS} s; its console ends with:\n"
                f"{console[-1000:]}"
            )
        time.sleep(0.2)
    printed = console.partition(HOST_KEYS[0])[2].partition(HOST_KEYS[1])[0]
    lines = [f"{outputs['Address']} {line.strip()}" for line in printed.splitlines() if line.strip()]
    (folder / "known_hosts").write_text("\n".join(lines) + "\n")


def read_console(aws: Clients, instance_id: str) -> str:
    """What the host has written so far."""
    return str(aws("ec2").get_console_output(InstanceId=instance_id).get("Output", ""))


def ssh(folder: Path, address: str) -> list[str]:
    """The command that logs in to the host."""
    options = {"UserKnownHostsFile": folder / "known_hosts", "StrictHostKeyChecking": "yes"}
    return [
        "ssh",
        "-i",
        str(folder / "key"),
        *(word for key, value in options.items() for word in ("-o", f"{key}={value}")),
        f"admin@{address}",
    ]


def log_in(words: list[str]) -> str:
    """What the host answered. Raises RehearsalError with what ssh complained of."""
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=BOOT_TIMEOUT_SECONDS)
    if done.returncode != 0:
        raise RehearsalError(
            f"{words[-2]} was not reached: {done.stderr.strip()}", "python -m ec2.rehearsal status"
        )
    return done.stdout
