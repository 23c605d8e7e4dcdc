"""Models with fields or records that not every user may read."""

import re

from odoo import _, api
from odoo.exceptions import AccessError

from ...compat import CHECKS_FIELDS_BY_NAME, check_may_read

# Names and paths of fields, in the specification of a group or of an order.
_NAME = re.compile(r"[a-z_][\w.]*", re.IGNORECASE)


class SystemFields:
    """For models with values that the system writes: read-only in views does not protect them.

    `_system_fields`: names of the fields that only sudo mode and administrators may set.
    """

    __slots__ = ()  # like Odoo's base class
    _system_fields = frozenset()

    def _check_may_set(self, *vals_list):
        """Raise AccessError if a user sets what only the system may set.

        :param vals_list: values to write, or those of new records without empty ones
        """
        if self.env.su or self.env.user.has_group("base.group_system"):
            return
        names = sorted(self._system_fields & set().union(*vals_list))
        if names:
            labels = [self._fields[name]._description_string(self.env) for name in names]
            raise AccessError(
                _("These values come from Cartona and cannot be changed: %s", ", ".join(labels))
            )


class GuardedFields:
    """For models with secrets: a user may not use a field in a search that they may not read.

    Up to 16 Odoo checks the groups of a field only when it is read, so that a secret could be
    guessed letter by letter or by sorting, or read as the name or the figure of a group.
    """

    __slots__ = ()  # like Odoo's base class

    def _search(self, domain, *args, **kwargs):
        if CHECKS_FIELDS_BY_NAME:
            order = kwargs.get("order") or (args[2] if len(args) > 2 else None)
            _check_readable(self, [*_domain_paths(domain), *_names_in(order)])
        return super()._search(domain, *args, **kwargs)

    @api.model
    def read_group(
        self, domain, fields, groupby, offset=0, limit=None, orderby=False, *args, **kwargs
    ):
        if CHECKS_FIELDS_BY_NAME:
            specs = _names_in(fields, groupby, orderby)
            _check_readable(self, [*_domain_paths(domain), *specs])
        return super().read_group(domain, fields, groupby, offset, limit, orderby, *args, **kwargs)

    def onchange(self, values, *args, **kwargs):
        """Override of Odoo to refuse records of this addon that the user may not read.

        Odoo shows the name, and related fields, of whatever record a form claims.
        """
        for name, value in values.items():
            comodel = getattr(self._fields.get(name), "comodel_name", None) or ""
            if comodel.startswith("cartona.") and isinstance(value, int) and value:
                check_may_read(self.env[comodel].browse(value))
        return super().onchange(values, *args, **kwargs)


def _domain_paths(domain):
    terms = (term for term in domain or () if isinstance(term, (list, tuple)) and term)
    return [term[0] for term in terms if isinstance(term[0], str)]


def _names_in(*specs):
    """Return all names in specifications such as `total:max(amount)` or `amount desc`."""
    texts = (text for spec in specs for text in ([spec] if isinstance(spec, str) else spec or ()))
    return [name for text in texts if isinstance(text, str) for name in _NAME.findall(text)]


def _check_readable(model, paths):
    """Raise AccessError if the user may not read a stored field on one of these paths.

    As from 17 on: a field without a column has its own search, which decides what it shows.
    """
    for path in paths:
        records = model
        for name in path.split("."):
            field = records._fields.get(name)
            if field is None:
                break
            if field.store and field.groups:
                records.check_field_access_rights("read", [name])
            if not field.comodel_name:
                break
            records = records.env[field.comodel_name]
