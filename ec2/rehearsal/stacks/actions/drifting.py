"""Drift detection: begun, asked for, and its findings."""

import json
from dataclasses import replace
from threading import Thread
from typing import Any
from uuid import uuid4

from ec2.rehearsal.stacks.actions.describing import find_with_events, no_resource
from ec2.rehearsal.stacks.drift import differences
from ec2.rehearsal.stacks.engine import Engine
from ec2.rehearsal.stacks.errors import ValidationError
from ec2.rehearsal.stacks.pages import page
from ec2.rehearsal.stacks.requested import Request
from ec2.rehearsal.stacks.schemas import schema
from ec2.rehearsal.stacks.state import Detection, Stack, StackResource
from ec2.rehearsal.stacks.steps import reason_of

DETECTABLE = frozenset(
    ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED")
)


def detect_stack_drift(engine: Engine, request: Request) -> dict[str, Any]:
    """Begin to look at every resource of a stack, or at some."""
    with engine.lock:
        stack = find_with_events(engine, request["StackName"])
        if stack.status not in DETECTABLE:
            raise ValidationError(
                f"Drift detection cannot be performed on stack [{stack.id}] while in {stack.status} status"
            )
        detection = Detection(str(uuid4()), stack.id, engine.cloud.now(), "DETECTION_IN_PROGRESS")
        engine.cloud.detections[detection.id] = detection
    wanted = request.get("LogicalResourceIds")
    names = [name for name in stack.present if not wanted or name in wanted]
    Thread(target=detect, args=(engine, stack, detection, names), daemon=True).start()
    return {"StackDriftDetectionId": detection.id}


def detect(engine: Engine, stack: Stack, detection: Detection, names: list[str]) -> None:
    """Look at the resources and write down what was found."""
    try:
        found = [compare(engine, stack, stack.resources[name]) for name in names]
    except Exception as error:  # a detection that cannot be made says why
        failed = replace(detection, status="DETECTION_FAILED", reason=reason_of(error))
        with engine.lock:
            engine.cloud.detections[detection.id] = failed
        return
    drifted = sum(entry["StackResourceDriftStatus"] in ("MODIFIED", "DELETED") for entry in found)
    verdict = "DRIFTED" if drifted else "IN_SYNC"
    with engine.lock:
        stack.drift, stack.drift_checked_at = verdict, detection.at
        engine.cloud.detections[detection.id] = replace(
            detection, status="DETECTION_COMPLETE", drift=verdict, drifted=drifted
        )


def compare(engine: Engine, stack: Stack, held: StackResource) -> dict[str, Any]:
    """Hold one resource against what is there, and remember the finding."""
    actual = engine.site.types[held.type].read(engine.site.aws, held.physical_id)
    foreign = frozenset(held.tags)
    found = [] if actual is None else differences(schema(held.type), held.properties, actual, foreign)
    status = "DELETED" if actual is None else "MODIFIED" if found else "IN_SYNC"
    with engine.lock:
        now = engine.cloud.now()
        entry = {
            "StackId": stack.id,
            "LogicalResourceId": held.logical_id,
            "PhysicalResourceId": held.physical_id,
            "ResourceType": held.type,
            "ExpectedProperties": text(engine, stack, held.properties),
            "StackResourceDriftStatus": status,
            "Timestamp": now,
        }
        if actual is not None:
            read = {name: value for name, value in actual.items() if name in held.properties}
            entry["ActualProperties"] = text(engine, stack, read)
            entry["PropertyDifferences"] = [
                {key: engine.journal.shown(stack, value) for key, value in one.items()} for one in found
            ]
        stack.differences[held.logical_id] = entry
        checked = replace(stack.resources[held.logical_id], drift=status, drift_checked_at=now)
        stack.resources[held.logical_id] = checked
    return entry


def text(engine: Engine, stack: Stack, properties: Any) -> str:
    """Properties as the text that the API gives, NoEcho values as stars."""
    return engine.journal.shown(stack, json.dumps(properties, default=str))


def detect_stack_resource_drift(engine: Engine, request: Request) -> dict[str, Any]:
    """Look at one resource at once."""
    with engine.lock:
        stack = find_with_events(engine, request["StackName"])
        held = stack.present.get(request["LogicalResourceId"])
    if held is None:
        raise no_resource(request["LogicalResourceId"], stack)
    return {"StackResourceDrift": compare(engine, stack, held)}


def describe_stack_drift_detection_status(engine: Engine, request: Request) -> dict[str, Any]:
    """How far a detection is."""
    with engine.lock:
        detection = engine.cloud.detections.get(request["StackDriftDetectionId"])
    if detection is None:
        raise ValidationError(f"DetectionId {request['StackDriftDetectionId']} does not exist")
    told: dict[str, Any] = {
        "StackId": detection.stack_id,
        "StackDriftDetectionId": detection.id,
        "DetectionStatus": detection.status,
        "Timestamp": detection.at,
    }
    if detection.status == "DETECTION_COMPLETE":
        told |= {"StackDriftStatus": detection.drift, "DriftedStackResourceCount": detection.drifted}
    return {**told, "DetectionStatusReason": detection.reason} if detection.reason else told


def describe_stack_resource_drifts(engine: Engine, request: Request) -> dict[str, Any]:
    """What the last detection found, resource by resource."""
    wanted = request.get("StackResourceDriftStatusFilters")
    with engine.lock:
        stack = find_with_events(engine, request["StackName"])
        entries = [
            entry
            for name, entry in stack.differences.items()
            if name in stack.resources and (not wanted or entry["StackResourceDriftStatus"] in wanted)
        ]
    shown, more = page(entries, lambda entry: str(entry["LogicalResourceId"]), dict(request))
    return {"StackResourceDrifts": shown, **more}
