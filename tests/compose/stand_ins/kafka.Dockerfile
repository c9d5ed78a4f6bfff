# Stands in for apache/kafka: the same user, folders, command and variables.
FROM stand-in-debian-java
RUN useradd --create-home --uid 1000 --shell /bin/bash appuser \
    && mkdir -p /etc/kafka/docker /etc/kafka/secrets /mnt/shared/config /opt/kafka/config \
        /var/lib/kafka/data \
    && touch /etc/kafka/docker/server.properties
COPY --from=jars . /opt/kafka/libs/
COPY kafka-run /etc/kafka/docker/run
COPY log4j2.yaml /etc/kafka/docker/log4j2.yaml
COPY log4j2.yaml /etc/kafka/docker/tools-log4j2.yaml
RUN chown -R appuser:appuser /etc/kafka /mnt/shared/config /opt/kafka /var/lib/kafka
USER appuser
VOLUME ["/etc/kafka/secrets", "/var/lib/kafka/data", "/mnt/shared/config"]
EXPOSE 9092
CMD ["/etc/kafka/docker/run"]
