"""The database: what its accounts may do, and the microblog's schema on it, up and down."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.models.containers import Container

from tests.conftest import ROOT
from tests.functional.conftest import StartAlone
from tests.functional.migrations_script import revisions
from tests.functional.test_images import ALONE
from tests.waiting import wait_until, wait_until_healthy

PASSWORD = ALONE["mariadb"]["secrets"]["microblog_password"]
# Where a data directory says of which release it is.
RELEASE = "/var/lib/mysql/mariadb_upgrade_info"


@dataclass(frozen=True)
class Database:
    container: Container
    network: str

    def sql(self, statement: str) -> str:
        """What the administrator gets, as tab-separated lines."""
        status, output = self.container.exec_run(["mariadb", "--skip-column-names", "--execute", statement])
        assert status == 0, output.decode()
        return str(output.decode().strip())

    def tables(self) -> set[str]:
        return set(self.sql("SHOW TABLES FROM microblog").split())


@pytest.fixture
def database(start_alone: StartAlone, engine: docker.DockerClient, run_id: str) -> Iterator[Database]:
    network = engine.networks.create(f"{run_id}-database", internal=True)
    try:
        started = start_alone("mariadb", **ALONE["mariadb"])
        container = started.get_wrapped_container()
        wait_until_healthy(container)
        network.connect(container, aliases=["mariadb"])
        yield Database(container, network.name)
        network.disconnect(container, force=True)
    finally:
        network.remove()


@pytest.fixture
def flask(
    database: Database, engine: docker.DockerClient, image: Callable[[str], str], tmp_path: Any
) -> Callable[..., str]:
    """Run a flask command of the microblog's image against the database."""
    for name, value in {"secret_key": "k" * 43, "database_password": PASSWORD}.items():
        (tmp_path / f"flask_{name}").write_text(value)
        (tmp_path / f"flask_{name}").chmod(0o444)

    def run(*words: str, files: dict[str, Path] | None = None) -> str:
        program = ["python3"] if files else ["flask", "--app", "microblog"]
        output = engine.containers.run(
            image("microblog"),
            words,
            entrypoint=program,
            network=database.network,
            environment={
                "DATABASE_URL": "mysql+mysqldb://microblog@mariadb/microblog",
                "DATABASE_PASSWORD_FILE": "/secrets/database_password",
                "SECRET_KEY_FILE": "/secrets/secret_key",
            },
            volumes={
                str(tmp_path / f"flask_{name}"): {"bind": f"/secrets/{name}", "mode": "ro"}
                for name in ("secret_key", "database_password")
            }
            | {str(path): {"bind": f"/app/{name}", "mode": "ro"} for name, path in (files or {}).items()},
            tmpfs={"/tmp": "", "/run/microblog": "uid=10001,gid=10001"},  # noqa: S108 - inside the container
            remove=True,
            stderr=True,
        )
        return str(output.decode())

    return run


def test_migrations_go_up_down_and_up_again(database: Database, flask: Callable[..., str]) -> None:
    assert database.tables() == set()
    flask("prepare")
    full = database.tables()
    assert {"alembic_version"} < full
    flask("db", "downgrade", "base")
    assert database.tables() == {"alembic_version"}
    flask("prepare")
    assert database.tables() == full


def test_what_an_earlier_release_stored_is_still_there(flask: Callable[..., str]) -> None:
    script = {"migrations_script.py": ROOT / "tests/functional/migrations_script.py"}
    said = flask("migrations_script.py", files=script)
    told = [line for line in said.splitlines() if re.match(r"\d{4}: ", line)]
    assert told == [f"{revision}: nothing is lost" for revision in revisions()]


def test_what_the_first_release_stored_stays_and_its_code_goes_on_writing(
    database: Database, flask: Callable[..., str]
) -> None:
    flask("db", "upgrade", "0001")
    person = "'ada', 'ada', 'ada@example.org', 'x', '', '', NOW(), NOW(), 1, 0, 0"
    database.sql(f"INSERT INTO microblog.user VALUES (1, {person})")  # noqa: S608 - constants
    write = "INSERT INTO microblog.post (user_id, body, created_at) VALUES (1, '{}', NOW())"
    database.sql(write.format("before"))
    flask("prepare")
    database.sql(write.format("after"))
    rows = database.sql("SELECT body, like_count, reply_count, parent_id FROM microblog.post ORDER BY id")
    assert rows.splitlines() == ["before\t0\t0\tNULL", "after\t0\t0\tNULL"]
    assert "No new upgrade operations detected" in flask("db", "check")


