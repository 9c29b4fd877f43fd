# One image for worker, starter and command line; which one runs is the command's choice.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.txt requirements-build.txt ./
RUN python -m venv /opt/mayday \
    && /opt/mayday/bin/pip install --require-hashes -r requirements.txt \
    && python -m venv /opt/build \
    && /opt/build/bin/pip install --require-hashes -r requirements-build.txt
COPY pyproject.toml README.md CHANGELOG.md ./
COPY mayday mayday
COPY workflows workflows
COPY activities activities
COPY worker worker
COPY starter starter
COPY runbooks runbooks
RUN /opt/build/bin/python -m hatchling build --target wheel \
    && /opt/mayday/bin/pip install --no-deps --no-index dist/*.whl \
    && /opt/mayday/bin/python -m compileall -q /opt/mayday/lib

FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 mayday \
    && useradd --uid 10001 --gid mayday --no-create-home --home-dir /data --shell /usr/sbin/nologin mayday \
    && install --directory --owner mayday --group mayday --mode 0700 /data
# `--build-arg PRINTER=chromium` prints reports as PDF, for about 1 GB more. It prints mayday's own pages, which run no
# script; its own sandbox needs rights that docker-compose.yml takes away, so the container is the sandbox.
ARG PRINTER=
RUN [ -z "$PRINTER" ] || { apt-get update && apt-get install --yes --no-install-recommends "$PRINTER" fonts-noto-core \
    && rm -rf /var/lib/apt/lists/* \
    && echo 'export CHROMIUM_FLAGS="$CHROMIUM_FLAGS --no-sandbox --disable-dev-shm-usage"' > /etc/chromium.d/container; }
COPY --from=build /opt/mayday /opt/mayday
ENV PATH=/opt/mayday/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MAYDAY_DATA=/data
USER 10001:10001
VOLUME /data
STOPSIGNAL SIGTERM
ENTRYPOINT ["mayday"]
CMD ["--help"]
