"""Lets operators see a node at work: numbers for Prometheus, traces by OpenTelemetry; neither ever holds anything personal."""
