"""What docker-compose.yml runs inside Odoo's container; a part of it serves `make run` as well.

For the Python of any Odoo series, so without imports of the other tools.
"""
