"""The one writer of statuses: every change of a stack or a resource becomes an event in the same moment."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import RLock
from typing import Any
from uuid import uuid4

from ec2.rehearsal.stacks.parameters import masked, secrets
from ec2.rehearsal.stacks.state import Cloud, Event, Stack, StackResource

STACK_TYPE = "AWS::CloudFormation::Stack"


class Journal:
    """Writes into the cloud's records under the lock that every reader takes, and tells of each line."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.lock = RLock()
        self.tell: Callable[[], None] = lambda: None

    @contextmanager
    def held(self) -> Iterator[Cloud]:
        """The records, and nobody else at them."""
        with self.lock:
            yield self.cloud

    def stack(self, stack: Stack, status: str, reason: str = "") -> None:
        """Give a stack a status."""
        with self.lock:
            stack.status = status
            stack.reason = self.shown(stack, reason)
            self.event(stack, stack.name, stack.id, STACK_TYPE, status, stack.reason, None)

    def resource(self, stack: Stack, held: StackResource, status: str, reason: str = "") -> StackResource:
        """Store a resource of the stack under a status, and return it as stored."""
        with self.lock:
            stored = self.told(stack, held, status, reason)
            stack.resources[held.logical_id] = stored
            return stored

    def told(self, stack: Stack, held: StackResource, status: str, reason: str = "") -> StackResource:
        """Write an event on a resource that is no longer, or not yet, one of the stack's."""
        with self.lock:
            reason = self.shown(stack, reason)
            stored = replace(held, status=status, reason=reason, updated_at=self.cloud.now())
            self.event(stack, held.logical_id, held.physical_id, held.type, status, reason, held.properties)
            return stored

    def event(
        self,
        stack: Stack,
        logical_id: str,
        physical_id: str,
        kind: str,
        status: str,
        reason: str,
        properties: Any,
    ) -> None:
        """Add one line to the stack's history."""
        text = "" if properties is None else self.shown(stack, json.dumps(properties, default=str))
        token = stack.operation.token if stack.operation else None
        stack.events.append(
            Event(str(uuid4()), self.cloud.now(), logical_id, physical_id, kind, status, reason, text, token)
        )
        self.tell()

    def shown(self, stack: Stack, text: str) -> str:
        """A text without the values of the stack's NoEcho parameters."""
        hidden = secrets(stack.definition.parameters)
        if stack.operation:
            hidden += secrets(stack.operation.definition.parameters)
        return masked(text, hidden)
