"""The scripts that hosts are given, as they lie in ec2/host."""

from pathlib import Path

FOLDER = Path(__file__).parent / "host"


def host_script(name: str) -> str:
    """The text of a script such as start.sh."""
    return (FOLDER / name).read_text(encoding="utf-8")
