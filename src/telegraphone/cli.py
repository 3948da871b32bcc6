"""The command line: what an operator or a curious reader types; each command says what it does and ends with a status."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from telegraphone import __version__

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False)
user = typer.Typer(no_args_is_help=True, help="Accounts of agents and supervisors.")
app.add_typer(user, name="user")

console = Console()
complaints = Console(stderr=True)

ConfigOption = Annotated[Path, typer.Option("--config", help="The configuration file (TOML).")]


def main() -> None:
    """Runs the command line."""
    app()


@app.callback(invoke_without_command=True)
def telegraphone(version: Annotated[bool, typer.Option("--version", help="Say the version and end.")] = False) -> None:
    """Telegraphone records the calls of a contact centre, under the agent's hand."""
    if version:
        console.print(f"telegraphone {__version__}")
        raise typer.Exit


@app.command()
def serve(config: ConfigOption = Path("telegraphone.toml")) -> None:
    """Run the server until SIGTERM or Ctrl-C; calls are ended and recordings sealed before it goes."""
    from telegraphone.bootstrap import serve as run

    asyncio.run(run(_configuration(config)))


@app.command()
def demo(
    folder: Annotated[Path, typer.Option("--dir", help="Where the demonstration keeps its files.")] = Path("telegraphone-demo"),
    once: Annotated[bool, typer.Option("--once", help="End after the demonstration; status 0 only if it proved itself.")] = False,
) -> None:
    """Run a whole small contact centre on this machine, record a call in it, and prove the recording."""
    from telegraphone.demo.play import play
    from telegraphone.demo.stage import StageError

    try:
        proved = asyncio.run(play(folder, once=once, console=console))
    except (StageError, TimeoutError) as error:
        complaints.print(f"[bold red]The demonstration failed:[/] {error or 'something expected did not happen in time'}")
        raise typer.Exit(1) from error
    raise typer.Exit(0 if proved else 1)


@app.command("check-config")
def check_config(config: ConfigOption = Path("telegraphone.toml")) -> None:
    """Read the configuration, say what is wrong with it, and end."""
    _configuration(config)
    console.print(f"{config} is a valid configuration.")


@user.command("hash-password")
def hash_password(
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)],
) -> None:
    """Ask for a password and print its Argon2 hash, for `password_hash` in the configuration."""
    from argon2 import PasswordHasher

    console.print(PasswordHasher().hash(password), soft_wrap=True, highlight=False)
