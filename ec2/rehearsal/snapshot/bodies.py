"""Bodies of S3 objects, each a file named by its content: written once, however often the cloud is saved."""

import hashlib
from pathlib import Path
from typing import Any

from ec2.rehearsal.snapshot import whole_file

# Where an object remembers its body's name; moto never changes a body, it makes another object.
REMEMBERED = "_rehearsal_body"


class Bodies:
    """A folder of them; one instance per save or load."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kept: set[str] = set()
        self.new: dict[str, bytes] = {}

    def keep(self, key: Any) -> str:
        """Take along the body of moto's S3 object, unless it is in the folder; its name."""
        remembered: str | None = vars(key).get(REMEMBERED)
        if remembered is None or not (self.folder / remembered).exists():
            body = key.value
            remembered = hashlib.sha256(body).hexdigest()
            self.new[remembered] = body
            vars(key)[REMEMBERED] = remembered
        self.kept.add(remembered)
        return remembered

    def write(self) -> None:
        """Have all that was kept in the folder. Raises OSError when the disk is full."""
        for name, body in self.new.items():
            whole_file.write(self.folder / name, body)

    def read(self, name: str) -> bytes:
        """A body by its name. Raises FileNotFoundError."""
        return (self.folder / name).read_bytes()

    def forget_others(self) -> None:
        """Remove what the snapshot that was just written does not name."""
        if self.folder.is_dir():
            for each in self.folder.iterdir():
                if each.name not in self.kept:
                    each.unlink(missing_ok=True)
