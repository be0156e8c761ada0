"""Reading the audit log: one filter, one scope and one search over both tables, for commands, REST, pages and exports."""
