"""One file for support: versions, settings, health, last calls and messages.

It contains no secret, and no name, number or address of a person. It is built on request and
deleted with the wizard.
"""

import base64
import io
import json
import platform
import zipfile

from odoo import _, api, fields, models
from odoo.release import version as odoo_version

from ..cartona_api import redact
from ..compat import check_may_write
from ..models.monitoring.sync_log import shown_body

_CALLS = 200
_MESSAGES = 50
_JOBS = 50
# Never in the file, also when a later version adds fields to the configuration.
_SECRETS = {"auth_token", "webhook_token"}


class CartonaSupportBundle(models.TransientModel):
    _name = "cartona.support.bundle"
    _description = "Cartona: Support Bundle"

    config_id = fields.Many2one("cartona.config", required=True, ondelete="cascade")
    file = fields.Binary(compute="_compute_file", attachment=False)
    file_name = fields.Char(compute="_compute_file")

    # === COMPUTE METHODS === #

    @api.depends("config_id")
    def _compute_file(self):
        for wizard in self:
            moment = fields.Datetime.now().strftime("%Y-%m-%d-%H%M")
            wizard.file_name = "cartona-support-%s.zip" % moment
            wizard.file = base64.b64encode(wizard._zipped())

    # === BUSINESS METHODS === #

    def _zipped(self):
        """Return the bundle as bytes: a zip with one JSON file per topic."""
        self.ensure_one()
        check_may_write(self.config_id)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
            for topic, data in self._topics().items():
                masked = redact.mask(data, secrets=self._secrets())
                text = json.dumps(masked, ensure_ascii=False, indent=1, default=str)
                # Halves of surrogate pairs are JSON, but no UTF-8.
                bundle.writestr("%s.json" % topic, text.encode("utf-8", "replace"))
        return packed.getvalue()

    def _secrets(self):
        # In sudo mode: the secrets are needed to mask them in the file.
        config = self.config_id.sudo()
        return [secret for secret in (config.auth_token, config.webhook_token) if secret]

    def _topics(self):
        return {
            "versions": self._versions(),
            "settings": self._settings(),
            "health": self._health(),
            "calls": self._calls(),
            "messages": self._messages(),
            "jobs": self._jobs(),
        }

    def _versions(self):
        self.env.cr.execute("SHOW server_version")
        postgresql = self.env.cr.fetchone()[0]
        # In sudo mode: only administrators may read modules.
        modules = self.env["ir.module.module"].sudo().search([("state", "=", "installed")])
        return {
            "odoo": odoo_version,
            "python": platform.python_version(),
            "postgresql": postgresql,
            "modules": {module.name: module.installed_version for module in modules},
        }

    def _settings(self):
        config = self.config_id
        stored = [
            name
            for name, field in config._fields.items()
            if field.store
            and name not in _SECRETS
            and field.type not in ("one2many", "binary")
            and not name.startswith(("message_", "activity_ids", "website_message"))
        ]
        # Without names: only the IDs of users.
        [values] = config.read(stored, load=None)
        return dict(values, has_token=bool(config.auth_token))

    def _health(self):
        config = self.config_id
        own = [("config_id", "=", config.id)]

        def count(model, field):
            states = dict(self.env[model]._fields[field]._description_selection(self.env))
            return {
                state: self.env[model].search_count(own + [(field, "=", state)]) for state in states
            }

        return {
            "connection": config.connection_state,
            "error": config.error_code,
            "changes_to_send": config.change_count,
            "runner_asleep": config.is_runner_asleep,
            "listings": count("cartona.listing", "state"),
            "messages": count("cartona.message", "state"),
            "differences": count("cartona.drift", "reason"),
        }

    def _calls(self):
        rows = self.env["cartona.sync.log"].search(
            [("config_id", "=", self.config_id.id)], limit=_CALLS
        )
        fields_ = [name for name, field in rows._fields.items() if field.store]
        return [dict(row, **self._bodies(row)) for row in rows.read(fields_, load=None)]

    def _bodies(self, row):
        """Return the bodies of a call as they are logged today: an older version showed more."""
        secrets = self._secrets()
        return {name: shown_body(row[name], secrets) for name in ("request_body", "response_body")}

    def _messages(self):
        rows = self.env["cartona.message"].search(
            [("config_id", "=", self.config_id.id)], limit=_MESSAGES
        )
        return [
            {
                "id": row.id,
                "received": row.create_date,
                "source": row.source,
                "state": row.state,
                "reason": row.error_code,
                "acknowledge": row.acknowledge,
                "payload": redact.documented(json.loads(row.payload), self._secrets()),
            }
            for row in rows
        ]

    def _jobs(self):
        # In sudo mode: only administrators may read jobs; these are Cartona's only.
        jobs = (
            self.env["queue.job"]
            .sudo()
            .search([("channel", "like", "root.cartona%")], order="id desc", limit=_JOBS)
        )
        return jobs.read(
            ["name", "method_name", "state", "date_created", "date_done", "exc_name"], load=None
        )


class CartonaConfig(models.Model):
    _inherit = "cartona.config"

    def action_support_bundle(self):
        """Build the support file and open the dialog to download it."""
        self.ensure_one()
        check_may_write(self)
        wizard = self.env["cartona.support.bundle"].create({"config_id": self.id})
        return {
            "type": "ir.actions.act_window",
            "name": _("Support Bundle"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
        }
