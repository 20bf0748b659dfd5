"""Commands of `flask --app microblog`: `prepare`, `translations …`, `mail …`, `jobs …`, `reset-link NAME`.

Those about people are in `cli_people`.
"""

import os
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from . import cli_people
from .database import MIGRATIONS, db


def init_app(app: Flask) -> None:
    """Add the commands; what they need is imported when one runs, never by a worker."""
    app.cli.add_command(prepare)
    app.cli.add_command(translations)
    app.cli.add_command(mail)
    app.cli.add_command(jobs)
    app.cli.add_command(reset_link)
    app.cli.add_command(maintenance)
    for command in (cli_people.user, cli_people.audit, cli_people.seed):
        app.cli.add_command(command)
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

    try:
        click.echo(catalogues.add(Path(current_app.root_path), language))
    except catalogues.NoLanguage:
        raise click.BadParameter(
            f"there is no language {language!r}; they are called fr or pt_BR.", param_hint="LANGUAGE"
        ) from None


mail = AppGroup("mail", help="Letters that wait to be sent.")


@mail.command()
def send() -> None:
    """Send every letter that is due, once; in the container the workers do that all the time."""
    from .mail import courier

    if current_app.config["MAIL"] is None:
        raise click.ClickException("This microblog sends no mail: MAIL_URL is not set.")
    click.echo(f"{courier.send_due()} sent")
    courier.tidy()


jobs = AppGroup("jobs", help="Work in the background: exports.")


@jobs.command()
def work() -> None:
    """Do every job that is due, once; in the container the workers do that all the time."""
    from .jobs import queue, worker

    click.echo(f"{worker.work_off()} done")
    queue.tidy()


@click.command("reset-link")
@click.argument("username")
@with_appcontext
def reset_link(username: str) -> None:
    """Print where a person may choose a new password, once, within the hour: for a site without mail."""
    from sqlalchemy import select

    from . import usernames
    from .mail import letters, outbox
    from .models import User

    user = db.session.scalar(select(User).where(User.username_key == usernames.key(username)))
    if user is None:
        raise click.ClickException(f"There is nobody called {username}.")
    click.echo(f"{letters.RESET}?token={outbox.link_for(user)}")


@click.command()
@click.argument("state", type=click.Choice(["on", "off"]))
@click.option("--assets", type=click.Path(path_type=Path), default="/assets", hidden=True)
def maintenance(state: str, assets: Path) -> None:
    """Close the site on this host within a second, or open it again: nginx answers, with 503 and Retry-After.

    The microblog runs on behind it. A file beside the assets, on the volume that both containers share, says
    so; it outlives restarts.
    """
    flag = assets / ".maintenance"
    if not assets.is_dir():
        raise click.ClickException(
            f"There is no {assets}: this is for the container that nginx stands before."
        )
    if state == "on":
        flag.touch()
    else:
        flag.unlink(missing_ok=True)
    click.echo("Closed for maintenance." if state == "on" else "Open.")
