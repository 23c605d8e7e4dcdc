"""Orders to be invoiced and settled: noted by who delivers or posts, worked by a job.

Nobody's delivery fails because of accounting; what cannot be booked is explained on the order.
"""

import logging

import psycopg2

from odoo import api, models
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)

_ORDERS_PER_JOB = 10


class CartonaChange(models.Model):
    _inherit = "cartona.change"

    # === JOBS === #

    @api.model
    def _job_invoice(self, config_id):
        """Invoice and settle a few orders; the next job takes the next ones."""
        return self.env["cartona.worker"]._run_job("invoice", config_id, self._invoice_orders)

    @api.model
    def _catch_up(self, config_id):
        """Override to work what was left behind of these, too."""
        res = super()._catch_up(config_id)
        self._catch_up_with(config_id, "invoice", ("invoice",), self._invoice_orders)
        return res

    # === BUSINESS METHODS === #

    @api.model
    def _mark_invoices_dirty(self, order_ids):
        """Note that orders may have to be invoiced, settled or credited. Costs nothing yet."""
        if order_ids:
            self._collected().setdefault(("invoice", "order"), set()).update(order_ids)

    @api.model
    def _write_dirty(self):
        """Override: only where a company wants anything booked a row is written."""
        noted = self.env.cr.precommit.data.get("cartona.change", {})
        order_ids = list(noted.pop(("invoice", "order"), ()))
        res = super()._write_dirty()
        if order_ids:
            booked = "(config.invoice_on_delivery OR config.settlement_journal_id IS NOT NULL)"
            self._insert_orders("invoice", "invoice", order_ids, booked)
        return res

    @api.model
    def _invoice_orders(self, config_id):
        """One batch of orders, each in a transaction of its own. The caller holds the lock.

        :return: 0 when there is more to do, None when nothing is left
        """
        worker = self.env["cartona.worker"]
        with worker._fresh_config(config_id) as config:
            rows = self._claim_rows(config, ("invoice",), _ORDERS_PER_JOB) if config else {}
        for order_id, row_ids in rows.items():
            self._invoice_order(config_id, order_id, row_ids)
        return 0 if rows else None

    def _invoice_order(self, config_id, order_id, row_ids):
        """Book one order, or say on it why that cannot be done."""

        def in_own_transaction(work):
            def transaction(config):
                order = config.env["sale.order"].browse(order_id).exists()
                if order:
                    work(order, config)
                config.env["cartona.change"]._forget(row_ids)

            self.env["cartona.worker"]._transact(config_id, transaction)

        try:
            in_own_transaction(lambda order, config: order._cartona_book(config))
            return
        except psycopg2.OperationalError:
            raise  # it will heal: the rows are still there
        except UserError as error:
            words = str(error.args[0])
        except Exception as error:
            _logger.exception("Cartona: order %s could not be invoiced", order_id)
            words = type(error).__name__
        in_own_transaction(lambda order, config: order._cartona_not_booked(config, words))
