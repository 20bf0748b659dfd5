"""One at a time in moto: its models walk through dictionaries that whoever else is in there may change.

It is Python all through, so side by side nothing would be faster.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Of a request, of the snapshot, and of whoever reaches into moto past the API.
TURN = threading.RLock()

# Who signs as one of these is answered out of moto's memory, and asks nobody meanwhile.
IN_MEMORY = frozenset({"ec2", "iam", "kms", "logs", "monitoring", "sns", "ssm", "sts"})
# But for these. They wait for Docker, for a topic's subscriber or for a function, who may ask the API first.
ASKING_OTHERS = frozenset(
    {
        "CreateExportTask",
        "GetConsoleOutput",
        "Publish",
        "PublishBatch",
        "PutLogEvents",
        "PutSubscriptionFilter",
    }
)


@contextmanager
def turn(service: str, action: str) -> Iterator[None]:
    """While a request of this service for this action is in moto; who waits for others in there has none."""
    if service in IN_MEMORY and action not in ASKING_OTHERS:
        with TURN:
            yield
    else:
        yield
