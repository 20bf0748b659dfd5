"""Commands: `flask --app microblog prepare` and `flask --app microblog translations …`."""

import os
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from .database import MIGRATIONS, db


def init_app(app: Flask) -> None:
    """Add the commands; what they need is imported when one runs, never by a worker."""
    app.cli.add_command(prepare)
    app.cli.add_command(translations)
    # `flask db …` writes new migrations. Only the flask command pays for importing Alembic.
    if os.environ.get("FLASK_RUN_FROM_CLI") == "true":
        from flask_migrate import Migrate

        Migrate(app, db, directory=str(MIGRATIONS))


@click.command()
@click.option("--wait", default=60, show_default=True, metavar="SECONDS", help="How long to wait.")
@with_appcontext
def prepare(wait: int) -> None:
    """Wait for the database, then bring its schema up to date."""
    from .preparation import migrate, wait_for_database

    wait_for_database(wait)
    migrate()


translations = AppGroup("translations", help="Keep the translations complete.")


@translations.command()
def extract() -> None:
    """Collect the texts of the program into messages.pot."""
    from . import catalogues

    click.echo(catalogues.extract(Path(current_app.root_path)))


@translations.command()
def update() -> None:
    """Bring new texts into every catalogue."""
    from . import catalogues

    for line in catalogues.update(Path(current_app.root_path)):
        click.echo(line)


@translations.command(name="compile")
def compile_() -> None:
    """Make the catalogues readable for the program."""
    from . import catalogues

    for line in catalogues.compile_all():
        click.echo(line)


@translations.command()
@click.argument("language")
def add(language: str) -> None:
    """Begin a translation: `translations add fr`."""
    from . import catalogues

    click.echo(catalogues.add(Path(current_app.root_path), language))
