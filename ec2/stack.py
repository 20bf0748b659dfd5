"""The wall around CloudFormation: a template becomes outputs; each state of a stack is an outcome."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from ec2.errors import StackFailed

# What CloudFormation itself takes for a step; asking more often shows nothing new.
BETWEEN_LOOKS_SECONDS = 1.0
# The slowest step of the template, an instance, takes minutes; CloudFormation gives up by itself.
TIMEOUT_SECONDS = 1800

# docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
NEVER_MADE = {"", "REVIEW_IN_PROGRESS"}
EMPTY_AFTER_FAILURE = {"ROLLBACK_COMPLETE"}
STUCK = {"ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED"}
# The sentences of two services for one thing, and no code of its own for it.
NOTHING_TO_CHANGE = ("didn't contain changes", "No updates are to be performed")
ABSENT = "does not exist"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Change:
    """One line of a change set: what happens to which resource."""

    action: str
    logical_id: str
    type: str
    replacement: str
    physical_id: str = ""

    @property
    def replaces(self) -> bool:
        """Whether the resource may be made anew, with a new id."""
        return self.replacement in ("True", "Conditional")

    @property
    def is_host(self) -> bool:
        """Whether it is about a host."""
        return self.type == "AWS::EC2::Instance"


@dataclass(frozen=True)
class Plan:
    """A change set that waits to be executed; without changes there is none."""

    stack_name: str
    change_set: str
    creates: bool
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Launched:
    """What launching came to: `created`, `updated` or `unchanged`, and the stack's outputs."""

    outcome: str
    outputs: Mapping[str, str]


class Stack:
    """One stack of one account and region; `cloudformation` is a boto3 client."""

    def __init__(self, name: str, cloudformation: Any, say: Say) -> None:
        self.name = name
        self.client = cloudformation
        self.say = say

    def status(self) -> str:
        """The stack's status; "" when there is no such stack."""
        return str(self.described().get("StackStatus", ""))

    def exists(self) -> bool:
        """Whether there is a stack with resources in it."""
        return self.status() not in NEVER_MADE

    def outputs(self) -> dict[str, str]:
        """The stack's outputs by name. Raises StackFailed when there is no stack."""
        described = self.described()
        if described.get("StackStatus", "") in NEVER_MADE:
            raise StackFailed(f"there is no stack '{self.name}'", "python -m ec2 deploy")
        return {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])}

    def described(self) -> dict[str, Any]:
        """What DescribeStacks says of it; empty when there is no such stack."""
        try:
            return dict(self.client.describe_stacks(StackName=self.name)["Stacks"][0])
        except ClientError as error:
            if ABSENT in str(error):
                return {}
            raise

    def plan(self, template: str, parameters: Mapping[str, str], tags: Mapping[str, str]) -> Plan:
        """What launching this template would change; nothing is changed yet.

        Raises StackFailed when the stack is stuck where a person must help, or the template is refused.
        """
        status = self.settled()
        if status in STUCK:
            raise StackFailed(
                f"the stack '{self.name}' is {status}: {self.first_failure()}", self.way_out(status)
            )
        if status in EMPTY_AFTER_FAILURE:
            self.say(f"the stack '{self.name}' failed when it was first made and is empty: deleting it")
            self.delete()
            status = ""
        return self.proposed(status in NEVER_MADE, template, parameters, tags)

    def settled(self) -> str:
        """The status once nobody is at work on the stack; what happens until then is said."""
        status = self.status()
        if status.endswith("_IN_PROGRESS") and status not in NEVER_MADE:
            self.say(f"the stack '{self.name}' is {status}: waiting until that is over")
            status = self.followed(self.last_event())
        return status

    def proposed(
        self, creates: bool, template: str, parameters: Mapping[str, str], tags: Mapping[str, str]
    ) -> Plan:
        """The change set that leads to the template."""
        name = f"deploy-{time.time_ns()}"
        try:
            self.client.create_change_set(
                StackName=self.name,
                ChangeSetName=name,
                ChangeSetType="CREATE" if creates else "UPDATE",
                TemplateBody=template,
                Parameters=said_parameters(template, parameters, keeps=not creates),
                Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
                Capabilities=["CAPABILITY_NAMED_IAM"],
            )
        except ClientError as error:
            raise StackFailed(f"CloudFormation refused the template: {sentence(error)}") from error
        found = self.reviewed(name)
        if found["Status"] == "FAILED":
            self.client.delete_change_set(StackName=self.name, ChangeSetName=name)
            if any(words in found.get("StatusReason", "") for words in NOTHING_TO_CHANGE):
                return Plan(self.name, "", creates, ())
            raise StackFailed(f"CloudFormation refused the change set: {found.get('StatusReason', '')}")
        return Plan(self.name, name, creates, tuple(map(read_change, found["Changes"])))

    def reviewed(self, name: str) -> dict[str, Any]:
        """The change set once CloudFormation has worked it out, with all its changes."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            pages = list(
                self.client.get_paginator("describe_change_set").paginate(
                    StackName=self.name, ChangeSetName=name
                )
            )
            if not pages[0]["Status"].endswith(("_PENDING", "_IN_PROGRESS")):
                return {**pages[0], "Changes": [change for page in pages for change in page["Changes"]]}
            time.sleep(BETWEEN_LOOKS_SECONDS)
        raise StackFailed(f"CloudFormation did not work out the change set within {TIMEOUT_SECONDS} s")

    def discard(self, plan: Plan) -> None:
        """Throw a plan away, with the empty stack that AWS makes for the first one."""
        if plan.change_set:
            self.client.delete_change_set(StackName=self.name, ChangeSetName=plan.change_set)
        if plan.creates and self.status() == "REVIEW_IN_PROGRESS":
            # Who may not delete stacks without a second factor leaves it, which does no harm.
            with suppress(ClientError):
                self.client.delete_stack(StackName=self.name)

    def launch(self, plan: Plan) -> Launched:
        """Carry the plan out, saying each event. Raises StackFailed with the first resource that failed."""
        if not plan.change_set:
            return Launched("unchanged", self.outputs())
        last = self.last_event()
        self.client.execute_change_set(StackName=self.name, ChangeSetName=plan.change_set)
        status = self.followed(last)
        if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            raise StackFailed(
                f"the stack '{self.name}' is {status}: {self.first_failure(last)}",
                "mend that, then python -m ec2 deploy again; nothing of the attempt is in the way",
            )
        return Launched("created" if plan.creates else "updated", self.outputs())

    def protect(self, on: bool) -> None:
        """Let nobody delete the stack by accident, or let it be deleted."""
        self.client.update_termination_protection(StackName=self.name, EnableTerminationProtection=on)

    def set_policy(self, policy: str) -> None:
        """Say what no update may do to the stack's resources."""
        self.client.set_stack_policy(StackName=self.name, StackPolicyBody=policy)

    def delete(self) -> None:
        """Delete the stack; one that is not there is fine. Raises StackFailed with what remains."""
        described = self.described()
        if not described:
            return
        last = self.last_event()
        self.client.delete_stack(StackName=self.name)
        status = self.followed(last, described["StackId"])
        if status != "DELETE_COMPLETE":
            raise StackFailed(
                f"the stack '{self.name}' is {status}: {self.first_failure(last)}", self.way_out(status)
            )

    def followed(self, last: str, stack_id: str = "") -> str:
        """Say each event after the last known one until the stack is at rest; the status it is at then."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        name = stack_id or self.described().get("StackId", self.name)
        while time.monotonic() < deadline:
            # Before the events, or the last of them would not be said.
            status = str(self.client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
            fresh = self.events_after(last, name)
            for event in fresh:
                self.say(told(event))
            last = fresh[-1]["EventId"] if fresh else last
            if not status.endswith("_IN_PROGRESS"):
                return status
            time.sleep(BETWEEN_LOOKS_SECONDS)
        raise StackFailed(
            f"the stack '{self.name}' was still at work after {TIMEOUT_SECONDS} s",
            "python -m ec2 deploy waits for it and goes on",
        )

    def events_after(self, last: str, name: str) -> list[dict[str, Any]]:
        """The events since that one, oldest first."""
        fresh: list[dict[str, Any]] = []
        for page in self.client.get_paginator("describe_stack_events").paginate(StackName=name):
            for event in page["StackEvents"]:
                if event["EventId"] == last:
                    return fresh[::-1]
                fresh.append(event)
        return fresh[::-1]

    def last_event(self) -> str:
        """The newest event's id; "" for a stack without a history."""
        described = self.described()
        if not described:
            return ""
        events = self.client.describe_stack_events(StackName=described["StackId"])["StackEvents"]
        return str(events[0]["EventId"]) if events else ""

    def first_failure(self, after: str = "") -> str:
        """The resource that failed first since then, and why: what comes later is its consequence."""
        described = self.described()
        name = described.get("StackId", self.name)
        for event in self.events_after(after, name):
            reason = event.get("ResourceStatusReason", "")
            if event["ResourceStatus"].endswith("_FAILED") and "cancelled" not in reason:
                return f"{event['LogicalResourceId']} ({event['ResourceType']}): {reason}"
        return str(described.get("StackStatusReason", "no event says why"))

    def way_out(self, status: str) -> str:
        """What a person can do about a stack that is stuck."""
        command = {
            "UPDATE_ROLLBACK_FAILED": "continue-update-rollback",
            "CREATE_FAILED": "rollback-stack",
        }.get(status, "delete-stack")
        return f"mend that, then: aws cloudformation {command} --stack-name {self.name}"


