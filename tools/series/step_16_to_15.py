"""16.0 to 15.0: the style classes of Bootstrap 4."""

import re

from tools.series.document import Refused
from tools.series.markup import Context, field_of, swap_words

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
_SIDES = re.compile(r"(?<![\w-])([mp])([se])(-(?:(?:sm|md|lg|xl)-)?(?:\d|auto))(?![\w-])")


def classes_are_bootstrap_4(context: Context) -> None:
    """`ms-2 fw-bold text-end` is `ml-2 font-weight-bold text-right`."""
    for node in [*context.view_elements(), *context.template_elements()]:
        for name in ("class", "t-attf-class"):
            text = node.get(name)
            if text:
                node.set(name, _bootstrap_4(text))
    for node in context.document.elements():
        if node.get("data-bs-toggle") is not None:
            raise Refused(node, "data-bs-toggle")


def _bootstrap_4(text: str) -> str:
    sides = {"s": "l", "e": "r"}
    text = _SIDES.sub(lambda found: found[1] + sides[found[2]] + found[3], text)
    return swap_words(text, _CLASSES)


def lists_open_their_record(context: Context) -> None:
    """A row cannot run an action."""
    for tree in context.view_elements("tree"):
        if tree.get("action"):
            raise Refused(tree, "action of a list")


def jobs_retry_after_seconds(context: Context) -> None:
    """A job's `retry_pattern` has plain numbers."""
    for function in context.records("queue.job.function"):
        pattern = field_of(function, "retry_pattern")
        if pattern is not None and re.search(r":\s*\(", pattern.get("eval") or ""):
            raise Refused(pattern, "a range of seconds in retry_pattern")


RULES = (classes_are_bootstrap_4, lists_open_their_record, jobs_retry_after_seconds)
