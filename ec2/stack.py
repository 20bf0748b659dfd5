"""The wall around CloudFormation: a template becomes outputs; each state of a stack is an outcome."""

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from ec2.errors import DeletionRefused, StackFailed

# What CloudFormation itself takes for a step; asking more often shows nothing new.
BETWEEN_LOOKS_SECONDS = 1.0
# The slowest step of the template, an instance, takes minutes; CloudFormation gives up by itself.
TIMEOUT_SECONDS = 1800
# But a volume takes hours to be enlarged, and as a snapshot before it is deleted.
# https://docs.aws.amazon.com/ebs/latest/userguide/monitoring-volume-modifications.html
LONG_TIMEOUT_SECONDS = 8 * 3600
ENLARGING = "AWS takes up to six hours per TiB to enlarge it; it stays in use meanwhile"

# docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
NEVER_MADE = {"", "REVIEW_IN_PROGRESS"}
EMPTY_AFTER_FAILURE = {"ROLLBACK_COMPLETE"}
STUCK = {"ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED"}
# The sentences of two services for one thing, and no code of its own for it.
NOTHING_TO_CHANGE = ("didn't contain changes", "No updates are to be performed")
ABSENT = "does not exist"
# What a change set says that failed before CloudFormation tried anything, and where the reasons are then.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_OperationEvent.html
SAID_ELSEWHERE = "DescribeEvents"
REASONS = ("ValidationStatusReason", "HookStatusReason", "ResourceStatusReason")
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html
ABOUT_TEMPLATE = re.compile(r"ValidationError|(InsufficientCapabilities|LimitExceeded)(Exception)?")
GONE = "DELETE_COMPLETE"
INSTANCE = "AWS::EC2::Instance"
VOLUME = "AWS::EC2::Volume"
# What of it AWS changes while it runs, and what it stops and starts it for; anything else makes another one.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-instance.html
CHANGED_RUNNING = frozenset(
    {
        "IamInstanceProfile",
        "MetadataOptions",
        "PropagateTagsToVolumeOnCreation",
        "SecurityGroupIds",
        "Tags",
        "Volumes",
    }
)
CHANGED_STOPPED = frozenset({"InstanceType", "UserData"})

Say = Callable[[str], None]


@dataclass(frozen=True)
class Change:
    """One line of a change set: what happens to which resource."""

    action: str
    logical_id: str
    type: str
    replacement: str
    physical_id: str = ""
    # Which of the resource's properties change.
    properties: frozenset[str] = frozenset()

    @property
    def replaces(self) -> bool:
        """Whether the resource may be made anew, with a new id."""
        if self.is_host and self.replacement == "Conditional":
            return not self.properties <= CHANGED_RUNNING | CHANGED_STOPPED
        return self.replacement in ("True", "Conditional")

    @property
    def stops(self) -> bool:
        """Whether a host is stopped for it, and started again."""
        return self.is_host and not self.replaces and not self.properties.isdisjoint(CHANGED_STOPPED)

    @property
    def is_host(self) -> bool:
        """Whether it is about a host."""
        return self.type == INSTANCE

    @property
    def enlarges(self) -> bool:
        """Whether a volume grows."""
        return self.type == VOLUME and "Size" in self.properties

    @property
    def word(self) -> str:
        """What is done to the resource, as people read it."""
        if self.stops:
            return "stop and start"
        return "replace" if self.replaces else self.action.lower()


