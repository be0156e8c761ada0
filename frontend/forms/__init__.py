"""What people send: read into typed values, with a sentence beside each field that is wrong."""
