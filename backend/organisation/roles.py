"""Roles of officials and what each may do: one table, as data."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """What an official is in their office."""

    ADMIN = "admin"  # 管理员
    SUPERVISOR = "supervisor"  # 督办
    DISPATCHER = "dispatcher"  # 受理员
    HANDLER = "handler"  # 经办
    READER = "reader"  # 只读


class Permission(StrEnum):
    """One thing a role may do, always within the official's branch and outside recusal."""

    READ = "read"
    SEE_IDENTITY = "see_identity"  # names and phones in clear
    SEE_CONFIDENTIAL = "see_confidential"  # confidential petitions, and who reported
    NOTE = "note"
    ACCEPT = "accept"
    CORRECT = "correct"
    DISPATCH = "dispatch"
    HANDLE = "handle"  # start, return, answer
    RECUSE = "recuse"  # set and lift a petition's subject
    SET_CONFIDENTIAL = "set_confidential"
    HAND_OVER = "hand_over"  # take over a citizen who asked for a person
    READ_AUDIT = "read_audit"
    EXPORT_IDENTITY = "export_identity"  # a file with names, phones and places in clear
    MANAGE_SURVEYS = "manage_surveys"  # write a survey, ask the branch's own divisions, close it
    MANAGE_USERS = "manage_users"
    SEE_HEALTH = "see_health"  # how the installation runs
    EDIT_DEPLOYMENT = "edit_deployment"  # offices, services, places, working days, texts


_P = Permission
_HANDLER = frozenset({_P.READ, _P.SEE_IDENTITY, _P.NOTE, _P.HANDLE})
# A township's front desk is who asks its villagers; whom they reach ends at their own divisions.
_DISPATCHER = _HANDLER | {
    _P.ACCEPT,
    _P.CORRECT,
    _P.DISPATCH,
    _P.RECUSE,
    _P.HAND_OVER,
    _P.MANAGE_SURVEYS,
}
_SUPERVISOR = _DISPATCHER | {
    _P.SEE_CONFIDENTIAL,
    _P.SET_CONFIDENTIAL,
    _P.READ_AUDIT,
    _P.EXPORT_IDENTITY,
}

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.READER: frozenset({_P.READ}),
    Role.HANDLER: _HANDLER,
    Role.DISPATCHER: _DISPATCHER,
    Role.SUPERVISOR: _SUPERVISOR,
    Role.ADMIN: _SUPERVISOR | {_P.MANAGE_USERS, _P.SEE_HEALTH, _P.EDIT_DEPLOYMENT},
}


def may(role: Role | str, permission: Permission) -> bool:
    """Whether `role` has `permission`; an unknown role has none."""
    try:
        return permission in PERMISSIONS[Role(role)]
    except ValueError:
        return False
