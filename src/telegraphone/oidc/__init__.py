"""Asks identity providers who somebody is, by OpenID Connect."""
