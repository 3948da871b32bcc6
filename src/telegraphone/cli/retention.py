"""What an operator asks of retention: what would go, and to believe the clock after a long absence."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from telegraphone.cli.audit import done
from telegraphone.cli.reading import ConfigOption, configuration

retention = typer.Typer(no_args_is_help=True, help="How long recordings are kept.")

console = Console()

CONFIG = Path("telegraphone.toml")


@retention.command()
def due(
    days: Annotated[int, typer.Option("--in", min=0, help="As of so many days from now.")] = 0,
    config: ConfigOption = CONFIG,
) -> None:
    """List the recordings whose time is over and that nothing else keeps: what goes next. Nothing is changed."""
    settings = configuration(config)

    async def look() -> int:
        from telegraphone.bootstrap.retention import opened_retention

        count = 0
        async with opened_retention(settings) as overdue:
            async for each in overdue.expired(datetime.now(UTC) + timedelta(days=days)):
                count += 1
                text = f"{each.aged.call_uuid} {each.aged.tenant} until {each.term.until:%Y-%m-%d} by {each.term.rule!r}"
                console.print(text, markup=False, highlight=False, soft_wrap=True)
        return count

    console.print(f"{done(look())} recordings", highlight=False)


@retention.command("believe-clock")
def believe_clock(config: ConfigOption = CONFIG) -> None:
    """Say that the clock of this machine is right, after it was off for long or its clock was set."""
    settings = configuration(config)

    async def believe() -> datetime:
        from telegraphone.bootstrap.retention import opened_retention

        now = datetime.now(UTC)
        async with opened_retention(settings) as overdue:
            await overdue.ages.reach(now)
        return now

    console.print(f"It is {done(believe()):%Y-%m-%d %H:%M} UTC.", highlight=False)
