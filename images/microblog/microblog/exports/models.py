"""The file of an export, in pieces.

It lies in the database because that is all that the hosts share: whichever makes it, any can hand it out,
and it goes with its job.
"""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from ..models import STORAGE, Base, Blob, Number

CHUNK_BYTES = 256 * 1024


class ExportChunk(Base):
    """One piece, numbered from 0."""

    __tablename__ = "export_chunk"
    __table_args__ = STORAGE

    job_id: Mapped[int] = mapped_column(
        Number, ForeignKey("job.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(Blob)
