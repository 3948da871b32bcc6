"""Numbers that wrap: the counters of RTP on an endless scale, so that the rest of the program can subtract."""


def extend(reference: int, value: int, bits: int) -> int:
    """The number congruent to `value` modulo 2**bits that lies nearest to `reference` (RFC 3550 appendix A.1, RFC 1982).

    At exactly half the range away the higher one is chosen, so a counter never seems to run backwards by chance. The
    result may be negative near the beginning of the scale.
    """
    span = 1 << bits
    ahead = (value - reference) & (span - 1)
    return reference + ahead if ahead <= span >> 1 else reference + ahead - span
