"""What the service keeps: jobs, sessions, instances, in one database."""
