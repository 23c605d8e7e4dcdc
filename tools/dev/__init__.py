"""The developer environment: a private Odoo, PostgreSQL and sandbox below one folder."""
