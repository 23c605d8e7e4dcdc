"""Every failure that a person can meet, in one place: what happened and what to do about it.

Code elsewhere passes short codes around and stores them; the sentence is chosen when somebody
reads it, in that person's language.
"""

from typing import NamedTuple

from odoo import _, models

# What `cartona_api.parse_order` says of a message that is no order as it should be: which field
# it is stands behind the sentence.
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


# Why an address is refused, as `cartona_api.check_base_url` and the transport say it.
_INSECURE = {"invalid_url", "plain_http", "private_address", "url_credentials", "url_query"}
# What many codes say to a person in the same words.
_SAME_AS = dict(
    dict.fromkeys(_UNREADABLE - {"unreadable"}, "bad_message"),
    **dict.fromkeys(_INSECURE, "insecure_url"),
)

# Why a price waits for a person; the rest of the listing is sent all the same.
PRICE_HOLD_REASONS = {"price_not_positive", "price_below_cost", "price_jump"}

# Where there is no button: nobody can do anything in Odoo, or nobody has to.
NOTHING, BY_ITSELF = "nothing", "by_itself"


class Reason(NamedTuple):
    """What happened, and what to do about it.

    :param cause: what is wrong, a sentence
    :param consequence: what has to be done and what happens then
    :param fix: key of `_fix_labels`, what leads there: see the `action_fix` of who shows it;
        `NOTHING` or `BY_ITSELF` where no button does
    :param heals: whether something done in Odoo can end it: such orders are tried again when
        something was done
    """

    cause: str
    consequence: str
    fix: str
    heals: bool = False


