"""The code that docker-compose.yml runs in Odoo's container; `make run` uses part of it too.

For the Python of any Odoo series, so without imports of the other tools.
"""
