#!/usr/bin/env python3
"""Check an evidence pack without the product: `python3 check_evidence.py pack.json`. Needs nothing but Python."""

import hashlib
import json
import sys
from pathlib import Path


def digest(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()


def written(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


pack = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
before, faults = b"", []
for place, event in enumerate(pack["events"], start=1):
    name = f"event {event['number']} ({event['source']} {event['source_id']})"
    if event["number"] != place:
        faults.append(f"{name}: events before it are missing")
    if digest(written(event["facts"])) != event["facts_sha256"]:
        faults.append(f"{name}: its facts are not those that were sealed")
    if event["salt"] and digest(bytes.fromhex(event["salt"]), written(event["texts"])) != event["texts_sha256"]:
        faults.append(f"{name}: its text is not the one that was sealed")
    link = f"{pack['borrower']['id']}|{event['number']}|{event['source']}|{event['source_id']}".encode()
    link += bytes.fromhex(event["facts_sha256"]) + bytes.fromhex(event["texts_sha256"] or "")
    if digest(before, link) != event["sha256"]:
        faults.append(f"{name}: it does not follow from the one before")
    before = bytes.fromhex(event["sha256"])
if (len(pack["events"]), before.hex()) != (pack["chain"]["length"], pack["chain"]["sha256"]):
    faults.append("the chain does not end where the pack says")
print("\n".join(faults) or f"The chain of {len(pack['events'])} events is whole; it ends with {before.hex()}.")
sys.exit(bool(faults))
