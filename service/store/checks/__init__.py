"""Whether the servers are fit for us, looked at before we serve and while we do."""
