"""Petitions as the API gives them."""

from __future__ import annotations

from datetime import datetime

from backend.api.models import (
    EventItem,
    MediumItem,
    OfficeItem,
    PetitionAnswer,
    PetitionItem,
    ReadingItem,
    SaidItem,
    SubjectItem,
    ToldItem,
)
from backend.petitions.lifecycle import OPEN_STATES
from backend.petitions.masking import mask_phone
from backend.petitions.queries import PetitionView
from backend.petitions.queue import QueueItem
from backend.petitions.rules import today
from backend.petitions.timeline import Happened, MediaItem, Said, Told

SHARED = (
    "number", "title", "state", "kind", "domain", "urgency", "place", "channel", "org_name",
    "lead_name", "confidential", "received_at", "due_on", "reminders", "reopened", "rating",
    "version",
)  # fmt: skip


def item_json(item: QueueItem) -> PetitionItem:
    """A line of the queue."""
    shared = {name: getattr(item, name) for name in SHARED}
    return PetitionItem.model_validate({**shared, "overdue": item.overdue})


def petition_json(view: PetitionView, now: datetime) -> PetitionAnswer:
    """All of one petition. The phone is masked: who needs it whole asks on the page, which keeps
    a record."""
    late = view.due_on is not None and view.due_on < today(now) and view.state in OPEN_STATES
    phone = view.contact_phone
    return PetitionAnswer.model_validate(
        {
            **{name: getattr(view, name) for name in SHARED},
            "overdue": late,
            "text": view.text,
            "since": view.since,
            "sensitive": list(view.sensitive),
            "contact_name": view.contact_name,
            "contact_phone": mask_phone(phone) if phone and view.identity_shown else phone,
            "answer": view.answer,
            "rating_comment": view.rating_comment,
            "said": [_said(one) for one in view.timeline if isinstance(one, Said)],
            "told": [_told(one) for one in view.timeline if isinstance(one, Told)],
            "events": [_event(one) for one in view.timeline if isinstance(one, Happened)],
            "readings": [
                ReadingItem(
                    field=one.field,
                    value=one.value,
                    confidence=one.confidence,
                    candidates=list(one.candidates),
                    corrected_to=one.corrected_to,
                )
                for one in view.readings
            ],
            "offices": [
                OfficeItem.model_validate(
                    {
                        "org_id": one.org_id,
                        "name": one.org_name,
                        "role": one.role,
                        "state": one.state,
                    }
                )
                for one in view.dispatches
            ],
            "subjects": [
                SubjectItem(
                    id=one.id, org_name=one.org_name, user_name=one.user_name, words=one.words
                )
                for one in view.subjects
                if one.lifted_at is None
            ],
            "actions": sorted(action.value for action in view.actions),
        }
    )


def _said(one: Said) -> SaidItem:
    return SaidItem(
        at=one.at,
        kind=one.kind,
        text=one.text,
        original=one.original,
        media=[_medium(item) for item in one.media],
    )


def _medium(item: MediaItem) -> MediumItem:
    url = f"/console/media/{item.id}" if item.state == "stored" else None
    return MediumItem(
        id=item.id,
        kind=item.kind,
        state=item.state,
        url=url,
        words=item.words,
        words_confidence=item.confidence,
    )


def _told(one: Told) -> ToldItem:
    return ToldItem(at=one.at, text=one.text, state=one.state, sent_at=one.sent_at)


def _event(one: Happened) -> EventItem:
    return EventItem(
        at=one.at,
        type=one.type,
        actor=one.actor,
        user_name=one.user_name,
        org_name=one.org_name,
        reason=one.reason,
        detail=dict(one.detail),
    )
