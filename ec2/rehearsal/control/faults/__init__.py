"""Faults of moto: each is one thing that AWS does and moto does not, told by its own module's tests.

They lean on moto's insides as ec2/rehearsal/control/patches.py does, and need nothing of ours to run.
"""

from ec2.rehearsal.control.faults.access_lists import mend_access_lists
from ec2.rehearsal.control.faults.addresses import mend_addresses
from ec2.rehearsal.control.faults.attributes import mend_attributes
from ec2.rehearsal.control.faults.buckets import mend_buckets
from ec2.rehearsal.control.faults.dependencies import mend_dependencies
from ec2.rehearsal.control.faults.devices import mend_devices
from ec2.rehearsal.control.faults.gateways import mend_gateways
from ec2.rehearsal.control.faults.groups import mend_security_groups
from ec2.rehearsal.control.faults.interfaces import mend_interfaces
from ec2.rehearsal.control.faults.key_pairs import mend_key_pairs
from ec2.rehearsal.control.faults.keys import mend_keys
from ec2.rehearsal.control.faults.nat_gateways import mend_nat_gateways
from ec2.rehearsal.control.faults.parameters import mend_parameters
from ec2.rehearsal.control.faults.performance import mend_performance
from ec2.rehearsal.control.faults.profiles import mend_profiles
from ec2.rehearsal.control.faults.runs import mend_runs
from ec2.rehearsal.control.faults.tags import mend_tags


def mend_moto() -> None:
    """Mend all of them; a second call takes the place of the first."""
    mend_runs()
    mend_tags()
    mend_devices()
    mend_interfaces()
    mend_profiles()
    mend_attributes()
    mend_performance()
    mend_security_groups()
    mend_access_lists()
    mend_addresses()
    mend_gateways()
    mend_nat_gateways()
    mend_dependencies()
    mend_buckets()
    mend_key_pairs()
    mend_keys()
    mend_parameters()
