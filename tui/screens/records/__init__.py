"""Any topic, record by record."""
