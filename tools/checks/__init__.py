"""Checks that no common linter makes. Each runs as `python -m tools.checks.<name>`."""
