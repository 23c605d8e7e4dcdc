"""16.0 to 15.0: the style classes of Bootstrap 4, and no badge in an editable field."""

import re

from tools.series.document import Refused
from tools.series.markup import Context, field_of, replace_names

_CLASSES = {
    "fw-bold": "font-weight-bold",
    "fw-normal": "font-weight-normal",
    "text-end": "text-right",
    "text-start": "text-left",
    "float-end": "float-right",
    "float-start": "float-left",
    **{f"fs-{size}": f"h{size}" for size in range(1, 7)},
    **{f"text-bg-{kind}": f"badge-{kind}" for kind in ("danger", "info", "success", "warning")},
}
_SIDES = re.compile(
    r"(?<![\w-])(?!pe-auto)([mp])([se])(-(?:(?:sm|md|lg|xl)-)?(?:\d|auto))(?![\w-])"
)
#: Classes of Bootstrap 5 that remain: 4.3, which 15.0 has, has none of them.
_NEWER = re.compile(
    "|".join(
        (
            r".*-xxl(-.*)?|(text|float|dropdown-menu)-(\w+-)?(start|end)|drop(start|end)",
            r"[mp][se]-.*|((row|column)-)?gap-.*|g[xy]?-.*|(top|bottom|start|end)-\d+|z-.*",
            r"(border|rounded)-((start|end)(-.*)?|[1-5]|(top|bottom)-[1-5]|opacity-.*|black)",
            r"(bg|border)-.*-subtle|bg-(black|body.*|gradient|opacity-.*)|opacity-.*",
            r"text-(bg-.*|black|body-.*|opacity-.*|.*-emphasis|decoration-(underline|line-.*))",
            r"fs-.*|fst-.*|fw-.*|lh-.*|font-monospace|display-[56]|link-.*|icon-link.*|focus-ring.*",
            r"d-(\w+-)?(grid|inline-grid)|[hv]stack|vr|row-cols-.*|container-(sm|md|lg|xl)|ratio.*",
            r"justify-content-(\w+-)?evenly|sticky-\w+-.*|sticky-bottom|translate-middle.*",
            r"overflow-(scroll|visible|[xy]-.*)|object-fit-.*|user-select-.*|visually-hidden.*",
            r"form-(control-color|floating|label|range|select.*|switch)|has-validation",
            r"accordion-.*|btn-(check|close.*)|caption-top|carousel-dark|collapse-horizontal",
            r"dropdown-menu-dark|list-group-numbered|modal-(fullscreen.*|static)|nav-underline",
            r"navbar-nav-scroll|offcanvas.*|placeholder.*|(popover|tooltip)-arrow|toast-container",
            r"table-(group-divider|striped-columns)",
        )
    )
)


def classes_are_bootstrap_4(context: Context) -> None:
    """Replace `ms-2 fw-bold text-end` by `ml-2 font-weight-bold text-right`."""
    for node in [*context.view_elements(), *context.template_elements()]:
        for name in ("class", "t-attf-class"):
            text = node.get(name)
            if text:
                node.set(name, _bootstrap_4(node, text))
        for text in _written_elsewhere(node):
            if _bootstrap_4(node, text) != text:
                raise Refused(node, f"`{text}` has classes of Bootstrap 5")
    for node in context.document.elements():
        if node.get("data-bs-toggle") is not None:
            raise Refused(node, "data-bs-toggle")


def _bootstrap_4(node, text: str) -> str:
    sides = {"s": "l", "e": "r"}
    text = _SIDES.sub(lambda found: found[1] + sides[found[2]] + found[3], text)
    text = replace_names(text, _CLASSES)
    for word in re.findall(r"[\w-]+", text):
        if _NEWER.fullmatch(word):
            raise Refused(node, f"the class {word} is unknown in 15.0")
    return text


def _written_elsewhere(node) -> list[str]:
    """Return classes where they are not converted: in expressions, and in inherited views."""
    texts = [node.get("t-att-class")]
    if node.tag == "attribute" and node.get("name") == "class":
        texts += [node.text, node.get("add"), node.get("remove")]
    return [text for text in texts if text]


def jobs_retry_after_seconds(context: Context) -> None:
    """Use plain numbers in a job's `retry_pattern`."""
    for function in context.records("queue.job.function"):
        pattern = field_of(function, "retry_pattern")
        if pattern is not None and re.search(r":\s*\(", pattern.get("eval") or ""):
            raise Refused(pattern, "a range of seconds in retry_pattern")


def badges_are_text_where_one_types(context: Context) -> None:
    """Replace a badge in an editable list by coloured text: tabbing past may crash the client."""
    for tree in context.view_elements("tree"):
        if tree.get("editable"):
            for field in tree.iterchildren("field"):
                if field.get("widget") == "badge":
                    field.attrib.pop("widget")


RULES = (classes_are_bootstrap_4, badges_are_text_where_one_types, jobs_retry_after_seconds)
