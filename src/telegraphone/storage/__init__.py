"""Places where sealed recordings lie: adapters of `media.ports.SealedSource`, and in memory of `SealedSink` too."""
