"""A simulated lender: seeded borrowers, loans and behaviour, written into empty books. docs/simulation.md has the equations."""
