"""The development environment: a private Odoo, PostgreSQL and sandbox in one folder."""
