"""Rows of borrowers: who they are, how they can be reached, what they agreed to."""

from collections.abc import Iterator

import numpy as np

from borrowers.models import Borrower, Consent, ContactPoint
from borrowers.simulation.entries import EMAIL_POINT, PHONE_POINT
from borrowers.simulation.names import FIRST_NAMES, LAST_NAMES, OCCUPATIONS, PLACES
from borrowers.simulation.rows.frame import BUSINESS_OPENS, Frame, Rows, joined, numbered, words

CONSENT_SOURCE, CONSENT_WORDING = (
    b"loan application",
    b"I agree to be contacted about my loan here until I say otherwise.",
)
OPT_OUT_SOURCE, OPT_OUT_WORDING = b"reply of the borrower", b"STOP"


def rows_of_people(frame: Frame) -> Iterator[Rows]:
    """Return borrowers, a telephone number and an e-mail address of each, and consents given and withdrawn."""
    yield _borrowers(frame)
    yield _contact_points(frame)
    yield _consents(frame)


def _borrowers(frame: Frame) -> Rows:
    people = frame.block.people
    n = len(people)
    number = frame.block.plan.first_borrower + np.arange(n) + 1
    income = people.monthly_income.astype(np.int64).astype("S")
    return Rows(
        Borrower,
        {
            "id": frame.ids(Borrower, n),
            "external_id": numbered(b"B-", number),
            "full_name": joined(words(FIRST_NAMES)[people.first_name], b" ", words(LAST_NAMES)[people.last_name]),
            "birth_date": people.birth_day,
            "language": np.where(people.speaks_spanish, b"es", b"en"),
            "time_zone": words([zone for _, zone, _, _ in PLACES])[people.place],
            "jurisdiction": words([place for place, *_ in PLACES])[people.place],
            "household": np.where(people.household >= 0, numbered(b"H-", number[people.household]), b""),
            "team": np.array(frame.staff.team_ids)[people.team],
            "attributes": joined(
                b'{"monthly_income": ', income, b', "occupation": "', words(OCCUPATIONS)[people.occupation], b'"}'
            ),
            "is_simulated": True,
            "created_at": frame.lender_time(frame.first_loan_day(), BUSINESS_OPENS),
        },
        n,
    )


def _contact_points(frame: Frame) -> Rows:
    people = frame.block.people
    n = len(people)
    number = (frame.block.plan.first_borrower + np.arange(n) + 1).astype("S")
    phone = joined(b"+1 ", people.area_code, b" 555 01", np.strings.zfill(people.phone_line.astype("S2"), 2))
    first, last = (np.strings.lower(words(names)) for names in (FIRST_NAMES, LAST_NAMES))
    email = joined(first[people.first_name], b".", last[people.last_name], b".", number, b"@example.com")
    is_phone = np.arange(2 * n) % 2 == PHONE_POINT
    opted_out = np.full(2 * n, -1)
    who, point, day = frame.block.history.opt_outs
    opted_out[(2 * who + point)[point == EMAIL_POINT]] = day[
        point == EMAIL_POINT
    ]  # who stops messages can still be called
    return Rows(
        ContactPoint,
        {
            "id": frame.ids(ContactPoint, 2 * n),
            "borrower": np.repeat(frame.ids(Borrower, n), 2),
            "kind": np.where(is_phone, b"phone", b"email"),
            "value": np.stack([phone.astype(email.dtype), email], axis=1).reshape(-1),
            "is_preferred": is_phone,
            "verified_on": np.ma.array(np.repeat(frame.first_loan_day(), 2), mask=~is_phone),
            "opted_out_on": np.ma.array(opted_out, mask=opted_out < 0),
            "time_zone": b"",
        },
        2 * n,
    )


def _consents(frame: Frame) -> Rows:
    """Return what was agreed to with the first loan, and what was withdrawn since."""
    given = np.flatnonzero(frame.block.people.consents.reshape(-1))
    who, point, day = frame.block.history.opt_outs
    n_given, n = len(given), len(given) + len(who)
    asked = frame.lender_time(np.repeat(frame.first_loan_day(), 2)[given], BUSINESS_OPENS)
    stopped = frame.lender_time(day, frame.booked(day))
    at = np.concatenate([asked, stopped])
    is_given = np.arange(n) < n_given
    is_email = np.concatenate([given % 2, point]) == EMAIL_POINT
    return Rows(
        Consent,
        {
            "id": frame.ids(Consent, n),
            "contact_point": frame.id_of(ContactPoint, np.concatenate([given, 2 * who + point])),
            "channel": np.where(is_email, b"email", np.where(is_given, b"any", b"sms")),
            "is_given": is_given,
            "source": np.where(is_given, CONSENT_SOURCE, OPT_OUT_SOURCE),
            "wording": np.where(is_given, CONSENT_WORDING, OPT_OUT_WORDING),
            "happened_at": at,
            "booked_at": at,
        },
        n,
        {"opt_outs": len(who)},
    )
