"""All that the engine remembers: plain records that pickle, changed only under the engine's lock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ec2.rehearsal.stacks.parameters import Parameter

EPOCH = datetime(2010, 5, 15, tzinfo=UTC)
TICK = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Definition:
    """What a stack is asked to be."""

    template: str
    parameters: Mapping[str, Parameter]
    tags: Mapping[str, str]
    capabilities: tuple[str, ...] = ()
    notification_arns: tuple[str, ...] = ()
    role_arn: str | None = None


NOTHING = Definition("", {}, {})
"""What a stack is before its first change set is executed."""


@dataclass(frozen=True)
class StackResource:
    """A resource as it was last made: its physical id and the resolved properties it was made with."""

    logical_id: str
    type: str
    physical_id: str
    properties: Mapping[str, Any]
    tags: Mapping[str, str]
    depends_on: frozenset[str]
    deletion_policy: str
    update_replace_policy: str
    metadata: Any
    status: str
    reason: str
    updated_at: datetime
    drift: str = "NOT_CHECKED"
    drift_checked_at: datetime | None = None

    @property
    def present(self) -> bool:
        """Whether it still belongs to the stack."""
        return self.status not in ("DELETE_COMPLETE", "DELETE_SKIPPED")


@dataclass(frozen=True)
class Event:
    """One line of a stack's history."""

    id: str
    at: datetime
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str
    properties: str
    token: str | None


@dataclass(frozen=True)
class Output:
    """A value that the stack tells; with an export's name other stacks may import it."""

    key: str
    value: str
    description: str | None
    export: str | None


@dataclass(frozen=True)
class Before:
    """The stack as it was before an update: what a rollback goes back to."""

    resources: Mapping[str, StackResource]
    updated_at: datetime | None


@dataclass(frozen=True)
class Leftover:
    """A resource that a finished update no longer needs, and what is to become of it."""

    resource: StackResource
    policy: str


@dataclass(frozen=True)
class Operation:
    """What a stack is in the middle of; enough to go on, or back, after a restart."""

    definition: Definition
    token: str | None
    before: Before | None = None
    on_failure: str = "ROLLBACK"
    policy: str | None = None
    retained: frozenset[str] = frozenset()
    skipped: frozenset[str] = frozenset()
    deadline: datetime | None = None
    cancelled: bool = False


@dataclass(frozen=True)
class ChangeSet:
    """A proposed definition with the changes that it would make."""

    name: str
    id: str
    kind: str
    status: str
    reason: str
    execution_status: str
    definition: Definition
    changes: tuple[dict[str, Any], ...]
    created_at: datetime
    description: str | None
    on_failure: str | None


@dataclass(frozen=True)
class Detection:
    """One search for drift in a stack and what came of it."""

    id: str
    stack_id: str
    at: datetime
    status: str
    reason: str = ""
    drift: str = "UNKNOWN"
    drifted: int = 0


@dataclass
class Stack:
    """One stack, deleted ones included."""

    name: str
    id: str
    created_at: datetime
    definition: Definition
    status: str
    reason: str = ""
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    resources: dict[str, StackResource] = field(default_factory=dict)
    leftovers: tuple[Leftover, ...] = ()
    outputs: tuple[Output, ...] = ()
    imports: frozenset[str] = frozenset()
    events: list[Event] = field(default_factory=list)
    change_sets: dict[str, ChangeSet] = field(default_factory=dict)
    change_set_id: str | None = None
    protected: bool = False
    policy: str | None = None
    disable_rollback: bool = False
    timeout_minutes: int | None = None
    operation: Operation | None = None
    drift: str = "NOT_CHECKED"
    drift_checked_at: datetime | None = None
    differences: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def in_progress(self) -> bool:
        """Whether an operation is under way."""
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"

    @property
    def deleted(self) -> bool:
        """Whether only the stack's id still finds it."""
        return self.status == "DELETE_COMPLETE"

    @property
    def present(self) -> dict[str, StackResource]:
        """The resources that belong to the stack now."""
        # A copy first: the operation's threads may be adding to it.
        return {name: held for name, held in list(self.resources.items()) if held.present}


@dataclass
class Cloud:
    """Every stack and every drift detection; `clock` makes all times differ and grow."""

    stacks: dict[str, Stack] = field(default_factory=dict)
    detections: dict[str, Detection] = field(default_factory=dict)
    clock: datetime = EPOCH

    def now(self) -> datetime:
        """The time, at least a millisecond after the last that was told."""
        time = datetime.now(UTC)
        time -= timedelta(microseconds=time.microsecond % 1000)
        self.clock = max(time, self.clock + TICK)
        return self.clock
