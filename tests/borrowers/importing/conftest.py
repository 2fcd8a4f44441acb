from pathlib import Path

import pytest

from tests.borrowers.importing.lender import Lender


@pytest.fixture
def lender(tmp_path: Path, db: None) -> Lender:
    return Lender(tmp_path)
