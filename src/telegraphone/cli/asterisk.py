"""What an operator asks about the Asterisks that Telegraphone controls."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from telegraphone.cli.reading import ConfigOption, complaints, configuration

if TYPE_CHECKING:
    from telegraphone.config import AsteriskEntry, Config
    from telegraphone.services.findings import Finding
    from telegraphone.switches.asterisk.check import Wanted

asterisk = typer.Typer(no_args_is_help=True, help="Asterisk as the switch.")

console = Console()


@asterisk.callback()
def about() -> None:
    """Asterisk as the switch."""


@asterisk.command()
def check(
    config: ConfigOption = Path("telegraphone.toml"),
    *,
    dial: Annotated[str, typer.Option(help="Send a call to this number through the dialplan too, and end it at once.")] = "",
) -> None:
    """Ask every Asterisk of the configuration what it is like, and say what must be changed; status 0 if nothing."""
    from telegraphone.services.ports import Unavailable

    settings = configuration(config)
    if not settings.asterisk:
        complaints.print(f"{config} names no Asterisk: add a table [[asterisk]].", markup=False)
        raise typer.Exit(2)

    async def run() -> bool:
        sound = True
        async for name, finding in _findings(settings, dial):
            sound = sound and not finding.is_fault
            console.print(f"{name}: {finding}", markup=False, highlight=False, soft_wrap=True)
        return sound

    try:
        sound = asyncio.run(run())
    except Unavailable as error:
        complaints.print(f"Asterisk stopped answering: {error}", markup=False)
        sound = False
    raise typer.Exit(0 if sound else 1)


async def _findings(config: "Config", dial: str) -> AsyncIterator[tuple[str, "Finding"]]:
    """Each after the name of its Asterisk."""
    from telegraphone.config import Secret
    from telegraphone.switches.asterisk import check
    from telegraphone.switches.asterisk.link import AriLink

    for entry in config.asterisk:
        assert isinstance(entry.password, Secret), "reading the configuration completes it"
        link = AriLink(url=entry.url, user=entry.user, password=entry.password.reveal(), apps=(entry.application,))
        try:
            for finding in await check.check(link, _wanted(config, entry, dial)):
                yield entry.name, finding
        finally:
            await link.close()


def _wanted(config: "Config", entry: "AsteriskEntry", dial: str) -> "Wanted":
    from telegraphone.capture.packet_group import may_take_packets
    from telegraphone.switches.asterisk.check import Wanted

    named = {number: endpoint for number, _, endpoint in (each.partition("=") for each in entry.devices)}
    elsewhere = {phone.number for phone in config.phones}
    numbers = [agent.phone for agent in config.agents if agent.phone and agent.phone not in elsewhere]
    return Wanted(
        url=entry.url,
        user=entry.user,
        application=entry.application,
        phones={number: named.get(number, number) for number in dict.fromkeys((*numbers, *named))},
        trunks=(entry.outbound.rpartition("@")[2],) if "@" in entry.outbound else (),
        recorder_host=config.recorder.rtp_host,
        rtp_ports=(entry.rtp_port_first, entry.rtp_port_last),
        taps=entry.taps,
        may_take_packets=may_take_packets(),
        alone=len(config.asterisk) == 1,
        dial=dial,
    )