def test_accounts_are_added_beside_the_people_of_before(
    database: Database, flask: Callable[..., str]
) -> None:
    flask("db", "upgrade", "0001")
    before = database.sql("SHOW CREATE TABLE microblog.user")
    database.sql(
        "INSERT INTO microblog.user VALUES (7, 'Ada', 'ada', 'ada@example.org', 'hash', 'Ada é', '', "
        "'2026-01-01', '2026-01-01', 1, 0, 0);"
        "INSERT INTO microblog.post VALUES (1, 7, 'hello 🌱', '2026-01-01')"
    )
    flask("prepare")
    assert database.sql("SELECT id, username, display_name FROM microblog.user") == "7\tAda\tAda é"
    assert (
        database.sql("SHOW CREATE TABLE microblog.user").split("AUTO_INCREMENT")[0]
        == (before.split("AUTO_INCREMENT")[0])
    ), "the code of before writes people as it did"
    token = flask("reset-link", "ada").strip().splitlines()[-1].partition("token=")[2]
    assert len(token) == 43
    stored = database.sql("SELECT user_id, email, token_hash FROM microblog.letter")
    assert stored.startswith("7\tada@example.org\t")
    assert token not in stored
    database.sql("DELETE FROM microblog.user WHERE id = 7")
    assert database.sql("SELECT COUNT(*) FROM microblog.letter") == "0", "nothing of a person stays"


def test_an_account_lives_its_whole_life_on_mariadb(database: Database, flask: Callable[..., str]) -> None:
    flask("prepare")
    script = {
        "accounts_script.py": ROOT / "tests/functional/accounts_script.py",
        "mailbox_server.py": ROOT / "tests/unit/microblog/mailbox.py",
    }
    assert json.loads(flask("accounts_script.py", files=script).splitlines()[-1]) == {
        "register": "/mail/sent",
        "confirm": "/",
        "login": "/",
        "forgotten": "/mail/sent",
        "reset": "/login",
        "ended": 303,
        "old": "422",
        "new": "/",
        "odd": "422",
        "allowed": 7,
        "leave": "/explore",
    }
    for table in ("user", "letter", "sign_in"):
        assert database.sql(f"SELECT COUNT(*) FROM microblog.{table}") == "0", table  # noqa: S608


def test_pictures_and_exports_outlive_their_workers_on_mariadb(
    database: Database, flask: Callable[..., str]
) -> None:
    flask("prepare")
    script = {
        "jobs_script.py": ROOT / "tests/functional/jobs_script.py",
        "picture_files.py": ROOT / "tests/unit/microblog/pictures.py",
    }
    assert json.loads(flask("jobs_script.py", files=script).splitlines()[-1]) == {
        "picture": "/",
        "files": [200, 200],
        "race": True,
        "killed": True,
        "worked_off": 6,
        "broken": None,
        "posts": 1,
        "page": True,
        "kept": True,
        "gone": [404, 404],
        "jobs_left": 1,
        "files_left": 0,
        "pieces_left": 0,
    }


def test_search_finds_short_and_common_words_and_no_operators(
    database: Database, flask: Callable[..., str]
) -> None:
    flask("prepare")
    script = {"search_script.py": ROOT / "tests/functional/search_script.py"}
    assert json.loads(flask("search_script.py", files=script).splitlines()[-1]) == {
        "found": {
            "tea": ["tea the other way", "A I the tea"],
            "the": ["tea the other way", "the café, snow_man", "A I the tea"],
            "a i": ["A I the tea"],
            '"the tea"': ["A I the tea"],
            "CAFE": ["the café, snow_man"],
            "snow_man": ["the café, snow_man"],
            "#täg": ["#Täg for @ben"],
            "@Ben for": ["#Täg for @ben"],
            "日本語": ["日本語 テスト"],
            "te": [],
            "tea -the": ["tea the other way", "A I the tea"],
        },
        "both_ways": True,
        "people": ["ann"],
        "counts": [[1, 1], [1, 0]],
        "told": ["message", "like"],
        "after": ["milk"],
        "any_text": 500,
    }


def test_every_operation_of_the_api_works_on_mariadb(database: Database, flask: Callable[..., str]) -> None:
    flask("prepare")
    script = {"api_script.py": ROOT / "tests/functional/api_script.py"}
    told = json.loads(flask("api_script.py", files=script).splitlines()[-1])
    assert told["post"] == "Hello 🌱 @ada #Grün"
    assert told["tags"] == ["grün"]
    # Bob's post is not Ada's to delete, and nobody has token 999.
    refused = {name: code for name, code in told["codes"].items() if code not in {200, 201, 204}}
    assert refused == {"DELETE /posts/{post_id}": 403, "DELETE /tokens/{token_id}": 404}
    assert len(told["codes"]) > 30
    assert told["issued"] == 49, "fifty, with the one of before"


def test_reports_decisions_and_roles_keep_their_word_when_many_act_at_once(
    database: Database, flask: Callable[..., str]
) -> None:
    flask("prepare")
    script = {"moderation_script.py": ROOT / "tests/functional/moderation_script.py"}
    done = json.loads(flask("moderation_script.py", files=script).splitlines()[-1])
    assert done == {
        "made": [300, 6000, 3000],
        "cases": [[1, done["cases"][0][1]]],
        "reports": True,
        "picture": [900, "é", "small"],
        "decided": [False, True],
        "admins": 1,
        "refused": 1,
        "hidden": True,
        "back": True,
        "trail": ["suspension_lifted", "suspended"],
    }
    assert 19 <= done["cases"][0][1] <= 20


