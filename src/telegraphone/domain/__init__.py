"""The rules of calls, recordings and agents: frozen values and pure functions that know no protocol, clock or task."""
