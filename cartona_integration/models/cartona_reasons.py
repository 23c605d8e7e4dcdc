"""Every failure that a person can meet, in one place: what happened and what to do about it.

Code elsewhere passes short codes around and stores them; the sentence is chosen when somebody
reads it, in that person's language.
"""

from odoo import _, models


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
        sentence = self._sentences().get(code) or _("Something went wrong (%s).", code)
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
            "unit_family": _(
                "The unit of the listing cannot be converted to the product's unit. "
                "Choose a unit of the same kind."
            ),
        }

    def _order_sentences(self):
        return {
            "bad_message": _(
                "This message could not be read as an order. It is kept; tell Cartona about it."
            ),
            "empty_order": _(
                "The order has no line to sell. Ask the retailer or Cartona what was meant; "
                "it is imported when it comes again with lines."
            ),
            "fractional_amount": _(
                "A part of something is ordered that is only sold whole. "
                "Ask the retailer, and have the order changed on Cartona."
            ),
            "handled_before": _(
                "This order is older than the day from which orders are imported. It was left to "
                "whoever dealt with it then."
            ),
            "no_pricelist": _(
                "No pricelist has the currency of Cartona's prices. Make one, then press "
                "“Try again”."
            ),
            "precision": _(
                "Odoo would round a quantity or price of this order. Raise its Decimal Accuracy "
                "in the settings, then press “Try again”."
            ),
            "product_unavailable": _(
                "A product of this order is archived or not for sale. Restore it, or link "
                "another one; the order is then imported by itself."
            ),
            "refused_by_odoo": _(
                "Odoo did not accept this order. Correct the cause and press “Try again”."
            ),
            "total_mismatch": _(
                "The lines of this order do not add up to its total. Ask Cartona which is right; "
                "the order is imported when it comes again."
            ),
            "unexpected": _(
                "An unexpected error occurred while importing this order. It is kept; "
                "press “Try again”, and tell your integrator if it comes back."
            ),
            "unit_mismatch": _(
                "Cartona sells this in another pack size than the one that is linked. Correct the "
                "unit of the listing; the order is then imported by itself."
            ),
            "unknown_product": _(
                "A product of this order is not linked. Link it; the order is then imported by "
                "itself."
            ),
            "unknown_order": _(
                "Cartona told us a status of an order that has not arrived yet. "
                "It is applied when the order comes."
            ),
            "unknown_account": _(
                "The order is for a supplier code that no company here has. "
                "Which account is this? Enter the code in that company's Cartona settings."
            ),
        }
