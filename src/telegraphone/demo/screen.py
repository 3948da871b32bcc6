"""What the reader of a demonstration sees: steps, requests, events and states, one line each, as they happen."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from telegraphone.demo.picture import in_terminal
from telegraphone.demo.proof import Finding, Tracks
from telegraphone.demo.stage import AGENT, AGENT_DN, CALLER_DN, HOST, SPARE_DN, SUPERVISOR, Stage

_STATE_STYLE = {"Recording": "bold red", "Paused": "bold yellow", "Stopped": "dim"}


class Screen:
    """The terminal. Lines appear in the order of what happened; nothing is drawn over."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def step(self, text: str) -> None:
        """What happens next, for the reader."""
        self._console.print(f"[bold blue]▸[/] {text}")

    def operation(self, name: str, milliseconds: float) -> None:
        """A request of the desktop that was answered with statusCode 0."""
        self._console.print(f"  [bold]POST[/] {name} [dim]→ statusCode 0 after {milliseconds:.1f} ms[/]")

    def event(self, data: Mapping[str, Any]) -> None:
        """A CometD event as the desktop got it."""
        call = data.get("call")
        if call is None:
            self._console.print(f"  [magenta]event[/] {data.get('messageType')}")
            return
        state = str(call.get("recordingState", ""))
        shown = f"call [bold]{call['state']}[/], recording [{_STATE_STYLE.get(state, 'dim')}]{state}[/]"
        offered = ", ".join(name for name in call["capabilities"] if name.endswith("CallRecording"))
        self._console.print(f"  [magenta]event[/] {data['notificationType']}: {shown} [dim]{offered}[/]")

    def picture(self, tracks: Tracks, pauses_ms: Sequence[tuple[int, int]]) -> None:
        """The recording, both tracks, paused spans on red."""
        columns = max(20, min(100, self._console.width - 12))
        self._console.print(Panel(in_terminal(tracks, pauses_ms, columns), title="the recording", expand=False))

    def findings(self, findings: Sequence[Finding]) -> bool:
        """What the decoded file showed; returns whether all of it is as it must be."""
        table = Table("checked in the decoded file", "held", "", title="the proof")
        for finding in findings:
            mark = "[green]✓[/]" if finding.proved else "[bold red]✗[/]"
            table.add_row(finding.text, f"{finding.held} of {finding.of}", mark)
        self._console.print(table)
        proved = all(finding.proved for finding in findings)
        verdict = "[bold green]The recording proves itself.[/]" if proved else "[bold red]The recording is NOT proved.[/]"
        self._console.print(verdict)
        return proved

    def places(self, stage: Stage, wav: Path, png: Path) -> None:
        """Where things are."""
        self._console.print(f"recording (WAV)  {wav}\npicture (PNG)    {png}")
        self._console.print(f"sealed files     {stage.folder / 'data'}\nserver log       {stage.log}\n", highlight=False)

    def invitation(self, stage: Stage) -> None:
        """How the reader can try it by hand."""
        table = Table("phone", "user", "password", "SIP server", title="phones you can register")
        for number in (CALLER_DN, AGENT_DN, SPARE_DN):
            table.add_row(number, number, stage.secrets.phones[number], f"{HOST}:{stage.sip_port} (UDP or TCP)")
        self._console.print(table)
        self._console.print(
            f"The agent desk: open [bold]{stage.url}/[/] and log in as [bold]{AGENT}[/], password "
            f"[bold]{stage.secrets.agents[AGENT]}[/], when a phone {AGENT_DN} is registered.",
            highlight=False,
        )
        agent = f"{AGENT}:{stage.secrets.agents[AGENT]}"
        boss = f"{SUPERVISOR}:{stage.secrets.agents[SUPERVISOR]}"
        json = "-H 'Content-Type: application/json'"
        self._console.print(
            f"API of the agent at {AGENT_DN}, and of a supervisor who may listen:\n"
            f"  curl -u {agent} '{stage.url}/api/v2/me/calls?fields=*'\n"
            f'  curl -u {agent} {json} -d \'{{"operationName":"StartCallRecording"}}\' {stage.url}/api/v2/me/calls/CALL_ID\n'
            f"  curl -u {boss} '{stage.url}/api/v2/recordings?callerPhoneNumber={CALLER_DN}&fields=*'\n",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
        self._console.print("[bold]Telegraphone keeps serving. Ctrl-C ends it.[/]")
