"""The story of the local EC2: prepare this machine, put the parts together, serve until told to stop."""

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ec2.rehearsal import process, snapshot
from ec2.rehearsal.control import patches, seeds, server
from ec2.rehearsal.control.clients import Clients, connect
from ec2.rehearsal.ground import Ground
from ec2.rehearsal.imds.service import MetadataService
from ec2.rehearsal.keeper import STACKS, Keeper
from ec2.rehearsal.machines.containers import Containers, engine_here
from ec2.rehearsal.machines.images import build_host_images, host_image
from ec2.rehearsal.machines.machines import Machines
from ec2.rehearsal.machines.reachability import Reachability
from ec2.rehearsal.machines.steps import Steps
from ec2.rehearsal.network import applier, names
from ec2.rehearsal.settings import ACCOUNT, METADATA_PORT, REGION, Rehearsal
from ec2.rehearsal.stacks.engine import Engine
from ec2.rehearsal.stacks.resources import RESOURCE_TYPES
from ec2.rehearsal.stacks.wire import install
from ec2.rehearsal.volumes import reconcile as volumes
from ec2.rehearsal.volumes.attachments import patch_volumes

log = logging.getLogger(__name__)

# The first look at the hosts; what stands in its way is said meanwhile.
SETTLED_WITHIN_SECONDS = 30.0
# At the end: for what a stack makes without a host, and much less than a host's boot.
MADE_WITHIN_SECONDS = 3.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Parts:
    """What one process consists of."""

    aws: Clients
    machines: Machines
    engine: Engine
    gate: server.Gate
    keeper: Keeper

    def settled(self) -> bool:
        """Whether the rules of the network hold, after the first look at what is there."""
        return self.machines.settled.is_set()

    def changed(self) -> None:
        """After a request that may have changed the cloud: hosts follow, and it is kept before the answer."""
        self.machines.changed()
        self.keeper.kept()


def serve_until_told(rehearsal: Rehearsal, say: Say) -> None:
    """Be the cloud until SIGTERM or Ctrl-C; the hosts go on, and the next process adopts them.

    Raises RehearsalError when this machine cannot carry it; nothing is left half made then.
    """
    told = on_signals()
    with process.alone(rehearsal), applier.begun(rehearsal):
        volumes.start(rehearsal)
        build_host_images(say)
        parts = put_together(rehearsal, say)
        with listening(rehearsal, parts):
            rehearsal.remember()
            parts.engine.resume()
            machines, keeper = (threading.Thread(target=part.run) for part in (parts.machines, parts.keeper))
            machines.start()
            keeper.start()
            parts.machines.settled.wait(SETTLED_WITHIN_SECONDS)
            say(f"the local EC2 answers at {rehearsal.endpoint}, its hosts in {rehearsal.pool}")
            told.wait()
            say("stopping; the hosts go on")
            parts.machines.stop()
            machines.join()
            parts.engine.stop(MADE_WITHIN_SECONDS)
            parts.gate.close()
            parts.keeper.stop()
            keeper.join()


def on_signals() -> threading.Event:
    """Set when the process is told to end."""
    told = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told.set())
    return told


def put_together(rehearsal: Rehearsal, say: Say) -> Parts:
    """Every part, wired to its neighbours; nothing runs yet."""
    server.configure_moto(rehearsal.port)
    aws = connect(rehearsal.endpoint)
    containers = Containers(rehearsal, engine_here())
    ground = Ground(rehearsal, aws("ec2"), containers, patch_volumes(rehearsal), say)
    images = {machine_image: host_image(target) for machine_image, target in seeds.TARGETS.items()}
    steps = Steps(aws("ec2"), containers, images, ground, Reachability(names.PROBE_MARK), say)
    known, gate = snapshot.load(rehearsal) or {}, server.Gate()
    engine = Engine(RESOURCE_TYPES, aws, ACCOUNT, REGION, known.get(STACKS))
    keeper = Keeper(rehearsal, gate, engine, say)
    engine.journal.tell = keeper.changed
    machines = Machines(steps, keeper.changed)
    patches.patch_moto(machines, rehearsal.pool)
    install(engine)
    seeds.seed(rehearsal.bare)
    return Parts(aws, machines, engine, gate, keeper)


@contextmanager
def listening(rehearsal: Rehearsal, parts: Parts) -> Iterator[None]:
    """While the API answers people on loopback and hosts at the gateway, and the metadata service hosts."""
    api, gateway = server.Api(parts.gate, parts.changed, parts.settled), str(rehearsal.gateway)
    metadata = MetadataService(parts.aws)
    open_ = []
    try:
        another = f", or choose another: python -m ec2.rehearsal --port {rehearsal.port + 10} start"
        # The last one first at the end: the metadata service asks the API.
        open_.append(server.listen("127.0.0.1", rehearsal.port, api, another))
        open_.append(server.listen(gateway, rehearsal.port, api, another))
        open_.append(server.listen(gateway, METADATA_PORT, metadata))
        yield
    finally:
        for each in reversed(open_):
            each.shutdown()
            each.server_close()
