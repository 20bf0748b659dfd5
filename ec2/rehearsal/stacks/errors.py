"""What CloudFormation refuses, each under the code that AWS's own clients know."""

from typing import ClassVar


class Refused(Exception):
    """An API call is refused: its code and its sentence are what the caller sees."""

    code: ClassVar[str] = "ValidationError"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ValidationError(Refused):
    """A request, a template, a parameter or a state that does not fit."""


class AlreadyExists(Refused):
    """A stack or a change set of that name is there already."""

    code = "AlreadyExistsException"


class ChangeSetNotFound(Refused):
    """No change set of that name or id."""

    code = "ChangeSetNotFound"


class InvalidChangeSetStatus(Refused):
    """A change set that cannot be executed or deleted as it stands."""

    code = "InvalidChangeSetStatus"


class InsufficientCapabilities(Refused):
    """The template makes IAM resources and the caller has not said that this is known."""

    code = "InsufficientCapabilitiesException"


class UnsupportedOperation(Refused):
    """An action of CloudFormation that the rehearsal does not have."""

    code = "UnsupportedOperation"


class InternalFailure(Refused):
    """A defect of the rehearsal."""

    code = "InternalFailure"
