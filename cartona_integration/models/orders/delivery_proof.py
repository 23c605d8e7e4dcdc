"""`cartona.delivery.proof`: Cartona's answers about deliveries that need the retailer's code.

Cartona checks the code before Odoo validates the delivery, and Odoo may then fail, or start again.
So what Cartona has accepted is committed at once, on a separate cursor, into a separate row, and
looked up before any call: no code is checked twice. A code that could not be sent because Cartona
was unreachable is stored here, too, until it is used.

No user has a right on this model: a code is read by the job that sends it.
"""

from collections import namedtuple
from datetime import timedelta

from odoo import api, fields, models

from ...cartona_api import status as life_cycle
from ...compat import Constraint

_KEEP_DAYS = 30
# A code is short: whoever may try this often in these minutes will not guess it.
_MAX_REFUSED = 5
_REFUSED_MINUTES = 15

#   status: the last status that Cartona accepted outside of any user's transaction, or ""
#   code: the retailer's code that is still to be sent, or ""
#   is_uncertain: a code was sent, and the answer was lost
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
    # Codes that Cartona refused in a row, and the last time.
    refused_count = fields.Integer()
    refused_at = fields.Datetime()

    _order_uniq = Constraint("UNIQUE(order_id)", "There is one proof per order.")

    # === BUSINESS METHODS === #

    @api.model
    def _get_proofs(self, order_ids):
        """Return the committed proofs of these orders, which this transaction may not see.

        :return: dict order id -> `Proof`, without the orders that have none
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
    def _store(self, order_id, status=None, code=None, is_uncertain=None):
        """Commit what Cartona has accepted, or the code that is still to be sent.

        :param str code: "" to delete the stored code; None to leave it unchanged
        :param bool is_uncertain: see `Proof`; None to leave it unchanged
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
    def _store_refused(self, order_id):
        """Commit that Cartona has refused a code of this order."""
        with self.env.registry.cursor() as cr:
            cr.execute(
                """
                INSERT INTO cartona_delivery_proof AS proof
                       (order_id, refused_count, refused_at, create_date)
                VALUES (%(order)s, 1, %(now)s, %(now)s)
                ON CONFLICT (order_id) DO UPDATE
                   SET refused_at = EXCLUDED.refused_at,
                       refused_count = 1 + CASE WHEN proof.refused_at > %(since)s
                                                THEN proof.refused_count ELSE 0 END
                """,
                {
                    "order": order_id,
                    "now": fields.Datetime.now(),
                    "since": fields.Datetime.now() - timedelta(minutes=_REFUSED_MINUTES),
                },
            )

    @api.model
    def _is_blocked(self, order_id):
        """Return True if so many codes were refused that no other one is sent for a while."""
        with self.env.registry.cursor() as cr:
            cr.execute(
                "SELECT 1 FROM cartona_delivery_proof"
                " WHERE order_id = %s AND refused_count >= %s AND refused_at > %s",
                (
                    order_id,
                    _MAX_REFUSED,
                    fields.Datetime.now() - timedelta(minutes=_REFUSED_MINUTES),
                ),
            )
            return bool(cr.fetchone())

    @api.model
    def _delete_proofs(self, order_ids):
        """Delete the proofs of these orders in the current transaction."""
        self.env.cr.execute(
            "DELETE FROM cartona_delivery_proof WHERE order_id = ANY(%s)", (list(order_ids),)
        )

    @api.model
    def _mark_leftovers_dirty(self):
        """Mark the orders with a delivery that Cartona accepted and Odoo never finished."""
        self.env.cr.execute(
            "SELECT order_id FROM cartona_delivery_proof WHERE status = %s",
            (life_cycle.DELIVERED,),
        )
        self.env["cartona.change"]._mark_orders_dirty([row[0] for row in self.env.cr.fetchall()])

    @api.autovacuum
    def _purge(self):
        """Delete the proofs of closed orders, and old ones."""
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
