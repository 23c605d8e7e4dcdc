"""A user at a browser: the steps of the browser tests.

Everything is found by its technical name, so that the same steps work in every language.
"""

import re
import time
from pathlib import Path

from playwright.sync_api import Locator, Page, Request, Response, expect

from tools.dev.odoo_server import OdooServer

_PATIENCE = 20_000  # milliseconds
_COLD = 120_000  # the first page of a new database builds its assets
_IDLE_CHECKS = 4  # consecutive checks, one every twentieth of a second
#: Requests that a page waits for before it shows the result.
_ANSWERED = ("/web/dataset/", "/web/action/", "/web/webclient/", "/web/bundle", "/web/assets/")
_APPS = ".o_navbar_apps_menu button"
#: The app of an open form, above it.
_HOMES = {
    "product.product": "sale.sale_menu_root",
    "product.template": "sale.sale_menu_root",
    "res.partner": "sale.sale_menu_root",
    "sale.order": "sale.sale_menu_root",
    "stock.picking": "stock.menu_stock_root",
}
_CARTONA = "cartona_integration.menu_cartona_root"
#: The client's request to save a form; up to 16.0 it had no separate method.
_SAVED = re.compile(r"/(web_save|write|create)\b")


#: For an element with an input: the input's direction; else the positions of its first and last
#: letters, without those of a button next to it.
_STARTS_AT_ITS_LEFT = """element => {
    const input = element.matches("input") ? element : element.querySelector("input");
    if (input) return getComputedStyle(input).direction === "ltr";
    const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const letters = [];
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
        if (node.parentElement.closest("button, .o_clipboard_button")) continue;
        for (let at = 0; at < node.length; at++) {
            if (node.data[at].trim() && !/[\u2066-\u2069]/.test(node.data[at])) {
                letters.push([node, at]);
            }
        }
    }
    const lefts = [letters[0], letters.at(-1)].map(([node, at]) => {
        const range = document.createRange();
        range.setStart(node, at);
        range.setEnd(node, at + 1);
        return range.getBoundingClientRect().left;
    });
    return lefts[0] < lefts[1];
}"""


