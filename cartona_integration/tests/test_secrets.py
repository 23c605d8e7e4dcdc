"""Token and webhook secret are stored in one column each, and only a manager can read them."""

import json
import logging
import re
from contextlib import contextmanager
from unittest.mock import patch

import psycopg2

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import file_open

from ..cartona_api import redact, unwrap
from ..controllers import cartona_webhook
from .access_common import AccessCase
from .common import ORDERS, PRODUCTS, STATUSES
from .order_common import ORDER
from .test_catalogue import CATALOGUE
from .test_webhook import WebhookCase

TOKEN = "tok-7f3a9d2c61e84b05"
SECRET = "whs-c0ffee5ad1e5ba5eba11"
CODE = "778812-of-a-retailer"
CODE_TABLES = (
    "cartona_delivery_otp_line",
    "cartona_delivery_proof",
    "cartona_message",
    "sale_order",
)
# Answers that repeat the token: as text, in JSON, in HTML, as a key.
ECHOES = [
    (401, {"error": "invalid token %s" % TOKEN}),
    (422, {"errors": [{"supplier_product_id": "T1", "message": "not with " + TOKEN}]}),
    (500, "<html><body>AuthorizationToken: %s</body></html>" % TOKEN),
    (200, {"errors": [{"supplier_product_id": "T1", "message": "not with " + TOKEN}]}),
    (200, "Token=" + TOKEN),
    (200, {TOKEN: {TOKEN: [TOKEN]}}),
    (302, {}),
]
_LOUD = ("odoo.addons.cartona_integration", "odoo.addons.queue_job", "urllib3", "requests")


