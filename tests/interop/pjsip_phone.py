"""A telephone of the PJSIP library in a process of its own, driven by lines of JSON, for tests of what real phones do.

    python pjsip_phone.py '{"registrar":"127.0.0.1:5060","number":"5000","password":"…","voice":"v.wav","heard":"h.wav"}'

Commands come on standard input, facts go to standard output. The test decides; this program only translates. The phone
has no sound card: it speaks a WAV file (8 kHz, mono, 16 bit) from its first answered call on and writes what it hears to
another. It speaks through a port of its own instead of PJSIP's player, because a test must know when each 20 ms frame left.
"""

import json
import os
import socket
import sys
import threading
import time
import wave
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
import pjsua2 as pj  # type: ignore[import-untyped] # the binding has no types

RATE = 8_000
FRAME_MS = 20
FRAME_BYTES = RATE * FRAME_MS // 1000 * 2
FRAMES_PER_FACT = 10
EVENTS_MS = 10
EAR_FRAMES = 10
TONE_STRENGTH = 1_500
"""A voice of these tests is some 8,000 strong, alone or in a mix; hold music has no part as strong as this up there."""

Options = dict[str, Any]
Tell = Callable[..., None]


class Voice(pj.AudioMediaPort):  # type: ignore[misc] # as above
    """Speaks the file frame by frame and notes the wall clock at each; silent behind its end, or from its beginning again."""

    def __init__(self, path: str, tell: Tell, *, again: bool = False) -> None:
        super().__init__()
        self._again = again
        with wave.open(path, "rb") as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
            pcm = file.readframes(file.getnframes())
        # Made beforehand: the audio clock's own thread calls, and what it waits for is heard.
        self._frames = [pj.ByteVector(pcm[at : at + FRAME_BYTES]) for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES)]
        self._silence = pj.ByteVector(bytes(FRAME_BYTES))
        self._tell = tell
        self._times: list[float] = []
        self._number = 0
        shape = pj.MediaFormatAudio()
        shape.init(pj.PJMEDIA_FORMAT_PCM, RATE, 1, FRAME_MS * 1000, 16)
        self.createPort("voice", shape)

    def onFrameRequested(self, frame: Any) -> None:  # noqa: N802 - PJSIP's name
        self._times.append(time.time())
        frame.type = pj.PJMEDIA_FRAME_TYPE_AUDIO
        number = self._number % len(self._frames) if self._again else self._number
        frame.buf = self._frames[number] if number < len(self._frames) else self._silence
        frame.size = FRAME_BYTES
        self._number += 1
        if len(self._times) == FRAMES_PER_FACT:
            times, self._times = self._times, []
            self._tell("said", frame=self._number - FRAMES_PER_FACT, at=times)

    def onFrameReceived(self, frame: Any) -> None:  # noqa: N802 - PJSIP's name
        """Nobody speaks to a voice."""


