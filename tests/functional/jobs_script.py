"""In the microblog's image, against MariaDB: pictures, and jobs whose workers race, sleep and die."""

import io
import json
import os
import re
import signal
import sys
import threading
import zipfile
from datetime import timedelta
from os import environ

from flask import Flask
from flask.testing import FlaskClient
from picture_files import photo
from sqlalchemy import func, select, update

from microblog import create_app
from microblog.database import db
from microblog.exports import making
from microblog.exports.models import ExportChunk
from microblog.images.models import ImageFile
from microblog.jobs import queue, worker
from microblog.jobs.models import Job
from microblog.settings import Settings
from microblog.times import now

PASSWORD = "correct horse battery"
PEOPLE = tuple(f"person_{number}" for number in range(6))


def main() -> None:
    app = create_app(Settings.from_environment(environ))
    clients = {name: registered(app, name) for name in PEOPLE}
    ada = clients[PEOPLE[0]]
    picture = (io.BytesIO(photo(2000, 1000)), "a.jpg")
    done: dict[str, object] = {"picture": post(ada, "/posts", body="", alt="two halves", image=picture)}
    page = ada.get("/").text
    files = sorted(set(re.findall(r"/images/\d+/\w+-\d+\.webp", page)))
    done["files"] = [ada.get(file).status_code for file in files]
    for client in clients.values():
        post(client, "/account/export", current=PASSWORD)
    done["race"] = race(app)
    free_all(app)
    done["killed"] = kill_one(app)
    free_all(app)
    with app.app_context():
        done["worked_off"] = worker.work_off()
    archive = zipfile.ZipFile(io.BytesIO(ada.get("/account/export/download").data))
    done["broken"] = archive.testzip()
    done["posts"] = json.loads(archive.read("microblog/posts.json"))["totalItems"]
    done["page"] = "two halves" in archive.read("microblog/index.html").decode()
    done["kept"] = post(ada, "/account/delete", current=PASSWORD, keep="y").startswith("/export/kept?token=")
    done["gone"] = [app.test_client().get(file).status_code for file in files]
    for name in PEOPLE[1:]:
        post(clients[name], "/account/delete", current=PASSWORD)
    with app.app_context():
        done["jobs_left"] = count(Job)
        done["files_left"] = count(ImageFile)
        db.session.execute(update(Job).values(expires_at=now() - timedelta(seconds=1)))
        queue.tidy()
        done["pieces_left"] = count(ExportChunk)
    json.dump(done, sys.stdout)


def registered(app: Flask, name: str) -> FlaskClient:
    client = app.test_client()
    post(client, "/register", username=name, email=f"{name}@example.org", password=PASSWORD)
    return client


def post(client: FlaskClient, path: str, **form: object) -> str:
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/language").text)[1]
    answer = client.post(path, data={"csrf_token": token, **form})
    return answer.location or str(answer.status_code)


def race(app: Flask) -> bool:
    """Whether workers that all begin at once get every job, and none of them twice."""
    claimed: list[int] = []
    start = threading.Barrier(4)

    def take() -> None:
        with app.app_context():
            start.wait()
            while job := queue.claim():
                claimed.append(job.job_id)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(claimed) == len(set(claimed)) == len(PEOPLE)


def kill_one(app: Flask) -> bool:
    """Whether a worker died after it had stored a piece."""
    with app.app_context():
        db.engine.dispose()
    child = os.fork()
    if child == 0:
        making.CHUNK_BYTES = 100
        making._write_pictures = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        with app.app_context():
            worker.work_off()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    with app.app_context():
        return os.WTERMSIG(status) == signal.SIGKILL and count(ExportChunk) > 0


def free_all(app: Flask) -> None:
    """Every lease runs out."""
    with app.app_context():
        db.session.execute(update(Job).values(due_at=now() - timedelta(seconds=1)))
        db.session.commit()


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


if __name__ == "__main__":
    main()
