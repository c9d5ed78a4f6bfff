"""The quarantine: invalid records of the topic `transaction`."""
