"""The use cases: what agents, phones and policies ask of calls and recordings, carried out over ports."""
