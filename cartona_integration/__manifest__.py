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
    "external_dependencies": {"python": ["phonenumbers", "requests"]},
    "data": [
        # Groups first: everything below names them.
        "security/cartona_groups.xml",
        "security/ir.model.access.csv",
        "security/cartona_rules.xml",
        "data/queue_job_data.xml",
        "data/mail_activity_type_data.xml",
        "data/ir_cron_data.xml",
        "views/cartona_config_views.xml",
        "views/cartona_config_money_views.xml",
        "views/cartona_listing_views.xml",
        "views/cartona_message_views.xml",
        "views/cartona_change_views.xml",
        "views/cartona_sync_log_views.xml",
        "views/product_views.xml",
        "views/res_partner_views.xml",
        "views/sale_order_views.xml",
<<<<<<< HEAD
        "views/sale_order_edit_views.xml",
        "views/sale_order_money_views.xml",
        "views/stock_picking_money_views.xml",
=======
        "views/stock_picking_views.xml",
        "wizards/cartona_delivery_otp_views.xml",
        "wizards/cartona_order_cancel_views.xml",
>>>>>>> delivery
        "views/res_config_settings_views.xml",
        # Menus last: they open the actions defined above.
        "views/cartona_menus.xml",
    ],
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
