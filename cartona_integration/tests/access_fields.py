"""The fields of each model that this addon adds, for the access walk: a new one is listed here.

Without those that every Odoo model or its mixins have.
"""

MANAGERS = frozenset({"manager", "boss", "admin", "their manager"})

# Field with groups -> roles that may read it on a record that they may read.
GUARDED = {
    ("cartona.config", "auth_token"): MANAGERS,
    ("cartona.config", "webhook_token"): MANAGERS,
    ("cartona.message", "payload"): MANAGERS,
    ("cartona.sync.log", "request_body"): MANAGERS,
    ("cartona.sync.log", "response_body"): MANAGERS,
    ("res.config.settings", "cartona_auth_token"): MANAGERS,
    ("sale.order", "cartona_edit"): frozenset({"admin"}),
    ("sale.order", "cartona_pickup_otp"): frozenset({"stock"}),
    ("sale.order", "cartona_snapshot"): frozenset({"admin"}),
    ("stock.picking", "cartona_pickup_otp"): frozenset({"stock"}),
}

# Model -> names of its fields.
FIELDS = {
    "account.tax": ("cartona_included_id"),
    "cartona.change": ("attempt company_id config_id kind res_id retry_at"),
    "cartona.config": (
        "acknowledge_failure_count acknowledge_next_try acknowledge_older "
        "activity_user_id alarm auth_token auto_confirm auto_sync_orders "
        "auto_sync_products auto_sync_stock base_url batch_size catalogue_count "
        "catalogue_failure_count catalogue_hole catalogue_is_second catalogue_moved_at "
        "catalogue_next_try catalogue_page catalogue_read_at catalogue_run "
        "catalogue_unreadable change_count company_id complete_delivered "
        "connection_state credit_account_id currency_id dashboard_graph "
        "database_identity default_cancellation_reason delivered_when "
        "discount_account_id drift_count error_code error_detail error_message "
        "expiry_checked_on failed_listing_count has_linked_listing heal_drift "
        "in_failure_count in_next_try installment_account_id invoice_on_delivery "
        "is_promise_kept is_runner_asleep is_sending_all last_pull last_pull_age "
        "last_webhook_age linked_listing_count list_state median_seconds missing_count "
        "needs_products needs_runner needs_switch needs_test needs_token needs_webhook "
        "notified_counts offered_at offered_orders operation_count order_failure_count "
        "order_next_try orders_from out_failure_count out_next_try p95_seconds "
        "paused_listing_count pending_hours price_band price_not_below_cost price_tax "
        "pricelist_id progress_sent progress_total progress_until pull_failed_count "
        "pull_failed_page pull_hole pull_interval pull_mark queue_age rates_checked_on "
        "rejected_order_count rules_checked_at settlement_journal_id shipped_when "
        "stock_buffer success_rate supplier_code supplier_name team_id timeout "
        "unavailable_as unlinked_listing_count user_id waiting_order_count "
        "wallet_account_id warehouse_ids webhook_last_call_at webhook_last_refused_at "
        "webhook_refused_count webhook_token webhook_url"
    ),
    "cartona.delivery.otp": (
        "amount_to_collect code currency_id is_single is_unreachable line_ids message "
        "order_name picking_ids retailer_name state"
    ),
    "cartona.delivery.otp.line": ("code message order_id order_name retailer_name state wizard_id"),
    "cartona.delivery.proof": ("code is_uncertain order_id refused_at refused_count status"),
    "cartona.drift": (
        "cartona_value change closed_at company_id config_id field_names kind listing_id "
        "odoo_value order_id product_id reason since state"
    ),
    "cartona.go.live": (
        "acknowledge_older auto_sync_orders auto_sync_products auto_sync_stock "
        "catalogue_count catalogue_read_at config_id fall_count gone_count hidden_count "
        "id_count is_look_old is_reading older_count on_hold_count order_count orders_from "
        "pack_count price_band price_count published_count stock_count unlinked_count "
        "unreadable_count waiting_count"
    ),
    "cartona.listing": (
        "base_product_id cartona_id company_id config_id confirmed_price error_code "
        "error_detail error_message given_id image_url internal_product_id "
        "is_counted_in_pack is_gone is_id_refused is_pack_changed is_pack_unanswered "
        "is_price_confirmed is_price_on_hold match_id match_ids match_is_sure "
        "match_note match_pack_count match_product_id match_ranked_at match_score "
        "match_skipped_at match_warning name never_match overridden pack_answer "
        "pack_answered_by product_id seen_usual sent_price sent_stock sent_values "
        "shown_at shown_price shown_run shown_stock shown_unit shown_unit_count "
        "shown_values state synced_at unit unit_count unit_label unit_ratio uom_id "
        "waiting_price"
    ),
    "cartona.match": (
        "company_id is_sure listing_id note pack_count product_id product_price rank "
        "reasons score warning"
    ),
    "cartona.matching.desk": (
        "cartona_id catalogue_count config_id image_url is_all_matched is_pack_question "
        "is_reading is_unread listing_id listing_name match_ids may_change pack_count "
        "product_id question remaining_count shown_price sure_count unit_count unit_label "
        "unranked_count unreadable_count warning"
    ),
    "cartona.message": (
        "acknowledge acknowledge_at acknowledge_attempt amount as_of cartona_number "
        "company_id config_id content_key error_code error_detail error_message "
        "fix_label hashed_id import_at is_anonymous kind order_id ordered_at payload "
        "reserved retailer_name source state supplier_code"
    ),
    "cartona.order.cancel": ("order_count order_ids reason"),
    "cartona.support.bundle": ("config_id file file_name"),
    "cartona.older": ("company_id config_id kind res_id transactions"),
    "cartona.stream": (
        "company_id config_id error failing_since failure_count generation is_failing stream"
    ),
    "cartona.sync.log": (
        "company_id config_id direction duration error_code error_detail error_message "
        "failure_count operation record_count record_name request_body response_body state"
    ),
    "cartona.sync.stat": ("company_id config_id hour late milliseconds operation sent"),
    "cartona.webhook.stat": ("call_count config_id kind"),
    "mail.activity": ("cartona_cause"),
    "product.product": (
        "cartona_error cartona_error_code cartona_id cartona_is_price_on_hold "
        "cartona_is_unlimited_stock cartona_last_sent cartona_listing_count "
        "cartona_listing_ids cartona_sync_state cartona_synced_at"
    ),
    "product.template": (
        "cartona_error cartona_error_code cartona_id cartona_is_price_on_hold "
        "cartona_is_unlimited_stock cartona_last_sent cartona_listing_count "
        "cartona_sync_state cartona_synced_at"
    ),
    "res.config.settings": (
        "cartona_auth_token cartona_auto_sync_orders cartona_auto_sync_products "
        "cartona_auto_sync_stock cartona_config_id cartona_connection_state "
        "cartona_error_message cartona_inbox_days cartona_log_days cartona_missing_count"
    ),
    "res.partner": (
        "cartona_duplicate_id cartona_id cartona_not_duplicate cartona_phone2 "
        "cartona_phone2_key cartona_phone_key cartona_search_name cartona_snapshot "
        "cartona_unidentified"
    ),
    "res.users": (
        "cartona_duplicate_id cartona_id cartona_not_duplicate cartona_phone2 "
        "cartona_phone2_key cartona_phone_key cartona_search_name cartona_snapshot "
        "cartona_unidentified"
    ),
    "sale.order": (
        "cartona_amount_difference cartona_amount_received cartona_amount_to_collect "
        "cartona_can_deliver cartona_can_reset cartona_can_return cartona_can_ship "
        "cartona_cancellation_reason cartona_created_at cartona_credit cartona_deadline "
        "cartona_delivered_at cartona_delivered_by cartona_difference "
        "cartona_difference_kind cartona_edit cartona_edit_state cartona_error "
        "cartona_error_code cartona_error_detail cartona_id cartona_installment_cost "
        "cartona_is_late cartona_is_reset cartona_is_unsettled cartona_may_send_again "
        "cartona_money_waiting cartona_needs_otp cartona_number cartona_our_discount "
        "cartona_owed_by_cartona cartona_owed_to_cartona cartona_pickup_date "
        "cartona_pickup_otp cartona_returned_at cartona_route cartona_settled "
        "cartona_settlement_id cartona_shipped_at cartona_snapshot cartona_status "
        "cartona_status_label cartona_sync_state cartona_synced_at cartona_takes_cash "
        "cartona_time_left cartona_waits_for cartona_wallet_top_up"
    ),
    "sale.order.line": ("cartona_discount cartona_id cartona_is_gross cartona_supplier_discount"),
    "stock.picking": (
        "cartona_amount_to_collect cartona_cash_note cartona_currency_id "
        "cartona_delivered_by cartona_id cartona_needs_otp cartona_number "
        "cartona_pickup_date cartona_pickup_otp cartona_status cartona_status_label "
        "cartona_waits_for"
    ),
}
