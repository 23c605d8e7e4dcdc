"""The webhook: its authentication, the accepted bodies, and that a call only stores a row."""

import json
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import HttpCase, tagged

from ..models.config import webhook_stats
from .order_common import ORDER

ORDERS_URL = "/cartona/webhook/orders"
STATUS_URL = "/cartona/webhook/status"


class WebhookCase(HttpCase):
    """`config` has a known secret; the counters and the clock start anew."""

    def setUp(self):
        super().setUp()
        self.config = self.env["cartona.config"]._of_company(self.env.company)
        self.config.webhook_token = "s3cret-of-this-test"
        self.env.cr.flush()
        self.delayed = []
        self.seconds = 0.0
        counter = webhook_stats.Counter(
            webhook_stats._write,
            later=lambda seconds, call: self.delayed.append(call),
            clock=lambda: self.seconds,
        )
        self.patch(webhook_stats, "_counter", counter)
        guesses = webhook_stats.Guesses(clock=lambda: self.seconds)
        self.patch(webhook_stats, "_guesses", guesses)

    def post(self, body, secret="s3cret-of-this-test", url=ORDERS_URL):
        """Post a body (bytes, or JSON data) and return the HTTP answer."""
        data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json"}
        if secret is not None:
            headers["AuthorizationToken"] = secret
        return self.url_open(url, data=data, headers=headers)

    def statements_of(self, body):
        """Return the statements of a call, without the savepoints that tests add."""
        mine, statements = self.env.cr, []
        execute = type(mine).execute

        def record(cr, query, *args, **kwargs):
            if cr is mine and "SAVEPOINT" not in str(query):
                statements.append(str(query))
            return execute(cr, query, *args, **kwargs)

        with patch.object(type(mine), "execute", record):
            self.assertEqual(self.post(body).status_code, 200)
        return statements

    def messages(self):
        return self.env["cartona.message"].search([("config_id", "=", self.config.id)])


