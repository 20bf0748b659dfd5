"""Host keys as a console shows them, and the lines of known_hosts."""

from pathlib import Path

from ec2.host_keys import known_hosts_lines, pinned, printed_keys, write
from ec2.inventory import Host

ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOfbVTdr7Sf0OYGDR8OUzT6nvY0qTOc24W4WpfLIqreT"
ECDSA = (
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBPMudXOZ"
    "xAvwRgnQCQax3YpWr7k7iZd5Vah9B2np60LexnLacwd9qSfnJehBQ2x4XyOo0UNmyLfpNaCmky8g9vw="
)
BLOCK = (
    "-----BEGIN SSH HOST KEY KEYS-----\r\n"
    f"{ECDSA} root@app\r\n{ED25519} root@app\r\n"
    "-----END SSH HOST KEY KEYS-----\r\n"
)
CONSOLE = f"Linux version 6.12\r\n[   9.1] cloud-init[400]: hello\r\n{BLOCK}app login: "
APP = Host("app", ("app",), "i-0a", "198.18.0.7", "10.20.1.5")
JENKINS = Host("jenkins", ("jenkins",), "i-0b", "198.18.0.8", "10.20.1.6")


def test_the_keys_stand_between_the_lines_of_the_block() -> None:
    assert printed_keys(CONSOLE) == (ECDSA, ED25519)


def test_a_block_that_is_not_there_yet_or_not_whole_has_no_keys() -> None:
    assert printed_keys("") == ()
    assert printed_keys(CONSOLE.partition("-----END")[0]) == ()
    assert printed_keys(f"before any block: {ED25519}") == ()


def test_lines_of_the_kernel_and_colours_in_between_are_no_keys() -> None:
    noisy = BLOCK.replace(f"{ED25519}", f"[   9.2] audit: on\r\n\x1b[0m{ED25519}")
    assert printed_keys(noisy) == (ECDSA, ED25519)


def test_a_key_that_a_line_of_the_system_cut_in_two_is_none() -> None:
    cut = BLOCK.replace(ED25519, f"{ED25519[:60]}[  OK  ] Reached target cloud-init\r\n{ED25519[60:]}")
    assert printed_keys(cut) == (ECDSA,)
    assert printed_keys(cut.replace(ECDSA, f"{ECDSA[:-4]}\r\n")) == ()


def test_of_several_boots_the_last_one_counts() -> None:
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAeKjT3Zk6OJkrbAPPZApEGHPC4iE37owNiEWzdqoeh1"
    assert printed_keys(CONSOLE + BLOCK.replace(ED25519, other)) == (ECDSA, other)


def test_keys_are_filed_under_the_instance_not_under_an_address(tmp_path: Path) -> None:
    known = {"i-0a": (ED25519,), "i-0b": (ECDSA, ED25519), "i-gone": (ECDSA,)}
    lines = known_hosts_lines([APP, JENKINS], known)
    assert lines == [f"i-0a {ED25519}", f"i-0b {ECDSA}", f"i-0b {ED25519}"]
    file = tmp_path / "new" / "known_hosts"
    write(file, lines)
    assert pinned(file) == {"i-0a": (ED25519,), "i-0b": (ECDSA, ED25519)}
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_that_says_it_already_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    write(file, [f"i-0a {ED25519}"])
    before = file.stat().st_ino
    write(file, [f"i-0a {ED25519}"])
    assert file.stat().st_ino == before
