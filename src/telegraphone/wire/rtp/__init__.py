"""RTP as bytes and values (RFC 3550), and key presses carried in RTP (RFC 4733)."""
