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


class Reason(NamedTuple):
    """Why an order waits.

    :param cause: what is wrong, a sentence
    :param consequence: what has to be done and what happens then
    :param fix: key of what leads there, see `cartona.message.action_fix`; "" where all there is
        to see stands in the message
    :param heals: whether something done in Odoo can end it: such orders are tried again when
        something was done
    """

    cause: str
    consequence: str
    fix: str
    heals: bool


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
        known = "bad_message" if code in _UNREADABLE else code
        sentence = self._sentences().get(known) or _("Something went wrong (%s).", code)
        return "%s\n%s" % (sentence, detail) if detail else sentence

    def _sentences(self):
        sentences = self._connection_sentences()
        sentences.update(self._listing_sentences())
        sentences.update(self._order_sentences())
        return sentences

    def _connection_sentences(self):
        return {
            "connection": _(
                "Cartona could not be reached. Nothing is lost: it is tried again by itself."
            ),
            "copied_database": _(
                "This database is a copy of another one, so nothing is exchanged with Cartona. "
                "If this copy is now the one you work with, press “This is the live database”."
            ),
            "insecure_url": _(
                "This address is not allowed. Use the https address that Cartona gave you."
            ),
            "not_found": _("Cartona does not know this address. Check the address of the API."),
            "no_token": _("There is no token yet. Paste the one that Cartona gave you."),
            "rate_limited": _(
                "Cartona asked us to slow down. Sending goes on by itself after a pause."
            ),
            "redirected": _(
                "Cartona sent us to another address, which we do not follow to protect the token. "
                "Check the address of the API."
            ),
            "rejected": _("Cartona refused this."),
            "server_error": _(
                "Cartona has a problem of its own. Nothing is lost: it is tried again by itself."
            ),
            "timeout": _(
                "Cartona did not answer in time. Nothing is lost: it is tried again by itself."
            ),
            "unauthorised": _(
                "Cartona does not accept the token. Ask Cartona for a valid one and paste it here; "
                "everything waits and goes on by itself."
            ),
            "unreadable": _(
                "Cartona's answer could not be read. Nothing is lost: it is tried again by itself."
            ),
        }

    def _listing_sentences(self):
        return {
            "pack_changed": _(
                "Cartona sells another pack size than the one that is linked. Nothing is sent for "
                "it until somebody presses “Take the new pack” or corrects it on Cartona."
            ),
            "price_below_cost": _(
                "The price is below the cost of the product. It is not sent to Cartona until "
                "somebody confirms it."
            ),
            "price_jump": _(
                "The price changes by more than the limit in the settings. It is not sent to "
                "Cartona until somebody confirms it."
            ),
            "price_not_positive": _(
                "The price is zero or negative. It is not sent to Cartona until somebody confirms "
                "it or corrects the sales price."
            ),
            "refused": _("Cartona refused this product. Correct it and it is sent again."),
        }

    def _order_sentences(self):
        return {
            code: "%s %s" % (reason.cause, reason.consequence)
            for code, reason in self._order_reasons().items()
        }

    # === WHY ORDERS WAIT === #

    def _reason(self, code):
        """Why an order waits with this code; an unknown code is explained, and nothing more.

        :return: `Reason`
        """
        if code in _UNREADABLE:
            code = "bad_message"
        return self._order_reasons().get(code) or Reason(self._explain(code), "", "", False)

    def _fix_label(self, code):
        """What the button says that leads to the fix; "" where there is nothing to open."""
        return self._fix_labels().get(self._reason(code).fix, "")

    def _healing_codes(self):
        """Codes whose cause can go away by something done in Odoo."""
        return {code for code, reason in self._order_reasons().items() if reason.heals}

    def _fix_labels(self):
        return {
            "account": _("Open the Cartona settings"),
            "accuracy": _("Open the decimal accuracy"),
            "link": _("Link the product"),
            "listing": _("Correct the unit"),
            "pricelist": _("Open the pricelists"),
            "product": _("Open the product"),
        }

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
        return {
            "fractional_amount": Reason(
                _("A part of something is ordered that is only sold whole."),
                _("Ask the retailer, and have the order changed on Cartona."),
                "",
                False,
            ),
            "no_pricelist": Reason(
                _("No pricelist has the currency of Cartona's prices."),
                _("Make one, then press “Try again”."),
                "pricelist",
                True,
            ),
            "precision": Reason(
                _("Odoo would round a quantity or price of this order."),
                _("Raise its Decimal Accuracy in the settings, then press “Try again”."),
                "accuracy",
                True,
            ),
            "total_mismatch": Reason(
                _("The lines of this order do not add up to its total."),
                _("Ask Cartona which is right; the order is imported when it comes again."),
                "",
                False,
            ),
        }

    def _other_reasons(self):
        return {
            "bad_message": Reason(
                _("This message could not be read as an order."),
                _("It is kept; tell Cartona about it."),
                "",
                False,
            ),
            "empty_order": Reason(
                _("The order has no line to sell."),
                _(
                    "Ask the retailer or Cartona what was meant; it is imported when it comes "
                    "again with lines."
                ),
                "",
                False,
            ),
            "handled_before": Reason(
                _("This order is older than the day from which orders are imported."),
                _("It was left to whoever dealt with it then."),
                "",
                False,
            ),
            "refused_by_odoo": Reason(
                _("Odoo did not accept this order."),
                _("Correct the cause and press “Try again”."),
                "",
                False,
            ),
            "unexpected": Reason(
                _("An unexpected error occurred while importing this order."),
                _("It is kept; press “Try again”, and tell your integrator if it comes back."),
                "",
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
                "",
                False,
            ),
        }