class Clerk:
    """A user logged in to an Odoo.

    :ivar clicks: number of clicks so far
    :ivar screenshots: folder of the screenshots; None to take none
    """

    def __init__(self, page: Page, odoo: OdooServer, screenshots: Path | None, suffix: str):
        self.page = page
        self.odoo = odoo
        self.screenshots = screenshots
        self.suffix = suffix
        self.clicks = 0
        self.started = time.monotonic()
        page.set_default_timeout(_PATIENCE)
        self._requests: set[Request] = set()
        page.on("request", self._begins)
        page.on("requestfinished", self._ends)
        page.on("requestfailed", self._ends)

    # === NAVIGATION === #

    def log_in(self, login: str = "admin", password: str = "admin") -> "Clerk":
        """Open Odoo and log in.

        If the form is sent before its page is complete, 15.0 may log the user out again: later
        requests of that page are answered with a new session.
        """
        self.page.goto(f"{self.odoo.url}/web/login", wait_until="networkidle")
        self.page.fill("input[name=login]", login)
        self.page.fill("input[name=password]", password)
        self.page.click("form.oe_login_form button[type=submit]")
        self.page.wait_for_selector(".o_main_navbar", timeout=_COLD)
        return self

    def open_app(self, menu: str) -> None:
        """Select an app in the menu of all apps."""
        self.click(_APPS)
        self.click(f".o_app[data-menu-xmlid='{menu}']")
        self.wait_until_idle()
        self._move_mouse_away()

    def open_menu(self, *menus: str) -> None:
        """Select a menu of the current app, through its parent menus."""
        for menu in menus:
            self.click(f"[data-menu-xmlid='{menu}']")
        self.wait_until_idle()
        self._move_mouse_away()

    def open(self, model: str, record: int) -> None:
        """Open the form of a record by its URL, as from a bookmark."""
        home = self._menu(_HOMES.get(model, _CARTONA))
        address = f"model={model}&id={record}&view_type=form&menu_id={home}"
        self.page.goto(f"{self.odoo.url}/web#{address}")
        self.page.wait_for_selector(".o_form_view")
        self.wait_until_idle()

    def open_list(self, action: str) -> None:
        """Open the list of an action by its URL.

        :param action: its external id
        """
        found = reference(self.odoo, action)
        self.page.goto(f"{self.odoo.url}/web#action={found}&view_type=list")
        self.expect_visible(".o_list_view .o_data_row")
        self.wait_until_idle()

    def open_action(self, action: int) -> None:
        """Open a window action by its URL."""
        self.page.goto(f"{self.odoo.url}/web#action={action}&menu_id={self._menu(_CARTONA)}")
        self.page.wait_for_selector(".o_action_manager .o_view_controller")
        self.wait_until_idle()

    def _move_mouse_away(self) -> None:
        """Move the mouse to a place without a tooltip, which would cover other elements."""
        self.page.mouse.move(0, 0)

    def _menu(self, menu: str) -> int:
        return reference(self.odoo, menu)

    def wait_until_idle(self) -> None:
        """Wait until the page has sent no request for a moment.

        The network as a whole is never idle: the chat listens all the time.
        """
        deadline, idle = time.monotonic() + _PATIENCE / 1000, 0
        while idle < _IDLE_CHECKS and time.monotonic() < deadline:
            self.page.wait_for_timeout(50)
            idle = 0 if self._requests else idle + 1

    def _begins(self, request: Request) -> None:
        if any(part in request.url for part in _ANSWERED):
            self._requests.add(request)

    def _ends(self, request: Request) -> None:
        self._requests.discard(request)

    # === ACTIONS === #

    def click(self, target: str | Locator) -> None:
        """Click the first match."""
        place = self.page.locator(target).first if isinstance(target, str) else target.first
        place.click()
        self.clicks += 1

    def press(self, button: str, within: str = "") -> None:
        """Click the visible button of that name and wait until its work is done."""
        place = self.page.locator(_named(f"{within} [name='{button}']:visible".strip())).first
        with self.page.expect_response(lambda answer: _answers(answer, button)):
            self.click(place)
        self.wait_until_idle()

    def press_in_status_bar(self, button: str) -> None:
        """Click a button of the form's bar, most of which are in a menu on a phone."""
        bar = ".o_statusbar_buttons"
        if not self.page.locator(f"{bar} [name='{button}']:visible").count():
            folded = f"{bar} .o-dropdown:visible, {bar} .dropdown-toggle:visible"
            if not self.page.locator(folded).count():
                folded = ".o_cp_action_menus button:visible"  # 18.0 has them among the actions
            self.click(folded)
        self.press(button)

    def type(self, field: str, text: str) -> None:
        """Fill in a field of the form."""
        edit = self.page.locator(".o_form_button_edit:visible")
        if edit.count():  # up to 15.0 a form opens in read mode
            self.click(edit.first)
        # In that version the widget is the input, later it contains one.
        itself = f"input.o_field_widget[name='{field}']:visible"
        place = self.page.locator(f"{itself}, .o_field_widget[name='{field}']:visible input").first
        self.click(place)
        place.fill(text)
        place.press("Tab")

    def choose(self, field: str, value: str) -> None:
        """Select a value of a field that shows all its values."""
        self.click(self._shown(self.field(field).locator(f"input[data-value='{value}']")))

    def select_rows(self, *texts: str) -> None:
        """Tick the rows of a list that contain these texts."""
        for text in texts:
            row = self.page.locator(".o_data_row").filter(has_text=text).first
            self.click(self._shown(row.locator("input[type=checkbox]").first))

    def select_all_rows(self) -> None:
        """Tick all rows of a list."""
        self.click(self._shown(self.page.locator(".o_list_view thead input[type=checkbox]").first))

    def _shown(self, box: Locator) -> Locator:
        """Return the visible part of a box or radio button: in 15.0 its parent or its label."""
        if self.odoo.env.major >= 16:
            return box
        is_radio = box.get_attribute("type") == "radio"
        return box.locator("xpath=../label" if is_radio else "xpath=..")

    def open_page(self, page: str, field: str) -> None:
        """Open a page of the form's notebook.

        :param field: a field on it; in 15.0 a page's own name is not in the HTML
        """
        if self.odoo.env.major >= 16:
            self.click(f"[name='{page}']:visible")
        else:
            pane = self.page.locator(f".tab-pane:has([name='{field}'])").first
            self.click(f"a[href='#{pane.get_attribute('id')}']")

    def choose_action(self, action: str, language: str) -> None:
        """Select an action for the ticked rows in the list's menu.

        :param action: external id of the entry's action; the entry is in the user's language
        """
        model, made = _made_by_module(self.odoo, action)
        # Up to 15.0 the same name read from `ir.actions.actions` is not translated.
        found = self.odoo.call(model, "read", [made], ["name"], context={"lang": language})
        label = re.compile(rf"^\s*{re.escape(found[0]['name'])}\s*$")
        entry = self.page.locator(".dropdown-item:visible, .o_menu_item:visible")
        entry = entry.filter(has_text=label)
        # Up to 16.0 there is one menu for printing and another one.
        for menu in self.page.locator(".o_cp_action_menus .dropdown-toggle:visible").all():
            self.click(menu)
            self.page.wait_for_timeout(300)
            if entry.count():
                break
            # In 17.0 the next one would open automatically, and the mouse would close it.
            self.page.keyboard.press("Escape")
        self.click(entry)
        self.wait_until_idle()

    def choose_record(self, field: str, name: str) -> None:
        """Select a record in a field of the open form or dialog."""
        place = self.page.locator(f"[name='{field}'] input:visible").first
        self.click(place)
        place.fill(name)
        found = ".o-autocomplete--dropdown-item, .ui-autocomplete .ui-menu-item"
        self.click(self.page.locator(found).filter(has_text=name).first)
        self.wait_until_idle()

    def confirm_dialogs(self, until: str) -> None:
        """Confirm dialogs that only some series of Odoo show, until this is visible."""
        question = self.page.locator(".modal-footer .btn-primary:not([name]):visible")
        self.page.locator(until).or_(question).first.wait_for()
        if question.count():
            self.click(question)
        self.expect_visible(until)

    def close_dialogs(self) -> None:
        """Close Odoo's own dialogs about its features, shown before any action."""
        window = self.page.locator(".modal-footer button:visible")
        while window.count():
            self.click(window)
            self.wait_until_idle()

    def save(self) -> None:
        """Save the form."""
        with self.page.expect_response(lambda answer: _SAVED.search(answer.url)):
            self.click(".o_form_button_save")
        self.wait_until_idle()

    # === CHECKS === #

    def field(self, name: str) -> Locator:
        """Return the visible widget of a field of the form."""
        return self.page.locator(f".o_field_widget[name='{name}']:visible").first

    def copyable_value(self, name: str) -> str:
        """Return the value of a field with a copy button, whose label follows it up to 17.0."""
        return self.field(name).inner_text().strip().split("\n")[0]

    def expect_visible(self, target: str, timeout: float = 15) -> Locator:
        """Wait until the first match is visible.

        :raise AssertionError: when it is not, after this number of seconds
        """
        place = self.page.locator(_named(target)).first
        expect(place).to_be_visible(timeout=timeout * 1000)
        return place

    def expect_no_error(self) -> None:
        """Check that no error or warning dialog is open."""
        self.wait_until_idle()
        self.expect_hidden(".o_error_dialog, .o_dialog_error, .o_dialog_warning")

    def expect_hidden(self, target: str) -> None:
        """Check that no match is visible."""
        expect(self.page.locator(f"{_named(target)} >> visible=true")).to_have_count(0)

    def expect_badge(self, field: str, colour: str) -> None:
        """Wait until the field is shown as a badge of that colour: success, info, danger ..."""
        badges = (
            f".badge[name='{field}'][class*='{colour}']",
            f"[name='{field}'] .text-bg-{colour}",
        )
        self.expect_visible(", ".join(f"{badge}:visible" for badge in badges))

    def expect_text(self, target: str, text: str, timeout: float = 15) -> None:
        """Wait until the first match contains this text."""
        expect(self.page.locator(target).first).to_contain_text(text, timeout=timeout * 1000)

    def keeps_direction_of_amounts(self, name: str) -> bool:
        """Return True if a field with an amount starts at its left; 15.0 mirrors all of them."""
        return self.odoo.env.major < 16 or self.is_left_to_right(self.field(name))

    def is_left_to_right(self, target: str | Locator) -> bool:
        """Return True if the text of the first match starts at its left: digits, letters, signs."""
        place = self.page.locator(target).first if isinstance(target, str) else target
        place.wait_for()
        return place.evaluate(_STARTS_AT_ITS_LEFT)

    def screenshot(self, name: str) -> None:
        """Take a screenshot, if a folder for them is set."""
        if not self.screenshots:
            return
        self.wait_until_idle()
        self._move_mouse_away()
        self.page.wait_for_timeout(500)  # charts and badges are animated
        self.screenshots.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self.screenshots / f"{name}.{self.suffix}.png")

    @property
    def seconds(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self.started


def reference(odoo: OdooServer, xml_id: str) -> int:
    """Return the id of a module's record."""
    return _made_by_module(odoo, xml_id)[1]


def _made_by_module(odoo: OdooServer, xml_id: str) -> tuple[str, int]:
    module, name = xml_id.split(".")
    domain = [("module", "=", module), ("name", "=", name)]
    [found] = odoo.call("ir.model.data", "search_read", domain, ["model", "res_id"])
    return found["model"], found["res_id"]


def _answers(answer: Response, button: str) -> bool:
    """Return True for the answer to a button; up to 17.0 only the request has its name."""
    if answer.url.endswith("/call_button"):
        return f'"{button}"' in (answer.request.post_data or "")
    return f"/{button}" in answer.url


def _named(target: str) -> str:
    """Return the selector for every series: in 15.0 a card's button has its `data-name`."""
    return re.sub(r"\[name='(\w+)'\]", r":is([name='\1'], [data-name='\1'])", target)
