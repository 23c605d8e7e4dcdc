"""A person at a browser: what the tests of the screens say is what such a person does.

Everything is found by its technical name, so that the same steps work in every language.
"""

import re
import time
from pathlib import Path

from playwright.sync_api import Locator, Page, Request, Response, expect

from tools.dev.odoo_server import OdooServer

_PATIENCE = 20_000  # milliseconds
_COLD = 120_000  # the first page of a new database makes its assets
_CALM = 4  # times a twentieth of a second
#: Requests that a page waits for before it shows what was asked.
_ANSWERED = ("/web/dataset/", "/web/action/", "/web/webclient/", "/web/bundle", "/web/assets/")
_APPS = ".o_navbar_apps_menu button"
#: Where one has a form open: the app above it.
_HOMES = {
    "product.product": "sale.sale_menu_root",
    "product.template": "sale.sale_menu_root",
    "res.partner": "sale.sale_menu_root",
    "sale.order": "sale.sale_menu_root",
    "stock.picking": "stock.menu_stock_root",
}
_CARTONA = "cartona_integration.menu_cartona_root"
#: What the client calls when a form is saved; up to 16 there was no method for it alone.
_SAVED = re.compile(r"/(web_save|write|create)\b")


#: Of a place with an input: how that is written; else where its first and last letters are drawn,
#: those of a button beside it left out.
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
    """Someone who is logged in to an Odoo.

    :ivar clicks: how often the mouse was pressed so far
    :ivar screenshots: where pictures go; None when nobody wants any
    """

    def __init__(self, page: Page, odoo: OdooServer, screenshots: Path | None, suffix: str):
        self.page = page
        self.odoo = odoo
        self.screenshots = screenshots
        self.suffix = suffix
        self.clicks = 0
        self.started = time.monotonic()
        page.set_default_timeout(_PATIENCE)
        self._asked: set[Request] = set()
        page.on("request", self._begins)
        page.on("requestfinished", self._ends)
        page.on("requestfailed", self._ends)

    # === WHERE ONE IS === #

    def log_in(self, login: str = "admin", password: str = "admin") -> "Clerk":
        """Open Odoo and log in.

        Whoever sends the form before its page is complete may be logged out at once on 15.0: what
        is still asked for then is answered with a new session.
        """
        self.page.goto(f"{self.odoo.url}/web/login", wait_until="networkidle")
        self.page.fill("input[name=login]", login)
        self.page.fill("input[name=password]", password)
        self.page.click("form.oe_login_form button[type=submit]")
        self.page.wait_for_selector(".o_main_navbar", timeout=_COLD)
        return self

    def open_app(self, menu: str) -> None:
        """Choose an app from the menu of all apps."""
        self.click(_APPS)
        self.click(f".o_app[data-menu-xmlid='{menu}']")
        self.settle()
        self._look_away()

    def open_menu(self, *menus: str) -> None:
        """Choose a menu of the app one is in, through the menus above it."""
        for menu in menus:
            self.click(f"[data-menu-xmlid='{menu}']")
        self.settle()
        self._look_away()

    def open(self, model: str, record: int) -> None:
        """Open the form of a record by its address, as from a bookmark."""
        home = self._menu(_HOMES.get(model, _CARTONA))
        address = f"model={model}&id={record}&view_type=form&menu_id={home}"
        self.page.goto(f"{self.odoo.url}/web#{address}")
        self.page.wait_for_selector(".o_form_view")
        self.settle()

    def open_list(self, action: str) -> None:
        """Open the list of an action by its address.

        :param action: its external id
        """
        found = reference(self.odoo, action)
        self.page.goto(f"{self.odoo.url}/web#action={found}&view_type=list")
        self.sees(".o_list_view .o_data_row")
        self.settle()

    def open_action(self, action: int) -> None:
        """Open a window action by its address."""
        self.page.goto(f"{self.odoo.url}/web#action={action}&menu_id={self._menu(_CARTONA)}")
        self.page.wait_for_selector(".o_action_manager .o_view_controller")
        self.settle()

    def _look_away(self) -> None:
        """Take the mouse to where it explains nothing: what it says would lie over the rest."""
        self.page.mouse.move(0, 0)

    def _menu(self, menu: str) -> int:
        return reference(self.odoo, menu)

    def settle(self) -> None:
        """Wait until the page has asked for nothing for a moment.

        The network as a whole is never idle: the chat listens all the time.
        """
        deadline, calm = time.monotonic() + _PATIENCE / 1000, 0
        while calm < _CALM and time.monotonic() < deadline:
            self.page.wait_for_timeout(50)
            calm = 0 if self._asked else calm + 1

    def _begins(self, request: Request) -> None:
        if any(part in request.url for part in _ANSWERED):
            self._asked.add(request)

    def _ends(self, request: Request) -> None:
        self._asked.discard(request)

    # === WHAT ONE DOES === #

    def click(self, target: str | Locator) -> None:
        """Press the mouse on the first thing that matches."""
        place = self.page.locator(target).first if isinstance(target, str) else target.first
        place.click()
        self.clicks += 1

    def press(self, button: str, within: str = "") -> None:
        """Press the visible button of that name and wait until its work is done."""
        place = self.page.locator(_named(f"{within} [name='{button}']:visible".strip())).first
        with self.page.expect_response(lambda answer: _answers(answer, button)):
            self.click(place)
        self.settle()

    def press_in_status_bar(self, button: str) -> None:
        """Press a button of the form's bar, which on a phone folds most of them away."""
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
        if edit.count():  # up to 15 a form is opened for reading
            self.click(edit.first)
        # There the widget is the input, later it holds one.
        itself = f"input.o_field_widget[name='{field}']:visible"
        place = self.page.locator(f"{itself}, .o_field_widget[name='{field}']:visible input").first
        self.click(place)
        place.fill(text)
        place.press("Tab")

    def choose(self, field: str, value: str) -> None:
        """Choose one of the values of a field that shows them all."""
        self.click(self._shown(self.field(field).locator(f"input[data-value='{value}']")))

    def tick(self, *words: str) -> None:
        """Tick the rows of a list that hold these words."""
        for word in words:
            row = self.page.locator(".o_data_row").filter(has_text=word).first
            self.click(self._shown(row.locator("input[type=checkbox]").first))

    def tick_all(self) -> None:
        """Tick all rows of a list."""
        self.click(self._shown(self.page.locator(".o_list_view thead input[type=checkbox]").first))

    def _shown(self, box: Locator) -> Locator:
        """Of a box or a radio button what one sees: in 15.0 what is around it, or its label."""
        if self.odoo.env.major >= 16:
            return box
        is_radio = box.get_attribute("type") == "radio"
        return box.locator("xpath=../label" if is_radio else "xpath=..")

    def turn_to(self, page: str, holds: str) -> None:
        """Turn to a page of the form's notebook.

        :param holds: a field on it; in 15.0 a page's own name is not to be seen
        """
        if self.odoo.env.major >= 16:
            self.click(f"[name='{page}']:visible")
        else:
            pane = self.page.locator(f".tab-pane:has([name='{holds}'])").first
            self.click(f"a[href='#{pane.get_attribute('id')}']")

    def choose_action(self, action: str, language: str) -> None:
        """Choose what to do with the ticked rows from the list's menu.

        :param action: external id of the entry's action; it stands there in the user's language
        """
        model, made = _made_by_module(self.odoo, action)
        # Up to 15 the same name read from `ir.actions.actions` is not translated.
        found = self.odoo.call(model, "read", [made], ["name"], context={"lang": language})
        words = re.compile(rf"^\s*{re.escape(found[0]['name'])}\s*$")
        entry = self.page.locator(".dropdown-item:visible, .o_menu_item:visible")
        entry = entry.filter(has_text=words)
        # Up to 16 there is one menu for printing and another one.
        for menu in self.page.locator(".o_cp_action_menus .dropdown-toggle:visible").all():
            self.click(menu)
            self.page.wait_for_timeout(300)
            if entry.count():
                break
            # In 17.0 the next one would open by itself, and the mouse would close it.
            self.page.keyboard.press("Escape")
        self.click(entry)
        self.settle()

    def choose_in_list(self, row: str, field: str, name: str) -> None:
        """Choose a record in a cell of an editable list, and save the line."""
        self.click(f"{row} .o_data_cell[name='{field}']")
        place = self.page.locator(f".o_selected_row [name='{field}'] input")
        place.fill(name)
        found = ".o-autocomplete--dropdown-item, .ui-autocomplete .ui-menu-item"
        self.click(self.page.locator(found).filter(has_text=name))
        with self.page.expect_response(lambda answer: _SAVED.search(answer.url)):
            self.click(".o_list_button_save:visible")
        self.settle()

    def agree_if_asked(self, until: str) -> None:
        """Say yes to what some series of Odoo ask first, until this is seen."""
        question = self.page.locator(".modal-footer .btn-primary:not([name]):visible")
        self.page.locator(until).or_(question).first.wait_for()
        if question.count():
            self.click(question)
        self.sees(until)

    def close_windows(self) -> None:
        """Close what Odoo itself says before anything was asked: it warns of its own features."""
        window = self.page.locator(".modal-footer button:visible")
        while window.count():
            self.click(window)
            self.settle()

    def save(self) -> None:
        """Save the form."""
        with self.page.expect_response(lambda answer: _SAVED.search(answer.url)):
            self.click(".o_form_button_save")
        self.settle()

    # === WHAT ONE SEES === #

    def field(self, name: str) -> Locator:
        """The visible widget of a field of the form."""
        return self.page.locator(f".o_field_widget[name='{name}']:visible").first

    def to_copy(self, name: str) -> str:
        """What a field with a button to copy it holds; up to 17 the button's word is beside it."""
        return self.field(name).inner_text().strip().split("\n")[0]

    def sees(self, target: str, timeout: float = 15) -> Locator:
        """Wait until the first match is visible.

        :raise AssertionError: when it is not, after so many seconds
        """
        place = self.page.locator(_named(target)).first
        expect(place).to_be_visible(timeout=timeout * 1000)
        return place

    def sees_no_error(self) -> None:
        """No window says that something went wrong or is not allowed."""
        self.settle()
        self.does_not_see(".o_error_dialog, .o_dialog_error, .o_dialog_warning")

    def does_not_see(self, target: str) -> None:
        """Nothing that matches is visible."""
        expect(self.page.locator(f"{_named(target)} >> visible=true")).to_have_count(0)

    def sees_badge(self, field: str, colour: str) -> None:
        """Wait until the field is shown as a badge of that colour: success, info, danger ..."""
        badges = (
            f".badge[name='{field}'][class*='{colour}']",
            f"[name='{field}'] .text-bg-{colour}",
        )
        self.sees(", ".join(f"{badge}:visible" for badge in badges))

    def reads(self, target: str, text: str, timeout: float = 15) -> None:
        """Wait until the first match holds this text."""
        expect(self.page.locator(target).first).to_contain_text(text, timeout=timeout * 1000)

    def keeps_direction_of_amounts(self, name: str) -> bool:
        """Whether a field with an amount starts at its left; 15.0 itself mirrors all of them."""
        return self.odoo.env.major < 16 or self.is_left_to_right(self.field(name))

    def is_left_to_right(self, target: str | Locator) -> bool:
        """Whether what the first match says starts at its left: digits, letters, signs."""
        place = self.page.locator(target).first if isinstance(target, str) else target
        place.wait_for()
        return place.evaluate(_STARTS_AT_ITS_LEFT)

    def picture(self, name: str) -> None:
        """Take a screenshot of what is seen now, when pictures are wanted."""
        if not self.screenshots:
            return
        self.settle()
        self._look_away()
        self.page.wait_for_timeout(500)  # charts and badges draw themselves
        self.screenshots.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self.screenshots / f"{name}.{self.suffix}.png")

    @property
    def seconds(self) -> float:
        """How long this has taken so far."""
        return time.monotonic() - self.started


def reference(odoo: OdooServer, xml_id: str) -> int:
    """The id of what a module has made."""
    return _made_by_module(odoo, xml_id)[1]


def _made_by_module(odoo: OdooServer, xml_id: str) -> tuple[str, int]:
    module, name = xml_id.split(".")
    domain = [("module", "=", module), ("name", "=", name)]
    [found] = odoo.call("ir.model.data", "search_read", domain, ["model", "res_id"])
    return found["model"], found["res_id"]


def _answers(answer: Response, button: str) -> bool:
    """Whether this is the answer to a button; up to 17 only the request says to which."""
    if answer.url.endswith("/call_button"):
        return f'"{button}"' in (answer.request.post_data or "")
    return f"/{button}" in answer.url


def _named(target: str) -> str:
    """The same for every series: in 15.0 the name of a card's button is its `data-name`."""
    return re.sub(r"\[name='(\w+)'\]", r":is([name='\1'], [data-name='\1'])", target)
