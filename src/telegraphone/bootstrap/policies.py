"""What an installation decides about its calls, made from the configuration, and written down when it comes into force."""

import hashlib

import msgspec
import structlog

from telegraphone.config import Config, announcement_in
from telegraphone.limits import CATALOGUE_RETRY_S
from telegraphone.services.audit import AuditTrail, Deed
from telegraphone.services.ports import Clock, Unavailable
from telegraphone.services.surroundings import Policies
from telegraphone.services.switch_ports import Announcement

log = structlog.get_logger()

_VERSION_DIGITS = 12


def make_policies(config: Config) -> Policies:
    """The policies; two nodes with the same rules have the same version."""
    return Policies(
        ring_s=config.exchange.ring_s,
        recorded_numbers=config.recorded_numbers(),
        rules=tuple(entry.rule() for entry in config.recording_rules),
        pause_limits={entry.tenant: entry.limits() for entry in config.pauses},
        consent_rules=tuple(entry.rule() for entry in config.consent),
        announcements=_announcements(config),
        preroll_s={entry.tenant: entry.seconds for entry in config.preroll},
        tone_every_s={entry.tenant: entry.every_s for entry in config.warning_tones},
        pause_rules=tuple(entry.rule() for entry in config.pause_rules),
        version=version_of(config),
    )


async def write_down(config: Config, audit: AuditTrail, clock: Clock) -> None:
    """Puts what now holds into the trail, whole: recordings begun by a rule name its version. Waits for a database that is
    away, and keeps nobody else waiting."""
    text = _text(config)
    deed = Deed("system", "policy in force", _version(text), "done", {"policy": text.decode()})
    while True:
        try:
            await audit.write(deed)
        except Unavailable as error:
            log.error("policy_not_written_down_yet", version=deed.subject, error=str(error))
            await clock.sleep_until(clock.now() + CATALOGUE_RETRY_S)
        else:
            return


def version_of(config: Config) -> str:
    """What names all that is decided, together."""
    return _version(_text(config))


def _announcements(config: Config) -> dict[str, Announcement]:
    return {each.announcement: announcement_in(each.announcement) for each in config.consent if each.announcement}


def _version(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:_VERSION_DIGITS]


def _text(config: Config) -> bytes:
    decided = {
        "recording_rules": config.recording_rules,
        "consent": config.consent,
        "announcements": {path: each.digest for path, each in _announcements(config).items()},
        "preroll": config.preroll,
        "warning_tones": config.warning_tones,
        "pause_rules": config.pause_rules,
        "pauses": config.pauses,
        "retention": config.retention,
        "access": config.access,
        "recorded": sorted(config.recorded_numbers()),
    }
    return msgspec.json.encode(decided, order="deterministic")
