"""Names that CloudFormation makes up for resources to which the template gives none."""

import secrets
import string

from ec2.rehearsal.stacks.resources.contract import Place

RANDOM_LENGTH = 12
LETTERS = string.ascii_uppercase + string.digits


def generated_name(place: Place, limit: int) -> str:
    """STACK-LOGICALID-RANDOM of at most `limit` characters; the stack's name is cut first."""
    random = "".join(secrets.choice(LETTERS) for _ in range(RANDOM_LENGTH))
    room = limit - RANDOM_LENGTH - 2
    logical_id = place.logical_id[: room - min(len(place.stack_name), room // 2)]
    return f"{place.stack_name[: room - len(logical_id)]}-{logical_id}-{random}"


def is_generated(name: str, place: Place, limit: int) -> bool:
    """Whether it is a name that could have been made up for this place."""
    return name[:-RANDOM_LENGTH] == generated_name(place, limit)[:-RANDOM_LENGTH]
