"""Backup into one file and restore into an empty database, proven by counts and checksums."""
