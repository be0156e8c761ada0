"""The chain that seals the audit log: made by one sealer, walked by whoever verifies."""
