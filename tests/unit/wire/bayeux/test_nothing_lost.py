"""Two acknowledging clients of one user on a network that loses and doubles: each message once and in order, for ever."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from telegraphone.wire.bayeux import BayeuxServer, Line, Transport
from tests.unit.wire.bayeux.clients import CALLS, Client, Socket, new_server

Replies = list[dict[str, Any]]


class Desktop:
    """A client as cometd.js is one: it counts what it was sent, echoes the last number, and begins anew on a 402."""

    def __init__(self, server: BayeuxServer) -> None:
        self.client = Client(server)
        self.server = server
        self.waiting: Line | None = None
        self.socket: Socket | None = None
        self.begin(0, 0.0)

    def begin(self, published: int, now: float) -> None:
        self.client.handshake(now=now, ext={"ack": True})
        self.client.subscribe(CALLS, now=now)
        self.number = 0
        self.expected = published

    def connect(self, now: float) -> dict[str, Any]:
        return self.client.say("/meta/connect", ext={"ack": self.number})

    def hear(self, messages: Replies, published: int, now: float) -> None:
        for message in messages:
            if message["channel"] == CALLS:
                assert message["data"] == self.expected, "lost, doubled or out of order"
                self.expected += 1
            elif message["successful"]:
                self.number = message["ext"]["ack"]
            else:
                assert message["advice"]["reconnect"] == "handshake"
                self.begin(published, now)

    def hang_up(self, now: float) -> None:
        if self.waiting is not None:
            self.server.close_line(self.waiting, now)
            self.waiting = None
        if self.socket is not None:
            self.socket.close(now)
            self.socket = None


class World(RuleBasedStateMachine):
    """Everything that may happen between two desktops and the server; `fate` says what becomes of a reply."""

    fates = st.sampled_from(["arrives", "is lost"])
    desktops = st.integers(0, 1)

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.published = 0
        self.server = new_server()
        self.all = [Desktop(self.server), Desktop(self.server)]

    @rule(count=st.integers(1, 5))
    def publish(self, count: int) -> None:
        for _ in range(count):
            self.server.deliver("kate", CALLS, b"%d" % self.published)
            self.published += 1

    @rule(which=desktops, fate=fates, repeats=st.integers(1, 3))
    def connect_by_request(self, which: int, fate: str, repeats: int) -> None:
        """A network that doubles requests is a proxy that tries again; the client sees the last one's reply."""
        desktop = self.all[which]
        desktop.hang_up(self.now)
        message = desktop.connect(self.now)
        for _ in range(repeats):
            older, desktop.waiting = desktop.waiting, desktop.client.post(message, now=self.now)
            if older is not None and not older.overtaken:
                desktop.client.read(older, self.now)
        self.reply(which, fate)

    @rule(which=desktops, fate=fates)
    def reply(self, which: int, fate: str) -> None:
        desktop = self.all[which]
        line = desktop.waiting
        if line is None or not line.pending:
            return
        messages = desktop.client.read(line, self.now)
        desktop.hang_up(self.now)
        if fate == "arrives":
            desktop.hear(messages, self.published, self.now)

    @rule(which=desktops)
    def connect_by_socket(self, which: int) -> None:
        desktop = self.all[which]
        if desktop.socket is None:
            desktop.hang_up(self.now)
            desktop.socket = Socket(self.server)
        frames = desktop.socket.send(desktop.connect(self.now), now=self.now)
        for frame in frames:
            desktop.hear(frame, self.published, self.now)

    @rule(which=desktops, arriving=st.integers(0, 2))
    def socket_breaks(self, which: int, arriving: int) -> None:
        """Of the frames on their way only the first few arrive."""
        desktop = self.all[which]
        if desktop.socket is not None:
            for frame in desktop.socket.read(self.now)[:arriving]:
                desktop.hear(frame, self.published, self.now)
            desktop.hang_up(self.now)

    @rule(which=desktops)
    def socket_delivers(self, which: int) -> None:
        desktop = self.all[which]
        if desktop.socket is not None:
            for frame in desktop.socket.read(self.now):
                desktop.hear(frame, self.published, self.now)

    @rule(which=desktops)
    def go_away(self, which: int) -> None:
        self.all[which].hang_up(self.now)

    @rule(which=desktops)
    def subscribe_again(self, which: int) -> None:
        desktop = self.all[which]
        line = desktop.client.post(desktop.client.say("/meta/subscribe", subscription=CALLS), now=self.now)
        assert [message["channel"] for message in desktop.client.read(line, self.now)] == ["/meta/subscribe"]

    @rule(seconds=st.sampled_from([0.5, 10.0, 29.0, 31.0, 61.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.server.on_deadline(self.now)

    @invariant()
    def nobody_waits_for_what_is_there(self) -> None:
        """A held connect that is neither answered nor lost has nothing to tell."""
        self.server.events()
        for desktop in self.all:
            line = desktop.waiting
            if line is not None and not line.pending:
                sessions = self.server._sessions
                assert desktop.client.client_id in sessions
                assert not sessions[desktop.client.client_id].outbox

    def teardown(self) -> None:
        """In the end the network is good, and everybody has everything."""
        for which, desktop in enumerate(self.all):
            for _ in range(3):
                self.connect_by_request(which, "arrives", 1)
            assert desktop.expected == self.published
        assert self.server.open_line(self.all[0].client.owner, Transport.LONG_POLLING).pending is False


TestNothingLost = World.TestCase
TestNothingLost.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
