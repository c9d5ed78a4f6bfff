# Stands in for flink: the distribution of the apache-flink wheel, and the same user, folders,
# entry point and variables.
FROM stand-in-debian-java
ENV FLINK_HOME=/opt/flink PATH=/opt/flink/bin:$PATH
RUN useradd --create-home --home-dir /opt/flink --uid 9999 flink
COPY --from=lib --chown=flink:flink . /opt/flink/lib
COPY --from=bin --chown=flink:flink --chmod=755 . /opt/flink/bin
COPY --from=conf --chown=flink:flink . /opt/flink/conf
COPY flink-entrypoint /docker-entrypoint.sh
# Its image listens everywhere, and a TaskManager finds its own address.
RUN sed -i '/^  host: localhost/d; s/: localhost$/: 0.0.0.0/' /opt/flink/conf/config.yaml
WORKDIR /opt/flink
EXPOSE 6123 8081
ENTRYPOINT ["/docker-entrypoint.sh"]
CMD ["help"]
