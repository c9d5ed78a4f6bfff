"""The embedded stack: Java, jars, broker, cluster and the supervisor that owns them."""
