"""`cartona.message`: what orders on their way to Odoo keep back of the stock.

    stored: what its lines name -> parked: what they were found to sell -> imported: nothing

A change of it is a change of what may still be sold, and is noted before it is written.
"""

import json

from odoo import fields, models

from ...cartona_api import status as life_cycle
from ...compat import flush


class CartonaMessage(models.Model):
    _inherit = "cartona.message"

    reserved = fields.Text(
        help="JSON: Cartona product id -> amount of what its listing sells that the order takes."
    )

    # === BUSINESS METHODS === #

    def _reserved_by(self, order):
        """What a new order will take, by the ids it names: an import looks for the others.

        :param order: `cartona_api.Order`
        :return: JSON, or False
        """
        reserved = {}
        if not life_cycle.is_final(order.status):
            for line in order.lines:
                if line.supplier_product_id and line.amount > 0:
                    reserved.setdefault(line.supplier_product_id, 0.0)
                    reserved[line.supplier_product_id] += float(line.amount)
        return json.dumps(reserved) if reserved else False

    def _reserve(self, amounts):
        """Keep back what a parked order was found to sell.

        :param amounts: dict Cartona product id -> amount
        """
        if amounts == json.loads(self.reserved or "{}"):
            return
        self._mark_reserved_dirty()
        self.reserved = json.dumps(amounts) if amounts else False
        self._mark_reserved_dirty()

    def _mark_reserved_dirty(self):
        """Orders on their way, and orders let go, change what may still be sold."""
        for config in self.config_id:
            messages = self.filtered(lambda message, config=config: message.config_id == config)
            cartona_ids = {
                cartona_id
                for reserved in messages.filtered("reserved").mapped("reserved")
                for cartona_id in json.loads(reserved)
            }
            if not (cartona_ids and config.auto_sync_stock):
                continue
            flush(self.env["cartona.listing"])
            self.env.cr.execute(
                """
                SELECT DISTINCT product_id FROM cartona_listing
                 WHERE config_id = %s AND cartona_id = ANY(%s) AND product_id IS NOT NULL
                """,
                (config.id, list(cartona_ids)),
            )
            product_ids = [row[0] for row in self.env.cr.fetchall()]
            self.env["cartona.change"]._mark_dirty("restock", product_ids=product_ids)

    def _outdate(self, config):
        """What a later message replaces is imported no more, and holds nothing."""
        flush(self)
        self.env.cr.execute(
            """
            SELECT DISTINCT old.id
              FROM cartona_message old
              JOIN cartona_message newer ON newer.config_id = old.config_id
                                        AND newer.hashed_id = old.hashed_id
             WHERE old.config_id = %s AND old.state IN ('new', 'error')
               AND (newer.as_of, newer.id) > (old.as_of, old.id)
               AND (newer.kind = 'order' OR newer.state = 'done')
            """,
            (config.id,),
        )
        old = self.browse(row[0] for row in self.env.cr.fetchall())
        old._mark_reserved_dirty()
        old._close_activities()
        old.write({"state": "superseded", "reserved": False})
