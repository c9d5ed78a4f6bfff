# Stands in for python:3.11-slim: Debian with Python, as `python` on the path.
FROM stand-in-debian-python
RUN ln -s /usr/bin/python3 /usr/local/bin/python && rm -f /usr/lib/python3*/EXTERNALLY-MANAGED
# Whom this machine trusts: a mirror's certificates may be its own.
COPY --from=certificates ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt \
    REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt
CMD ["python"]
