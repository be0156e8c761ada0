"""Forwarding to a syslog server: collected from the database into files of this host, sent from them by a thread of its own.

A request never waits for it. Each message has an id and arrives at least once. docs/audit.md tells what is promised.
"""
