"""What an operator or auditor does with the audit trail: take it out, and prove that it is whole."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.console import Console

from telegraphone.cli.reading import ConfigOption, complaints, configuration

if TYPE_CHECKING:
    from telegraphone.services.audit import AuditLine, Head
    from telegraphone.services.checkpoints import Flaw

audit = typer.Typer(no_args_is_help=True, help="The audit trail: who heard, searched, exported and changed what.")

Result = TypeVar("Result")

console = Console()

CONFIG = Path("telegraphone.toml")
SignerOption = Annotated[str, typer.Option(help="The signing key to trust, in hexadecimal (signing.pub in the key folder).")]


@audit.command()
def export(to: Annotated[Path, typer.Option(help="The new file.")], config: ConfigOption = CONFIG) -> None:
    """Write the whole trail to a file, a line of JSON for each of its own, for `verify` on another machine."""
    settings = configuration(config)

    async def write() -> int:
        import msgspec

        from telegraphone.bootstrap.auditing import opened_trail
        from telegraphone.services.checkpoints import everything

        count = 0
        with to.open("xb") as file:
            async with opened_trail(settings) as trail:
                async for line in everything(trail):
                    file.write(msgspec.json.encode(line) + b"\n")
                    count += 1
        return count

    console.print(f"{done(write())} lines are in {to}", markup=False, soft_wrap=True)


@audit.command()
def verify(
    checkpoints: Annotated[Path | None, typer.Option(help="The folder of checkpoints, as kept on another machine.")] = None,
    signer: SignerOption = "",
    file: Annotated[Path | None, typer.Option(help="A trail that was exported; without it the database is read.")] = None,
    config: ConfigOption = CONFIG,
) -> None:
    """Say whether the trail is what was written, and name every place where it is not; status 0 only if it is."""
    from telegraphone.storage.checkpoints import BadCheckpoint, read_checkpoints

    if (checkpoints is None) != (not signer):
        complaints.print("checkpoints are believed by their signature: give both --checkpoints and --signer")
        raise typer.Exit(2)
    try:
        signed = read_checkpoints(checkpoints, {bytes.fromhex(signer)}) if checkpoints else ()
    except (BadCheckpoint, ValueError, OSError) as error:
        complaints.print(str(error), markup=False, soft_wrap=True)
        raise typer.Exit(1) from error
    found, count = done(_proved(file, config, signed))
    for flaw in found:
        console.print(str(flaw), markup=False, highlight=False, soft_wrap=True)
    signed_to = f"signed up to line {signed[-1].number}" if signed else "without checkpoints a cut or rewritten trail looks whole"
    console.print(f"{count} lines, {signed_to}: {'NOT intact' if found else 'intact'}", highlight=False, soft_wrap=True)
    raise typer.Exit(1 if found else 0)


async def _proved(file: Path | None, config: Path, signed: "tuple[Head, ...]") -> "tuple[list[Flaw], int]":
    from telegraphone.bootstrap.auditing import opened_trail
    from telegraphone.services.checkpoints import everything, flaws

    count = 0

    async def counted(lines: "AsyncIterator[AuditLine]") -> "AsyncIterator[AuditLine]":
        nonlocal count
        async for line in lines:
            count += 1
            yield line

    if file is not None:
        return [flaw async for flaw in flaws(counted(exported(file)), None, signed)], count
    async with opened_trail(configuration(config)) as trail:
        # The end first: a node that runs adds lines meanwhile.
        head = await trail.head()
        return [flaw async for flaw in flaws(counted(everything(trail)), head, signed)], count


async def exported(file: Path) -> "AsyncIterator[AuditLine]":
    """The lines of a trail that was written to a file. Raises OSError, msgspec.MsgspecError."""
    import msgspec

    from telegraphone.services.audit import AuditLine

    decoder = msgspec.json.Decoder(AuditLine)
    with file.open("rb") as lines:
        for line in lines:
            yield decoder.decode(line)


def done(work: Coroutine[object, object, Result]) -> Result:
    """What the work comes to; says in one line what went wrong, and ends with status 1."""
    import msgspec

    from telegraphone.services.ports import Unavailable

    try:
        return asyncio.run(work)
    except (OSError, Unavailable, msgspec.MsgspecError) as error:
        complaints.print(f"That did not work: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(1) from error
