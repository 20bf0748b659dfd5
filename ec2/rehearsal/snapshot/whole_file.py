"""Files that nobody else may read, and that are there whole or not at all, also after a power cut."""

import os
from pathlib import Path


def write(path: Path, content: bytes) -> None:
    """Put a file in the place of the one of that name, if any; when OSError is raised that is still there."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        # A full disk is not to be full of halves.
        part.unlink(missing_ok=True)
        raise
    part.rename(path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Have the names in a folder on the disk too."""
    opened = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
