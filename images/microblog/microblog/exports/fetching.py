"""Who may fetch an export, and how it is handed out."""

from collections.abc import Iterator

from flask import Flask, Response, current_app
from sqlalchemy import select, update

from .. import secret_tokens
from ..database import db
from ..jobs import queue
from ..jobs.models import Job
from ..models import User
from ..times import now
from .making import KIND
from .models import ExportChunk


def keep(user: User) -> str | None:
    """Let a finished export outlive its account, in the caller's transaction; the token of its link."""
    job = queue.of(user, KIND)
    if job is None or not job.is_ready:
        return None
    token = secret_tokens.new()
    kept = {"user_id": None, "token_hash": secret_tokens.hashed(token)}
    db.session.execute(update(Job).where(Job.id == job.id).values(kept))
    return token


def kept(token: str) -> Job | None:
    """The export of somebody who has left, for whoever has its link."""
    wanted = select(Job).where(Job.token_hash == secret_tokens.hashed(token), Job.kind == KIND)
    return db.session.scalar(wanted.where(Job.user_id.is_(None), Job.expires_at > now()))


def download(job: Job) -> Response:
    """The file, a piece at a time: the connection to the database is free while the browser reads."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    response = Response(_pieces(app, job.id), mimetype="application/zip")
    response.headers["Content-Length"] = str(job.result_bytes)
    name = f"microblog-{job.finished_at:%Y-%m-%d}.zip"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _pieces(app: Flask, job_id: int) -> Iterator[bytes]:
    number = 0
    while True:
        with app.app_context():
            wanted = select(ExportChunk.content).where(ExportChunk.job_id == job_id)
            content = db.session.scalar(wanted.where(ExportChunk.number == number))
        if content is None:
            return
        yield content
        number += 1
