"""The page of inputs is the addon's list."""

from tools.dev import inputs_page


def test_the_page_of_inputs_is_up_to_date():
    assert inputs_page.PAGE.read_text() == inputs_page.page()
