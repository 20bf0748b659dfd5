"""Whatever the API tells, nft takes what is made of it."""

import subprocess

from hypothesis import given, settings

from ec2.rehearsal.network.compiler import compile_rules
from ec2.rehearsal.network.model import Network
from ec2.rehearsal.network.services import Services
from ec2.rehearsal.settings import Rehearsal
from tests.unit.rehearsal.network.networks import NETWORKS

CLOUD = Rehearsal("checked-only")


@given(NETWORKS)
@settings(max_examples=60)
def test_every_compiled_network_is_accepted(network: Network) -> None:
    script = compile_rules(network, CLOUD, Services(CLOUD.gateway, 4566, 8091))
    checked = subprocess.run(
        ["nft", "--check", "-f", "-"], input=script, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
