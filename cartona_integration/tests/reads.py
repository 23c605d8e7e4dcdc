"""Record what Odoo reads: fields of records, and columns of SQL.

    with Reads(env) as reads:
        ...
    reads.found  # {(model, field): how it was read}

Fields of records are recorded where they are read. Fields of domains, orders and groupings, and
columns of raw SQL, are recorded from the statements that reach the database; of the columns that
the ORM fetches ahead only those count that are read afterwards.
"""

import re

from odoo import fields, models
from odoo.sql_db import Cursor

_TABLE = re.compile(r'\b(?:FROM|JOIN)\s+"?(\w+)"?(?:\s+(?:AS\s+)?"?(\w+)"?)?', re.IGNORECASE)
_COLUMN = re.compile(r'"?\b(\w+)"?\."?(\w+)"?')
_WORD = re.compile(r"\b[a-z_][a-z0-9_]*\b")
# The methods with which the ORM fetches columns ahead.
_FETCHES = ("_fetch_query", "_read")


def _subclasses(cls):
    for sub in cls.__subclasses__():
        yield sub
        yield from _subclasses(sub)


class Reads:
    """Context manager that records every read between its begin and its end."""

    def __init__(self, env):
        self.env, self.found = env, {}
        self._undo, self._fetching = [], 0
        self._models = {env[name]._table: name for name in env.registry if not env[name]._abstract}

    def __enter__(self):
        self.env.flush_all()
        self.env.invalidate_all()
        for cls in {fields.Field, *_subclasses(fields.Field)}:
            for name in ("__get__", "mapped"):
                if name in vars(cls):
                    self._patch(cls, name, self._reading(vars(cls)[name]))
        for name in _FETCHES:
            if name in vars(models.BaseModel):
                fetch = self._fetching_ahead(vars(models.BaseModel)[name])
                self._patch(models.BaseModel, name, fetch)
        self._patch(Cursor, "execute", self._executing(Cursor.execute))
        return self

    def __exit__(self, *error):
        for cls, name, value in reversed(self._undo):
            setattr(cls, name, value)

    def _patch(self, cls, name, value):
        self._undo.append((cls, name, vars(cls)[name]))
        setattr(cls, name, value)

    def _reading(self, original):
        def read(field, records, *args):
            if records is not None and (field.store or field.company_dependent):
                self.found.setdefault((records._name, field.name), "field of a record")
            return original(field, records, *args)

        return read

    def _fetching_ahead(self, original):
        def fetch(*args, **kwargs):
            self._fetching += 1
            try:
                return original(*args, **kwargs)
            finally:
                self._fetching -= 1

        return fetch

    def _executing(self, original):
        def execute(cr, query, *args, **kwargs):
            text = getattr(query, "code", None) or (
                query if isinstance(query, str) else query.as_string(cr._cnx)
            )
            self.add_statement(text, is_ahead=bool(self._fetching))
            return original(cr, query, *args, **kwargs)

        return execute

    def add_statement(self, text, is_ahead=False):
        """Record the columns that a statement reads.

        :param bool is_ahead: True to ignore the columns that it returns
        """
        if not re.match(r"\s*(SELECT|WITH)\b", text, re.IGNORECASE):
            return
        aliases = {}
        for table, alias in _TABLE.findall(text):
            if table in self._models:
                aliases[table] = aliases[alias or table] = self._models[table]
        if is_ahead:
            text = text[re.search(r"\bFROM\b", text, re.IGNORECASE).start() :]
        for alias, column in _COLUMN.findall(text):
            self._add_column(aliases.get(alias), column)
        if len(set(aliases.values())) == 1:  # columns without a table's name
            [model] = set(aliases.values())
            plain = re.sub(r"'[^']*'", "", _COLUMN.sub("", text))
            for word in _WORD.findall(plain):
                self._add_column(model, word)

    def _add_column(self, model, column):
        if model and column in self.env[model]._fields:
            self.found.setdefault((model, column), "column of SQL")
