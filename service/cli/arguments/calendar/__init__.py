"""What the commands about calendars take: providers, services, hours, slots."""
