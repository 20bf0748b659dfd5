"""Puts the engine behind moto's CloudFormation: moto reads the request and writes the answer, no more."""

import logging
from collections.abc import Callable, Mapping
from typing import Any
from xml.sax.saxutils import escape

from botocore.session import get_session
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import camelcase_to_underscores

from ec2.rehearsal.stacks.actions import change_sets, describing, drifting, stacks, templates
from ec2.rehearsal.stacks.engine import Engine
from ec2.rehearsal.stacks.errors import (
    InternalFailure,
    Refused,
    UnsupportedOperation,
    ValidationError,
)
from ec2.rehearsal.stacks.requested import Request

LOG = logging.getLogger(__name__)
Action = Callable[[Engine, Request], dict[str, Any] | None]

ACTIONS: Mapping[str, Action] = {
    "CancelUpdateStack": stacks.cancel_update_stack,
    "ContinueUpdateRollback": stacks.continue_update_rollback,
    "CreateChangeSet": change_sets.create_change_set,
    "CreateStack": stacks.create_stack,
    "DeleteChangeSet": change_sets.delete_change_set,
    "DeleteStack": stacks.delete_stack,
    "DescribeChangeSet": change_sets.describe_change_set,
    "DescribeStackDriftDetectionStatus": drifting.describe_stack_drift_detection_status,
    "DescribeStackEvents": describing.describe_stack_events,
    "DescribeStackResource": describing.describe_stack_resource,
    "DescribeStackResourceDrifts": drifting.describe_stack_resource_drifts,
    "DescribeStackResources": describing.describe_stack_resources,
    "DescribeStacks": describing.describe_stacks,
    "DetectStackDrift": drifting.detect_stack_drift,
    "DetectStackResourceDrift": drifting.detect_stack_resource_drift,
    "ExecuteChangeSet": change_sets.execute_change_set,
    "GetStackPolicy": stacks.get_stack_policy,
    "GetTemplate": templates.get_template,
    "GetTemplateSummary": templates.get_template_summary,
    "ListChangeSets": change_sets.list_change_sets,
    "ListExports": describing.list_exports,
    "ListImports": describing.list_imports,
    "ListStackResources": describing.list_stack_resources,
    "ListStacks": describing.list_stacks,
    "RollbackStack": stacks.rollback_stack,
    "SetStackPolicy": stacks.set_stack_policy,
    "UpdateStack": stacks.update_stack,
    "UpdateTerminationProtection": stacks.update_termination_protection,
    "ValidateTemplate": templates.validate_template,
}
NAMESPACE = "http://cloudformation.amazonaws.com/doc/2010-05-15/"


def install(engine: Engine) -> None:
    """Answer every action of CloudFormation from the engine; none falls to moto's own."""
    # These reach into moto's own records and would fail on ours.
    CloudFormationResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER.clear()
    model = get_session().get_service_model("cloudformation")
    for action in model.operation_names:
        setattr(CloudFormationResponse, camelcase_to_underscores(action), method(engine, action))


def method(engine: Engine, action: str) -> Callable[[Any], Any]:
    """What moto calls for one action."""

    def answer(self: Any) -> Any:
        try:
            result = perform(engine, action, self.region, self.params)
        except Refused as refusal:
            return error_text(refusal), {"status": 400, "Content-Type": "text/xml"}
        except Exception as error:  # a defect of ours is told as one, and not retried as a lost answer
            LOG.exception("CloudFormation %s", action)
            failure = InternalFailure(f"{action}: {type(error).__name__}: {error}")
            return error_text(failure), {"status": 400, "Content-Type": "text/xml"}
        return EmptyResult() if result is None else ActionResult(result)

    return answer


def perform(engine: Engine, action: str, region: str, request: Request) -> dict[str, Any] | None:
    """Carry an action out, or say that it is not there."""
    if action not in ACTIONS:
        raise UnsupportedOperation(f"The rehearsal's CloudFormation does not have the action {action}.")
    if region != engine.site.region:
        raise ValidationError(
            f"The rehearsal has CloudFormation in {engine.site.region} only; the request is for {region}."
        )
    return ACTIONS[action](engine, request)


def error_text(refusal: Refused) -> str:
    """An error as the query protocol has it; moto's own writer warns of codes that it does not know."""
    return (
        f'<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>Sender</Type><Code>{refusal.code}</Code>'
        f"<Message>{escape(refusal.message)}</Message></Error><RequestId>rehearsal</RequestId></ErrorResponse>"
    )