class CartonaReasons(models.AbstractModel):
    _name = "cartona.reasons"
    _description = "Cartona: reasons in words"

    def _explain(self, code, detail=""):
        """The sentence for an error code, with Cartona's own words behind it where there are any.

        :param str code: one of the codes below; an unknown one is shown as it is
        :param str detail: names, figures or Cartona's words; never a secret
        :return: str, "" without a code
        """
        if not code:
            return ""
        reason = self._reason(code)
        sentence = " ".join(filter(None, (reason.cause, reason.consequence)))
        return "%s\n%s" % (sentence, detail) if detail else sentence

    def _reason(self, code):
        """What happened with this code; an unknown code is shown, and nothing more.

        :return: `Reason`
        """
        reasons = self._reasons()
        known = code if code in reasons else _SAME_AS.get(code)
        return reasons.get(known) or Reason(_("Something went wrong (%s).", code), "", NOTHING)

    def _reasons(self):
        """Every code that somebody can meet: dict code -> `Reason`."""
        return dict(
            self._connection_reasons(),
            **self._listing_reasons(),
            **self._order_reasons(),
            **self._order_update_reasons(),
        )

    def _join(self, words):
        """Words one after the other, with the reader's own comma between them: "a, b"."""
        words = list(words)
        row = "".join(words[:1])
        for word in words[1:]:
            row = _("%(before)s, %(word)s", before=row, word=word)
        return row

    def _of_message(self, code):
        """The code under which the error of a message is explained: it is not the connection's."""
        return "bad_message" if code in _UNREADABLE else code

    def _fix_label(self, code):
        """What the button says that leads to the fix; "" where there is none."""
        return self._fix_labels().get(self._fix_of(code), "")

    def _fix_of(self, code):
        """What leads to the fix, see `Reason`; `NOTHING` without a code."""
        return self._reason(code).fix if code else NOTHING

    def _fix_labels(self):
        return {
            "accept_database": _("This is the live database"),
            "accept_pack": _("Take the New Pack"),
            "account": _("Open the Cartona settings"),
            "accuracy": _("Open the decimal accuracy"),
            "code": _("Delivered"),
            "confirm_price": _("Price is Right"),
            "lines": _("Take Theirs"),
            "link": _("Link the product"),
            "listing": _("Correct the unit"),
            "pricelist": _("Open the pricelists"),
            "product": _("Open the product"),
            "retry": _("Try Again"),
            "send": _("Send Again"),
            "send_product": _("Send to Cartona"),
            "settings": _("Open the Cartona settings"),
        }

    # === THE CONNECTION === #

    def _connection_reasons(self):
        tried_again = _("Nothing is lost: it is tried again by itself.")
        check_address = _("Check the address of the API.")
        return {
            "connection": Reason(_("Cartona could not be reached."), tried_again, BY_ITSELF),
            "copied_database": Reason(
                _("This database is a copy of another one, so nothing is exchanged with Cartona."),
                _("If this copy is now the one you work with, press “This is the live database”."),
                "accept_database",
            ),
            "insecure_url": Reason(
                _("This address is not allowed."),
                _("Use the https address that Cartona gave you."),
                "settings",
            ),
            "not_found": Reason(
                _("Cartona does not know this address."), check_address, "settings"
            ),
            "not_ready": Reason(_("Cartona is not ready yet."), tried_again, BY_ITSELF),
            "no_token": Reason(
                _("There is no token yet."), _("Paste the one that Cartona gave you."), "settings"
            ),
            "rate_limited": Reason(
                _("Cartona asked us to slow down."),
                _("Sending goes on by itself after a pause."),
                BY_ITSELF,
            ),
            "redirected": Reason(
                _(
                    "Cartona sent us to another address, which we do not follow to protect the "
                    "token."
                ),
                check_address,
                "settings",
            ),
            "rejected": Reason(
                _("Cartona refused this."), _("Correct it and send it again."), "settings"
            ),
            "server_error": Reason(_("Cartona has a problem of its own."), tried_again, BY_ITSELF),
            "timeout": Reason(_("Cartona did not answer in time."), tried_again, BY_ITSELF),
            "tls": Reason(
                _("No secure connection to Cartona could be made: its certificate is not valid."),
                tried_again,
                BY_ITSELF,
            ),
            "too_large": Reason(
                _("Cartona's answer was too large to be read."), tried_again, BY_ITSELF
            ),
            "unauthorised": Reason(
                _("Cartona does not accept the token."),
                _(
                    "Ask Cartona for a valid one and paste it here; everything waits and goes on "
                    "by itself."
                ),
                "settings",
            ),
            "unreadable": Reason(_("Cartona's answer could not be read."), tried_again, BY_ITSELF),
        }

    # === PRODUCTS === #

    def _listing_reasons(self):
        until_yes = _("It is not sent to Cartona until somebody confirms it.")
        return {
            "not_worked_out": Reason(
                _("Odoo could not work out price and stock of this product."),
                _("Nothing is sent for it until the cause is gone and somebody sends it again."),
                "send_product",
            ),
            "pack_changed": Reason(
                _("Cartona sells another pack size than the one that is linked."),
                _(
                    "Nothing is sent for it until somebody presses “Take the New Pack” or corrects "
                    "it on Cartona."
                ),
                "accept_pack",
            ),
            "price_below_cost": Reason(
                _("The price is below the cost of the product."), until_yes, "confirm_price"
            ),
            "price_jump": Reason(
                _("The price changes by more than the limit in the settings."),
                until_yes,
                "confirm_price",
            ),
            "price_not_positive": Reason(
                _("The price is zero or negative."),
                _(
                    "It is not sent to Cartona until somebody confirms it or corrects the sales "
                    "price."
                ),
                "confirm_price",
            ),
            "refused": Reason(
                _("Cartona refused this product."),
                _("Correct it and it is sent again."),
                "send_product",
            ),
            "unit_changed": Reason(
                _(
                    "The product is now counted in another kind of unit than the one that is sold "
                    "on Cartona."
                ),
                _(
                    "Nothing is sent for it until somebody chooses a unit of the same kind under "
                    "Cartona > Products on Cartona."
                ),
                NOTHING,
            ),
        }

    # === ORDERS THAT ARE IN ODOO, AND NOT AS CARTONA HAS THEM === #

    def _order_update_reasons(self):
        """What stands on a sale order, see `sale.order.cartona_error`."""
        send_again = _("When the cause is gone, press “Send Again”.")
        return {
            "conflict": Reason(
                _("The order stands otherwise here than on Cartona."),
                _("Find out which is right, and put the other one right."),
                NOTHING,
            ),
            "cancellation_refused": Reason(
                _("Cancelled here, but Cartona refused the cancellation."), send_again, "send"
            ),
            "code_needed": Reason(
                _("Delivered here."),
                _("Cartona takes it only with the retailer's code: press “Delivered”."),
                "code",
            ),
            "code_refused": Reason(
                _("Delivered here, but Cartona did not accept the retailer's code."),
                _("Ask the retailer again, then press “Delivered”."),
                "code",
            ),
            "code_uncertain": Reason(
                _("Delivered here, but it is not known whether Cartona took the delivery."),
                _(
                    "It gave no answer before and may have taken the delivery then: look at the "
                    "order on Cartona before you press “Delivered”."
                ),
                "code",
            ),
            "delivered_there": Reason(
                _("Delivered, says Cartona: complete the delivery here."),
                _("Validate the delivery in Odoo."),
                NOTHING,
            ),
            "lines_refused": Reason(
                _("Cartona refused the changed lines."),
                _("“Send Again” sends yours once more, “Take Theirs” takes Cartona's."),
                "lines",
            ),
            "status_refused": Reason(_("Cartona refused the new status."), send_again, "send"),
            "other_error": Reason(_("Cartona was not told of this order."), send_again, "send"),
        }

    # === WHY ORDERS WAIT === #

    def _healing_codes(self):
        """Codes whose cause can go away by something done in Odoo."""
        return {code for code, reason in self._order_reasons().items() if reason.heals}

    def _selection(self):
        """Why orders wait, as a list to choose or to group by; nothing of what to do."""
        causes = [(code, reason.cause) for code, reason in self._order_reasons().items()]
        unreadable = self._reason("bad_message").cause
        return causes + [(code, unreadable) for code in sorted(_UNREADABLE)]

    def _order_reasons(self):
        return dict(self._product_reasons(), **self._figure_reasons(), **self._other_reasons())

    def _product_reasons(self):
        by_itself = _("The order is then imported by itself.")
        return {
            "product_unavailable": Reason(
                _("A product of this order is archived or not for sale."),
                _("Restore it, or link another one.") + " " + by_itself,
                "product",
                True,
            ),
            "unit_family": Reason(
                _("The unit of the listing cannot be converted to the product's unit."),
                _("Choose a unit of the same kind.") + " " + by_itself,
                "listing",
                True,
            ),
            "unit_mismatch": Reason(
                _("Cartona sells this in another pack size than the one that is linked."),
                _("Correct the unit of the listing.") + " " + by_itself,
                "listing",
                True,
            ),
            "unknown_product": Reason(
                _("A product of this order is not linked."),
                _("Link it.") + " " + by_itself,
                "link",
                True,
            ),
        }

    def _figure_reasons(self):
        by_itself = _("The order is then imported by itself.")
        return {
            "fractional_amount": Reason(
                _("A part of something is ordered that is only sold whole."),
                _("Ask the retailer, and have the order changed on Cartona."),
                NOTHING,
                False,
            ),
            "no_pricelist": Reason(
                _("No pricelist has the currency of Cartona's prices."),
                _("Make one.") + " " + by_itself,
                "pricelist",
                True,
            ),
            "precision": Reason(
                _("Odoo would round a quantity or price of this order."),
                _("Raise its Decimal Accuracy in the settings.") + " " + by_itself,
                "accuracy",
                True,
            ),
            "total_mismatch": Reason(
                _("The lines of this order do not add up to its total."),
                _("Ask Cartona which is right; the order is imported when it comes again."),
                NOTHING,
                False,
            ),
        }

    def _other_reasons(self):
        return {
            "bad_message": Reason(
                _("This message could not be read as an order."),
                _("It is kept; tell Cartona about it."),
                NOTHING,
                False,
            ),
            "empty_order": Reason(
                _("The order has no line to sell."),
                _(
                    "Ask the retailer or Cartona what was meant; it is imported when it comes "
                    "again with lines."
                ),
                NOTHING,
                False,
            ),
            "handled_before": Reason(
                _("This order is older than the day from which orders are imported."),
                _("It was left to whoever dealt with it then."),
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
                _("It is kept; press “Try Again”, and tell your integrator if it comes back."),
                "retry",
                False,
            ),
            "unknown_account": Reason(
                _("Which account is this? No company here has the order's supplier code."),
                _(
                    "Enter the code in that company's Cartona settings; the order is then "
                    "imported there by itself."
                ),
                "account",
                True,
            ),
            "unknown_order": Reason(
                _("Cartona told us a status of an order that has not arrived yet."),
                _("It is applied when the order comes."),
                BY_ITSELF,
                False,
            ),
        }
