"""Base of the tests of imported orders: one valid order, and its import."""

import copy
from unittest.mock import patch

from ..cartona_api import parse_order
from .common import CartonaCase

# One pending order as pulled: 4 tea at 12.50 and 2 rice at 30.00.
ORDER = {
    "hashed_id": "k3Jd82",
    "receipt_id": 4711,
    "supplier_code": "1",
    "status": "pending",
    "delivered_by": "delivered_by_supplier",
    "delivery_day": None,
    "estimated_delivery_day": None,
    "retailer_preferred_delivery_date": "2026-03-05",
    "note_message": "اتصل قبل الوصول",
    "edited_by_admin": False,
    "distribution_route_code": "R-7",
    "created_at": "2026-03-01T21:30:00Z",
    "total_price": 110.0,
    "cartona_credit": 0,
    "installment_cost": 0,
    "wallet_top_up": 0,
    "applied_supplier_rebate": 0,
    "retailer": {
        "retailer_name": "أسواق الرحمــة",
        "retailer_code": "A00315",
        "retailer_number": "+201003150160",
        "retailer_number2": "+201112223334",
        "retailer_address": "12 شارع التحرير، الدقي",
        "address_notes": "بجوار المسجد",
    },
    "order_details": [
        {
            "id": 901,
            "supplier_product_id": "T1",
            "internal_product_id": None,
            "base_product_id": 71,
            "unit": "piece",
            "unit_count": 1,
            "product_name": "شاي العروسة 40 جم",
            "amount": 4,
            "selling_price": 12.5,
            "applied_supplier_discount": 0,
            "applied_cartona_discount": 0,
            "comment": None,
        },
        {
            "id": 902,
            "supplier_product_id": "R1",
            "internal_product_id": None,
            "base_product_id": 72,
            "unit": "piece",
            "unit_count": 1,
            "product_name": "أرز الضحى 1 كجم",
            "amount": 2,
            "selling_price": 30.0,
            "applied_supplier_discount": 0,
            "applied_cartona_discount": 0,
            "comment": None,
        },
    ],
}
TEA, RICE = 0, 1


