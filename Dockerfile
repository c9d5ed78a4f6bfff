# The images of docker-compose.yml, which says what they are made from:
#   flink      Flink with the Kafka connector
#   simulator  the headless commands that need neither Flink nor a terminal
#   console    the complete fraudwatch
ARG PYTHON_IMAGE
ARG FLINK_IMAGE

# Versions are in one place; the stages below only name the packages that they need. Constraints are
# the same without extras, which pip does not take there.
FROM ${PYTHON_IMAGE} AS requirements
COPY pyproject.toml .
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" \
    > /requirements.txt \
    && sed 's/\[[^]]*\]//' /requirements.txt > /constraints.txt

FROM ${PYTHON_IMAGE} AS build
# A mirror, where the public repository is not reachable.
ARG PIP_INDEX_URL=
RUN python -m venv /opt/fraudwatch
ENV PATH=/opt/fraudwatch/bin:$PATH \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_INDEX_URL=$PIP_INDEX_URL \
    PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY --from=requirements /requirements.txt /constraints.txt .

FROM build AS wheel
COPY . .
RUN pip wheel --no-deps --wheel-dir /dist .

FROM build AS jars
ARG MAVEN_REPOSITORY=
RUN pip install --constraint constraints.txt jgo msgspec
COPY pipeline/__init__.py pipeline/errors.py pipeline/
COPY pipeline/text/__init__.py pipeline/text/ready_type.py pipeline/text/
COPY pipeline/stack/__init__.py pipeline/stack/
COPY pipeline/stack/local/__init__.py pipeline/stack/local/jars.py pipeline/stack/local/jars.json \
    pipeline/stack/local/
RUN python -c "from pathlib import Path; from pipeline.stack.local import jars; \
    jars.fetch(jars.manifest().connector, Path('/jars'), repository='${MAVEN_REPOSITORY}')"

FROM ${FLINK_IMAGE} AS flink
COPY --from=jars --chown=flink:flink /jars/*.jar /opt/flink/lib/
# A new volume that is mounted here gets the owner of this folder.
RUN mkdir /checkpoints /savepoints && chown flink:flink /checkpoints /savepoints
USER flink

FROM build AS simulator-packages
RUN pip install --constraint constraints.txt \
    confluent-kafka cyclopts ephemeral-port-reserve httpx ibis-framework msgspec platformdirs \
    psutil sqlglot

FROM build AS console-packages
RUN pip install --requirement requirements.txt

FROM ${PYTHON_IMAGE} AS run
RUN useradd --create-home --uid 10001 fraudwatch \
    && mkdir /state && chown fraudwatch:fraudwatch /state
ENV PATH=/opt/fraudwatch/bin:$PATH \
    FRAUDWATCH_STATE_DIR=/state
ENTRYPOINT ["fraudwatch"]

FROM run AS simulator
COPY --from=simulator-packages /opt/fraudwatch /opt/fraudwatch
COPY --from=wheel /dist /dist
RUN pip install --no-cache-dir --no-deps /dist/*.whl
USER 10001:10001

FROM run AS console
COPY --from=console-packages /opt/fraudwatch /opt/fraudwatch
COPY --from=wheel /dist /dist
RUN pip install --no-cache-dir --no-deps /dist/*.whl
USER 10001:10001
