"""Drivers of a sandbox marketplace and an Odoo that sells on it, for tests and benchmarks."""
