"""What can go wrong with the local EC2, each as one sentence and the next command to try."""

from dataclasses import dataclass


@dataclass
class RehearsalError(Exception):
    """Something a person can act on; anything else that is raised is a defect of this project."""

    message: str
    hint: str = ""

    def __str__(self) -> str:
        return self.message
