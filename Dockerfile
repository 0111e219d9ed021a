# syntax=docker/dockerfile:1
FROM python:3.11-slim AS build
# Where a CPU build of torch can be had; without it the default build is installed, which is far larger.
ARG PUENTE_TORCH_INDEX=""
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /srv/puente
COPY pyproject.toml constraints.txt ./
RUN pip install ${PUENTE_TORCH_INDEX:+--extra-index-url "$PUENTE_TORCH_INDEX"} "torch==2.13.0+cpu" \
    || pip install --constraint constraints.txt "torch==2.13.0"
# The dependencies make a layer of their own, which a change of the code leaves alone.
RUN mkdir app matching && touch app/__init__.py matching/__init__.py \
    && pip install --constraint constraints.txt --editable .
COPY app app
COPY matching matching
COPY migrations migrations
COPY seed_data seed_data
RUN python -m compileall -q app matching

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /srv/puente --shell /usr/sbin/nologin puente \
    && install -d -o puente -g puente /var/lib/puente
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/puente /srv/puente
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PUENTE_HOST=0.0.0.0 \
    PUENTE_PORT=8000 \
    PUENTE_LOG_FORMAT=json \
    PUENTE_STATE_DIR=/var/lib/puente
WORKDIR /srv/puente
USER puente
VOLUME /var/lib/puente
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as web; web.urlopen(f'http://127.0.0.1:{os.environ[\"PUENTE_PORT\"]}/healthz', timeout=2)"]
ENTRYPOINT ["puente"]
CMD ["serve"]
