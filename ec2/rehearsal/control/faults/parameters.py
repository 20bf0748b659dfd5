"""Parameters of the Systems Manager: one writes at a time, what fits the parameter's own pattern."""

import re
import threading
from typing import Any

from moto.ssm.exceptions import SSMException
from moto.ssm.models import SimpleSystemManagerBackend

from ec2.rehearsal.control.originals import original, replace


def mend_parameters() -> None:
    """A value that does not fit is refused, also by the pattern of an older version.

    Of several who create the same parameter one succeeds: moto looks, and writes some lines later.
    """
    one_at_a_time = threading.Lock()
    moto_put = original(SimpleSystemManagerBackend, "put_parameter")

    def put_parameter(
        self: Any,
        name: str,
        description: Any,
        value: str,
        kind: Any,
        pattern: str | None,
        *more: Any,
        **all_: Any,
    ) -> Any:
        with one_at_a_time:
            older = self._parameters[name][-1:] if name in self._parameters else []
            refuse_value(value, pattern or next((one.allowed_pattern for one in older), None))
            return moto_put(self, name, description, value, kind, pattern, *more, **all_)

    replace(SimpleSystemManagerBackend, "put_parameter", put_parameter)


def refuse_value(value: str, pattern: str | None) -> None:
    """Raise the service's error for a value that does not fit, and for a pattern that is none."""
    try:
        fits = not pattern or re.fullmatch(pattern, value)
    except re.error as error:
        raise SSMException("InvalidAllowedPatternException", f"The pattern is not valid: {error}") from error
    if not fits:
        raise SSMException(
            "ParameterPatternMismatchException",
            f"Parameter value, cannot be validated against allowedPattern: {pattern}",
        )
