"""`telegraphone asterisk check` against real Asterisks: nothing to say of the sample, and each fault found and named."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from typer.testing import CliRunner

from telegraphone.cli import app
from tests.interop.asterisk.server import APPLICATION, HOST, PASSWORD, START_S, USER, Asterisk, asterisk, version
from tests.interop.asterisk.test_sample_configuration import events_of
from tests.interop.system import AGENT, HASH, OTHER_AGENT, free_port

PHONES = {AGENT: "5001", OTHER_AGENT: "5002"}


def written(folder: Path, port: int, *, password: str = PASSWORD, more: str = "", recorder: str = HOST) -> Path:
    """A configuration that uses this Asterisk."""
    agents = "".join(
        f'\n[[agents]]\nuser_name = "{name}"\npassword_hash = "{HASH}"\nphone = "{phone}"\n' for name, phone in PHONES.items()
    )
    path = folder / "telegraphone.toml"
    path.write_text(
        f'[server]\nexternal_url = "http://{HOST}:8090"\n[recorder]\nrtp_host = "{recorder}"\n\n[[asterisk]]\nname = "pbx"\n'
        f'url = "http://{HOST}:{port}"\npassword = "{password}"\noutbound = "PJSIP/{{number}}@trunk"\n{more}{agents}'
    )
    return path


async def checked(config: Path, *words: str) -> tuple[int, list[str]]:
    """Its status, and what it says line by line."""
    done = await asyncio.to_thread(CliRunner().invoke, app, ["asterisk", "check", "--config", str(config), *words])
    return done.exit_code, done.output.splitlines()


def changes(lines: Sequence[str]) -> list[str]:
    return [line.removeprefix("pbx: change: ") for line in lines if line.startswith("pbx: change: ")]


@asynccontextmanager
async def broken(folder: Path, **wrong: object) -> AsyncIterator[Asterisk]:
    async with asterisk(folder / "asterisk", must_be_sound=False, **wrong) as server:  # type: ignore[arg-type] # by the caller
        for _ in range(int(START_S / 0.1)):
            if "fully booted" in await server.console("core waitfullybooted"):
                break
            await asyncio.sleep(0.1)
        yield server


async def test_of_the_sample_nothing_must_be_changed(tmp_path: Path) -> None:
    async with asterisk(tmp_path / "asterisk") as server:
        config = written(tmp_path, server.ari_port)
        status, lines = await checked(config, "--dial", "5002")
        assert (status, changes(lines)) == (0, []), lines
        assert f"pbx: ok: {version()} answers at http://{HOST}:{server.ari_port}".split("+")[0] in lines[0]
        assert "pbx: ok: all modules that are needed run" in lines
        assert "pbx: ok: endpoint 5001, whose calls go to the context from-agents" in lines
        assert "pbx: ok: endpoint trunk, whose calls go to the context from-trunk" in lines
        assert "pbx: ok: a call to 5002 in the context from-agents is handed over, as one from agent" in lines
        assert "pbx: ok: a call to 5002 in the context from-trunk is handed over, as one from trunk" in lines
        assert "pbx: ok: legs are recorded by the packets that arrive at this machine, which costs Asterisk nothing" in lines
        assert any("rtp_port_last = 29999 are enough for 1000 calls at once" in each for each in lines)
        assert await server.ids("channels") == []

        async with events_of(server):  # as a node that serves
            _, lines = await checked(config, "--dial", "5002")
            assert f"pbx: note: the dialplan was not tried: a Telegraphone is connected as {APPLICATION}" in lines

        config = written(tmp_path, server.ari_port, password="something else")
        status, lines = await checked(config)
        assert status == 1
        assert changes(lines) == [f"Asterisk does not let {USER} in: [{USER}] in ari.conf needs type = user and this password"]

        config = written(tmp_path, server.ari_port, more='devices = ["5003=nobody"]\n', recorder="0.0.0.0")
        status, lines = await checked(config)
        assert status == 1
        assert changes(lines) == [
            "there is no endpoint nobody: add [nobody] to pjsip.conf, or correct telegraphone.toml",
            "Asterisk would be told to send copies to 0.0.0.0: set rtp_host under [recorder] to this machine's address",
        ]


async def test_every_fault_of_the_configuration_is_named(tmp_path: Path) -> None:
    wrong = {
        "ari.conf": [("read_only = no", "read_only = yes")],
        "pjsip.conf": [
            ("; Media that does not pass Asterisk cannot be recorded.\ndirect_media = no", "direct_media = yes"),
            ("can be ended by one.\nallow_transfer = no", "can be ended by one.\nallow_transfer = yes"),
            ("rtp_symmetric = yes\n", ""),
            (";external_signaling_address = 192.0.2.20", "external_signaling_address = 192.0.2.20"),
        ],
        "modules.conf": [("load = res_stasis_snoop.so\n", "")],
        "extensions.conf": [("Stasis(telegraphone,trunk,${EXTEN})", "Stasis(telegraphone,${EXTEN})")],
    }
    async with broken(tmp_path, changes=wrong) as server:
        status, lines = await checked(written(tmp_path, server.ari_port))
        assert status == 1
        faults = changes(lines)
        assert f"{USER} may only look: set read_only = no under [{USER}] in ari.conf" in faults
        (missing,) = (each for each in faults if each.startswith("these modules do not run; load them in modules.conf: "))
        assert "res_stasis_snoop.so (copies a leg's sound for the recorder, and lets supervisors listen)" in missing
        for name in PHONES.values():
            mine = [each.removeprefix(f"endpoint {name}: ") for each in faults if each.startswith(f"endpoint {name}: ")]
            assert mine[0] == "its sound goes around Asterisk and cannot be recorded: set direct_media = no in pjsip.conf"
            assert mine[1].endswith("set allow_transfer = no in pjsip.conf")
            behind_nat = f"pbx: note: endpoint {name}: from behind NAT it would not be heard or reached; then set rtp_symmetric"
            assert f"{behind_nat} = yes" in lines
        assert not any(each.startswith("endpoint trunk") for each in faults)
        assert (
            "transport udp: beyond NAT only half of its address is told: set external_media_address too in pjsip.conf" in faults
        )
        assert "transport udp: phones inside are told the outer address too: set local_net in pjsip.conf" in faults


async def test_a_dialplan_that_does_not_hand_over_is_noticed(tmp_path: Path) -> None:
    wrong = {
        "extensions.conf": [
            ("Stasis(telegraphone,agent,${EXTEN})", "Hangup()"),
            ("Stasis(telegraphone,trunk,${EXTEN})", "Stasis(telegraphone,${EXTEN})"),
        ]
    }
    async with asterisk(tmp_path / "asterisk", changes=wrong) as server:
        status, lines = await checked(written(tmp_path, server.ari_port), "--dial", "5002")
        assert status == 1
        agents, trunk = changes(lines)
        assert agents.startswith("a call to 5002 in the context from-agents does not reach Telegraphone: extensions.conf needs")
        assert trunk.startswith("context from-trunk in extensions.conf hands calls over with (5002): that must be agent or trunk")


async def test_an_asterisk_without_ari_is_told_from_none(tmp_path: Path) -> None:
    async with broken(tmp_path, changes={"ari.conf": [("enabled = yes", "enabled = no")]}) as server:
        status, lines = await checked(written(tmp_path, server.ari_port))
        assert status == 1
        assert changes(lines)[0].startswith(f"a web server answers at http://{HOST}:{server.ari_port}, but no ARI (status")
    port = free_port()
    status, lines = await checked(written(tmp_path, port))
    assert status == 1
    assert changes(lines) == [
        f"nothing answers at http://{HOST}:{port}: start Asterisk; enabled, bindaddr and bindport in http.conf must fit"
    ]


async def test_a_configuration_without_asterisk_is_no_question(tmp_path: Path) -> None:
    config = tmp_path / "telegraphone.toml"
    config.write_text(f'[server]\nexternal_url = "http://{HOST}:8090"\n')
    status, lines = await checked(config)
    assert status == 2
    assert lines[-1].endswith("names no Asterisk: add a table [[asterisk]].")
