"""Window actions: the one helper for every button and menu that opens a screen."""


def window(env, name, **values):
    """Return a window action of this addon with some of its values replaced.

    :param str name: its external ID without the module, e.g. `action_cartona_listing`
    """
    action = env["ir.actions.act_window"]._for_xml_id("cartona_integration.%s" % name)
    return dict(action, **values)


def form(record, **values):
    """Return a window action that opens the form of one record."""
    return dict(
        {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "view_mode": "form",
            "views": [(False, "form")],
        },
        **values,
    )


def records(name, model, **values):
    """Return a window action that opens a list of records, without an action in the database.

    :param str name: title of the list
    """
    return dict(
        {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "view_mode": "list,form",
            "views": [(False, "list"), (False, "form")],
        },
        **values,
    )
