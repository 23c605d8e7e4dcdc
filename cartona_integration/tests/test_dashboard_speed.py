"""The dashboard opens quickly with many records: it reads only those that need attention."""

from unittest.mock import patch

from .test_dashboard import DashboardCase


class TestDashboardSpeed(DashboardCase):
    def test_counting_listings_reads_only_those_that_need_attention(self):
        self.env.flush_all()
        self.cr.execute(
            """
            INSERT INTO cartona_listing (config_id, company_id, cartona_id, product_id, state)
            SELECT %s, %s, 'X' || number, %s, 'synced' FROM generate_series(1, 2000) number
            """,
            (self.config.id, self.company.id, self.tea.id),
        )
        self.cr.execute("ANALYZE cartona_listing")
        queries = []
        execute = type(self.cr).execute

        def record(cr, query, params=None, **kwargs):
            queries.append((query, params))
            return execute(cr, query, params, **kwargs)

        with patch.object(type(self.cr), "execute", record):
            self.assertEqual(self.figure("failed_listing_count"), 0)
        [(query, params)] = [row for row in queries if "cartona_listing" in str(row[0])]
        self.cr.execute("EXPLAIN " + query, params)
        plan = "\n".join(row[0] for row in self.cr.fetchall())
        for index in ("unlinked", "error"):
            self.assertIn("cartona_listing_%s" % index, plan)
        # One scan is allowed: to find any linked listing, which ends at the first one.
        self.assertLessEqual(plan.count("Seq Scan on cartona_listing"), 1)
