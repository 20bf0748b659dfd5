"""A control plane that a test may kill: answers at a port that it says, saves when it is told to.

usage: snapshot_process.py FOLDER
"""

import json
import os
import sys
from ipaddress import IPv4Network
from pathlib import Path

from moto.server import ThreadedMotoServer

from ec2.rehearsal.control.faults import mend_moto
from ec2.rehearsal.control.patches import patch_private_addresses, patch_public_addresses
from ec2.rehearsal.settings import Rehearsal
from ec2.rehearsal.snapshot import load, take, write


def main() -> None:
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    rehearsal = Rehearsal(name="snapshot", folder=Path(sys.argv[1]))
    mend_moto()
    patch_private_addresses()
    patch_public_addresses(IPv4Network("198.18.0.0/24"))
    loaded = load(rehearsal)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    say({"port": server.get_host_and_port()[1], "loaded": loaded})
    for line in sys.stdin:
        picture = take(rehearsal, json.loads(line))
        write(rehearsal, picture)
        say({"bytes": len(picture.payload), "left_out": picture.left_out})


def say(thing: object) -> None:
    print(json.dumps(thing), flush=True)


if __name__ == "__main__":
    main()
