"""`cartona.accounting.job`: invoice and settle the orders that the outbox points at.

Orders are marked when goods are delivered or an invoice is posted. No delivery fails because of
accounting; what cannot be booked is explained on the order.
"""

import logging

from odoo import api, models
from odoo.exceptions import UserError

from ..queue.errors import RECORD, kind_of
from ..queue.streams import STREAMS

_logger = logging.getLogger(__name__)

_ORDERS_PER_JOB = 10
_KINDS = STREAMS["invoice"].kinds


class CartonaAccountingJob(models.AbstractModel):
    _name = "cartona.accounting.job"
    _inherit = "cartona.outbox.stream"
    _description = "Cartona: Invoice and Settle Orders"

    # === BUSINESS METHODS === #

    @api.model
    def _book_orders(self, config_id):
        """Book one batch of orders, each in a transaction of its own. The caller has the lock.

        :return: 0 when there is more to do, None when nothing is left
        """
        with self.env["cartona.worker"]._fresh_config(config_id) as config:
            Change = config.env["cartona.change"]
            rows = Change._claim(config, _KINDS, _ORDERS_PER_JOB) if config else {}
        for order_id, row_ids in rows.items():
            self._book_order(config_id, order_id, row_ids)
        return 0 if rows else None

    def _book_order(self, config_id, order_id, row_ids):
        """Book one order, or explain on it why that failed."""

        def in_own_transaction(work):
            def transaction(config):
                order = config.env["sale.order"].browse(order_id).exists()
                if order:
                    work(order, config)
                config.env["cartona.change"]._delete(row_ids)

            self.env["cartona.worker"]._transact(config_id, transaction)

        try:
            in_own_transaction(lambda order, config: order._cartona_book(config))
            return
        except UserError as error:
            message = str(error.args[0])
        except Exception as error:
            if kind_of(error) != RECORD:
                raise  # it will heal: the rows are still there
            _logger.exception("Cartona: order %s could not be invoiced", order_id)
            message = type(error).__name__
        in_own_transaction(lambda order, config: order._cartona_not_booked(config, message))
