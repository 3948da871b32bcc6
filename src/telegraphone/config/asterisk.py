"""The settings of each Asterisk that is controlled by ARI."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, UnsetType

from telegraphone.config.secret import Secret

_Keys = Annotated[str, Meta(pattern=r"^[0-9*#A-D]{0,8}$")]


class AsteriskEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[asterisk]]`: one Asterisk whose phones agents work at; its dialplan hands calls over (`deploy/asterisk`)."""

    name: Annotated[str, Meta(min_length=1, max_length=64, description="What it is called in the log.")]
    url: Annotated[
        str,
        Meta(
            pattern=r"^https?://[^/?#\s]+(/[^?#\s]*)?$",
            description="Where its HTTP server is reached, with `prefix` of `http.conf` if it has one; `/ari` is added.",
        ),
    ] = "http://127.0.0.1:8088"
    user: Annotated[str, Meta(min_length=1, description="The account in its `ari.conf`.")] = "telegraphone"
    password: Annotated[Secret | UnsetType, Meta(description="Its password, as text; or give `password_file`.")] = msgspec.UNSET
    password_file: Annotated[str, Meta(description="The file its password is in.")] = ""
    application: Annotated[
        str,
        Meta(pattern=r"^[A-Za-z0-9_-]{1,32}$", description="The application its dialplan hands calls to (`Stasis`)."),
    ] = "telegraphone"
    devices: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[^=\s]+=[^=\s]+$")], ...],
        Meta(description="PJSIP endpoints that are not named after their phone's number, each as `5001=alice`."),
    ] = ()
    outbound: Annotated[
        str,
        Meta(
            pattern=r"^$|^[^\s]*\{number\}[^\s]*$",
            description="How numbers are called that are no phone's, as `PJSIP/{number}@trunk`; empty: they are not.",
        ),
    ] = ""
    answer: Annotated[
        Literal["auto", "hand"],
        Meta(description="How phones can be taken off the hook: `auto` by fields in the call, `hand` not at all."),
    ] = "auto"
    record_on: Annotated[
        _Keys, Meta(description="The keys as which a phone's record key arrives when recording shall start; empty: none.")
    ] = "A"
    record_off: Annotated[_Keys, Meta(description="The keys as which it arrives when recording shall stop.")] = "B"
    taps: Annotated[
        Literal["auto", "packets", "external-media"],
        Meta(
            description="How audio comes to the recorder: `packets`, it takes them from the kernel, which costs Asterisk nothing "
            "and needs CAP_NET_RAW and an Asterisk on this machine; `external-media`, Asterisk sends copies; `auto`, by packets "
            "where that is possible."
        ),
    ] = "auto"
    rtp_port_first: Annotated[int, Meta(ge=1, le=65_535, description="`rtpstart` of its `rtp.conf`.")] = 20_000
    rtp_port_last: Annotated[
        int, Meta(ge=1, le=65_535, description="`rtpend` of its `rtp.conf`; taps are refused well before ports run out.")
    ] = 29_999
