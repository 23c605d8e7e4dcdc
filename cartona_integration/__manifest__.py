{
    "name": "Cartona",
    "summary": "Sell on the Cartona marketplace: prices, stock, orders and their status, both ways",
    "version": "19.0.0.1.0",
    "category": "Sales/Sales",
    "author": "cartona_integration contributors",
    "website": "https://github.com/cartona-integration/cartona_integration",
    "license": "LGPL-3",
    "application": True,
    "depends": ["sale_management", "sale_stock", "mail", "queue_job"],
    # rapidfuzz: likeness of words, for matching products by name.
    "external_dependencies": {"python": ["phonenumbers", "rapidfuzz", "requests"]},
    "data": [
        # Groups first: everything below names them.
        "security/cartona_groups.xml",
        "security/ir.model.access.csv",
        "security/cartona_rules.xml",
        "data/queue_job_data.xml",
        "data/mail_activity_type_data.xml",
        "data/ir_cron_data.xml",
        "views/cartona_config_views.xml",
        "views/cartona_listing_views.xml",
        "views/cartona_message_views.xml",
        "views/cartona_change_views.xml",
        "views/cartona_sync_log_views.xml",
        "views/product_views.xml",
        "views/res_partner_views.xml",
        "views/sale_order_views.xml",
        "views/res_config_settings_views.xml",
        # Menus last: they open the actions defined above.
        "views/cartona_menus.xml",
        # With its own menu item, which hangs below those.
        "views/cartona_matching_views.xml",
    ],
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
