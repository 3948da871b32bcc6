"""What an operator does with the keys of an installation: back them up, prove the back-up, renew them.

Who may do it has the key folder; the audit trail says what was done, when and under which account. Where a contact centre wants
four eyes for keys, a command wants the id of an approval besides: one administrator asked for it, another gave it.
"""

import asyncio
import getpass
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from telegraphone.cli.reading import ConfigOption, complaints, configuration

key = typer.Typer(no_args_is_help=True, help="The keys that wrap the keys of recordings: losing them loses the recordings.")

console = Console()

FolderOption = Annotated[Path, typer.Option("--folder", help="The key folder.")]
TenantOption = Annotated[str, typer.Option("--tenant", help="Whose key.")]
PassphraseOption = Annotated[
    Path | None, typer.Option("--passphrase-file", help="The file the passphrase is in; asked for without it.")
]
ApprovalOption = Annotated[
    str,
    typer.Option("--approval", help="What a second person approved this by, where the contact centre wants four eyes for keys."),
]
CONFIG = Path("telegraphone.toml")
_EVERYBODYS: Final = "default"
_HOW: Final = (
    """One administrator asks for it on the page /recordings, or posts {{"action": "{}"}} to /api/v2/approvals, """
    """another approves it; then give its id as --approval."""
)


@key.command()
def backup(
    folder: FolderOption,
    to: Annotated[Path, typer.Option(help="The new file.")],
    passphrase_file: PassphraseOption = None,
    config: ConfigOption = CONFIG,
    approval: ApprovalOption = "",
) -> None:
    """Write all wrapping keys and the signing key to a file, under a passphrase. Then keep it elsewhere, and `confirm`."""
    from telegraphone.keystore.backup import back_up

    both = _approved(config, _EVERYBODYS, "back up keys", approval) if config.is_file() else {}
    with _complaining():
        content = back_up(folder, _passphrase(passphrase_file, new=True), os.urandom)
        with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    if config.is_file():
        _note(config, "back up keys", _EVERYBODYS, to.name, detail=both)
    console.print(f"{to} is written. Keep it on another machine, bring it back once, and say `telegraphone key confirm`.")


@key.command()
def confirm(
    folder: FolderOption,
    backup: Annotated[Path, typer.Option("--from", help="The back-up.")],
    passphrase_file: PassphraseOption = None,
) -> None:
    """Read a back-up back and say whether every key of the folder is in it; only that counts as a back-up."""
    from telegraphone.keystore.backup import keys_of, read_back
    from telegraphone.keystore.ring import KekRing

    with _complaining():
        saved, here = read_back(backup.read_bytes(), _passphrase(passphrase_file)), keys_of(folder)
        right = [kek_id for kek_id, kek in here.keks.items() if saved.keks.get(kek_id) == kek]
        ring = KekRing(folder)
        for kek_id in right:
            ring.confirm(kek_id, datetime.now(UTC))
    missing = sorted(here.keks.keys() - set(right))
    for kek_id in missing:
        console.print(f"{kek_id} is NOT in the back-up")
    if saved.signing != here.signing:
        console.print("the signing key is NOT in the back-up")
    if missing or saved.signing != here.signing:
        raise typer.Exit(1)
    console.print(f"all {len(right)} wrapping keys and the signing key are in the back-up")


@key.command()
def restore(
    backup: Annotated[Path, typer.Option("--from", help="The back-up.")],
    folder: FolderOption,
    passphrase_file: PassphraseOption = None,
) -> None:
    """Lay the keys of a back-up into a folder that has none; put the folder `envelopes` of its own back-up beside them."""
    from telegraphone.keystore.backup import read_back
    from telegraphone.keystore.backup import restore as lay

    with _complaining():
        lay(read_back(backup.read_bytes(), _passphrase(passphrase_file)), folder)
    console.print(f"the keys are in {folder}")


