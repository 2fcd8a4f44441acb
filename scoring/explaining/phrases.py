"""What is said of a feature where it is a reason of a score; the words are rows of ReasonPhrase, which admins edit."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Phrase:
    """{value} in `text` is the feature's value with its unit; `if_missing` stands where there is none."""

    feature: str
    text: str
    if_missing: str = ""
