"""The command line: what an operator or a curious reader types; each command says what it does and ends with a status."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from telegraphone import __version__
from telegraphone.cli.asterisk import asterisk
from telegraphone.cli.audit import audit
from telegraphone.cli.keys import key
from telegraphone.cli.reading import ConfigOption, complaints, configuration
from telegraphone.cli.retention import retention

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False)
user = typer.Typer(no_args_is_help=True, help="Accounts of agents and supervisors.")
app.add_typer(user, name="user")
app.add_typer(key, name="key")
app.add_typer(audit, name="audit")
app.add_typer(asterisk, name="asterisk")
app.add_typer(retention, name="retention")

console = Console()


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
    import uvloop

    from telegraphone.bootstrap import serve as run
    from telegraphone.config import read
    from telegraphone.services.ports import Unavailable

    settings, reasons = configuration(config), list[str]()
    try:
        uvloop.run(run(settings, lambda before: read(config, before)))
    except* (OSError, Unavailable) as failed:
        reasons += [str(error) for error in _each(failed)]
    if reasons:
        complaints.print(f"Telegraphone cannot run: {'; '.join(reasons)}", markup=False, soft_wrap=True)
        raise typer.Exit(1)


def _each(failed: BaseException) -> Iterator[BaseException]:
    """What failed, one by one: parts of a node that fail together come as a group."""
    if isinstance(failed, BaseExceptionGroup):
        for inner in failed.exceptions:
            yield from _each(inner)
    else:
        yield failed


@app.command()
def demo(
    folder: Annotated[Path, typer.Option("--dir", help="Where the demonstration keeps its files.")] = Path("telegraphone-demo"),
    once: Annotated[bool, typer.Option("--once", help="End after the demonstration; status 0 only if it proved itself.")] = False,
) -> None:
    """Run a whole small contact centre on this machine, record a call in it, and prove the recording."""
    from telegraphone.demo.desktop import DesktopError
    from telegraphone.demo.play import play
    from telegraphone.demo.stage import StageError

    try:
        proved = asyncio.run(play(folder, once=once, console=console))
    except (StageError, DesktopError, TimeoutError) as error:
        complaints.print(f"[bold red]The demonstration failed:[/] {str(error) or 'what was expected did not happen in time'}")
        raise typer.Exit(1) from error
    raise typer.Exit(0 if proved else 1)


@app.command()
def phone(
    number: Annotated[str, typer.Argument(help="The number of the phone, which is also its user name.")],
    *,
    password_file: Annotated[Path | None, typer.Option(help="The file its password is in; asked for without it.")] = None,
    server: Annotated[str, typer.Option(help="The SIP server, as host:port.")] = "127.0.0.1:5060",
    local: Annotated[str, typer.Option(help="The address of this machine that the server reaches.")] = "127.0.0.1",
    answer_after: Annotated[float | None, typer.Option(help="Answer by itself after so many seconds.")] = None,
    call: Annotated[str, typer.Option(help="Call this number at once.")] = "",
    seconds: Annotated[float | None, typer.Option("--for", help="End after so many seconds; nothing is typed then.")] = None,
) -> None:
    """Be a small SIP phone that speaks with a synthetic voice; type `call 5001`, `answer`, `hold`, `hang up`, `quit`."""
    from telegraphone.phone import Phone, PhoneOptions, RegistrationFailed, scripted, typed, use

    password = password_file.read_text().rstrip("\r\n") if password_file else typer.prompt("password", hide_input=True)
    host, _, port = server.rpartition(":")

    async def run() -> None:
        options = PhoneOptions(answers_after_s=answer_after)
        device = Phone(number, number, password, (host, int(port)), local, options=options)
        first = [f"call {call}"] if call else []
        lines = typed() if seconds is None else scripted(first, seconds)
        await use(device, lines, lambda text: console.print(text, markup=False, highlight=False))

    try:
        asyncio.run(run())
    except (OSError, ValueError, RegistrationFailed) as error:
        complaints.print(f"The phone cannot be used: {error}", markup=False)
        raise typer.Exit(1) from error


@app.command("check-config")
def check_config(config: ConfigOption = Path("telegraphone.toml")) -> None:
    """Read the configuration, say what is wrong with it, and end."""
    configuration(config)
    console.print(f"{config} is a valid configuration.")


@app.command()
def doctor(config: ConfigOption = Path("telegraphone.toml")) -> None:
    """Look this installation over: disk, keys, database, storage, ports and limits; status 0 if nothing must be changed."""
    from telegraphone.bootstrap.doctor import examine

    settings = configuration(config)

    async def run() -> bool:
        sound = True
        async for finding in examine(settings):
            sound = sound and not finding.is_fault
            console.print(str(finding), markup=False, highlight=False, soft_wrap=True)
        return sound

    raise typer.Exit(0 if asyncio.run(run()) else 1)


@user.command("hash-password")
def hash_password(
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)],
) -> None:
    """Ask for a password and print its Argon2 hash, for `password_hash` in the configuration; refuse one that is guessed soon."""
    from argon2 import PasswordHasher

    from telegraphone.cli.passwords import objection

    problem = objection(password)
    if problem:
        complaints.print(problem)
        raise typer.Exit(1)
    console.print(PasswordHasher().hash(password), soft_wrap=True, highlight=False)


@app.command()
def verify(
    path: Annotated[
        Path,
        typer.Argument(
            help="The folder of a finished recording, an export package (ZIP or folder), or a signed report or tombstone (JSON)."
        ),
    ],
    signer: Annotated[str, typer.Option(help="The signing key to trust, in hexadecimal (signing.pub in the key folder).")],
    keys: Annotated[Path | None, typer.Option(help="The key folder; without it the audio is not opened.")] = None,
    trail: Annotated[Path | None, typer.Option(help="An exported audit trail, which must tell of the tombstones too.")] = None,
) -> None:
    """Say offline whether recordings are what was sealed; status 0 only if they are. Nothing is ever repaired."""
    import msgspec

    from telegraphone.cli.verifying import chained, verified

    if keys is not None and not (keys / "kek.key").is_file():
        complaints.print(f"{keys} is no key folder.", markup=False)
        raise typer.Exit(2)
    try:
        done = verified(path.resolve(), {bytes.fromhex(signer)}, keys)
        found = done.findings + (asyncio.run(chained(done.stones, trail)) if trail else ())
    except (OSError, msgspec.MsgspecError) as error:
        complaints.print(f"{path} cannot be read: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(1) from error
    for stone, _ in done.stones:
        console.print(f"erased: {stone}", markup=False, highlight=False, soft_wrap=True)
    for finding in found:
        console.print(str(finding), markup=False, highlight=False, soft_wrap=True)
    console.print("NOT intact" if found else "intact")
    raise typer.Exit(1 if found else 0)