@tagged("slow")
class TestSecrets(AccessCase):
    def setUp(self):
        super().setUp()
        self.marketplace.token = TOKEN
        self.config.write({"auth_token": TOKEN, "webhook_token": SECRET})
        self.config._connection_outcome(None)
        self.env.cr.flush()

    # === HELPERS === #

    def columns_containing(self, text):
        """Return the columns of the database that contain a text.

        :return: set of (table, column)
        """
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT c.table_name, array_agg(c.column_name::text)
              FROM information_schema.columns c
              JOIN information_schema.tables t USING (table_schema, table_name)
             WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE'
               AND c.data_type IN ('text', 'character varying', 'json', 'jsonb', 'bytea')
             GROUP BY c.table_name
            """
        )
        found = set()
        for table, columns in self.env.cr.fetchall():
            hits = ", ".join('bool_or("%s"::text LIKE %%(like)s)' % column for column in columns)
            like = {"like": "%%%s%%" % text}
            self.env.cr.execute('SELECT %s FROM "%s"' % (hits, table), like)
            found |= {(table, name) for name, hit in zip(columns, self.env.cr.fetchone()) if hit}
        return found

    @contextmanager
    def captured_log(self):
        """Collect all log lines of this block, at debug level for our modules."""
        lines = []

        class Listener(logging.Handler):
            def emit(self, record):
                lines.append(logging.Formatter("%(message)s").format(record))

        listener = Listener()
        loggers = [logging.getLogger(name) for name in _LOUD]
        levels = [logger.level for logger in loggers]
        logging.getLogger().addHandler(listener)
        for logger in loggers:
            logger.setLevel(logging.DEBUG)
        try:
            yield lines
        finally:
            logging.getLogger().removeHandler(listener)
            for logger, level in zip(loggers, levels):
                logger.setLevel(level)

    def fail_every_call(self):
        """Run every kind of call against answers that repeat the token."""
        elsewhere = {"Location": self.marketplace.url + "?token=" + TOKEN}
        for number, (status, answer) in enumerate(ECHOES):
            self.env.invalidate_all()
            self.marketplace._prepared.clear()
            self.config._end_pause("out", "in")
            headers = elsewhere if status == 302 else None
            for method, path in (
                ("POST", PRODUCTS),
                ("GET", ORDERS),
                ("GET", CATALOGUE),
                ("POST", STATUSES),
            ):
                self.marketplace.answer_next(method, path, answer, status, headers, times=6)
            self.tea.list_price = 50.0 + number
            self.config._start_catalogue()
            self.run_drain()
            self.config._end_pause("in")
            self.env["cartona.listing"]._read_catalogue(self.config.id)
            self.config._end_pause("in")
            self.env["cartona.message"]._pull(self.config.id)
            self.config._end_pause("in")
            self.env["cartona.message"]._acknowledge(self.config.id)
            self.env.invalidate_all()
            self.config.action_test_connection()

    # === TESTS === #

    def test_secrets_are_stored_in_one_column_only(self):
        self.receive()
        self.env["cartona.message"].create(
            {
                "config_id": self.config.id,
                "hashed_id": ORDER["hashed_id"],
                "kind": "order",
                "source": "pull",
                "payload": "{}",
                "content_key": "x",
                "state": "done",
                "acknowledge": "due",
            }
        )
        with self.captured_log() as lines:
            self.fail_every_call()
            for stream in ("drain", "pull", "import", "status", "catalogue"):
                self.env["cartona.worker"]._enqueue(stream, self.config.id)
        self.assertTrue(self.env["queue.job"].search([("model_name", "like", "cartona.%")]))
        self.assertTrue(self.config.activity_ids, "there is an activity")
        self.assertGreater(self.env["cartona.sync.log"].search_count([]), 2 * len(ECHOES))
        self.assertFalse([line for line in lines if TOKEN in line or SECRET in line])
        self.assertEqual(self.columns_containing(TOKEN), {("cartona_config", "auth_token")})
        self.assertEqual(self.columns_containing(SECRET), {("cartona_config", "webhook_token")})

    def test_a_failed_statement_is_logged_without_secrets(self):
        wrong = {"timeout": 0}
        proof = self.env["cartona.delivery.proof"]
        code = {"order_id": 1, "code": CODE}
        for table, name, error, write in (
            ("cartona_config", "token", "CheckViolation",
             lambda: self.config.write(dict(wrong, auth_token=TOKEN + "2"))),
            # Not in the statement, but in the row that PostgreSQL adds to its error.
            ("cartona_config", "row", "CheckViolation", lambda: self.config.write(wrong)),
            ("cartona_config", "secret", "CheckViolation",
             lambda: self.config.write(dict(wrong, webhook_token=SECRET + "2"))),
            ("cartona_delivery_proof", "code", "UniqueViolation",
             lambda: proof.create([code, dict(code, code=CODE + "2")])),
            ("cartona_pickup_otp", "code for drivers", "NotNullViolation",
             lambda: self.ours["sale.order"].write({"cartona_pickup_otp": CODE, "name": False})),
        ):  # fmt: skip
            with self.subTest(name):
                self.env.invalidate_all()
                with self.assertLogs("odoo.sql_db", "ERROR") as log:
                    with self.assertRaises(psycopg2.IntegrityError), self.env.cr.savepoint():
                        write()
                        self.env.flush_all()
                output = "\n".join(log.output)
                self.assertIn(table, output)
                self.assertIn(error, output)
                for secret in (TOKEN, SECRET, CODE):
                    self.assertNotIn(secret, output)

    def test_a_serialization_failure_is_logged_by_name(self):
        """The transaction is retried, so the log must name the error."""
        collide = """
            DO $$ BEGIN
                -- cartona_config
                RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '40001';
            END $$
        """
        with self.assertLogs("odoo.sql_db", "ERROR") as log:
            with self.assertRaises(psycopg2.OperationalError), self.env.cr.savepoint():
                self.env.cr.execute(collide)
        self.assertIn("SerializationFailure: could not serialize access", log.output[0])
        self.assertNotIn("RAISE", log.output[0])

    def test_debug_logging_of_statements_contains_no_secrets(self):
        """The test logs as Odoo's cursors do; up to 15 a cursor reads the log level when opened."""
        statement = 'UPDATE "cartona_config" SET "auth_token" = \'%s\'' % TOKEN
        with self.assertLogs("odoo.sql_db", "DEBUG") as log:
            logging.getLogger("odoo.sql_db").debug("[%.3f ms] query: %s", 0.5, statement)
        self.assertIn("cartona_config", log.output[0])
        self.assertNotIn(TOKEN, log.output[0])

    def test_other_statements_are_logged_as_usual(self):
        with self.assertLogs("odoo.sql_db", "ERROR") as log:
            with self.assertRaises(psycopg2.Error), self.env.cr.savepoint():
                self.env.cr.execute("SELECT %s FROM cartona_configuration", ("seen",))
        self.assertIn("SELECT 'seen' FROM cartona_configuration", log.output[0])

    def test_a_neutralized_copy_has_no_secrets_and_is_off(self):
        order = self.ours["sale.order"]
        order.cartona_pickup_otp = CODE
        self.env["cartona.delivery.proof"].create({"order_id": order.id, "code": CODE})
        line = (0, 0, {"order_id": order.id, "code": CODE})
        self.env["cartona.delivery.otp"].create({"line_ids": [line]})
        plain = dict(
            ORDER, hashed_id="plain", pickup_otp=CODE, note_message='"otp"', otp_code=778812
        )
        odd = dict(plain, hashed_id="odd", pickup_otp=[CODE], otp_code='77"8812')
        messages, _repeated = self.env["cartona.message"]._store(
            self.config, "pull", [*unwrap(plain), *unwrap(odd)]
        )
        columns = self.columns_containing(CODE)
        self.assertEqual({table for table, _column in columns}, set(CODE_TABLES))
        with file_open("cartona_integration/data/neutralize.sql") as script:
            self.env.cr.execute(script.read())
        self.env.invalidate_all()
        for secret in (TOKEN, SECRET, CODE):
            self.assertEqual(self.columns_containing(secret), set())
        for message, order in zip(messages, (plain, odd)):
            self.assertEqual(json.loads(message.payload), redact.documented(order))
        for personal in (ORDER["retailer"]["retailer_name"], ORDER["retailer"]["retailer_number"]):
            self.assertNotIn(personal, "".join(messages.mapped("payload")))
        self.assertEqual(set(messages.mapped("retailer_name")), {"***"})
        self.assertFalse(self.config._is_live())
        self.tea.list_price = 77.0
        self.assertIsNone(self.run_drain())
        self.env["cartona.message"]._pull(self.config.id)
        self.assertEqual(self.marketplace.calls, [])

    def test_the_script_keeps_the_keys_that_the_log_shows(self):
        with file_open("cartona_integration/data/neutralize.sql") as script:
            [keys] = re.findall(r"ANY\('\{(.*?)\}'::text\[\]\)", script.read(), re.DOTALL)
        self.assertEqual(set(re.findall(r"\w+", keys)), redact.DOCUMENTED_KEYS)

    def test_no_call_returns_secrets_to_a_non_manager(self):
        for role in ("public", "portal", "plain", "user", "stock", "sales"):
            for name, call in self.rpc_calls(self.users[role]):
                with self.subTest(role, call=name):
                    self.env.invalidate_all()
                    try:
                        with self.env.cr.savepoint():
                            result = repr(call())
                    except (AccessError, UserError, ValueError):
                        continue
                    self.assertNotIn(TOKEN, result)
                    self.assertNotIn(SECRET, result)

    def rpc_calls(self, user):
        """Yield (name, callable) of calls that a client may make over RPC."""
        configs = self.env["cartona.config"].with_user(user)
        config = configs.browse(self.config.id)
        listings = self.env["cartona.listing"].with_user(user)
        names = ["auth_token", "webhook_token"]
        yield "read", lambda: config.read(names)
        yield "read everything", lambda: config.read()
        yield "search_read", lambda: configs.search_read([], names)
        yield "copy", lambda: config.copy_data()
        yield "export", lambda: config.export_data(names)
        yield (
            "export of a listing",
            lambda: listings.search([]).export_data(
                ["config_id/auth_token", "config_id/webhook_token"]
            ),
        )
        yield "defaults", lambda: configs.default_get(names)
        yield "fields", lambda: configs.fields_get(names)
        yield "group", lambda: configs.read_group([], ["company_id"], ["auth_token"])
        yield "name", lambda: configs.name_search(TOKEN[:5])
        yield (
            "settings",
            lambda: (
                self.env["res.config.settings"].with_user(user).default_get(["cartona_auth_token"])
            ),
        )
        if hasattr(configs, "web_search_read"):
            yield "web", lambda: configs.web_search_read([], {name: {} for name in names})
        if hasattr(configs, "formatted_read_group"):
            yield "web group", lambda: configs.formatted_read_group([], names, [])
        yield "log", lambda: self.env["cartona.sync.log"].with_user(user).search([]).read()

    def test_a_non_manager_cannot_guess_secrets_by_search(self):
        for role in ("user", "stock", "sales"):
            user = self.users[role]
            for model, path in (
                ("cartona.config", "auth_token"),
                ("cartona.config", "webhook_token"),
                ("cartona.listing", "config_id.auth_token"),
                ("cartona.message", "config_id.webhook_token"),
            ):
                for right, wrong in (("tok-%", "xyz%"), ("whs-%", "xyz%")):
                    with self.subTest(role, path=path):
                        self.assertEqual(
                            self.found(user, model, [(path, "=like", right)]),
                            self.found(user, model, [(path, "=like", wrong)]),
                        )

    def found(self, user, model, domain):
        self.env.invalidate_all()
        try:
            return self.env[model].with_user(user).search_count(domain)
        except AccessError:
            return "refused"

    def test_a_manager_reads_secrets_but_exports_none(self):
        config = self.config.with_user(self.users["manager"])
        self.assertEqual(config.auth_token, TOKEN)
        for name in ("auth_token", "webhook_token"):
            self.assertFalse(config._fields[name].exportable)
        self.assertNotIn(TOKEN, repr(config.copy_data()))


@tagged("post_install", "-at_install")
class TestSecretComparison(WebhookCase):
    def test_a_secret_is_compared_with_every_stored_secret(self):
        """The comparison takes as long for a good guess as for a bad one, and is not done by the
        database: the time of an index would reveal how much is right."""
        for number in range(3):
            company = self.env["res.company"].create({"name": "Branch %s" % number})
            self.env["cartona.config"]._of_company(company).webhook_token = "of-branch-%s" % number
        self.env["cartona.config"].search([])[-1:].webhook_token = False
        self.env.cr.flush()
        secrets = self.env["cartona.config"].search([("webhook_token", "!=", False)], order="id")
        secrets = secrets.mapped("webhook_token")
        self.assertGreater(len(secrets), 2)
        for given, status in ((secrets[0], 200), (secrets[-1], 200), ("a guess", 401)):
            with self.subTest(given):
                compare = patch.object(
                    cartona_webhook, "authentic", side_effect=cartona_webhook.authentic
                )
                with compare as authentic:
                    answer = self.post(ORDER, secret=given)
                self.assertEqual(answer.status_code, status)
                self.assertEqual(
                    [call.args for call in authentic.call_args_list],
                    [(given, secret) for secret in secrets],
                )