@key.command()
def rotate(config: ConfigOption = CONFIG, tenant: TenantOption = "default", approval: ApprovalOption = "") -> None:
    """Make a new wrapping key for a tenant, then `rewrap`. The old one stays, for envelopes in back-ups."""
    from telegraphone.bootstrap.vault import renew_key

    both = _approved(config, tenant, "rotate key", approval)
    with _complaining():
        kek_id = renew_key(configuration(config), tenant)
    console.print(f"{tenant} has a new wrapping key: {kek_id}; back it up")
    _note(config, "rotate key", tenant, kek_id, detail=both)
    rewrap(config, tenant)


@key.command()
def rewrap(config: ConfigOption = CONFIG, tenant: TenantOption = "default") -> None:
    """Wrap all data keys of a tenant under its current wrapping key; no audio is touched. After a crash say it again."""
    from telegraphone.bootstrap.vault import rewrap_keys

    count, failures = 0, []
    with _complaining():
        for dek_id, problem in rewrap_keys(configuration(config), tenant):
            count += 1
            if problem:
                failures.append(f"{dek_id}: {problem}")
    for failure in failures:
        console.print(failure, markup=False, highlight=False)
    told = f"{count - len(failures)} envelopes rewrapped, {len(failures)} could not be"
    console.print(told)
    _note(config, "rewrap keys", tenant, told)
    raise typer.Exit(1 if failures else 0)


def _passphrase(file: Path | None, *, new: bool = False) -> str:
    if file:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    return str(typer.prompt("passphrase", hide_input=True, confirmation_prompt=new))


def _approved(config: Path, tenant: str, name: str, approval_id: str) -> dict[str, str]:
    """Who asked for it and who approved it, whose approval is used up by this; nobody where nobody need. Without an approval that
    is wanted says so, in the trail too, and ends with status 1."""
    from telegraphone.bootstrap.approving import approved
    from telegraphone.domain.errors import Refusal
    from telegraphone.domain.permissions import Action
    from telegraphone.services.ports import Unavailable

    try:
        with _complaining():
            found = asyncio.run(approved(configuration(config), tenant, Action(name), approval_id))
    except Unavailable as error:
        complaints.print(f"Nobody can be asked who approved this: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(1) from error
    except Refusal as refusal:
        complaints.print(f"A second person has to approve this first: {refusal}", markup=False, soft_wrap=True)
        complaints.print(_HOW.format(name), markup=False, soft_wrap=True)
        why = {"reason": type(refusal).__name__, "approval": approval_id}
        _note(config, name, tenant, tenant, result="refused", detail=why)
        raise typer.Exit(1) from refusal
    return {"approval": found.id, "asked_by": found.user_name, "approved_by": found.approved_by} if found else {}


def _note(
    config: Path, action: str, tenant: str, subject: str, *, result: str = "done", detail: Mapping[str, str] | None = None
) -> None:
    """Has the audit trail say that this was done or refused; where it cannot, says so and ends with status 1: it is so all the
    same."""
    from telegraphone.bootstrap.auditing import note
    from telegraphone.services.audit import Deed
    from telegraphone.services.ports import Unavailable

    try:
        account = getpass.getuser()
    except (KeyError, OSError):
        account = f"uid {os.getuid()}"
    deed = Deed(f"{account} (command line)", action, subject, result, dict(detail or {}), tenant, socket.gethostname())
    try:
        asyncio.run(note(configuration(config), deed))
    except (OSError, Unavailable) as error:
        complaints.print(f"It is {result}, but the audit trail could not be told: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(1) from error


@contextmanager
def _complaining() -> Iterator[None]:
    """Says what went wrong in one line, and ends with status 1."""
    from telegraphone.keystore.recipients import UnusableKey
    from telegraphone.media.errors import DamagedEnvelope

    try:
        yield
    except (OSError, DamagedEnvelope, UnusableKey, ValueError) as error:
        complaints.print(f"That did not work: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(1) from error
