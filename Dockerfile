# Build:  docker build -t axspa-node .
# Run:    docker run -p 11112:11112 -p 8080:8080 -v axspa:/data axspa-node
FROM debian:bookworm-slim AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/axspa-node
COPY requirements.lock ./
RUN python3 -m venv .venv \
    && .venv/bin/python -m pip install --no-cache-dir --require-hashes --requirement requirements.lock
COPY . .
RUN .venv/bin/python -m pip install --no-cache-dir --no-deps --no-build-isolation --editable .

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data axspa \
    && install -d -o axspa -g axspa /data
COPY --from=build /opt/axspa-node /opt/axspa-node
ENV PATH=/opt/axspa-node/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    AXSPA_DATA_DIR=/data \
    AXSPA_PANEL__HOST=0.0.0.0
USER axspa
VOLUME /data
EXPOSE 11112 8080
HEALTHCHECK --interval=30s --timeout=20s --start-period=60s \
    CMD ["axspa-node", "health"]
STOPSIGNAL SIGTERM
CMD ["axspa-node", "serve"]
