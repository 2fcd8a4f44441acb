"""Lists of the admin as CSV and Excel files, and a log of who took which."""
