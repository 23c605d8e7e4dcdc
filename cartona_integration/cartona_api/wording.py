"""Does a sentence report a failure? English and Arabic, without understanding either.

Used only where the answer itself does not say so: the status was 2xx and the text stands under a
neutral name. So a sentence counts as a success unless its words speak of failure. Words that a
report of success may hold as well ("set to unavailable", "reason: expired products") count only
in a sentence that claims no success.
"""

from __future__ import annotations

import re

# Longer reports are judged by their beginning, so that no answer can make reading slow.
MAX_SCAN = 20_000
_NOUN = r"(errors?|failures?|failed|rejected|refused|invalid|problems?|issues?|warnings?)"
# "no errors", "0 failed", "errors: 0", "بدون أخطاء" speak of success.
_NEGATED = re.compile(
    rf"\b(no|0|zero|without(\s+any)?)\s+(\w+\s+){{0,2}}?{_NOUN}\b"
    rf"|\b({_NOUN}|not[\s_]found)\b[\"']?\s*[:=]\s*(0\b|none\b|null\b|false\b|\[\s*\]|\{{\s*\}})"
    r"|\b(not|nothing)\s+(only|changed|modified|to\s+update)\b"
    r"|\bno\s+(\w+\s+)?action\s+(is\s+)?required\b"
    r"|\balready\s+(been\s+)?(synced|synchroni[sz]ed|acknowledged|updated|up[\s-]to[\s-]date|"
    r"in\s+sync|the\s+same)\b"
    r"|(بدون|بلا|دون|لا\s+توجد|لا\s+يوجد)\s+(أي\s+)?(أخطاء|اخطاء|خطأ|خطا|مشاكل|مشكلة)",
    re.I,
)
_FAILURE = re.compile(
    r"\b(errors?|exception|fail(s|ed|ure|ures|ing)?|invalid|unsuccessful(ly)?|forbidden|denied|"
    r"refused|rejected|blocked|unauthori[sz]ed|unauthenticated|unprocessable|unable|unexpected|"
    r"exceed(s|ed|ing)?|already|must|can\s?not|no\s+such|bad\s+request|"
    r"(could|did|does|do|is|are|was|were|has|have|may|will|would|should)\s+not|"
    r"(could|did|does|do|is|are|was|were|has|have|wo|would|should|ca)n['’]?t|"
    r"not[\s_](found|allowed|permitted|valid|accepted|updated|saved|processed|possible|enough|"
    r"supported|authori[sz]ed|applied|recogni[sz]ed|sufficient|yours?|owned|eligible))\b"
    r"|خطأ|خطا|أخطاء|اخطاء|فشل|تعذ[ّ]?ر|لا\s+يمكن|لم\s+يتم|مرفوض|رفض|ممنوع",
    re.I,
)
_WEAK = re.compile(
    r"\b(not|bad|missing|expired|unavailable|required|duplicated?|unknown|wrong|incorrect|"
    r"mismatch|unsupported|no\s+longer|out\s+of\s+range|only\s+\w+\s+\w+\s+can|should\s+be|"
    r"too\s+(large|small|high|low|long|short|many|few|late|early|big))\b"
    r"|غير\s+\w+|ليس|مطلوب|يجب|لا\s+يوجد|لا\s+توجد|خاطئ|منتهي|مفقود|مكرر",
    re.I,
)
_SUCCESS = re.compile(
    r"\b(success(ful|fully)?|updated|saved|accepted|applied|processed|received|queued|done|ok|"
    r"okay|completed?|synced|changed|set|"
    r"cancell?ed)\b|(?<!\w)تم(?!\w)|نجاح|بنجاح",
    re.I,
)
_NOT_FOUND = re.compile(
    r"\b(not[\s_]?found|no\s+such|does\s?n[o'’]?t\s+exist|does\s+not\s+exist|unknown\s+"
    r"(product|order|item|id))\b|غير\s+موجود",
    re.I,
)
# Of Cartona itself, whatever it was asked. "Try again" alone may be about a wrong code.
_OUTAGE = re.compile(
    r"\b(maintenance|service\s+(is\s+)?(temporarily\s+)?unavailable|temporarily\s+(down|unavailable)|"
    r"overloaded|too\s+busy|(re)?try\s+(again\s+)?(later|in\s+\w+\s+(second|minute|hour)s?))\b"
    r"|صيانة|(حاول|المحاولة)\s+(مرة\s+(أخرى|اخرى)\s+)?لاحق",
    re.I,
)
_SENTENCE_END = re.compile(r"[\r\n;؛|]+|(?<=[.!?؟])\s+")
_COMMA = re.compile(r"[,،]\s+|\s+but\s+", re.I)


def says_refusal(text):
    """True when the words of `text` speak of a failure."""
    text = _NEGATED.sub(" ", text[:MAX_SCAN])
    if _FAILURE.search(text):
        return True
    return bool(_WEAK.search(text)) and not _SUCCESS.search(text)


def says_outage(text):
    """True when Cartona speaks of itself: it does no work at the moment, and will later."""
    text = text[:MAX_SCAN]
    return bool(_OUTAGE.search(text)) and not _SUCCESS.search(text)


def is_not_found(text):
    """True when the failure is that Cartona does not know the thing."""
    return bool(_NOT_FOUND.search(text))


def refusals(text):
    """The parts of a report that speak of a failure.

    Sentence by sentence; a sentence that lists both outcomes ("12345 updated, 12346 not found")
    also part by part, so that nobody is blamed for another's failure.

    :rtype: list
    """
    found = []
    for sentence in _SENTENCE_END.split(text[:MAX_SCAN]):
        if says_refusal(sentence):
            parts = _COMMA.split(sentence)
            failed = [part for part in parts if says_refusal(part)]
            mixed = any(_SUCCESS.search(part) for part in parts if part not in failed)
            found += failed if mixed and failed else [sentence]
    return [part.strip() for part in found]
