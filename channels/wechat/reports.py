"""What WeChat reports of notices: sent, failed, allowed, not wanted. Pure.

Such events come in a citizen's name, but the citizen did nothing, or nothing that waits for words:
they are no messages. Tencent: "模板消息—事件推送", "订阅通知—事件推送". In a `List` there is one
item or many. That an operator's mass message went out (from `mphelper`, WeChat's own) is no
citizen's matter at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from backend.ports import DeliveryReceipt, Inbound, NoticePermission, ReceiptState
from channels.wechat.push_body import list_items

Report = DeliveryReceipt | NoticePermission

MASS_SENT = "MASSSENDJOBFINISH"
TEMPLATE_SENT = "TEMPLATESENDJOBFINISH"
POPUP = "subscribe_msg_popup_event"
CHANGE = "subscribe_msg_change_event"
SUBSCRIBE_SENT = "subscribe_msg_sent_event"
REPORTING = frozenset({MASS_SENT, TEMPLATE_SENT, POPUP, CHANGE, SUBSCRIBE_SENT})

_LONGEST_DETAIL = 100
_SPACE = re.compile(r"\s+")


def reports_of(fields: Mapping[str, str], inbound: Inbound) -> tuple[Report, ...] | None:
    """None: no such event. An event of which nothing is of use gives (). Raises DecodeError."""
    event = fields.get("Event", "")
    if fields.get("MsgType") != "event" or event not in REPORTING:
        return None
    if event == MASS_SENT:
        return ()
    if event == TEMPLATE_SENT:
        message_id = fields.get("MsgID", "") or fields.get("MsgId", "")
        return (_receipt(inbound, message_id, fields.get("Status", "")),) if message_id else ()
    items = list_items(inbound.raw)
    if event == SUBSCRIBE_SENT:
        return tuple(
            _receipt(inbound, item["MsgID"], item.get("ErrorStatus", ""))
            for item in items
            if item.get("MsgID")
        )
    found = (_permission(inbound, event, number, item) for number, item in enumerate(items))
    return tuple(each for each in found if each is not None)


def _receipt(inbound: Inbound, provider_id: str, status: str) -> DeliveryReceipt:
    """`success`, `failed:user block` or `failed: system failed`, with the space or without."""
    state = ReceiptState.DELIVERED if status.strip() == "success" else ReceiptState.FAILED
    detail = "" if state is ReceiptState.DELIVERED else _SPACE.sub(" ", status.replace(":", ": "))
    return DeliveryReceipt(
        inbound.account, state, provider_id=provider_id, detail=detail.strip()[:_LONGEST_DETAIL]
    )


def _permission(
    inbound: Inbound, event: str, number: int, item: Mapping[str, str]
) -> NoticePermission | None:
    """Accepting in the popup allows one notice; refusing there takes nothing back, refusing in
    the settings does."""
    template, status = item.get("TemplateId", ""), item.get("SubscribeStatusString", "")
    allowed = event == POPUP and status == "accept"
    ended = event == CHANGE and status == "reject"
    if not template or not (allowed or ended):
        return None
    external_id = f"{inbound.external_id}:{number}:{template}"
    return NoticePermission(inbound.account, inbound.address, template, external_id, allowed)
