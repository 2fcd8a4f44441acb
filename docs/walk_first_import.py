"""Walk docs/first-import.md in a real browser, with a balances-only export made here, and take its pictures.

The site and a worker must run. Example: .venv/bin/python docs/walk_first_import.py http://127.0.0.1:8000 manager PASSWORD
"""

import argparse
import csv
import random
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).parent / "images"
HEAD = ["Loan A/C No.", "CIF", "Client Name", "MobileNo", "O/S_Bal", "DPD", "OD_Amt", "Rpt_Dt", "Branch"]


def write_export(path: Path, n_rows: int) -> None:
    """Write what a core system gives on a day: account, balance, days past due, amount due. Invented; two rows are wrong."""
    chance = random.Random(4)  # noqa: S311  (guards nothing)
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEAD)
        for n in range(n_rows):
            late = chance.choice([0, 0, 0, 0, 0, 0, 3, 12, 24, 35, 48, 66, 95, 140])
            balance = round(chance.lognormvariate(9, 0.8), 2)
            overdue = round(min(balance, balance * 0.08 * -(-late // 30)), 2)
            writer.writerow(
                [f"10{n:06}", f"C{n:05}", f"Customer {n}", f"+1212555{n % 10000:04}", f"{balance:,.2f}", late, f"{overdue:,.2f}",
                 "30/06/2026", chance.choice(["North", "South"])]
            )  # fmt: skip
        writer.writerow(["10999998", "C99998", "Customer", "", "abc", 10, "1.00", "30/06/2026", "North"])
        writer.writerow(["10999999", "C99999", "Customer", "", "100.00", 10, "1.00", "31/06/2026", "North"])


def walk(page: Page, export: Path, user: str, password: str) -> None:
    """Go from the log-in to one customer with reasons, and say when each step was reached."""
    began = time.monotonic()

    def reached(what: str, picture: str = "") -> None:
        print(f"{time.monotonic() - began:6.1f} s  {what}")
        if picture:
            page.screenshot(path=IMAGES / f"{picture}.png")

    page.goto("/accounts/login/")
    page.get_by_label("Username").fill(user)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="Import", exact=True).first.click()
    page.get_by_label("One file, or several").set_input_files(export)
    page.get_by_role("button", name="Send in and look at it").click()
    page.get_by_role("heading", name="What is what?").wait_for()
    page.get_by_label("Currency of the amounts").fill("USD")
    reached("drafted mapping", "first-import-map")
    page.get_by_role("button", name="Check all rows").first.click()
    page.get_by_text("Nothing has been changed yet").wait_for()
    reached("checked", "first-import-check")
    team = page.get_by_label("New customers go to")
    if team.locator("option").count() > 1:
        team.select_option(index=1)
    page.get_by_role("button", name="Import the good rows").click()
    page.get_by_role("heading", name="Imported", exact=True).wait_for()
    reached("imported", "first-import-done")
    page.get_by_role("button", name="Make today’s list").click()
    page.get_by_role("heading", name="Today’s list is ready").wait_for()
    reached("list made")
    page.get_by_role("link", name="Open the worklist").click()
    page.get_by_role("heading", level=1).wait_for()
    reached("worklist", "first-import-worklist")
    page.locator(".who-cell a").first.click()
    page.get_by_role("heading", level=1).wait_for()
    reached("one customer, explained")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address")
    parser.add_argument("user")
    parser.add_argument("password")
    parser.add_argument("--rows", type=int, default=1500)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        export = Path(folder) / "balances june.csv"
        write_export(export, options.rows)
        browser = playwright.chromium.launch(executable_path=options.chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(
            base_url=options.address, viewport={"width": 1280, "height": 860}, locale="en-GB"
        ).new_page()
        page.set_default_timeout(60_000)
        walk(page, export, options.user, options.password)
        browser.close()


if __name__ == "__main__":
    main()
