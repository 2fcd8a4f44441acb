"""Who calls or writes in: found by number, identified before a debt is named, recorded."""
