"""`cartona.delivery.proof`: what Cartona has said to a delivery that needs the retailer's code.

Cartona checks the code before Odoo validates the delivery, and Odoo may then fail, or begin
again. So what Cartona has accepted is committed at once, on a cursor of its own, into a row of
its own, and looked up before any call: it is never asked twice. A code that waits for a Cartona
out of reach is kept here, too, until it is used.

Nobody has a right on this model: a code is read by the job that sends it.
"""

from collections import namedtuple
from datetime import timedelta

from odoo import api, fields, models

from ...cartona_api import status as life_cycle
from ...compat import Constraint

_KEEP_DAYS = 30

#   status: the last status that Cartona accepted outside of any user's transaction, or ""
#   code: the retailer's code that is still to be sent, or ""
#   is_uncertain: a code was sent, and nobody knows what Cartona made of it
Proof = namedtuple("Proof", "status code is_uncertain")
NO_PROOF = Proof("", "", False)


class CartonaDeliveryProof(models.Model):
    _name = "cartona.delivery.proof"
    _description = "Cartona: accepted deliveries"

    # A plain integer: a foreign key would lock the order, in a transaction beside the user's.
    order_id = fields.Integer(required=True)
    status = fields.Char()
    code = fields.Char(exportable=False)
    is_uncertain = fields.Boolean()

    _order_uniq = Constraint("UNIQUE(order_id)", "There is one proof per order.")

    # === BUSINESS METHODS === #

    @api.model
    def _get_proofs(self, order_ids):
        """What is known of these orders now, whatever this transaction sees.

        :return: dict order id -> `Proof`, only of orders of which something is known
        """
        if not order_ids:
            return {}
        with self.env.registry.cursor() as cr:
            cr.execute(
                "SELECT order_id, COALESCE(status, ''), COALESCE(code, ''),"
                " COALESCE(is_uncertain, false)"
                " FROM cartona_delivery_proof WHERE order_id = ANY(%s)",
                (list(order_ids),),
            )
            return {order_id: Proof(*rest) for order_id, *rest in cr.fetchall()}

    @api.model
    def _keep(self, order_id, status=None, code=None, is_uncertain=None):
        """Commit what Cartona has accepted, or the code that it has to be told.

        :param str code: "" forgets the one that is kept; None leaves it
        :param bool is_uncertain: see `Proof`; None leaves it
        """
        with self.env.registry.cursor() as cr:
            cr.execute(
                """
                INSERT INTO cartona_delivery_proof AS proof
                       (order_id, status, code, is_uncertain, create_date)
                VALUES (%(order)s, %(status)s, %(code)s, %(uncertain)s,
                        now() AT TIME ZONE 'UTC')
                ON CONFLICT (order_id) DO UPDATE
                   SET status = COALESCE(EXCLUDED.status, proof.status),
                       code = COALESCE(EXCLUDED.code, proof.code),
                       is_uncertain = COALESCE(EXCLUDED.is_uncertain, proof.is_uncertain)
                """,
                {
                    "order": order_id,
                    "status": status,
                    "code": code,
                    "uncertain": is_uncertain,
                },
            )

    @api.model
    def _forget(self, order_ids):
        """Drop what is known of these orders, with the current transaction."""
        self.env.cr.execute(
            "DELETE FROM cartona_delivery_proof WHERE order_id = ANY(%s)", (list(order_ids),)
        )

    @api.model
    def _mark_leftovers_dirty(self):
        """Have the orders looked at whose delivery Cartona accepted and Odoo never finished."""
        self.env.cr.execute(
            "SELECT order_id FROM cartona_delivery_proof WHERE status = %s",
            (life_cycle.DELIVERED,),
        )
        self.env["cartona.change"]._mark_orders_dirty([row[0] for row in self.env.cr.fetchall()])

    @api.autovacuum
    def _purge(self):
        """Forget codes of orders that are at their end, and whatever nobody asked for so long."""
        self.env.cr.execute(
            """
            DELETE FROM cartona_delivery_proof proof
             WHERE proof.create_date < %s
                OR NOT EXISTS (
                    SELECT 1 FROM sale_order sale
                     WHERE sale.id = proof.order_id AND sale.cartona_status NOT IN %s
                )
            """,
            (fields.Datetime.now() - timedelta(days=_KEEP_DAYS), tuple(life_cycle.FINAL)),
        )
