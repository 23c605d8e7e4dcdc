"""`cartona.reasons`: every failure that a user can meet, what happened and what to do about it.

Code elsewhere passes and stores short codes. The sentence is chosen when a user reads it, in the
user's language.
"""

from typing import NamedTuple

from odoo import _, models

# Codes of `cartona_api.parse_order` for a message that is not a valid order. The detail behind the
# sentence names the field.
_UNREADABLE = {
    "bad_date",
    "bad_flag",
    "bad_id",
    "bad_lines",
    "bad_number",
    "bad_text",
    "bad_unit_count",
    "duplicate_line",
    "negative_amount",
    "negative_price",
    "no_identity",
    "not_an_object",
    "not_an_order",
    "too_many_lines",
    "unreadable",
}


# Codes of `cartona_api.check_base_url` and of the transport for an address that is not allowed.
_INSECURE = {"invalid_url", "plain_http", "private_address", "url_credentials", "url_query"}
# Codes with the sentence of another one.
_SAME_AS = dict(
    dict.fromkeys(_UNREADABLE - {"unreadable"}, "bad_message"),
    **dict.fromkeys(_INSECURE, "insecure_url"),
)

# Hold reasons of a price: it waits for a person, the rest of the listing is sent anyway.
PRICE_HOLD_REASONS = {"price_not_positive", "price_below_cost", "price_jump"}

# Hold reasons of a pack: nothing of the listing is sent before a person has answered what it is.
PACK_HOLD_REASONS = {"pack_changed", "pack_unanswered"}

# Fixes without a button: nothing can be done in Odoo, or nothing has to be.
NOTHING, AUTOMATIC = "nothing", "automatic"


class Reason(NamedTuple):
    """The cause of an error and its remedy.

    :param cause: what is wrong, a sentence
    :param consequence: what to do and what happens then
    :param fix: key of `_fix_labels`, the button that opens the fix (see the `action_fix` of the
        model that shows it); `NOTHING` or `AUTOMATIC` without a button
    :param heals: True if a change in Odoo can end it: such orders are tried again after one
    """

    cause: str
    consequence: str
    fix: str
    heals: bool = False