class Ear(pj.AudioMediaPort):  # type: ignore[misc] # as above
    """Tells every 200 ms which of the named tones it hears, and whether there is anything else."""

    def __init__(self, tones: dict[str, int], tell: Tell) -> None:
        super().__init__()
        at = np.arange(EAR_FRAMES * FRAME_BYTES // 2) / RATE
        self._names = list(tones)
        self._waves = np.array([np.exp(-2j * np.pi * hz * at) for hz in tones.values()])
        self._tell = tell
        self._heard = bytearray()
        shape = pj.MediaFormatAudio()
        shape.init(pj.PJMEDIA_FORMAT_PCM, RATE, 1, FRAME_MS * 1000, 16)
        self.createPort("ear", shape)

    def onFrameReceived(self, frame: Any) -> None:  # noqa: N802 - PJSIP's name
        self._heard += bytes(frame.buf) if frame.size else bytes(FRAME_BYTES)
        if len(self._heard) < EAR_FRAMES * FRAME_BYTES:
            return
        samples = np.frombuffer(bytes(self._heard), "<i2").astype(float)
        self._heard.clear()
        strengths = 2 * np.abs(self._waves @ samples) / len(samples)
        heard = [name for name, strength in zip(self._names, strengths, strict=True) if strength > TONE_STRENGTH]
        rest = float(np.sqrt(max(0.0, np.mean(samples**2) - np.sum(strengths**2) / 2)))
        self._tell("hears", at=time.time(), tones=heard, rest=round(rest))

    def onFrameRequested(self, frame: Any) -> None:  # noqa: N802 - PJSIP's name
        """An ear says nothing."""


class Call(pj.Call):  # type: ignore[misc] # as above
    """One call; its audio is joined to the voice and the ear whenever it (again) becomes active."""

    def __init__(self, phone: "Phone", number: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(phone, number)
        self._phone = phone

    def onCallState(self, param: Any) -> None:  # noqa: N802 - PJSIP's name
        info = self.getInfo()
        self._phone.tell("call", state=info.stateText, status=info.lastStatusCode)
        if info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self._phone.ended(self)

    def onCallTransferStatus(self, param: Any) -> None:  # noqa: N802 - PJSIP's name
        self._phone.tell("transfer", status=param.statusCode, final=param.finalNotify)

    def onCallTsxState(self, param: Any) -> None:  # noqa: N802 - PJSIP's name
        transaction = param.e.body.tsxState.tsx
        if transaction.method == "INFO" and transaction.role == pj.PJSIP_ROLE_UAC and transaction.statusCode >= 200:
            self._phone.tell("info", status=transaction.statusCode)

    def onDtmfDigit(self, param: Any) -> None:  # noqa: N802 - PJSIP's name
        self._phone.tell("digit", digit=param.digit, duration=param.duration)

    def onCallMediaState(self, param: Any) -> None:  # noqa: N802 - PJSIP's name
        states = {
            pj.PJSUA_CALL_MEDIA_ACTIVE: "active",
            pj.PJSUA_CALL_MEDIA_LOCAL_HOLD: "held here",
            pj.PJSUA_CALL_MEDIA_REMOTE_HOLD: "held there",
        }
        info = self.getInfo()  # kept: its list of media does not outlive it
        for media in info.media:
            if media.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                self._phone.speak_and_listen(self.getAudioMedia(media.index))
            self._phone.tell("media", state=states.get(media.status, "none"))


class Phone(pj.Account):  # type: ignore[misc] # as above
    """One registered number with a call and perhaps an older one, which is set aside."""

    def __init__(self, options: Options, tell: Tell) -> None:
        super().__init__()
        self.tell = tell
        self.call: Call | None = None
        self.aside: Call | None = None
        self._options = options
        self._way = ";transport=tls" if "authority" in options else ""
        self._voice = Voice(options["voice"], tell, again=options.get("again", False))
        self._hearing = Ear(options["tones"], tell) if "tones" in options else None
        self._ear = pj.AudioMediaRecorder()
        self._ear.createRecorder(options["heard"])

    def register(self) -> None:
        number, registrar = self._options["number"], self._options["registrar"]
        config = pj.AccountConfig()
        config.idUri = f"sip:{number}@{registrar}"
        if self._options.get("registers", True):
            config.regConfig.registrarUri = f"sip:{registrar}{self._way}"
        config.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", number, 0, self._options["password"]))
        config.mediaConfig.transportConfig.boundAddress = "127.0.0.1"
        config.mediaConfig.transportConfig.publicAddress = "127.0.0.1"
        self.create(config)

    def dial(self, number: str) -> None:
        self.aside = self.call
        self.call = Call(self)
        self.call.makeCall(f"sip:{number}@{self._options['registrar']}{self._way}", pj.CallOpParam(True))

    def answer(self) -> None:
        self._respond(200)

    def hold(self) -> None:
        assert self.call is not None
        self.call.setHold(pj.CallOpParam(True))

    def unhold(self) -> None:
        assert self.call is not None
        param = pj.CallOpParam(True)
        param.opt.flag = pj.PJSUA_CALL_UNHOLD
        self.call.reinvite(param)

    def renew(self) -> None:
        """Offers its media anew, from another socket."""
        assert self.call is not None
        param = pj.CallOpParam(True)
        param.opt.flag = pj.PJSUA_CALL_REINIT_MEDIA
        self.call.reinvite(param)

    def recode(self, codecs: list[str]) -> None:
        """Offers these codecs alone from now on."""
        assert self.call is not None
        offer(pj.Endpoint.instance(), codecs)
        self.call.reinvite(pj.CallOpParam(True))

    def mark(self) -> None:
        """From now on its packets carry IP options, which mean nothing (RFC 791: No Operation)."""
        for each in Path("/proc/self/fd").iterdir():
            number = int(each.name)
            if each.exists() and each.is_socket():
                opened = socket.socket(fileno=os.dup(number))
                if opened.family == socket.AF_INET and opened.type == socket.SOCK_DGRAM:
                    opened.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, b"\x01" * 4)
                opened.close()

    def hang_up(self) -> None:
        assert self.call is not None
        self.call.hangup(pj.CallOpParam(True))

    def ended(self, call: Call) -> None:
        if call is self.aside:
            self.aside = None
        elif call is self.call:
            self.call, self.aside = self.aside, None

    def transfer(self, number: str, *, quietly: bool = False) -> None:
        """Sends the call to a number, and wants no word of what comes of it if `quietly` (RFC 4488)."""
        assert self.call is not None
        param = pj.CallOpParam(True)
        if quietly:
            field = pj.SipHeader()
            field.hName, field.hValue = "Refer-Sub", "false"
            param.txOption.headers.append(field)
        self.call.xfer(f"sip:{number}@{self._options['registrar']}", param)

    def connect(self) -> None:
        """Connects the other sides of both calls."""
        assert self.aside is not None
        assert self.call is not None
        self.aside.xferReplaces(self.call, pj.CallOpParam(True))

    def press(self, keys: str) -> None:
        """Sends keys by RTP, each for a while."""
        assert self.call is not None
        self.call.dialDtmf(keys)

    def quality(self) -> None:
        """What the other side has told of our packets (RTCP), in the words of the library."""
        assert self.call is not None
        self.tell("quality", text=self.call.dump(True, ""))

    def record(self, wish: str) -> None:
        """Asks for recording by INFO: on or off."""
        assert self.call is not None
        field, param = pj.SipHeader(), pj.CallSendRequestParam()
        field.hName, field.hValue = "Record", wish
        param.method = "INFO"
        param.txOption.headers.append(field)
        self.call.sendRequest(param)

    def speak_and_listen(self, audio: Any) -> None:
        self._voice.startTransmit(audio)
        audio.startTransmit(self._ear)
        if self._hearing is not None:
            audio.startTransmit(self._hearing)

    def onRegState(self, param: Any) -> None:  # noqa: N802 - PJSIP's name
        self.tell("registration", status=param.code)

    def onIncomingCall(self, param: Any) -> None:  # noqa: N802 - PJSIP's name
        self.call = Call(self, param.callId)
        self.tell("ringing", by=self.call.getInfo().remoteUri)
        self._respond(180)
        if self._options.get("answers", True):
            self._respond(200)

    def _respond(self, status: int) -> None:
        assert self.call is not None
        param = pj.CallOpParam(True)
        param.statusCode = status
        self.call.answer(param)


def endpoint(codecs: list[str], authority: str) -> pj.Endpoint:
    """The library, started: no sound card, no echo canceller, no suppression of silence, these codecs alone; TLS with
    certificates of this authority, if one is named."""
    library = pj.Endpoint()
    library.libCreate()
    config = pj.EpConfig()
    config.logConfig.level = config.logConfig.consoleLevel = 1
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    media = config.medConfig
    media.clockRate = media.sndClockRate = RATE
    media.audioFramePtime = FRAME_MS
    media.ecTailLen = 0
    media.noVad = True
    library.libInit(config)
    transport = pj.TransportConfig()
    transport.boundAddress = transport.publicAddress = "127.0.0.1"
    transport.tlsConfig.CaListFile = authority
    transport.tlsConfig.verifyServer = bool(authority)
    library.transportCreate(pj.PJSIP_TRANSPORT_TLS if authority else pj.PJSIP_TRANSPORT_UDP, transport)
    library.libStart()
    library.audDevManager().setNullDev()
    offer(library, codecs)
    return library


def offer(library: pj.Endpoint, codecs: list[str]) -> None:
    for codec in library.codecEnum2():
        wanted = codec.codecId.split("/")[0] in codecs
        library.codecSetPriority(codec.codecId, 255 if wanted else 0)


def read(lines: "SimpleQueue[str]") -> None:
    """Standard input line by line, then an empty line."""
    for line in sys.stdin:
        lines.put(line)
    lines.put("")


def run(options: Options, out: Any) -> None:
    facts: SimpleQueue[str] = SimpleQueue()

    def tell(fact: str, **fields: object) -> None:
        facts.put(json.dumps({"fact": fact, **fields}))

    lines: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=read, args=(lines,), daemon=True).start()
    library = endpoint(options.get("codecs", ["PCMU"]), options.get("authority", ""))
    phone = Phone(options, tell)
    commands: dict[str, Callable[..., None]] = {
        "register": phone.register,
        "call": phone.dial,
        "answer": phone.answer,
        "hold": phone.hold,
        "unhold": phone.unhold,
        "hang up": phone.hang_up,
        "renew": phone.renew,
        "recode": phone.recode,
        "mark": phone.mark,
        "transfer": phone.transfer,
        "connect": phone.connect,
        "press": phone.press,
        "record": phone.record,
        "quality": phone.quality,
    }
    tell("ready")
    while True:
        library.libHandleEvents(EVENTS_MS)
        while not facts.empty():
            out.write(facts.get() + "\n")
        out.flush()
        try:
            line = lines.get_nowait()
        except Empty:
            continue
        if not line:
            return
        command = json.loads(line)
        commands[command.pop("do")](**command)


def main() -> None:
    # The library prints to standard output before it can be told not to; facts go where it used to be.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    try:
        run(json.loads(sys.argv[1]), out)
    finally:
        # Taking the library down in the order that its Python objects need is not what is tested here.
        os._exit(0)


if __name__ == "__main__":
    main()
