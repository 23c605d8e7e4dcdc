"""Piped to `odoo shell` once: connect the first company to the sandbox and switch everything on.

The variables SANDBOX_URL, SANDBOX_TOKEN and WEBHOOK_TOKEN give the URL and secrets.
"""
# ruff: noqa: F821 (`env` is defined in the shell)

import os
import sys

import requests

sys.path.insert(0, os.environ["COMPOSE_SCRIPTS"])
import products  # noqa: E402

sandbox = os.environ["SANDBOX_URL"]
config = env["cartona.config"].search([("company_id", "=", env.company.id)])
if not config.auth_token:
    # The sandbox uses plain http from another host, which the addon accepts for trials only.
    env["ir.config_parameter"].set_param("cartona_integration.allow_insecure_url", "True")
    listings = requests.get(sandbox + "/_sandbox/listings", timeout=60).json()
    products.make(env, products.catalogue(listings, 24))
    config.write(
        {
            "base_url": sandbox + "/api/v1/",
            "auth_token": os.environ["SANDBOX_TOKEN"],
            # The sandbox was started with the same secret.
            "webhook_token": os.environ["WEBHOOK_TOKEN"],
        }
    )
    env.cr.commit()
config.action_test_connection()
if config.connection_state != "connected":
    sys.exit("not connected: %s" % config.error_message)
config.write({"auto_sync_products": True, "auto_sync_stock": True, "auto_sync_orders": True})
env.cr.commit()
print("connected, %d listings" % env["cartona.listing"].search_count([]))
