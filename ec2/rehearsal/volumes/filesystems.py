"""The file system on a volume, wherever it is mounted: what it is, held still for a copy, or shut down."""

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# linux/fs.h
FIFREEZE, FITHAW = 0xC0045877, 0xC0045878
# Of ext4, XFS, F2FS and others: from now on every access is an error, as if the disk had been pulled out.
FS_IOC_SHUTDOWN = 0x8004587D
WITHOUT_FLUSHING = (2).to_bytes(4, "little")

# By the file behind a device: the kernel's counters when it was looked at, and what was found.
seen: dict[str, tuple[str, dict[str, str]]] = {}


def properties(device: Path) -> dict[str, str]:
    """What udev would know of the device's content: ID_FS_TYPE, ID_FS_UUID, ID_FS_LABEL.

    Looked at again only when something went to or from the file behind it.
    """
    kernel = Path("/sys/class/block") / device.name
    file, traffic = (kernel / "loop/backing_file").read_text(), (kernel / "stat").read_text()
    if file not in seen or seen[file][0] != traffic:
        words = ["blkid", "--probe", "--output", "udev", str(device)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        seen[file] = traffic, dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    return seen[file][1]


@contextmanager
def frozen(minor: int) -> Iterator[None]:
    """Hold still the file system on the loop device with this number: all written, nothing being written.

    What cannot be frozen (not mounted, FAT) is left as it is.
    """
    opened = open_mount(minor)
    if opened is None:
        yield
        return
    try:
        with suppress(OSError):
            fcntl.ioctl(opened, FIFREEZE, 0)
        yield
    finally:
        with suppress(OSError):
            fcntl.ioctl(opened, FITHAW, 0)
        os.close(opened)


def thaw(minor: int) -> None:
    """Let go what a killed process had held still; to thaw what is not frozen changes nothing."""
    opened = open_mount(minor)
    if opened is not None:
        with suppress(OSError):
            fcntl.ioctl(opened, FITHAW, 0)
        os.close(opened)


def shut_down(minor: int) -> bool:
    """Make every further access to the mounted file system an error; False when its kind cannot."""
    opened = open_mount(minor)
    if opened is None:
        return False
    try:
        fcntl.ioctl(opened, FS_IOC_SHUTDOWN, WITHOUT_FLUSHING)
    except OSError:
        return False
    finally:
        os.close(opened)
    return True


def open_mount(minor: int) -> int | None:
    """A descriptor of one folder where the loop device with this number is mounted, in any container."""
    for folder in mounts(minor):
        with suppress(OSError):
            return os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    return None


def mounts(minor: int) -> Iterator[Path]:
    """Where that is, seen from here, one process per mount namespace being asked."""
    asked = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            namespace = (process / "ns/mnt").readlink()
            if namespace in asked:
                continue
            asked.add(namespace)
            for point in mount_points(process, minor):
                yield process / "root" / point.lstrip("/")


def mounted_in(pid: int, minor: int) -> bool:
    """Whether the loop device with this number is mounted in the container of this process."""
    with suppress(OSError):
        return bool(mount_points(Path(f"/proc/{pid}"), minor))
    return False


def mount_points(process: Path, minor: int) -> list[str]:
    """Where it is mounted as the process sees it; proc_pid_mountinfo(5): 36 35 7:3 /root /mount/point …"""
    lines = [line.split(" ") for line in (process / "mountinfo").read_text().splitlines()]
    return [unescaped(words[4]) for words in lines if words[2] == f"7:{minor}"]


def unescaped(point: str) -> str:
    """mountinfo writes space, tab, newline and backslash in octal."""
    for code in ("040", "011", "012", "134"):
        point = point.replace(f"\\{code}", chr(int(code, 8)))
    return point