class CartonaReasons(models.AbstractModel):
    _name = "cartona.reasons"
    _description = "Cartona: Error Sentences"

    def _explain(self, code, detail=""):
        """Return the sentence for an error code, followed by the detail.

        :param str code: one of the codes below; an unknown one is shown as it is
        :param str detail: names, figures or Cartona's message; never a secret
        :return: str, "" without a code
        """
        if not code:
            return ""
        reason = self._reason(code)
        sentence = " ".join(filter(None, (reason.cause, reason.consequence)))
        return "%s\n%s" % (sentence, detail) if detail else sentence

    def _reason(self, code):
        """Return the `Reason` of a code; of an unknown one a sentence that shows it."""
        reasons = self._reasons()
        known = code if code in reasons else _SAME_AS.get(code)
        return reasons.get(known) or Reason(_("Something went wrong (%s).", code), "", NOTHING)

    def _reasons(self):
        """Return every code that a user can meet: dict code -> `Reason`."""
        return dict(
            self._connection_reasons(),
            **self._listing_reasons(),
            **self._order_reasons(),
            **self._order_update_reasons(),
        )

    def _message_code(self, code):
        """Return the code that explains the error of a message; `unreadable` alone would explain
        an answer of the connection."""
        return "bad_message" if code in _UNREADABLE else code

    def _fix_label(self, code):
        """Return the label of the button that opens the fix, "" without a button."""
        return self._fix_labels().get(self._fix_of(code), "")

    def _fix_of(self, code):
        """Return the fix of a code, see `Reason`; `NOTHING` without a code."""
        return self._reason(code).fix if code else NOTHING

    def _fix_labels(self):
        return {
            "accept_database": _("This is the live database"),
            "accept_pack": _("Accept New Pack"),
            "accept_ratio": _("Accept New Unit"),
            "account": _("Open the Cartona settings"),
            "accuracy": _("Open the decimal accuracy"),
            "code": _("Delivered"),
            "confirm_price": _("Confirm Price"),
            "lines": _("Use Cartona's Lines"),
            "link": _("Link the product"),
            "listing": _("Correct the unit"),
            "pack": _("Confirm the pack"),
            "pricelist": _("Open the pricelists"),
            "product": _("Open the product"),
            "retry": _("Try Again"),
            "send": _("Send Again"),
            "send_product": _("Send to Cartona"),
            "settings": _("Open the Cartona settings"),
        }

    # === THE CONNECTION === #

    def _connection_reasons(self):
        tried_again = _("Nothing is lost: it is tried again automatically.")
        check_address = _("Check the address of the API.")
        return {
            "account_refused": Reason(
                _("Cartona refuses everything that is sent, each time for the same reason."),
                _(
                    "Contact Cartona about your account; everything waits and continues "
                    "automatically."
                ),
                "settings",
            ),
            "connection": Reason(_("Cartona could not be reached."), tried_again, AUTOMATIC),
            "copied_database": Reason(
                _("This database is a copy of another one: nothing is exchanged with Cartona."),
                _("If you work with this copy now, press “This is the live database”."),
                "accept_database",
            ),
            "insecure_url": Reason(
                _("This address is not allowed."),
                _("Use the https address that Cartona gave you."),
                "settings",
            ),
            "not_found": Reason(
                _("Cartona has no page at this address."), check_address, "settings"
            ),
            "not_ready": Reason(_("Cartona is not ready yet."), tried_again, AUTOMATIC),
            "no_token": Reason(
                _("There is no token yet."), _("Enter the one that Cartona gave you."), "settings"
            ),
            "rate_limited": Reason(
                _("Cartona limits the number of calls."),
                _("Sending continues automatically after a pause."),
                AUTOMATIC,
            ),
            "redirected": Reason(
                _(
                    "Cartona's answer points to another address. It is not followed, to protect "
                    "the token."
                ),
                check_address,
                "settings",
            ),
            "rejected": Reason(
                _("Cartona refused this."), _("Correct it and send it again."), "settings"
            ),
            "server_error": Reason(_("Cartona has a technical problem."), tried_again, AUTOMATIC),
            "timeout": Reason(_("Cartona did not answer in time."), tried_again, AUTOMATIC),
            "tls": Reason(
                _("No secure connection to Cartona is possible: its certificate is not valid."),
                tried_again,
                AUTOMATIC,
            ),
            "too_large": Reason(_("Cartona's answer is too large."), tried_again, AUTOMATIC),
            "unauthorised": Reason(
                _("Cartona does not accept the token."),
                _(
                    "Request a valid one from Cartona and enter it here; everything waits and "
                    "continues automatically."
                ),
                "settings",
            ),
            "unreadable": Reason(_("Cartona's answer could not be read."), tried_again, AUTOMATIC),
        }

    # === PRODUCTS === #

    def _listing_reasons(self):
        until_confirmed = _("Confirm it to send it to Cartona.")
        return {
            "figure_too_large": Reason(
                _("The price or the stock is so large that it cannot be right."),
                _("Correct it; nothing is sent before."),
                "send_product",
            ),
            "no_answer": Reason(
                _("Every call to Cartona that contains this record ends in an error."),
                _("The others are sent without it. It is tried again automatically."),
                AUTOMATIC,
            ),
            "not_on_cartona": Reason(
                _("Cartona's catalogue does not show this ID, so its pack is not known."),
                _("Correct the ID, or read the catalogue again; nothing is sent before."),
                "send_product",
            ),
            "not_worked_out": Reason(
                _("Odoo could not compute the price and stock of this product."),
                _("Correct the cause and send the product again; nothing is sent before."),
                "send_product",
            ),
            "other_company": Reason(
                _("The product now belongs to another company: it is out of stock on Cartona."),
                _("Link another product of this company, or correct the company of the product."),
                NOTHING,
            ),
            "pack_changed": Reason(
                _("Cartona sells another pack size than the one that is linked."),
                _("Press “Accept New Pack” or correct it on Cartona; nothing is sent before."),
                "accept_pack",
            ),
            "pack_unanswered": Reason(
                _("Cartona sells this in a pack, and Odoo may count the pack or what is inside."),
                _(
                    "Press “Odoo Counts What Is Inside” or “Odoo Counts These in Cartona's Pack”; "
                    "nothing is sent before."
                ),
                "pack",
            ),
            "price_below_cost": Reason(
                _("The price is below the cost of the product."), until_confirmed, "confirm_price"
            ),
            "price_jump": Reason(
                _("The price changes by more than the limit in the settings."),
                until_confirmed,
                "confirm_price",
            ),
            "price_not_positive": Reason(
                _("The price is zero or negative."),
                _("Correct the sales price; it is not sent to Cartona before."),
                NOTHING,
            ),
            "ratio_changed": Reason(
                _("The unit of this product contains another quantity than when it was linked."),
                _("Press “Accept New Unit” or correct the unit; nothing is sent before."),
                "accept_ratio",
                True,
            ),
            "refused": Reason(
                _("Cartona refused this product."),
                _("Correct it; it is then sent again."),
                "send_product",
            ),
            "variant_replaced": Reason(
                _("The linked variant is archived, while its product is still sold."),
                _("Unarchive it, or link the variant that replaces it; it is out of stock before."),
                NOTHING,
            ),
            "unit_changed": Reason(
                _(
                    "The unit of the product can no longer be converted to the unit that is sold "
                    "on Cartona."
                ),
                _(
                    "Choose a unit of the same kind under Cartona > Products on Cartona; nothing "
                    "is sent before."
                ),
                NOTHING,
            ),
        }

    # === ORDER UPDATES === #

    def _order_update_reasons(self):
        """Return the reasons that a sale order shows, see `sale.order.cartona_error`."""
        send_again = _("Correct the cause and press “Send Again”.")
        return {
            "conflict": Reason(
                _("The order has different final statuses in Odoo and on Cartona."),
                _("Find out which one is right and correct the other one."),
                NOTHING,
            ),
            "not_acknowledged": Reason(
                _("Cartona does not accept that this order has arrived in Odoo."),
                _("The order itself is complete. It is tried again automatically."),
                AUTOMATIC,
            ),
            "not_updated": Reason(
                _("Odoo could not prepare the update of this order for Cartona."),
                send_again,
                "send",
            ),
            "cancellation_refused": Reason(
                _("Cancelled in Odoo, but Cartona refused the cancellation."), send_again, "send"
            ),
            "code_needed": Reason(
                _("Delivered in Odoo."),
                _("Cartona requires the retailer's code: press “Delivered”."),
                "code",
            ),
            "code_refused": Reason(
                _("Delivered in Odoo, but Cartona did not accept the retailer's code."),
                _("Request the code from the retailer again, then press “Delivered”."),
                "code",
            ),
            "code_uncertain": Reason(
                _("Delivered in Odoo, but it is not known whether Cartona accepted the delivery."),
                _(
                    "An earlier call had no clear answer: look at the order on Cartona before you "
                    "press “Delivered”."
                ),
                "code",
            ),
            "delivered_there": Reason(
                _("Delivered on Cartona, but not in Odoo."),
                _("Validate the delivery in Odoo."),
                NOTHING,
            ),
            "lines_refused": Reason(
                _("Cartona refused the changed lines."),
                _(
                    "Press “Send Again” to send your lines again, or “Use Cartona's Lines” to "
                    "replace them."
                ),
                "lines",
            ),
            "status_refused": Reason(_("Cartona refused the new status."), send_again, "send"),
            "other_error": Reason(
                _("An update of this order was not sent to Cartona."), send_again, "send"
            ),
        }

    # === WHY ORDERS WAIT === #

    def _healing_codes(self):
        """Return the codes whose cause a change in Odoo can end."""
        return {code for code, reason in self._order_reasons().items() if reason.heals}

    def _selection(self):
        """Return the causes for which orders wait, as a selection to choose or group by."""
        causes = [(code, reason.cause) for code, reason in self._order_reasons().items()]
        unreadable = self._reason("bad_message").cause
        return causes + [(code, unreadable) for code in sorted(_UNREADABLE)]

    def _order_reasons(self):
        return dict(self._product_reasons(), **self._figure_reasons(), **self._other_reasons())

    def _product_reasons(self):
        imported_then = _("The order is then imported automatically.")
        return {
            "pack_unconfirmed": Reason(
                _("A product of this order is a pack, and Odoo may count the pack or its content."),
                _("Answer what one pack is in Odoo.") + " " + imported_then,
                "pack",
                True,
            ),
            "product_unavailable": Reason(
                _("A product of this order is archived or not for sale."),
                _("Restore it, or link another one.") + " " + imported_then,
                "product",
                True,
            ),
            "unit_family": Reason(
                _("The unit of the listing cannot be converted to the product's unit."),
                _("Choose a unit of the same kind.") + " " + imported_then,
                "listing",
                True,
            ),
            "unit_mismatch": Reason(
                _("Cartona sells this in another pack size than the one that is linked."),
                _("Correct the unit of the listing.") + " " + imported_then,
                "listing",
                True,
            ),
            "unknown_product": Reason(
                _("A product of this order is not linked."),
                _("Link it.") + " " + imported_then,
                "link",
                True,
            ),
        }

    def _figure_reasons(self):
        imported_then = _("The order is then imported automatically.")
        return {
            "fractional_amount": Reason(
                _("The order has a fraction of a product that is only sold whole."),
                _("Contact the retailer and have the order changed on Cartona."),
                NOTHING,
                False,
            ),
            "no_pricelist": Reason(
                _("No pricelist has the currency of Cartona's prices."),
                _("Create one.") + " " + imported_then,
                "pricelist",
                True,
            ),
            "no_warehouse": Reason(
                _("Every warehouse chosen for Cartona is archived."),
                _("Choose another one in the Cartona configuration.") + " " + imported_then,
                "settings",
                True,
            ),
            "precision": Reason(
                _("Odoo would round a quantity or price of this order."),
                _("Raise its decimal accuracy in the settings.") + " " + imported_then,
                "accuracy",
                True,
            ),
            "total_mismatch": Reason(
                _("The lines of this order do not add up to its total."),
                _("Contact Cartona; the order is imported when it arrives again."),
                NOTHING,
                False,
            ),
        }

    def _other_reasons(self):
        return {
            "bad_message": Reason(
                _("This message could not be read as an order."),
                _("It is kept; contact Cartona about it."),
                NOTHING,
                False,
            ),
            "empty_order": Reason(
                _("The order has no line to sell."),
                _(
                    "Contact the retailer or Cartona; it is imported when it arrives again with "
                    "lines."
                ),
                NOTHING,
                False,
            ),
            "handled_before": Reason(
                _("This order is older than the day from which orders are imported."),
                _("It was left out; orders of that time were handled outside Odoo."),
                "settings",
                False,
            ),
            "refused_by_odoo": Reason(
                _("Odoo did not accept this order."),
                _("Correct the cause and press “Try Again”."),
                "retry",
                False,
            ),
            "unexpected": Reason(
                _("An unexpected error occurred while importing this order."),
                _("It is kept; press “Try Again”, and contact your integrator if it returns."),
                "retry",
                False,
            ),
            "unknown_account": Reason(
                _("No company in Odoo has the supplier code of this order."),
                _(
                    "Enter the code in the Cartona settings of its company; the order is then "
                    "imported there automatically."
                ),
                "account",
                True,
            ),
            "unknown_order": Reason(
                _("Cartona sent a status of an order that has not arrived yet."),
                _("It is applied when the order arrives."),
                AUTOMATIC,
                False,
            ),
        }
