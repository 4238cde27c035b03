"""What CMPP's numbers and words mean: codes.yml."""

from __future__ import annotations

from channels.sms.answer_codes import AnswerCodes, printable

_CODES = AnswerCodes(__package__)
login_refusal = _CODES.login_refusal  # of a CONNECT_RESP whose status is not 0
submit_result = _CODES.submit_result  # of a SUBMIT_RESP
receipt_state = _CODES.receipt_state  # of a report
too_fast = _CODES.too_fast

__all__ = ["login_refusal", "printable", "receipt_state", "submit_result", "too_fast"]
