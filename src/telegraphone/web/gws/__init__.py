"""The Genesys Web Services v2 API: its requests turned into use cases, and what the use cases say into its JSON."""
