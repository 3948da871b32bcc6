"""Plays finished recordings: unseals, renders and serves any stretch of them; the adapter of `services.ports.Player`."""

from telegraphone.playback.player import CorruptAudio, OpenRendition, SealedPlayer

__all__ = ["CorruptAudio", "OpenRendition", "SealedPlayer"]
