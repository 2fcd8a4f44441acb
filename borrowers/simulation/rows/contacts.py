"""Rows of contacts in the order in which they happened, each in the borrower's zone, and of the promises made in them."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from borrowers.models import Borrower, ContactEvent, Loan, Promise
from borrowers.simulation.contacting import REACHED
from borrowers.simulation.moments import instants
from borrowers.simulation.names import PLACES
from borrowers.simulation.rows.frame import Frame, Ints, Rows

CONTACT_CHANNELS = np.array([b"call", b"sms", b"email", b"inbound"])
OUTCOMES = np.array([
    b"no_answer", b"left_message", b"wrong_person", b"wrong_number", b"promise", b"refused", b"hardship", b"dispute",
    b"call_back", b"paid", b"sent",
])  # fmt: skip
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


def _agents(frame: Frame, team: Ints) -> Any:
    """Return an agent of each team in turn, NULL where it has none."""
    n_agents = np.array([len(ids) for ids in frame.staff.agent_ids])
    first = np.cumsum(n_agents) - n_agents
    agents = np.array([agent for ids in frame.staff.agent_ids for agent in ids] + [0])
    turn = np.arange(len(team)) % np.maximum(n_agents, 1)[team]
    return np.ma.array(agents[np.minimum(first[team] + turn, len(agents) - 1)], mask=n_agents[team] == 0)
