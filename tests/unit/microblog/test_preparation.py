"""Waiting for the database and bringing its schema up to date."""

from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import Migrate, downgrade, upgrade
from sqlalchemy import delete, func, inspect, select, text, update

from microblog import create_app
from microblog.database import MIGRATIONS, Schema, db, is_compared, read_schema, schema_now
from microblog.models import Base, Follow, User
from microblog.oversight import AuditEntry
from microblog.settings import Settings
from tests.functional.migrations_script import fill, lost, revisions
from tests.functional.migrations_script import tables as tables_of_before

KEY = "a key for tests that is long enough"


@pytest.fixture
def bare(tmp_path: Path):
    """An application whose database file is not there yet."""
    app = create_app(Settings(database_url=f"sqlite:///{tmp_path / 'new.sqlite3'}", secret_key=KEY))
    yield app
    with app.app_context():
        db.engine.dispose()


def prepare(app: Flask, *arguments: str):
    return app.test_cli_runner().invoke(args=["prepare", *arguments])


def tables(app: Flask) -> set[str]:
    with app.app_context():
        return set(inspect(db.engine).get_table_names())


def test_prepare_makes_the_tables_and_can_be_repeated(bare):
    assert bare.test_client().get("/readyz").status_code == 503
    for _ in range(2):
        assert prepare(bare).exit_code == 0
    assert tables(bare) >= {"user", "post", "follow"}
    assert bare.test_client().get("/readyz").status_code == 200


def test_migrations_go_down_and_up_again(bare):
    prepare(bare)
    with bare.app_context():
        Migrate(bare, db, directory=str(MIGRATIONS))
        downgrade(revision="base")
    assert tables(bare) == {"alembic_version"}
    assert prepare(bare).exit_code == 0
    assert "post" in tables(bare)


@pytest.mark.parametrize("revision", revisions())
def test_what_an_earlier_release_stored_is_still_there(bare, revision):
    Migrate(bare, db, directory=str(MIGRATIONS))
    assert lost(bare, revision) == []


def test_nobody_gets_the_number_of_somebody_who_left_and_everybody_is_still_found(bare):
    Migrate(bare, db, directory=str(MIGRATIONS))
    with bare.app_context():
        upgrade(revision="0013")
        fill(tables_of_before())  # a row in each, of person 1
        db.session.execute(update(AuditEntry).values(subject_id=9))  # who has left
        db.session.commit()
        upgrade()
        bob = person("bob")
        assert bob.id == 10
        assert (found("e"), found("bob")) == ([1], [10])
        bob.about = "carol"
        db.session.flush()
        assert found("carol") == [10]
        db.session.delete(bob)
        db.session.flush()
        assert found("bob") == []
        assert person("dora").id == 11
        db.session.execute(delete(User).where(User.id == 1))
        assert db.session.scalar(select(func.count()).select_from(Follow)) == 0, "still of that table"


def person(name: str) -> User:
    user = User(username=name, username_key=name, email=name, password_hash="")
    db.session.add(user)
    db.session.flush()
    return user


def found(word: str) -> list[int]:
    return list(db.session.scalars(text("SELECT rowid FROM user_search(:word)"), {"word": word}))


def test_the_migrations_make_what_the_models_say(bare):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    prepare(bare)
    with bare.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": is_compared})
        assert compare_metadata(context, Base.metadata) == []


def test_a_database_that_does_not_come_is_named():
    app = create_app(Settings(database_url="sqlite:////nowhere/at/all.sqlite3", secret_key=KEY))
    result = prepare(app)
    assert result.exit_code == 1
    assert result.output.strip().splitlines()[-1] == (
        "Error: the database /nowhere/at/all.sqlite3 did not answer within 0 s: unable to open database file"
    )


def test_a_failed_migration_ends_at_once_with_its_reason_and_leaves_nothing(bare):
    with bare.app_context():
        db.session.execute(text("CREATE TABLE follow (x INTEGER)"))  # the third table to be made
        db.session.commit()
    result = prepare(bare)
    assert result.exit_code == 1
    assert "failed: table follow already exists" in result.output
    assert tables(bare) == {"follow"}


def test_a_database_newer_than_the_code_is_left_alone(bare):
    prepare(bare)
    with bare.app_context():
        db.session.execute(text("UPDATE alembic_version SET version_num = 'fffffff'"))
        db.session.commit()
    result = prepare(bare)
    assert result.exit_code == 0, result.output
    with bare.app_context():
        assert schema_now() == "fffffff"


def test_the_newest_revision_is_read_from_the_files(tmp_path):
    versions = tmp_path / "versions"
    versions.mkdir()
    (versions / "a.py").write_text('revision = "a1"\ndown_revision = None\n')
    (versions / "b.py").write_text('revision = "b2"\ndown_revision = "a1"\n')
    assert read_schema(tmp_path) == Schema("b2", frozenset({"a1", "b2"}))


def test_alembic_names_the_same_newest_revision():
    from alembic.script import ScriptDirectory

    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == read_schema().head