def said_parameters(template: str, parameters: Mapping[str, str], keeps: bool) -> list[dict[str, Any]]:
    """The parameters as CloudFormation takes them; one that is not given keeps its value in an update."""
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    if not keeps:
        return given
    others = json.loads(template).get("Parameters", {}).keys() - parameters.keys()
    return [*given, *({"ParameterKey": key, "UsePreviousValue": True} for key in sorted(others))]


def read_change(change: Mapping[str, Any]) -> Change:
    """A line of DescribeChangeSet."""
    about = change["ResourceChange"]
    return Change(
        about["Action"],
        about["LogicalResourceId"],
        about["ResourceType"],
        about.get("Replacement", "False"),
        about.get("PhysicalResourceId", ""),
    )


def told(event: Mapping[str, Any]) -> str:
    """An event as one line."""
    reason = event.get("ResourceStatusReason", "")
    line = f"{event['ResourceStatus'].lower().replace('_', ' ')}: {event['LogicalResourceId']}"
    return f"{line} ({reason})" if reason and event["ResourceStatus"].endswith("_FAILED") else line


def sentence(error: ClientError) -> str:
    """What AWS said, without the client's own words around it."""
    return str(error.response["Error"]["Message"])


def summary(changes: Iterable[Change]) -> str:
    """The changes in a few words."""
    counted: dict[str, int] = {}
    for change in changes:
        word = "replace" if change.action == "Modify" and change.replaces else change.action.lower()
        counted[word] = counted.get(word, 0) + 1
    return ", ".join(f"{count} to {word}" for word, count in counted.items()) or "nothing to change"
