"""The questions the dialogue asks, with their options. Each is asked from here only, so that the
payloads the app may send back as a choice are all on this page."""

from __future__ import annotations

import json
from typing import Any

from actions.draft import Draft
from actions.matter import enumerated
from actions.outcome import Outcome, option
from actions.turn import Petition, Turn
from actions.words import words

SHOWN_LIMIT = {"sms": 40, "title": 16}
"""How many characters of the citizen's words a confirmation repeats, by channel."""
SHOWN_LIMIT_ELSEWHERE = 120
LONGEST_HOME = 24
"""How many characters of the home place a text message has room for."""
LISTED = {"sms": 3}
"""How many petitions a 'which one?' lists, by channel: two text messages hold no more."""
LISTED_ELSEWHERE = 5
LISTED_TITLE = 12
"""How many characters of each title a text message has room for there."""


def choose(field: str, value: str | None = None) -> str:
    """Payload of an option that fills a field."""
    arguments = {"field": field} if value is None else {"field": field, "value": value}
    return "/choose" + json.dumps(arguments, ensure_ascii=False)


def about(intent: str, number: str) -> str:
    """Payload of an option that means an intent about one petition."""
    return f"/{intent}" + json.dumps({"number": number})


def shortened(text: str, channel: str) -> str:
    """The citizen's words on one line, cut for showing."""
    limit = SHOWN_LIMIT.get(channel, SHOWN_LIMIT_ELSEWHERE)
    parts = [part for part in text.split("\n") if part]
    line = "，".join(parts)
    if len(line) <= limit:
        return line
    # What was said last is what they look for: a correction, one thing more.
    last = parts[-1] if len(parts) > 1 and len(parts[-1]) <= limit // 2 else ""
    return line[: limit - 1 - len(last)] + "…" + last


def ask(draft: Draft, turn: Turn, out: Outcome) -> None:
    """Ask what the draft's stage asks."""
    if draft.stage == "what":
        out.say("ask_what_photo" if draft.media else "ask_what")
    elif draft.stage == "place":
        _ask_place(draft, turn, out)
    elif draft.stage == "confirm":
        _ask_confirmation("confirm_petition", draft, turn, out)
    elif draft.stage == "correct":
        out.say(
            "ask_correction",
            option("edit_place", choose("place")),
            option("edit_what", choose("what")),
            option("keep", choose("nothing")),
        )
    elif draft.stage == "correct_place":
        out.say("ask_new_place")
    elif draft.stage == "correct_what":
        out.say("ask_new_what")
    elif draft.stage == "another":
        out.say(
            "ask_another_matter",
            option("submit_first", choose("matter", "other")),
            option("same_matter", choose("matter", "same")),
            option("only_this", choose("matter", "only")),
            text=shortened(draft.text, "sms"),
        )
    elif draft.stage == "same" and draft.same:
        _ask_same(draft.same, out)
    elif draft.stage == "two":
        _ask_two_matters(draft, turn, out)
    elif turn.open_petitions:
        ask_add_or_new(turn, out)
    else:
        # What it might have been added to has ended meanwhile.
        draft.stage = "what" if not draft.words else "confirm" if draft.place else "place"
        ask(draft, turn, out)


def _ask_two_matters(draft: Draft, turn: Turn, out: Outcome) -> None:
    first, second, *_ = enumerated(draft.text)
    out.say(
        "ask_two_matters",
        option("separate", choose("matter", "other")),
        option("one_matter", choose("matter", "same")),
        first=shortened(first, "title"),
        second=shortened(second, "title"),
    )


def ask_again(draft: Draft, turn: Turn, out: Outcome, *, closer: str | None = None) -> None:
    """Bring the citizen back to the open question, by the key `closer` where one helps more; the
    third time offer a human."""
    draft.asked += 1
    if draft.stage == "confirm":
        _ask_confirmation("confirm_again", draft, turn, out, human=draft.asked > 2)
    elif draft.asked > 2:
        out.say("offer_human", option("drop", "/cancel"), option("human", "/ask_human"))
    elif closer:
        out.say(closer)
    else:
        ask(draft, turn, out)


def _ask_place(draft: Draft, turn: Turn, out: Outcome) -> None:
    places = list(dict.fromkeys(filter(None, (turn.nearby, turn.home_place))))
    draft.offered = places[0] if places else None
    options = [
        (_cut(place, LONGEST_HOME) if turn.channel == "sms" else place, choose("place", place))
        for place in places
    ]
    options.append(option("no_place", choose("place", words()["place_unknown"])))
    if turn.nearby:
        out.say("ask_place_near", *options, near=turn.nearby)
    elif turn.home_place:
        out.say("ask_place_home", *options, home=turn.home_place)
    else:
        out.say("ask_place", *options)


def _ask_confirmation(
    key: str, draft: Draft, turn: Turn, out: Outcome, *, human: bool = False
) -> None:
    options = [option("submit", "/affirm"), option("edit", "/correct"), option("drop", "/cancel")]
    if human:
        options.append(option("human", "/ask_human"))
    out.say(key, *options, text=shortened(draft.text, turn.channel), place=draft.place)


def _ask_same(same: dict[str, Any], out: Outcome) -> None:
    out.say(
        "ask_join",
        option("join", choose("same", "join")),
        option("file_alone", choose("same", "alone")),
        place=same["place"],
        matter=same["matter"],
        people=same["people"],
    )


def ask_add_or_new(turn: Turn, out: Outcome) -> None:
    newest = turn.open_petitions[0]
    out.say(
        "ask_add_or_new",
        option("add_number", choose("matter", "same"), number=newest.number),
        option("new_matter", choose("matter", "other")),
        number=newest.number,
        title=newest.title,
    )


def ask_unsure(out: Outcome) -> None:
    out.say(
        "unsure",
        option("raise", "/raise_petition"),
        option("progress", "/check_progress"),
        option("human", "/ask_human"),
    )


def ask_which(intent: str, petitions: list[Petition], turn: Turn, out: Outcome) -> None:
    listed = petitions[: LISTED.get(turn.channel, LISTED_ELSEWHERE)]
    out.say(
        f"which_to_{intent}",
        *(
            option(
                "petition",
                about(intent, one.number),
                number=one.number,
                title=_cut(one.title, LISTED_TITLE) if turn.channel == "sms" else one.title,
            )
            for one in listed
        ),
    )


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def ask_withdrawal(petition: Petition, out: Outcome) -> None:
    out.say(
        "confirm_withdrawal",
        option("withdraw", "/affirm"),
        option("do_not_withdraw", "/deny"),
        number=petition.number,
        title=petition.title,
    )


def ask_rating(petition: Petition, out: Outcome) -> None:
    """Worst first, so that the digit sent is the level meant."""
    payloads = [json.dumps({"level": level, "number": petition.number}) for level in range(1, 6)]
    out.say(
        "ask_rating",
        *(option(f"level_{i}", f"/rate{payload}") for i, payload in enumerate(payloads, 1)),
        number=petition.number,
        title=petition.title,
    )
