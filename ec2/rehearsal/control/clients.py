"""boto3 clients of the local EC2: what its own parts use is AWS's API, like everybody else."""

import threading
from collections.abc import Callable
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from ec2.rehearsal.settings import ACCOUNT, REGION

Clients = Callable[[str], Any]

# Of the account's owner: moto gives an access key to the account whose number it spells.
ACCESS_KEY = ACCOUNT
SECRET_KEY = "rehearsal"  # noqa: S105 - nothing checks it
# The one who calls sits in the same process: a slow answer is a busy machine, not a lost request.
PATIENCE = Config(read_timeout=120, retries={"total_max_attempts": 1}, max_pool_connections=50)


def connect(endpoint: str) -> Clients:
    """A client per service name for the API at this address, made once and shared by all threads."""
    session = boto3.session.Session(ACCESS_KEY, SECRET_KEY, region_name=REGION)
    making = threading.Lock()

    @cache
    def make(service: str) -> Any:
        return session.client(service, endpoint_url=endpoint, config=PATIENCE)

    def client(service: str) -> Any:
        # boto3's sessions are not made for several threads; the clients are.
        with making:
            return make(service)

    return client
