"""The wall around this machine's Docker: hosts are containers, VPCs are networks, both marked by a label.

Nothing without the cloud's label is ever touched.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import docker
import requests
from docker.errors import APIError, DockerException, NotFound
from docker.types import EndpointConfig, LogConfig, Mount

from compose.engine import explain
from ec2.rehearsal.errors import RehearsalError
from ec2.rehearsal.machines.decision import Host
from ec2.rehearsal.machines.instances import Instance
from ec2.rehearsal.machines.sizes import Size
from ec2.rehearsal.settings import Rehearsal

log = logging.getLogger(__name__)

INSTANCE = "rehearsal.instance"
VPC = "rehearsal.vpc"
# systemd ends its services in parallel; Docker inside gives its containers ten seconds.
STOP_TIMEOUT_SECONDS = 25
CONSOLE_LINES = 400
ADDRESS_TAKEN = "Address already in use"
ADDRESS_FREE_WITHIN_SECONDS = 30
# systemd 257 wants cgroup v2 and takes v1 only when told twice.
LEGACY_CGROUPS = "systemd.unified_cgroup_hierarchy=0 SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1"


def engine_here() -> docker.DockerClient:
    """This machine's Docker Engine. Raises RehearsalError when none answers."""
    try:
        return docker.from_env()
    except (DockerException, requests.RequestException) as error:
        raise RehearsalError(*explain(str(error))) from error