def test_ten_times_the_posts_are_as_many_rows_to_read_and_for_the_dearest_home_at_most_their_root(
    flask: Callable[..., str],
) -> None:
    script = {"growth_script.py": ROOT / "tests/functional/growth_script.py"}

    def measured(posts: int) -> dict[str, Any]:
        flask("prepare")
        told: dict[str, Any] = json.loads(
            flask("growth_script.py", str(posts), files=script).splitlines()[-1]
        )
        flask("db", "downgrade", "base")
        return told

    before, after = measured(4_000), measured(40_000)
    assert all(told["chosen"].values() for told in (before, after)), "home walks to many and gathers few"
    rows = after["rows"]
    growth = {name: rows[name] / number for name, number in before["rows"].items()}
    # Where walking is as dear as gathering, a page costs some rows for each of the root of 26 times posts.
    dearest = {name for name in growth if "just" in name}
    others = growth.keys() - dearest
    assert {name: growth[name] for name in others if growth[name] > 1.5} == {}
    assert {name: growth[name] for name in dearest if growth[name] > sqrt(10)} == {}
    assert {name: rows[name] for name in others if rows[name] > 4_000} == {}, "a tenth of the posts"
    assert {name: rows[name] for name in dearest if rows[name] > 7 * after["root"]} == {}


def test_the_models_and_the_migrations_say_the_same(database: Database, flask: Callable[..., str]) -> None:
    flask("prepare")
    assert "No new upgrade operations detected" in flask("db", "check")


def test_a_second_preparation_changes_nothing(database: Database, flask: Callable[..., str]) -> None:
    flask("prepare")
    version = database.sql("SELECT version_num FROM microblog.alembic_version")
    flask("prepare")
    assert database.sql("SELECT version_num FROM microblog.alembic_version") == version


def test_the_microblog_reaches_its_own_database_and_no_other(database: Database) -> None:
    def as_microblog(statement: str) -> int:
        login = ["mariadb", "--host=127.0.0.1", "--user=microblog", f"--password={PASSWORD}"]
        return int(database.container.exec_run([*login, "--execute", statement])[0])

    assert as_microblog("CREATE TABLE microblog.t (a INT); DROP TABLE microblog.t") == 0
    assert as_microblog("SELECT * FROM mysql.global_priv") != 0
    assert as_microblog("CREATE DATABASE another") != 0


def test_nobody_is_administrator_over_the_network(database: Database) -> None:
    for user in ("root", "mariadb"):
        status, output = database.container.exec_run(["mariadb", "--host=127.0.0.1", f"--user={user}"])
        assert status != 0
        assert b"Access denied" in output


def test_a_changed_secret_counts_from_the_next_start(database: Database, tmp_path: Any) -> None:
    file = tmp_path / "microblog_password"
    file.chmod(0o644)
    file.write_text("changed")
    database.container.restart()
    login = ["mariadb", "--host=127.0.0.1", "--user=microblog", "--password=changed", "--execute", "SELECT 1"]
    wait_until(lambda: database.container.exec_run(login)[0] == 0, 30, "the new password taken")
    assert database.container.exec_run([*login[:3], f"--password={PASSWORD}", *login[4:]])[0] != 0


def pretend(database: Database, version: str) -> None:
    """Have the data directory be of another release, and the server start on it."""
    words = ["sh", "-c", f"echo {version} >{RELEASE}"]
    assert database.container.exec_run(words)[0] == 0
    database.container.restart()


def healthy(database: Database) -> bool:
    database.container.reload()
    return bool(database.container.attrs["State"]["Health"]["Status"] == "healthy")


def test_the_data_of_an_older_release_is_upgraded_before_anybody_connects(database: Database) -> None:
    database.sql("CREATE TABLE microblog.kept (a INT); INSERT INTO microblog.kept VALUES (7)")
    pretend(database, "10.11.6-MariaDB")
    wait_until(lambda: healthy(database), 60, "the upgraded database")
    assert database.sql("SELECT a FROM microblog.kept") == "7"
    said = database.container.logs().decode()
    assert "mariadb: upgrading the data directory from release 10.11 to " in said
    version = database.sql("SELECT VERSION()").split("-")[0]
    assert database.container.exec_run(["cat", RELEASE])[1].decode().startswith(version)
    database.container.restart()
    wait_until(lambda: healthy(database), 30, "the database again")
    assert database.container.logs().decode().count("upgrading the data directory") == 1


def test_the_data_of_a_newer_release_is_refused_with_what_to_do(database: Database) -> None:
    pretend(database, "99.1.2-MariaDB")
    assert database.container.wait(timeout=90)["StatusCode"] == 1
    said = database.container.logs(tail=1).decode()
    assert said.startswith("mariadb: the data directory could not be upgraded from release 99.1 to ")
    assert "docs/backup.md" in said
