"""Makes the file of an export, piece by piece, with little in memory at any time (docs/export.md).

Every piece is stored in one transaction with the prolonged lease. So a worker that lost its job stores
nothing more, and one that begins anew after a dead one begins with an empty file.
"""

import io
import json
import time
from collections.abc import Iterator
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo
from zlib import Z_NO_COMPRESSION

from flask_babel import gettext as _
from sqlalchemy import Row, delete, func, insert, select

from ..database import db
from ..images.models import Image, ImageFile
from ..jobs import queue
from ..jobs.queue import Claim, Lost
from ..mail import outbox
from ..mail.outbox import Purpose
from ..models import User
from . import readable
from .models import CHUNK_BYTES, ExportChunk
from .sections import POSTS, SECTIONS, Section, moment, person_path, picture_file

KIND = "export"
PROLONG_EVERY_SECONDS = 1.0
CONTEXT = "https://www.w3.org/ns/activitystreams"
FOLDER = "microblog"


class _File(io.RawIOBase):
    """A file to append to, in the database; it also keeps the job alive and says how far it is."""

    def __init__(self, claimed: Claim, total: int) -> None:
        self._claimed = claimed
        self._total = total
        self._done = 0
        self._prolonged_at = time.monotonic()
        self._rest = bytearray()
        self._number = 0
        self.byte_count = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._rest += data
        while len(self._rest) >= CHUNK_BYTES:
            self._store(CHUNK_BYTES)
        return len(data)

    def step(self, items: int) -> None:
        """So many more are done."""
        self._done += items
        if time.monotonic() - self._prolonged_at >= PROLONG_EVERY_SECONDS:
            self._prolong()
            db.session.commit()

    def finish(self) -> None:
        """Store what is left; the caller commits."""
        if self._rest:
            self._store(len(self._rest), commit=False)

    def _store(self, length: int, commit: bool = True) -> None:
        # The job's row is locked first: a worker that had it before waits here, and then has lost.
        self._prolong()
        row = {"job_id": self._claimed.job_id, "number": self._number, "content": bytes(self._rest[:length])}
        db.session.execute(insert(ExportChunk).values(row))
        if commit:
            db.session.commit()
        del self._rest[:length]
        self._number += 1
        self.byte_count += length

    def _prolong(self) -> None:
        queue.prolong(self._claimed, self._done, self._total)
        self._prolonged_at = time.monotonic()


def make(claimed: Claim) -> None:
    """Make the file and say so by mail. Raises Lost."""
    user = db.session.get(User, claimed.user_id)
    if user is None:
        raise Lost
    counts = {section.file: section.count(user) for section in SECTIONS}
    pictures = db.session.scalar(select(func.count()).where(Image.user_id == user.id)) or 0
    # The posts are read a second time for the page that a person reads.
    total = sum(counts.values()) + pictures + counts[POSTS.file]
    queue.prolong(claimed, 0, total)
    discard(claimed)
    db.session.commit()
    file = _File(claimed, total)
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        _write_person(archive, user)
        written = {section.file: _write_section(archive, section, user, file) for section in SECTIONS}
        _write_pictures(archive, user, file)
        _write_page(archive, user, written, file)
    file.finish()
    outbox.write(Purpose.EXPORT_READY, user.email, user)
    queue.finish(claimed, file.byte_count)
    db.session.commit()


def discard(claimed: Claim) -> None:
    """Remove what there is of the file; the caller, who has the job, commits."""
    db.session.execute(delete(ExportChunk).where(ExportChunk.job_id == claimed.job_id))


def _write_person(archive: ZipFile, user: User) -> None:
    person = {
        "@context": CONTEXT,
        "type": "Person",
        "id": person_path(user.username),
        "preferredUsername": user.username,
        "name": user.display_name or user.username,
        "summary": user.about,
        "email": user.email,
        "published": moment(user.created_at),
        "lastSeen": moment(user.last_seen),
        "language": user.language,
        **{section.file.removesuffix(".json"): section.file for section in SECTIONS},
    }
    archive.writestr(_entry("person.json"), json.dumps(person, ensure_ascii=False, indent=1))


def _write_section(archive: ZipFile, section: Section, user: User, file: _File) -> int:
    number = 0
    with archive.open(_entry(section.file), "w") as entry:
        entry.write(f'{{"@context": "{CONTEXT}", "type": "OrderedCollection", "orderedItems": ['.encode())
        for rows in section.pages(user):
            items = [json.dumps(section.item(row), ensure_ascii=False) for row in rows]
            entry.write(("\n" if number == 0 else ",\n").encode() + ",\n".join(items).encode())
            number += len(rows)
            file.step(len(rows))
        entry.write(f'\n], "totalItems": {number}}}\n'.encode())
    return number


def _write_pictures(archive: ZipFile, user: User, file: _File) -> None:
    last: int | None = 0
    while last is not None and (picture := _picture_after(user, last)):
        last, width = picture
        wanted = select(ImageFile.content).where(ImageFile.post_id == last, ImageFile.width == width)
        content = db.session.scalar(wanted)
        db.session.commit()
        if content is not None:
            # Not smaller than it is, but with a sign of its end, for those who unpack what they still fetch:
            # the archive, which is written in one go, has the sizes behind the files.
            archive.writestr(_entry(picture_file(last)), content, compresslevel=Z_NO_COMPRESSION)
        file.step(1)


def _picture_after(user: User, last: int) -> tuple[int, int] | None:
    wanted = select(Image.post_id, Image.width).where(Image.user_id == user.id, Image.post_id > last)
    row = db.session.execute(wanted.order_by(Image.post_id).limit(1)).one_or_none()
    return (row.post_id, row.width) if row else None


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(f"{FOLDER}/{name}", date_time=time.gmtime()[:6])
    entry.compress_type = ZIP_DEFLATED
    return entry


def _write_page(archive: ZipFile, user: User, written: dict[str, int], file: _File) -> None:
    lists = [(section.file, str(section.title), written[section.file]) for section in SECTIONS]

    def rows() -> Iterator[Row[Any]]:
        for page in POSTS.pages(user):
            yield from page
            file.step(len(page))

    with archive.open(_entry("index.html"), "w") as entry:
        for part in readable.parts(user, lists, rows(), _("Your data")):
            entry.write(part.encode())
