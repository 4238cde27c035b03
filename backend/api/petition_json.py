"""Petitions as the API gives them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row

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
from backend.organisation.sessions import Actor
from backend.petitions.lifecycle import OPEN_STATES
from backend.petitions.masking import mask_numbers, mask_phone
from backend.petitions.queries import PetitionView
from backend.petitions.queue import QueueItem
from backend.petitions.rules import today
from backend.petitions.timeline import Happened, MediaItem, Said, Told
from backend.petitions.together import Together
from backend.petitions.visibility import sees_identity

SHARED = (
    "number", "title", "state", "kind", "domain", "urgency", "sentiment", "place", "channel",
    "org_name", "lead_name", "confidential", "received_at", "due_on", "reminders", "reopened",
    "rating", "version",
)  # fmt: skip


def item_json(item: QueueItem) -> PetitionItem:
    """A line of the queue."""
    shared = {name: getattr(item, name) for name in SHARED}
    return PetitionItem.model_validate({**shared, "overdue": item.overdue})


def row_json(actor: Actor, row: Row[Any], now: datetime) -> PetitionItem:
    """A row of `select_visible` as a line of a list."""
    shared = {name: getattr(row, name) for name in SHARED}
    if not sees_identity(actor, row):
        shared["title"] = mask_numbers(row.title)
    return PetitionItem.model_validate({**shared, "overdue": _is_late(row.due_on, row.state, now)})


def petition_json(view: PetitionView, together: Together, now: datetime) -> PetitionAnswer:
    """All of one petition. The phone is masked: who needs it whole asks on the page, which keeps
    a record."""
    phone = view.contact_phone
    return PetitionAnswer.model_validate(
        {
            **{name: getattr(view, name) for name in SHARED},
            "overdue": _is_late(view.due_on, view.state, now),
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
            "together": {
                "follows": together.follows,
                "main": asdict(together.main) if together.main else None,
                "joined": [asdict(one) for one in together.joined],
                "unseen": together.unseen,
                "citizens": together.citizens,
            },
            "actions": sorted(action.value for action in view.actions),
        }
    )


def _is_late(due_on: date | None, state: str, now: datetime) -> bool:
    return due_on is not None and due_on < today(now) and state in OPEN_STATES


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
    return ToldItem(at=one.at, text=one.text, state=one.state, sent_at=one.sent_at, way=one.way)


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