@tagged("post_install", "-at_install")
class TestWebhook(WebhookCase):
    def test_a_call_is_only_stored_and_answered(self):
        orders = self.env["sale.order"].search_count([])

        answer = self.post(ORDER)

        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.json(), {"status": "accepted", "received": 1})
        message = self.messages()
        self.assertEqual(json.loads(message.payload), ORDER)
        self.assertEqual(
            (message.hashed_id, message.state, message.source, message.retailer_name),
            ("k3Jd82", "new", "webhook", "أسواق الرحمــة"),
        )
        self.assertEqual(message.amount, 110.0)
        self.assertEqual(self.env["sale.order"].search_count([]), orders)

    def test_every_known_envelope_is_accepted(self):
        for number, wrap in enumerate(
            (
                lambda order: [order],
                lambda order: {"order": order},
                lambda order: {"orders": [order]},
                lambda order: {"data": order},
                lambda order: {"data": [order]},
            )
        ):
            with self.subTest(number):
                answer = self.post(wrap(dict(ORDER, hashed_id="e%s" % number)))
                self.assertEqual((answer.status_code, answer.json()["received"]), (200, 1))
        self.assertEqual(
            sorted(self.messages().mapped("hashed_id")), ["e0", "e1", "e2", "e3", "e4"]
        )

    def test_a_status_notice_is_accepted_at_both_addresses(self):
        for url in (STATUS_URL, ORDERS_URL):
            answer = self.post({"hashed_id": "n" + url[-1], "status": "delivered"}, url=url)
            self.assertEqual(answer.status_code, 200)
        self.assertEqual(set(self.messages().mapped("kind")), {"status"})

    def test_a_call_costs_few_statements_whatever_its_size(self):
        """They read the configuration (in one or two), read the last version, store the message and
        read its products."""
        self.config.auto_sync_stock = True
        line = ORDER["order_details"][0]
        lines = [dict(line, id=number, supplier_product_id=number) for number in range(50)]
        self.post(dict(ORDER, hashed_id="warm"))
        for hashed_id, details in (("one", [line]), ("fifty", lines)):
            with self.subTest(hashed_id):
                order = dict(ORDER, hashed_id=hashed_id, order_details=details)
                statements = self.statements_of(order)
                self.assertTrue(4 <= len(statements) <= 5, statements)
        self.assertEqual(len(self.messages()), 3)

    def test_the_same_call_twice_is_one_message(self):
        self.post(ORDER)
        answer = self.post(dict(reversed(ORDER.items())))
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(len(self.messages()), 1)

    def test_an_uncertain_call_is_refused_during_an_acknowledgement(self):
        """The acknowledgement would cover this call too, so Cartona must send it again."""
        older, newer = ORDER, dict(ORDER, note_message="soon")
        for body in (older, newer):
            self.assertEqual(self.post(body).status_code, 200)
        worker = type(self.env["cartona.worker"])
        with patch.object(worker, "_try_lock", lambda *args: False):
            answer = self.post(older)
        self.assertEqual((answer.status_code, answer.json()), (503, {"status": "busy"}))
        self.assertTrue(answer.headers["Retry-After"])
        self.assertEqual(len(self.messages()), 2)

        self.assertEqual(self.post(older).status_code, 200)
        self.env.invalidate_all()
        self.assertEqual(self.config.list_state, "wanted")

    def test_a_wrong_or_missing_secret_is_refused_and_nothing_stored(self):
        for secret in ("wrong", "", None, "s3cret-of-this-tes"):
            with self.subTest(secret=secret):
                self.assertEqual(self.post(ORDER, secret=secret).status_code, 401)
        self.assertFalse(self.messages())

    def test_an_empty_secret_is_refused(self):
        self.config.webhook_token = False
        self.env.cr.flush()
        for secret in ("", "False", None):
            self.assertEqual(self.post(ORDER, secret=secret).status_code, 401)
        self.assertFalse(self.messages())

    def test_a_body_that_is_not_an_order_is_refused(self):
        for body in (b"{not json", b" ", b"\xff\xfe", b'"text"', b"7", b"[1]", b"{}", b"null"):
            with self.subTest(body=body):
                self.assertEqual(self.post(body).status_code, 400)
        self.assertFalse(self.messages())

    def test_deep_nesting_is_refused(self):
        self.assertEqual(self.post(b"[" * 100_000 + b"]" * 100_000).status_code, 400)

    def test_a_body_over_the_cap_is_refused(self):
        huge = dict(ORDER, note_message="x" * (1024 * 1024))
        self.assertEqual(self.post(huge).status_code, 413)
        self.assertFalse(self.messages())

    def test_a_get_request_is_refused(self):
        self.assertIn(self.url_open(ORDERS_URL).status_code, (404, 405))

    def test_two_companies_with_one_token_each_get_their_orders(self):
        other = self.env["res.company"].create({"name": "Wholesale"})
        second = self.env["cartona.config"]._of_company(other)
        self.config.write({"auth_token": "shared", "supplier_code": "1"})
        second.write({"supplier_code": "2"})
        second.write({"auth_token": "shared"})
        self.env.cr.flush()

        self.post([dict(ORDER, hashed_id="a"), dict(ORDER, hashed_id="b", supplier_code=2)])

        self.assertEqual(self.messages().mapped("hashed_id"), ["a"])
        theirs = self.env["cartona.message"].search([("config_id", "=", second.id)])
        self.assertEqual(theirs.mapped("hashed_id"), ["b"])

    # === HEALTH === #

    def health(self, config=None):
        """Return (last call, refused calls, last refused call), as the settings show them."""
        config = config or self.config
        self.env.invalidate_all()
        return (
            config.webhook_last_call_at,
            config.webhook_refused_count,
            config.webhook_last_refused_at,
        )

    def test_a_new_configuration_has_no_calls(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.assertEqual(
            self.health(self.env["cartona.config"]._of_company(other)), (False, 0, False)
        )

    def test_an_accepted_call_does_not_write_the_configuration(self):
        written = self.config.write_date
        self.post(ORDER)
        last, refused, last_refused = self.health()
        self.assertTrue(last)
        self.assertEqual((refused, last_refused), (0, False))
        self.assertEqual(self.config.write_date, written)

    def test_a_repeated_order_counts_as_a_call(self):
        self.post(ORDER)
        self.env["cartona.webhook.stat"].search([]).unlink()
        self.seconds = 5.0
        self.post(ORDER)
        self.assertTrue(self.health()[0])

    def test_wrong_secrets_and_unreadable_calls_are_counted(self):
        self.post(ORDER, secret="wrong")
        self.post(b"{not json")
        last, refused, last_refused = self.health()
        self.assertEqual((last, refused), (False, 2))
        self.assertTrue(last_refused)

    def test_many_wrong_secrets_make_few_rows(self):
        for _number in range(30):
            self.assertEqual(self.post(ORDER, secret="wrong").status_code, 401)
        self.assertEqual(len(self.env["cartona.webhook.stat"].search([])), 1)
        self.assertEqual(len(self.delayed), 1, "one delayed call counts all of them")

        self.seconds = 1.0
        self.delayed[0]()

        self.assertEqual(self.health()[1], 30)
        self.assertEqual(len(self.env["cartona.webhook.stat"].search([])), 2)

    def test_guesses_are_limited_but_the_right_secret_is_not(self):
        def answers(count):
            return [self.post(ORDER, secret="guess %s" % number) for number in range(count)]

        with self.assertLogs("odoo.addons.cartona_integration", "WARNING") as log:
            self.assertEqual({answer.status_code for answer in answers(60)}, {401})
            self.seconds = 20.0
            [late] = answers(1)
        self.assertEqual((late.status_code, late.headers["Retry-After"]), (429, "40"))
        output = "\n".join(log.output)
        self.assertEqual((output.count("wrong secret from"), output.count("answered 429")), (1, 1))
        self.assertNotIn("guess", output)
        self.assertEqual(self.post(ORDER).status_code, 200)
        self.assertEqual(self.post(ORDER, secret="wrong").status_code, 429)

        self.seconds = 61.0
        self.assertEqual(self.post(ORDER, secret="wrong").status_code, 401)
        self.assertEqual(self.messages().hashed_id, ORDER["hashed_id"])

    def test_old_rows_are_merged_and_the_count_is_kept(self):
        Stat = self.env["cartona.webhook.stat"]
        old = fields.Datetime.now() - timedelta(days=3)
        for minutes in range(5):
            Stat.create(
                {
                    "kind": "refused",
                    "call_count": 10,
                    "create_date": old + timedelta(minutes=minutes),
                }
            )
        Stat.create({"config_id": self.config.id, "kind": "refused", "call_count": 1})
        self.env.flush_all()
        before = self.health()

        Stat._merge()

        self.assertEqual(self.health(), before)
        self.assertEqual(before[1], 51)
        self.assertEqual(len(Stat.search([])), 2)
