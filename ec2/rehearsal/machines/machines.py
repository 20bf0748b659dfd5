"""The loop that makes Docker match EC2: look, decide one step per host, take the steps side by side."""

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import requests

from ec2.rehearsal.errors import RehearsalError
from ec2.rehearsal.machines.boot import boot_result
from ec2.rehearsal.machines.decision import Host, Step, next_step
from ec2.rehearsal.machines.instances import Instance, wanted
from ec2.rehearsal.machines.steps import Instances, Steps

log = logging.getLogger(__name__)

# The loop is woken by each change and by each end of a host; this is only the net below.
LOOK_EVERY_SECONDS = 2.0
# Hosts that boot or shut down at once; the rest wait.
SIDE_BY_SIDE = 8


class Machines:
    """The hypervisor: what the control plane asks of it, and the loop that carries it out.

    `tell` is called after each step, since the API may say something else then.
    """

    def __init__(self, steps: Steps, tell: Callable[[], None]) -> None:
        self.steps = steps
        self.tell = tell
        self.containers = steps.containers
        self.wake = threading.Event()
        self.over = threading.Event()
        self.settled = threading.Event()
        self.lock = threading.Lock()
        self.busy: set[str] = set()
        # Whether those that the last process left booting are known.
        self.adopted = False

    def changed(self) -> None:
        """The API was asked to change something: look soon."""
        self.wake.set()

    def reboot(self, instance_id: str) -> None:
        """Boot the host anew, on the same disks and addresses."""
        self.steps.reboots.add(instance_id)
        self.wake.set()

    def reachability(self, instance_id: str) -> str:
        """`initializing`, `ok` or `impaired`."""
        return self.steps.reachable.status(instance_id)

    def console(self, instance_id: str) -> str:
        """The end of what the host wrote on its console."""
        return self.containers.console(instance_id)

    def stop(self) -> None:
        """End the loop after the steps that are being taken; the hosts go on."""
        self.over.set()
        self.wake.set()

    def run(self) -> None:
        """Look, decide and act until stopped; what stands in the way is said once and tried again."""
        threading.Thread(target=self.steps.reachable.run, args=(self.over,), daemon=True).start()
        threading.Thread(target=self.containers.on_end, args=(self.wake.set,), daemon=True).start()
        said = ""
        with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="host") as workers:
            while not self.over.is_set():
                self.wake.clear()
                trouble = self.try_to_look(workers)
                if trouble and trouble != said:
                    self.steps.say(trouble)
                said = trouble
                self.wake.wait(LOOK_EVERY_SECONDS)

    def try_to_look(self, workers: ThreadPoolExecutor) -> str:
        """One pass; what stood in its way, or ""."""
        try:
            self.look(workers)
        except RehearsalError as error:
            return f"{error.message}; {error.hint}" if error.hint else error.message
        except (requests.ConnectionError, requests.Timeout):
            return "the Docker Engine does not answer; the hosts are looked after when it does"
        except Exception as error:
            log.exception("a pass of the loop failed; the next one tries again")
            return f"{type(error).__name__}: {error}; more of it in the log"
        return ""

    def look(self, workers: ThreadPoolExecutor) -> None:
        """One pass: every host that is not being worked on gets its next step."""
        with self.lock:
            # A step that ends while we look leaves us with a picture of before.
            changing = set(self.busy)
        instances, hosts = wanted(self.steps.ec2), self.containers.hosts()
        self.steps.surroundings.settle(instances, hosts)
        self.settled.set()
        running = [one for one in instances.values() if one.state == "running" and one.id in hosts]
        self.steps.reachable.watch({one.id: one.private_address for one in running})
        if not self.adopted:
            self.steps.booting |= {one.id for one in running if not boot_result(hosts[one.id].process)}
            self.adopted = True
        for one in running:
            self.report_boot(one, hosts[one.id].process)
        for instance_id in instances.keys() | hosts.keys():
            with self.lock:
                if instance_id in self.busy | changing:
                    continue
                step = self.step_for(instance_id, instances, hosts)
                if step is None:
                    continue
                self.busy.add(instance_id)
            workers.submit(self.take, step, instance_id, instances.get(instance_id))

    def step_for(self, instance_id: str, instances: Instances, hosts: Mapping[str, Host]) -> Step | None:
        """The host's next step; none while another that goes down still holds its address."""
        instance = instances.get(instance_id)
        known = (self.steps.reboots, self.steps.booting, self.steps.first_boots)
        step = next_step(instance, hosts.get(instance_id), *(instance_id in each for each in known))
        if step is Step.LAUNCH and instance and address_is_held(instance, hosts):
            return None
        return step

    def take(self, step: Step, instance_id: str, instance: Instance | None) -> None:
        """Take the step; then look again, since the next one may be due."""
        try:
            self.steps.take(step, instance_id, instance)
        finally:
            with self.lock:
                self.busy.discard(instance_id)
            self.wake.set()
            self.tell()

    def report_boot(self, instance: Instance, process: int) -> None:
        """Say of a host once how its boot went."""
        if instance.id not in self.steps.booting:
            return
        boot = boot_result(process)
        if boot is None:
            return
        self.steps.boots_no_more(instance.id)
        where = f"{instance.title} at {instance.public_address or instance.private_address}"
        if boot.errors:
            tail = self.steps.console_tail(instance.id)
            self.steps.say(f"{where}: cloud-init failed: {'; '.join(boot.errors)}; its console:\n{tail}")
        else:
            self.steps.say(f"{where} has booted")


def address_is_held(instance: Instance, hosts: Mapping[str, Host]) -> bool:
    """Whether another host of the same VPC, also one that the API has lost, has the address of this one."""
    return any(
        (host.vpc, host.address) == (instance.vpc, instance.private_address)
        for host in hosts.values()
        if host.instance_id != instance.id
    )