@dataclass(frozen=True)
class Plan:
    """A change set that waits to be executed; without changes there is none."""

    stack_name: str
    change_set: str
    creates: bool
    changes: tuple[Change, ...]

    @property
    def changes_hosts(self) -> bool:
        """Whether a host comes, goes or is another one afterwards."""
        return any(change.is_host for change in self.changes)


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

    def stands(self) -> bool:
        """Whether there is a stack with resources in it, and nobody is at work on it."""
        status = self.status()
        return status not in NEVER_MADE | EMPTY_AFTER_FAILURE and not status.endswith("_IN_PROGRESS")

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
            raise StackFailed(
                f"the stack '{self.name}' failed when it was first made, is empty and in the way",
                "python -m ec2 deploy deletes it first",
            )
        return self.proposed(status in NEVER_MADE, template, parameters, tags)

    def make_way(self) -> None:
        """Delete the stack where it failed when it was first made, and is empty. Raises as delete does."""
        if self.settled() in EMPTY_AFTER_FAILURE:
            self.say(f"the stack '{self.name}' failed when it was first made and is empty: deleting it")
            # Somebody may have had it protected, empty as it is.
            self.protect(False)
            self.delete()

    def settled(self) -> str:
        """The status once nobody is at work on the stack; what happens until then is said."""
        status = self.status()
        if status.endswith("_IN_PROGRESS") and status not in NEVER_MADE:
            self.say(f"the stack '{self.name}' is {status}: waiting until that is over")
            status = self.followed(self.last_event(), limit_seconds=LONG_TIMEOUT_SECONDS)
        return "" if status == GONE else status

    def proposed(
        self, creates: bool, template: str, parameters: Mapping[str, str], tags: Mapping[str, str]
    ) -> Plan:
        """The change set that leads to the template."""
        name = f"deploy-{time.time_ns()}"
        with told_of_template():
            self.client.create_change_set(
                StackName=self.name,
                ChangeSetName=name,
                ChangeSetType="CREATE" if creates else "UPDATE",
                TemplateBody=template,
                Parameters=said_parameters(template, parameters, keeps=not creates),
                Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
                Capabilities=["CAPABILITY_NAMED_IAM"],
                # A stack that was never made is in the way of the next attempt, and to delete it takes more.
                **({"OnStackFailure": "DELETE"} if creates else {}),
            )
        found = self.reviewed(name)
        if found["Status"] == "FAILED":
            reason = self.why_refused(found)
            self.client.delete_change_set(StackName=self.name, ChangeSetName=name)
            if any(words in reason for words in NOTHING_TO_CHANGE):
                return Plan(self.name, "", creates, ())
            raise StackFailed(f"CloudFormation refused the change set: {reason}")
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

    def why_refused(self, found: Mapping[str, Any]) -> str:
        """Why a change set failed; where its reason only says whom to ask, with what is said there."""
        reason = str(found.get("StatusReason", ""))
        told = self.failed_events(found["ChangeSetId"]) if SAID_ELSEWHERE in reason else ()
        return "\n".join((reason, *told))

    def failed_events(self, change_set: str) -> list[str]:
        """What failed of a change set and why, a line each; nothing where AWS does not tell."""
        with suppress(BotoCoreError, ClientError):
            pages = self.client.get_paginator("describe_events").paginate(
                ChangeSetName=change_set, Filters={"FailedEvents": True}
            )
            return [
                f"{event.get('LogicalResourceId', self.name)} ({event.get('ResourceType', '')}): {reason}"
                for page in pages
                for event in page["OperationEvents"]
                for reason in [event[key] for key in REASONS if event.get(key)]
            ]
        return []

    def discard(self, plan: Plan) -> None:
        """Throw a plan away; the last one of a stack that was never made with the empty stack."""
        if plan.change_set:
            self.client.delete_change_set(StackName=self.name, ChangeSetName=plan.change_set)
        if plan.creates and self.status() == "REVIEW_IN_PROGRESS":
            # Who may not delete stacks without a second factor leaves it, which does no harm.
            with suppress(ClientError):
                if not self.other_plans(plan):
                    self.client.delete_stack(StackName=self.name)

    def other_plans(self, than: Plan) -> bool:
        """Whether anybody else's change set waits to be executed."""
        pages = self.client.get_paginator("list_change_sets").paginate(StackName=self.name)
        return any(row["ChangeSetName"] != than.change_set for page in pages for row in page["Summaries"])

    def launch(self, plan: Plan) -> Launched:
        """Carry the plan out, saying each event. Raises StackFailed with the first resource that failed."""
        if not plan.change_set:
            return Launched("unchanged", self.outputs())
        described = self.described()
        if not described:
            raise StackFailed(
                f"somebody deleted the stack '{self.name}', and the plan with it, before it was carried out",
                "python -m ec2 deploy makes another plan",
            )
        last, stack_id = self.last_event(), described["StackId"]
        self.client.execute_change_set(StackName=self.name, ChangeSetName=plan.change_set)
        enlarged = [change.logical_id for change in plan.changes if change.enlarges]
        for volume in enlarged:
            self.say(f"{volume}: {ENLARGING}")
        status = self.followed(last, stack_id, LONG_TIMEOUT_SECONDS if enlarged else TIMEOUT_SECONDS)
        if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            came_to = "was not made, and is gone again" if status == GONE else f"is {status}"
            raise StackFailed(
                f"the stack '{self.name}' {came_to}: {self.first_failure(last, stack_id)}",
                self.way_out(status),
            )
        return Launched("created" if plan.creates else "updated", self.outputs())

    def instances(self) -> list[str]:
        """The ids of the instances that it has."""
        return [
            resource["PhysicalResourceId"]
            for page in self.client.get_paginator("list_stack_resources").paginate(StackName=self.name)
            for resource in page["StackResourceSummaries"]
            if resource["ResourceType"] == INSTANCE and resource.get("PhysicalResourceId")
        ]

    def guard(self, policy: str) -> None:
        """Have the stack protected, under this policy; nothing is asked where that is so already."""
        if not self.described()["EnableTerminationProtection"]:
            self.protect(True)
        known = self.client.get_stack_policy(StackName=self.name).get("StackPolicyBody", "{}")
        if json.loads(known) != json.loads(policy):
            self.set_policy(policy)

    def protect(self, on: bool) -> None:
        """Let nobody delete the stack by accident, or let it be deleted."""
        self.client.update_termination_protection(StackName=self.name, EnableTerminationProtection=on)

    def set_policy(self, policy: str) -> None:
        """Say what no update may do to the stack's resources."""
        self.client.set_stack_policy(StackName=self.name, StackPolicyBody=policy)

    def delete(self) -> None:
        """Delete the stack; one that is not there is fine.

        Raises StackFailed with what remains, DeletionRefused where AWS does not begin.
        """
        described = self.described()
        if not described:
            return
        last = self.last_event()
        try:
            self.client.delete_stack(StackName=self.name)
        except ClientError as error:
            raise DeletionRefused(*self.refusal(error)) from error
        status = self.followed(last, described["StackId"], LONG_TIMEOUT_SECONDS)
        if status != GONE:
            raise StackFailed(
                f"the stack '{self.name}' is {status}: {self.first_failure(last)}", self.way_out(status)
            )

    def followed(self, last: str, stack_id: str = "", limit_seconds: float = TIMEOUT_SECONDS) -> str:
        """Say each event after the last known one until the stack is at rest; the status it is at then."""
        deadline = time.monotonic() + limit_seconds
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
            f"the stack '{self.name}' was still at work after {limit_seconds / 60:.0f} minutes",
            "repeat the command: it waits for that and goes on",
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

    def first_failure(self, after: str = "", stack_id: str = "") -> str:
        """The resource that failed first since then, and why: what comes later is its consequence."""
        for event in self.events_after(after, stack_id or self.described()["StackId"]):
            reason = event.get("ResourceStatusReason", "")
            if event["ResourceStatus"].endswith("_FAILED") and "cancelled" not in reason:
                return f"{event['LogicalResourceId']} ({event['ResourceType']}): {reason}"
        return str(self.described().get("StackStatusReason", "no event says why"))

    def refusal(self, error: ClientError) -> tuple[str, str]:
        """Why AWS does not delete the stack, and what to try."""
        code = error.response["Error"]["Code"]
        return (
            f"AWS does not delete the stack '{self.name}': {sentence(error)} ({code})",
            "log in with a second factor (MFA), without which python -m ec2 policy lets nobody delete it;"
            " then repeat the command"
            if "AccessDenied" in code
            else "repeat the command",
        )

    def way_out(self, status: str) -> str:
        """What a person can do about a stack that failed, and may be stuck."""
        if status not in STUCK:
            return "mend that, then python -m ec2 deploy again; nothing of the attempt is in the way"
        command = {
            "UPDATE_ROLLBACK_FAILED": "continue-update-rollback",
            "CREATE_FAILED": "rollback-stack",
        }.get(status)
        if command:
            return f"mend that, then: aws cloudformation {command} --stack-name {self.name}"
        # What protects a host is in the way of CloudFormation's own deleting, too.
        return "mend that, then: python -m ec2 destroy"


@contextmanager
def told_of_template() -> Iterator[None]:
    """Raise StackFailed where AWS refuses the template; what else it refuses is not about that."""
    try:
        yield
    except ClientError as error:
        if not ABOUT_TEMPLATE.fullmatch(error.response["Error"]["Code"]):
            raise
        raise StackFailed(
            f"CloudFormation refused the template: {sentence(error)}",
            "python -m ec2 template prints it; what stands in it comes from stack.toml",
        ) from error


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
        frozenset(name for detail in about.get("Details", ()) if (name := detail["Target"].get("Name"))),
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
        counted[change.word] = counted.get(change.word, 0) + 1
    return ", ".join(f"{count} to {word}" for word, count in counted.items()) or "nothing to change"
