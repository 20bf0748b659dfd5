"""The environment is read once, and every mistake in it is named."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from microblog import bare_run, create_app
from microblog.mail.settings import MailSettings
from microblog.settings import Settings, SettingsError

IMAGE = Path(__file__).parents[3] / "images" / "microblog"
KEY = "k" * 40


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text(f"{KEY}\n")
    return path


def mistakes(environment: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(environment)
    return caught.value.mistakes


def test_the_password_from_the_file_is_put_into_the_address(tmp_path, key_file):
    password = tmp_path / "password"
    password.write_text("a/b@c%d\n")
    settings = Settings.from_environment(
        {
            "DATABASE_URL": "mysql+mysqldb://microblog@mariadb/microblog",
            "DATABASE_PASSWORD_FILE": str(password),
            "SECRET_KEY_FILE": str(key_file),
        }
    )
    assert settings.database_url == "mysql+mysqldb://microblog:a%2Fb%40c%25d@mariadb/microblog"
    assert settings.secret_key == KEY
    assert (settings.revision, settings.posts_per_page, settings.web_concurrency) == ("unknown", 25, None)


def test_every_mistake_is_named_at_once():
    named = mistakes(
        {
            "DATABASE_URL": "postgresql://somewhere/db",
            "DATABASE_PASSWORD_FILE": "/nowhere/password",
            "SECRET_KEY_FILE": "/nowhere/key",
            "WEB_CONCURRENCY": "many",
            "POSTS_PER_PAGE": "0",
            "API_REQUESTS_PER_MINUTE": "0",
            "WRITES_PER_MINUTE": "-1",
        }
    )
    assert named == [
        "DATABASE_PASSWORD_FILE: /nowhere/password cannot be read (No such file or directory).",
        "DATABASE_URL starts with postgresql: use mysql+mysqldb or sqlite.",
        "SECRET_KEY_FILE: /nowhere/key cannot be read (No such file or directory).",
        "WEB_CONCURRENCY is 'many': a whole number from 1 to 64 is needed.",
        "POSTS_PER_PAGE is '0': a whole number from 1 to 100 is needed.",
        "API_REQUESTS_PER_MINUTE is '0': a whole number from 1 to 10000000 is needed.",
        "WRITES_PER_MINUTE is '-1': a whole number from 1 to 10000000 is needed.",
    ]


@pytest.mark.parametrize("number", ["-1", "65", "1e3", "٣", "9" * 5000])
def test_strange_numbers_are_mistakes(number, key_file):
    environment = {"DATABASE_URL": "sqlite://", "SECRET_KEY_FILE": str(key_file), "WEB_CONCURRENCY": number}
    assert len(mistakes(environment)) == 1


def test_a_password_in_a_broken_address_is_not_repeated(key_file):
    named = mistakes({"DATABASE_URL": "secret-password", "SECRET_KEY_FILE": str(key_file)})
    assert len(named) == 1
    assert "secret-password" not in named[0]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"short", "holds fewer than 32 characters"), (b"\n", "is empty"), (b"\xff" * 40, "is not text")],
)
def test_a_bad_key_file_is_a_mistake(tmp_path, content, sentence):
    path = tmp_path / "key"
    path.write_bytes(content)
    named = mistakes({"DATABASE_URL": "sqlite://", "SECRET_KEY_FILE": str(path)})
    assert len(named) == 1
    assert sentence in named[0]


def test_a_key_file_may_hold_the_keys_of_before(tmp_path):
    path = tmp_path / "keys"
    path.write_text(f"{'new' * 20}\n\n{'old' * 20}\n{'older' * 20}\n")
    settings = Settings.from_environment({"DATABASE_URL": "sqlite://", "SECRET_KEY_FILE": str(path)})
    assert settings.secret_key == "new" * 20
    assert settings.former_secret_keys == ("old" * 20, "older" * 20)


def test_each_key_must_be_long_enough(tmp_path):
    path = tmp_path / "keys"
    path.write_text(f"{KEY}\nshort\n")
    (named,) = mistakes({"DATABASE_URL": "sqlite://", "SECRET_KEY_FILE": str(path)})
    assert "fewer than 32 characters" in named


def mail_settings(environment: dict[str, str]) -> tuple[MailSettings | None, list[str]]:
    found: list[str] = []
    return MailSettings.from_environment(environment, found), found


MAIL = {"MAIL_FROM": "microblog@blog.example", "PUBLIC_URL": "https://blog.example/"}


def test_without_a_mail_url_there_is_no_mail():
    assert mail_settings({**MAIL, "MAIL_URL": "", "MAIL_PASSWORD_FILE": "/nowhere"}) == (None, [])


def test_mail_is_set_up_by_one_url_and_a_password_file(tmp_path):
    password = tmp_path / "password"
    password.write_text("p@ss word\n")
    environment = MAIL | {
        "MAIL_URL": "smtp+starttls://me%40blog.example@mail.example",
        "MAIL_PASSWORD_FILE": str(password),
    }
    settings, found = mail_settings(environment)
    assert found == []
    assert settings == MailSettings(
        "mail.example",
        587,
        "smtp+starttls",
        "microblog@blog.example",
        "https://blog.example",
        "me@blog.example",
        "p@ss word",
    )
    assert "p@ss word" not in repr(settings)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"MAIL_URL": "mail.example"}, "MAIL_URL is not an address"),
        ({"MAIL_URL": "http://mail.example"}, "MAIL_URL is not an address"),
        ({"MAIL_URL": "smtp://"}, "MAIL_URL is not an address"),
        ({"MAIL_URL": "smtp://mail.example:99999"}, "MAIL_URL is not an address"),
        ({"MAIL_URL": "smtp://me:secret@mail.example"}, "MAIL_URL holds a password"),
        ({"MAIL_URL": "smtp://me@mail.example"}, "MAIL_PASSWORD_FILE must name"),
        ({"MAIL_URL": "smtp://me@mail.example", "MAIL_PASSWORD_FILE": "/nowhere"}, "cannot be read"),
        ({"MAIL_FROM": "nobody"}, "MAIL_FROM is not an address"),
        ({"MAIL_FROM": "a@b\nBcc: c@d"}, "MAIL_FROM is not an address"),
        ({"PUBLIC_URL": ""}, "PUBLIC_URL is not an address"),
        ({"PUBLIC_URL": "blog.example"}, "PUBLIC_URL is not an address"),
        ({"PUBLIC_URL": "https://blog.example/path"}, "PUBLIC_URL is not an address"),
        ({"PUBLIC_URL": "javascript:alert(1)"}, "PUBLIC_URL is not an address"),
    ],
)
def test_every_mistake_about_mail_is_named(change, sentence):
    settings, found = mail_settings(MAIL | {"MAIL_URL": "smtp://mail.example"} | change)
    assert settings is None
    assert len(found) == 1
    assert sentence in found[0]
    assert "secret" not in found[0]


def test_a_sender_in_other_letters_is_written_as_registries_do():
    found, _ = mail_settings(MAIL | {"MAIL_URL": "smtp://mail.example", "MAIL_FROM": "blog@bücher.example"})
    assert found
    assert found.sender == "blog@xn--bcher-kva.example"


def test_outside_a_bare_run_database_and_key_must_be_given():
    assert mistakes({}) == ["DATABASE_URL is not set.", "SECRET_KEY_FILE is not set."]


def test_the_flask_command_needs_neither():
    assert Settings.from_environment({"FLASK_RUN_FROM_CLI": "true"}) == Settings()


def test_a_bare_run_keeps_its_key_where_only_the_owner_can_read_it(tmp_path):
    instance = tmp_path / "instance"
    key = bare_run.secret_key(instance)
    assert len(key) >= 32
    assert bare_run.secret_key(instance) == key
    assert stat.S_IMODE((instance / "secret_key").stat().st_mode) == 0o600
    assert bare_run.secret_key(tmp_path / "another") != key


def test_the_factory_takes_settings(app: Flask, settings):
    assert app.config["SQLALCHEMY_DATABASE_URI"] == settings.database_url
    assert app.config["POSTS_PER_PAGE"] == settings.posts_per_page


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"cannot be made \(Not a directory\)"):
        bare_run.database_url(tmp_path / "file" / "instance")


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "flask", "--app", "microblog", "prepare"],
        ["-m", "flask", "--app", "microblog", "run"],
        ["-m", "gunicorn", "--bind", "127.0.0.1:0"],
    ],
    ids=["prepare", "run", "gunicorn"],
)
def test_a_missing_secret_file_is_one_sentence_and_a_failure(command):
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": "sqlite:///:memory:",
        "SECRET_KEY_FILE": "/nowhere/key",
    }
    run = subprocess.run(
        [sys.executable, *command], cwd=IMAGE, env=environment, capture_output=True, text=True, timeout=30
    )
    assert run.returncode != 0
    assert "SECRET_KEY_FILE: /nowhere/key cannot be read (No such file or directory)." in run.stderr
    assert "Traceback" not in run.stderr + run.stdout


def test_create_app_without_settings_reads_the_environment(monkeypatch, tmp_path, key_file):
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'x.sqlite3'}")
    monkeypatch.setenv("SECRET_KEY_FILE", str(key_file))
    assert create_app().config["SECRET_KEY"] == KEY
