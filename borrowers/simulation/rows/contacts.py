"""Rows of contacts in the order in which they happened, each in the borrower's zone, and of the promises made in them."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from borrowers.models import Borrower, ContactEvent, ContactPoint, Loan, Promise
from borrowers.simulation.contacting import EMAIL, NO_ANSWER, REACHED, SMS
from borrowers.simulation.moments import instants
from borrowers.simulation.names import PLACES
from borrowers.simulation.rows.frame import Frame, Ints, Rows

CONTACT_CHANNELS = np.array([b"call", b"sms", b"email", b"inbound"])
OUTCOMES = np.array([
    b"no_answer", b"left_message", b"wrong_person", b"wrong_number", b"promise", b"refused", b"hardship", b"dispute",
    b"call_back", b"paid", b"sent",
])  # fmt: skip
REMINDER = b"Simulated message: a payment on your loan is open. Reply STOP and no more messages are sent here."
ZONES = sorted({zone for _, zone, _, _ in PLACES})
ZONE_OF_PLACE = np.array([ZONES.index(zone) for _, zone, _, _ in PLACES])


def rows_of_contacts(frame: Frame) -> Iterator[Rows]:
    people, loans = frame.block.people, frame.block.loans
    loan, day, channel, outcome = frame.block.history.contacts
    n = len(loan)
    second = frame.block.rng.integers(9 * 3600, 19 * 3600, n)
    order = np.lexsort((np.arange(n), second, day))
    ids = np.zeros(n, np.int64)
    ids[order] = frame.ids(ContactEvent, n)
    borrower = loans.borrower[loan]
    zone = ZONE_OF_PLACE[people.place[borrower]]
    happened_at = instants(day, second, zone, zones=ZONES)
    is_message = (channel == SMS) | (channel == EMAIL)
    talk, wrap_up, is_connected = _effort(frame, channel, outcome)
    yield Rows(
        ContactEvent,
        {
            "id": ids[order],
            "borrower": frame.id_of(Borrower, borrower[order]),
            "loan": frame.id_of(Loan, loan[order]),
            "agent": _agents(frame, people.team[borrower[order]]),
            "channel": CONTACT_CHANNELS[channel[order]],
            "outcome": OUTCOMES[outcome[order]],
            "reached_borrower": np.isin(outcome[order], REACHED),
            "contact_point": frame.id_of(ContactPoint, 2 * borrower + (channel == EMAIL))[order],
            "is_connected": np.ma.array(is_connected, mask=is_message)[order],
            "text_sent": np.where(is_message, REMINDER, b"")[order],
            "talk_minutes": np.ma.array(talk, mask=is_message)[order],
            "wrap_up_minutes": np.ma.array(wrap_up, mask=is_message)[order],
            "note": b"",
            "effective_on": day[order],
            "happened_at": happened_at[order],
            "booked_at": happened_at[order],
        },
        n,
    )
    contact, due, amount = frame.block.history.promises
    p = np.argsort(ids[contact])
    contact, due, amount = contact[p], due[p], amount[p]
    yield Rows(
        Promise,
        {
            "id": frame.ids(Promise, len(contact)),
            "loan": frame.id_of(Loan, loan[contact]),
            "contact_event": ids[contact],
            "amount": amount,
            "made_on": day[contact],
            "due_on": due,
            "booked_at": happened_at[contact],
        },
        len(contact),
    )


def _effort(frame: Frame, channel: Ints, outcome: Ints) -> tuple[Ints, Ints, Any]:
    """Return hundredths of a minute talked and written up, and whether a call was connected."""
    rng, n = frame.block.rng, len(outcome)
    unconnected = (outcome == NO_ANSWER) & (rng.random(n) < frame.parameters.behaviour.unconnected)
    talked = np.clip(rng.lognormal(1.3, 0.5, n), 0.5, 30)
    message = rng.uniform(0.3, 1.0, n)
    minutes = np.where(np.isin(outcome, REACHED), talked, np.where(outcome == NO_ANSWER, 0, message))
    return np.rint(minutes * 100).astype(np.int64), rng.integers(30, 200, n), ~unconnected


def _agents(frame: Frame, team: Ints) -> Any:
    """Return an agent of each team in turn, NULL where it has none."""
    n_agents = np.array([len(ids) for ids in frame.staff.agent_ids])
    first = np.cumsum(n_agents) - n_agents
    agents = np.array([agent for ids in frame.staff.agent_ids for agent in ids] + [0])
    turn = np.arange(len(team)) % np.maximum(n_agents, 1)[team]
    return np.ma.array(agents[np.minimum(first[team] + turn, len(agents) - 1)], mask=n_agents[team] == 0)