class OrderCase(CartonaCase):
    """`tea` is linked as "T1", `rice` as "R1", neither is in stock."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rice.cartona_id = "R1"
        cls.seller = (
            cls.env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                {
                    "name": "Salma",
                    "login": "cartona_salma",
                    "email": "salma@example.com",
                    "company_id": cls.company.id,
                    "company_ids": [(6, 0, cls.company.ids)],
                }
            )
        )
        cls.team = cls.env["crm.team"].create({"name": "Cartona", "company_id": cls.company.id})
        cls.config.write(
            {
                "user_id": cls.seller.id,
                "team_id": cls.team.id,
                "activity_user_id": cls.env.ref("base.user_admin").id,
                "auto_confirm": False,
            }
        )
        cls.clear_outbox()

    # === IMPORT === #

    def order(self, lines=None, retailer=None, **changes):
        """Return the valid order with changes.

        :param dict lines: number of the line -> its changes, None to leave the line out,
            or a whole line for a new number
        :param dict retailer: changes of the retailer
        """
        raw = copy.deepcopy(ORDER)
        details = dict(enumerate(raw["order_details"]))
        for number, change in (lines or {}).items():
            if change is None:
                del details[number]
            else:
                details[number] = dict(details.get(number, ORDER["order_details"][TEA]), **change)
        raw["order_details"] = list(details.values())
        raw["retailer"].update(retailer or {})
        raw.update(changes)
        if "total_price" not in changes:
            raw["total_price"] = sum(
                max(line["amount"], 0) * line["selling_price"] for line in raw["order_details"]
            )
        return raw

    def receive_all(self, raws, config=None):
        """Import raw orders in one batch, as the inbox does.

        :return: list of `Outcome`
        """
        config = config or self.config
        company = config.company_id
        config = (
            config.sudo()
            .with_user(self.env.ref("base.user_root"))
            .with_company(company)
            .with_context(allowed_company_ids=company.ids, lang="en_US")
        )
        message = config.env["cartona.message"]
        entries = [(message, parse_order(raw)) for raw in raws]
        outcomes = config.env["cartona.order.importer"]._import_orders(config, entries)
        self.env.flush_all()
        return outcomes

    def receive(self, raw=None, config=None):
        """Import one order that must succeed.

        :return: `sale.order`
        """
        [outcome] = self.receive_all([raw or self.order()], config)
        self.assertFalse(outcome.error_code, outcome.error_detail)
        return outcome.order.with_env(self.env)

    def refuse(self, raw):
        """Import one order that must wait.

        :return: (code, detail)
        """
        [outcome] = self.receive_all([raw])
        self.assertTrue(outcome.error_code, "the order should have waited")
        return outcome.error_code, outcome.error_detail

    def printed(self, report_name, record, user=None):
        """Return a report as a user prints it."""
        report = self.env.ref(report_name).with_user(user or self.env.user)
        # Barcodes need an image library that not every machine has.
        with patch.object(type(report), "barcode", lambda *args, **kwargs: b""):
            try:
                html = report._render_qweb_html(report_name, record.ids)[0]
            except (AttributeError, TypeError):  # up to 15 a method of the report
                html = report._render_qweb_html(record.ids)[0]
        return html.decode()

    def deliver(self, sale):
        """Validate all open transfers of the order."""
        for picking in sale.picking_ids.filtered(lambda row: row.state not in ("done", "cancel")):
            for move in picking.move_ids:
                if "quantity" in move._fields:
                    move.write({"quantity": move.product_uom_qty, "picked": True})
                else:
                    move.quantity_done = move.product_uom_qty
            picking.with_context(skip_backorder=True, skip_sms=True).button_validate()
            self.assertEqual(picking.state, "done")

    # === RESULTS === #

    def lines(self, sale):
        """Return [(Cartona's id, product, quantity, price, unit)] in order."""
        return [
            (
                line.cartona_id,
                line.product_id,
                line.product_uom_qty,
                line.price_unit,
                line._cartona_uom(),
            )
            for line in sale.order_line
        ]

    def figures(self, sale):
        """Return [(Cartona's id, quantity, price)] in order."""
        return [
            (line.cartona_id, line.product_uom_qty, line.price_unit) for line in sale.order_line
        ]

    def messages(self, record):
        """Return the chatter, including what Odoo writes at the commit."""
        self.env.cr.flush()
        return self.env["mail.message"].search(
            [("model", "=", record._name), ("res_id", "=", record.id)], order="id"
        )

    def push(self):
        """Send the pending order updates, as the job does.

        :return: seconds to wait, None when nothing is left
        """
        self.env.cr.flush()
        wait = 0
        while wait == 0:
            wait = self.env["cartona.order.push"]._push(self.config.id)
        self.env.invalidate_all()
        return wait

    def chatter(self, record):
        """Return the text of the chatter, oldest first."""
        return "\n".join(str(body) for body in self.messages(record).mapped("body"))

    def activities(self, record):
        """Return [(summary, user)] of the open activities."""
        return [(row.summary, row.user_id) for row in record.activity_ids.sorted("id")]

    def stored_values(self, sale):
        """Return all values that an import could change, to compare before and after."""
        self.env.flush_all()
        partner = sale.partner_id
        return {
            "sale": sale.read(["write_date", "state", "amount_total", "cartona_status"]),
            "lines": sale.order_line.read(["write_date", "product_uom_qty", "price_unit"]),
            "messages": self.messages(sale).ids + self.messages(partner).ids,
            "activities": sale.activity_ids.ids,
            "partner": partner.read(["write_date", "name", "phone", "street", "child_ids"]),
            "moves": sale.picking_ids.move_ids.read(["product_uom_qty", "state"]),
        }

    def box(self, count, base=None):
        """Return the unit that contains `count` pieces."""
        base = base or self.env.ref("uom.product_uom_unit")
        return self.env["cartona.listing"]._pack_unit(base, count, "box")