class Containers:
    """The hosts and networks of one cloud."""

    def __init__(self, rehearsal: Rehearsal, client: docker.DockerClient) -> None:
        self.rehearsal = rehearsal
        self.client = client
        self.making_networks = threading.Lock()
        facts = client.info()
        self.legacy_cgroups = facts["CgroupVersion"] == "1"
        self.cpus = int(facts["NCPU"])

    def hosts(self) -> dict[str, Host]:
        """Every host's container by its instance's id, the stopped ones too."""
        found = [self.inspect(row["Id"]) for row in self.client.api.containers(all=True, filters=self.mine())]
        return {host.instance_id: host for host in found if host}

    def inspect(self, container_id: str) -> Host | None:
        """A host as it is now; None when it was removed meanwhile."""
        try:
            facts = self.client.api.inspect_container(container_id)
        except NotFound:
            return None
        state = facts["State"]
        started, ended = moment(state["StartedAt"]), moment(state["FinishedAt"])
        until = datetime.now(UTC) if state["Running"] else ended
        return Host(
            instance_id=facts["Config"]["Labels"][INSTANCE],
            container_id=container_id,
            running=state["Running"],
            exit_status=state["ExitCode"],
            lasted_seconds=(until - started).total_seconds(),
            fresh=state["Status"] == "created",
            address=fixed_address(facts["NetworkSettings"]["Networks"]),
            process=state["Pid"],
            vpc=facts["Config"]["Labels"][VPC],
        )

    def create(self, instance: Instance, image: str, size: Size) -> None:
        """Make the host's container with its address and limits; it does not run yet."""
        environment = {"container": "docker"}
        if self.legacy_cgroups:
            environment["SYSTEMD_PROC_CMDLINE"] = LEGACY_CGROUPS
        endpoint = EndpointConfig(
            self.client.api.api_version,
            ipv4_address=instance.private_address,
            aliases=[instance.private_name],
            mac_address=instance.mac or None,
        )
        network = self.network_name(instance.vpc)
        self.client.containers.create(
            image,
            name=f"{self.rehearsal.name}-{instance.id}",
            hostname=instance.private_name,
            labels={**self.rehearsal.labels, INSTANCE: instance.id, VPC: instance.vpc},
            environment=environment,
            # Without a terminal there is no console: with it, the console is Docker's log.
            tty=True,
            privileged=True,
            cgroupns="private",
            mem_limit=size.memory_bytes,
            memswap_limit=size.memory_bytes,
            nano_cpus=min(size.cpus, self.cpus) * 10**9,
            network=network,
            networking_config={network: endpoint},
            # An overlay file system does not lie on another.
            mounts=[Mount("/var/lib/docker", self.disk(instance.id), labels=self.rehearsal.labels)],
            log_config=LogConfig(type="json-file", config={"max-size": "2m", "max-file": "1"}),
        )

    def disk(self, instance_id: str) -> str:
        """The volume that holds what the host's own Docker Engine keeps."""
        return f"{self.rehearsal.name}-{instance_id}-docker"

    def start(self, instance_id: str) -> int:
        """Start the host, one that runs stays as it is; its first process.

        An address is given again to a new host before a busy engine has taken it from the old one.
        """
        deadline = time.monotonic() + ADDRESS_FREE_WITHIN_SECONDS
        while True:
            try:
                self.container(instance_id).start()
                return int(self.container(instance_id).attrs["State"]["Pid"])
            except APIError as error:
                if ADDRESS_TAKEN not in str(error.explanation) or time.monotonic() > deadline:
                    raise
            log.info("%s: its address is not free yet", instance_id)
            time.sleep(1)

    def stop(self, instance_id: str) -> None:
        """Shut the host down in order, or end it when that takes too long."""
        self.container(instance_id).stop(timeout=STOP_TIMEOUT_SECONDS)

    def end(self, instance_id: str) -> None:
        """Shut the host down; one that is gone already is fine."""
        with suppress(NotFound):
            self.stop(instance_id)

    def remove(self, instance_id: str) -> None:
        """Remove the host with its disks, shut down or not; one that is gone already is fine."""
        with suppress(NotFound):
            self.container(instance_id).remove(force=True, v=True)
        for volume in self.client.volumes.list(filters={"name": self.disk(instance_id)}):
            volume.remove(force=True)

    def console(self, instance_id: str) -> str:
        """The end of what the host wrote on its console; "" when there is no such host."""
        try:
            text: bytes = self.container(instance_id).logs(tail=CONSOLE_LINES)
        except NotFound:
            return ""
        return text.decode(errors="replace")

    def container(self, instance_id: str) -> Any:
        """The SDK's object. Raises NotFound."""
        return self.client.containers.get(f"{self.rehearsal.name}-{instance_id}")

    def network_name(self, vpc: str) -> str:
        """What Docker calls the network of a VPC."""
        return f"{self.rehearsal.name}-{vpc}"

    def ensure_network(self, vpc: str, cidr: str, bridge: str) -> None:
        """Have the VPC's network. Raises RehearsalError when Docker cannot give it that range."""
        try:
            # The first hosts of a VPC come side by side.
            with self.making_networks:
                if vpc not in self.networks():
                    self.client.networks.create(
                        self.network_name(vpc),
                        driver="bridge",
                        ipam=docker.types.IPAMConfig(pool_configs=[docker.types.IPAMPool(subnet=cidr)]),
                        options={"com.docker.network.bridge.name": bridge},
                        labels={**self.rehearsal.labels, VPC: vpc},
                    )
        except APIError as error:
            raise RehearsalError(
                f"Docker cannot make a network of {cidr} for {vpc}: {error.explanation}",
                "choose a range for the VPC that nothing on this machine uses",
            ) from error

    def networks(self) -> dict[str, str]:
        """Docker's id of the network of each VPC that has one."""
        return {
            network.attrs["Labels"][VPC]: str(network.id)
            for network in self.client.networks.list(filters=self.mine())
        }

    def remove_network(self, vpc: str) -> None:
        """Remove the VPC's network; one with hosts on it stays."""
        for network in self.client.networks.list(names=[f"^{self.network_name(vpc)}$"]):
            network.remove()

    def remove_all(self) -> None:
        """Leave nothing of this cloud in Docker; images stay."""
        for instance_id in self.hosts():
            self.remove(instance_id)
        for vpc in self.networks():
            self.remove_network(vpc)
        for volume in self.client.volumes.list(filters=self.mine()):
            volume.remove(force=True)

    def on_end(self, tell: Callable[[], None]) -> None:
        """Call whenever one of the hosts ends, for as long as the engine answers."""
        with suppress(DockerException, requests.RequestException):
            for _ in self.client.events(decode=True, filters={**self.mine(), "event": "die"}):
                tell()

    def mine(self) -> dict[str, str]:
        """The filter that gives only this cloud's own."""
        return {"label": "=".join(next(iter(self.rehearsal.labels.items())))}


def fixed_address(networks: dict[str, Any]) -> str:
    """The private address that the host was made with; it has it while it is stopped, too."""
    chosen = [network.get("IPAMConfig") or {} for network in networks.values()]
    return next((str(one.get("IPv4Address", "")) for one in chosen), "")


def moment(text: str) -> datetime:
    """A time as Docker writes it, to the microsecond."""
    return datetime.fromisoformat(text[:26].rstrip("Z") + "+00:00")
