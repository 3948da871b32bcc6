"""The embedded exchange: real SIP phones register here, call each other through it, and nobody needs a PBX to begin."""
