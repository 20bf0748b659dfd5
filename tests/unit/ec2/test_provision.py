"""The one script of provisioning, as it is put together."""

import re
import subprocess
from dataclasses import replace

from ec2.host_scripts import FOLDER
from ec2.inventory import Host, Volume
from ec2.provision import PARTS, mark, provision_script, volume_arguments

DATABASE = Host(
    "app", ("app", "database"), "i-0a", "198.18.0.7", "10.20.1.5", (Volume("vol-0a", "/srv/database", 20),)
)


def test_it_is_a_script_that_the_shell_understands() -> None:
    checked = subprocess.run(
        ["sh", "-n"], input=provision_script(), capture_output=True, text=True, check=False
    )
    assert checked.stderr == ""


def test_docker_comes_by_the_same_script_as_on_one_machine_word_for_word() -> None:
    assert (FOLDER / "docker.sh").read_text() in provision_script()


def test_nothing_is_installed_before_the_first_boot_is_over_and_nothing_starts_without_its_settings() -> None:
    assert PARTS[0] == "boot.sh"
    assert PARTS.index("engine.sh") < PARTS.index("docker.sh")
    assert PARTS.index("volumes.sh") < PARTS.index("docker.sh")


def test_volumes_are_arguments_and_never_part_of_the_script() -> None:
    assert volume_arguments(DATABASE) == ("vol-0a:/srv/database",)
    assert "vol-0a:" not in provision_script()


def test_a_host_whose_volume_grew_is_provisioned_again_and_one_that_is_as_it_was_is_not() -> None:
    larger = replace(DATABASE, volumes=(Volume("vol-0a", "/srv/database", 40),))
    assert volume_arguments(larger) == volume_arguments(DATABASE)
    assert mark(larger) != mark(DATABASE)
    assert mark(replace(DATABASE, address="198.18.0.9")) == mark(DATABASE)


def test_a_part_that_fails_ends_the_whole() -> None:
    words = (FOLDER / "phase.sh").read_text()
    script = f"{words}\n(\nmain() {{ fail 'no space' 'df'; }}\nmain\n)\n(\necho never\n)\n"
    done = subprocess.run(["sh", "-s"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == ["no space", "try: df"]


def test_only_phases_words_are_shared() -> None:
    shared = set(re.findall(r"^(\w+)\(\)", (FOLDER / "phase.sh").read_text(), re.MULTILINE))
    assert shared == {"say", "changed", "fail", "put", "folder", "patiently"}
